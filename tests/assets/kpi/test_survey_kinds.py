"""Survey KPIs on some kinds of survey: as a variant, for one KPI, for all; equal to SQL."""

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.kpi.plan import Plan
from assets.kpi.states import build_states
from assets.kpi.tables import scan_published
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from schemas.errors import ConfigError
from schemas.kpis.catalogue import published_kpis
from tests.assets.kpi.company import company
from tests.assets.kpi.histories import project
from tests.assets.kpi.reference import connect

AS_OF = dt.date(2026, 1, 25)
KEYS = ["period_start", "segment_set", "segment_key"]
CONFIG: dict[str, Any] = {
    "codes": ["nps", "csat"],
    "variants": {
        "nps_relational": {"of": "nps", "survey_kinds": ["relational"]},
        "nps_latest": {"of": "nps", "survey_kinds": ["relational"], "dedupe_days": 30},
    },
}


def test_values_equal_sql_and_the_others_are_excluded(tmp_path: Path) -> None:
    lake, drawn = Lake(tmp_path), company(3)
    config = project(segment_sets={"country": ["country"]}, kpis=CONFIG)
    drawn.write(lake)
    build_states(lake, config, as_of=AS_OF)
    build_values(lake, config, as_of=AS_OF)
    tables = scan_published(lake, config)
    values = tables["kpi_value"][1].filter(pl.col("kpi_code") == "nps_relational").collect()
    with connect(drawn) as connection:
        queries = [
            f"""SELECT CAST(date_trunc('month', day) AS DATE) AS period_start,
                '{name}' AS segment_set, {key} AS segment_key, count(*) AS n,
                100.0 * avg(CASE WHEN v >= 9 THEN 1 WHEN v <= 6 THEN -1 ELSE 0 END) AS value
            FROM answer WHERE metric = 'nps' AND scale_min = 0 AND scale_max = 10 AND v = floor(v)
                AND survey_id IN (SELECT survey_id FROM survey WHERE kind = 'relational')
            GROUP BY ALL"""  # noqa: S608 names of this module, no input
            for name, key in (("total", "'all'"), ("country", "country"))
        ]
        expected = pl.DataFrame(connection.sql(" UNION ALL ".join(queries)).to_arrow_table())
    found = values.filter(pl.col("period_grain") == "month")
    assert_frame_equal(
        found.select(*KEYS, "n", "value"), expected, check_row_order=False, abs_tol=1e-9
    )
    assert set(values["method_id"]) == {"nps.v1:adjusted_wald+kinds=relational"}
    reasons = tables["kpi_exclusion"][1].filter(pl.col("kpi_code") == "nps_relational").collect()
    assert "other_survey_kind" in set(reasons["reason"])


def test_a_kpis_own_kinds_come_before_those_of_all() -> None:
    options = {"csat": {"survey_kinds": []}}
    config = {"survey_kinds": ["transactional"], "survey_options": options, **CONFIG}
    found = {one.code: one for one in published_kpis(project(kpis=config))}
    assert found["nps"].survey_kinds == ("transactional",)
    assert found["csat"].survey_kinds == ()
    assert found["nps_latest"].state == "nps:kinds=relational:dedupe=30"
    assert found["nps_latest"].method == "+dedupe=30d+kinds=relational"
    assert set(Plan(project(kpis=config)).measures) >= {one.state for one in found.values()}


def test_other_kpis_have_no_kinds() -> None:
    config = {"survey_options": {"churn_rate": {"survey_kinds": ["relational"]}}}
    with pytest.raises(ConfigError, match=r"only survey KPIs have kinds of survey"):
        published_kpis(project(kpis=config))
