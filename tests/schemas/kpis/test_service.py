"""KPIs in business time: published with business hours, refused by name without them."""

import pytest

from schemas.config.kpis import KpiConfig
from schemas.errors import ConfigError
from schemas.kpis.catalogue import CATALOGUE, published_kpis
from tests.assets.kpi.histories import project

BUSINESS_TIME = {
    "default": "desk",
    "calendars": {"desk": {"hours": {"mon": ["09:00-18:00"]}}},
}
STATISTICS = ("mean", "median", "p90")
CODES = [
    f"{name}_business_time_{found}"
    for name in ("first_response", "resolution")
    for found in STATISTICS
]


def test_business_time_is_published_with_business_hours_alone() -> None:
    without = [one.code for one in published_kpis(project())]
    found = [one.code for one in published_kpis(project(kpis={"business_time": BUSINESS_TIME}))]
    assert [code for code in found if code not in without] == CODES
    assert [code for code in CATALOGUE if CATALOGUE[code].needs_business_time] == CODES
    assert KpiConfig().business_time is None


@pytest.mark.parametrize(
    ("kpis", "culprit"),
    [
        ({"codes": [CODES[0]]}, rf"kpis\.codes: {CODES[0]}"),
        ({"variants": {"x": {"of": CODES[0]}}}, r"kpis\.variants\.x\.of"),
    ],
)
def test_business_time_asked_for_without_business_hours_is_refused(
    kpis: dict[str, object], culprit: str
) -> None:
    with pytest.raises(ConfigError, match=culprit) as raised:
        published_kpis(project(kpis=kpis))
    assert "kpis.business_time" in str(raised.value)
    configured = project(kpis={**kpis, "business_time": BUSINESS_TIME})
    assert CODES[0] in {one.kpi.code for one in published_kpis(configured)}


def test_a_business_calendar_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no calendar 'night'"):
        project(kpis={"business_time": {**BUSINESS_TIME, "default": "night"}})
