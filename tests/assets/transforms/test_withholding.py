"""Which KPIs are withheld together, and what is left of their rows."""

import datetime as dt

import polars as pl
import pytest

from assets.transforms.segments import TOTAL, SegmentSet
from assets.transforms.withholding import (
    PLACE,
    Protected,
    cells_of,
    marked_exclusions,
    marked_values,
    protected,
    withheld_places,
)
from schemas.config.publication import LeastN
from schemas.kpis.catalogue import CATALOGUE, Published
from schemas.warehouse import KPI_VALUE, with_summary

DAY = dt.date(2026, 3, 2)
REGION = SegmentSet("region", ("region",))
NPS = Protected("answer-nps", ("nps", "nps_promoter_share"), 5, {"region": 8})


def published(*codes: str) -> list[Published]:
    return [Published(code, CATALOGUE[code], "none") for code in codes]


def rows(found: dict[str, int], *, code: str = "nps", grain: str = "day") -> pl.DataFrame:
    """Rows of one period: segment → n; `all` is the total."""
    frame = pl.DataFrame(
        {
            "kpi_code": code, "period_grain": grain, "period_start": DAY, "period_end": DAY,
            "is_complete": True, "segment_set": ["total" if key == "all" else "region"
            for key in found], "segment_key": list(found), "n": list(found.values()),
            "value": 50.0, "numerator": 1.0, "excluded": 2, "status": "off_target",
            "previous_value": 40.0, "method_id": "m", "target": 60.0,
        }
    )  # fmt: skip
    schema = with_summary(KPI_VALUE).polars_schema()
    lacking = [pl.lit(None, dtype=schema[name]).alias(name) for name in schema
               if name not in frame.columns]  # fmt: skip
    region = pl.when(pl.col("segment_set") == "region").then("segment_key").alias("region")
    return frame.with_columns(*lacking, region).cast({"excluded": pl.Int64, "n": pl.Int64})


def test_the_same_answers_are_one_group_with_the_greatest_least_number() -> None:
    found = protected(
        published("nps", "csat", "csat_mean", "ces_net"),
        LeastN(kpis={"csat": 3, "csat_mean": 7}),
        {},
    )
    assert [(one.name, one.codes, one.min_n) for one in found] == [
        ("answer-csat", ("csat", "csat_mean"), 7)
    ]


def test_a_floor_of_the_catalogue_holds_whatever_is_configured() -> None:
    found = protected(published("enps", "nps"), LeastN(kpis={"enps": 2}), {})
    assert [(one.codes, one.min_n) for one in found] == [(("enps",), 5)]


def test_records_of_one_fact_are_one_group() -> None:
    found = protected(published("conversion_rate", "nps"), LeastN(default=4), {})
    assert {one.name for one in found} == {"lead", "answer-nps"}


def test_kpis_with_the_same_n_are_one_measure() -> None:
    same = pl.concat([rows({"east": 3}), rows({"east": 3}, code="nps_promoter_share")])
    assert cells_of(same, NPS, ["region"])["measure"].to_list() == ["nps"]
    other = pl.concat([rows({"east": 3}), rows({"east": 4}, code="nps_promoter_share")])
    assert cells_of(other, NPS, ["region"])["n"].to_list() == [3, 4]
    none = cells_of(rows({"east": 3}, code="csat"), NPS, ["region"])
    assert none.columns == ["population", "measure", *PLACE, "period_end", "n", "region"]
    assert none.is_empty()


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        ({"all": 60, "east": 7, "north": 20, "west": 33}, {"east", "north"}),
        ({"all": 60, "east": 8, "north": 20, "west": 32}, set()),
    ],
)
def test_a_set_may_have_a_greater_least_number(n: dict[str, int], expected: set[str]) -> None:
    cells = cells_of(rows(n), NPS, ["region"])
    found = withheld_places(cells, NPS, [TOTAL, REGION], hierarchies=[], before=None)
    assert set(found["segment_key"]) == expected


def test_withheld_rows_have_no_figures_and_others_keep_theirs() -> None:
    values = pl.concat([rows({"all": 0, "east": 7, "north": 20}), rows({"north": 20}, code="csat")])
    places = values.filter(pl.col("kpi_code") == "nps").select(*PLACE)
    found = marked_values(values, [(NPS, places)])
    assert found.select("kpi_code", "segment_key", "suppression", "n", "excluded").rows() == [
        ("nps", "all", None, 0, 2),
        ("nps", "east", "min_n", None, None),
        ("nps", "north", "complementary", None, None),
        ("csat", "north", None, 20, 2),
    ]
    assert found["status"].to_list() == ["off_target", None, None, "off_target"]
    assert found["target"].null_count() == 0
    exclusions = values.select("kpi_code", *PLACE, reason=pl.lit("no_score"))
    left = marked_exclusions(exclusions.lazy(), found).collect()
    assert left.select("kpi_code", "segment_key").rows() == [("nps", "all"), ("csat", "north")]


def test_a_running_period_is_compared_only_where_all_days_are_published() -> None:
    running = rows({"east": 30, "north": 30}, grain="month").with_columns(
        is_complete=pl.lit(value=False)
    )
    values = pl.concat([running, rows({"east": 9, "north": 7}), rows({"east": 30}, code="csat")])
    places = values.filter(pl.col("n") == 7).select(*PLACE)
    found = marked_values(values, [(NPS, places)])
    assert found["previous_value"].to_list() == [40.0, None, 40.0, None, 40.0]
    of_no_day = marked_values(running, [(NPS, places.clear())])
    assert of_no_day["previous_value"].to_list() == [None, None]
