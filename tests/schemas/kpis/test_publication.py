"""Targets and least numbers are of KPIs that there are."""

import pytest

from schemas.config.kpis import KpiConfig
from schemas.errors import ConfigError
from schemas.kpis.catalogue import published_kpis
from schemas.kpis.publication import refuse_unknown_codes
from tests.assets.kpi.histories import project

VARIANT = {"nps_w": {"of": "nps", "weights": "response"}}


def test_codes_of_the_catalogue_and_variants_are_known() -> None:
    config = KpiConfig.model_validate(
        {"targets": {"nps": 1, "nps_w": 2}, "min_n": {"kpis": {"nps_w": 3}}, "variants": VARIANT}
    )
    refuse_unknown_codes(config, {"nps"})


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"targets": {"npss": 30}}, "kpis.targets.npss"),
        ({"min_n": {"kpis": {"npss": 5}}}, "kpis.min_n.kpis.npss"),
    ],
)
def test_other_codes_are_refused(given: dict[str, object], where: str) -> None:
    with pytest.raises(ConfigError, match=where) as caught:
        published_kpis(project(kpis=given))
    assert caught.value.found == "npss"
    assert "nps_detractor_share" in str(caught.value.allowed)
