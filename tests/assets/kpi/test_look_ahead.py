"""KPIs that depend on later events: against SQL, and incremental against a rebuild."""

import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.kpi.plan import Plan
from assets.kpi.states import build_states
from assets.kpi.tables import scan_dimension, scan_exclusions, scan_values
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from tests.assets.kpi.followed import (
    DIMENSIONS,
    EVENTS,
    connect,
    expected,
    followed,
    months_of,
    write,
    write_events,
)
from tests.assets.kpi.histories import project, write_dimension, write_month

AS_OF = dt.date(2026, 1, 25)
FED = ("crm_account", "crm_interaction", "survey", "survey_question", "survey_response",
       "survey_answer", "survey_invitation")  # fmt: skip
PROJECT = project(
    FED,
    segment_sets={"country": ["country"], "kind": ["survey_kind"], "via": ["channel"]},
    kpis={
        "response_window_days": 10,
        "periods": {"rolling_28d_sets": ["total", "country", "kind", "via"]},
        "first_contact_resolution": {"variant": "window"},
        "survey_options": {"nps": {"dedupe_days": 30}, "csat": {"dedupe_days": 20}},
        "variants": {
            "nps_all": {"of": "nps"},
            "nps_weighted": {"of": "nps", "weights": "response", "dedupe_days": 30},
            "enps_latest": {"of": "enps", "dedupe_days": 45},
        },
    },
)
GRAINS = Plan(PROJECT).calendar.grains
CATEGORY = "CASE WHEN v >= 9 THEN 1 WHEN v <= 6 THEN -1 ELSE 0 END"
TOP = "v > scale_max - CASE scale_max WHEN 5 THEN 2 ELSE 3 END"
COUNTS = "(superseded_on IS NULL OR superseded_on > period_end)"
SURVEYED = {"total": "'all'", "country": "country", "kind": "kind"}
KPIS = {
    "nps": ("placed('nps', 'customer', 30)", f"100.0 * avg({CATEGORY})", COUNTS, SURVEYED),
    "nps_all": ("placed('nps', 'customer', 30)", f"100.0 * avg({CATEGORY})", "true", SURVEYED),
    "nps_weighted": (
        "placed('nps', 'customer', 30)", f"100.0 * sum(w * {CATEGORY}) / sum(w)", COUNTS, SURVEYED,
    ),
    "enps_latest": (
        "placed('nps', 'employee', 45)", f"100.0 * avg({CATEGORY})", COUNTS, SURVEYED,
    ),
    "csat": ("placed('csat', 'customer', 20)", f"100.0 * avg(({TOP})::INT)", COUNTS, SURVEYED),
    "survey_response_rate": (
        "invited", "100.0 * avg(is_answered::INT)", "day + 10 <= DATE '2026-01-25'",
        {**SURVEYED, "via": "via"},
    ),
    "first_contact_resolution": (
        "solved", "100.0 * avg((NOT is_repeated)::INT)", "day + 7 <= DATE '2026-01-25'",
        {"total": "'all'", "country": "country"},
    ),
}  # fmt: skip
KEYS = ["period_start", "segment_set", "segment_key"]
Built = tuple[Lake, duckdb.DuckDBPyConnection]


def build(lake: Lake, as_of: dt.date = AS_OF) -> tuple[str, ...]:
    refreshed = build_states(lake, PROJECT, as_of=as_of).refreshed
    build_values(lake, PROJECT, as_of=as_of)
    return refreshed


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    lake, tables = Lake(Path(tmp_path_factory.mktemp("lake"))), followed(5)
    write(lake, tables)
    build(lake)
    with connect(tables) as connection:
        yield lake, connection


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("code", KPIS)
def test_value_equals_sql(built: Built, code: str, grain: str) -> None:
    lake, connection = built
    view, value, where, sets = KPIS[code]
    found = scan_values(lake).filter(
        pl.col("kpi_code") == code,
        pl.col("period_grain") == grain,
        pl.col("segment_set").is_in(list(sets)),
    )
    values = found.collect()
    known = scan_dimension(lake, "dim_period").filter(pl.col("period_grain") == grain)
    periods = known.select("period_start", "period_end").collect()
    right = expected(connection, periods, view, value, where=where, sets=sets)
    assert_frame_equal(
        values.select(*KEYS, pl.col("n"), pl.col("value").alias("expected")),
        right.select(*KEYS, "n", "expected"),
        check_row_order=False,
        rel_tol=1e-9,
        abs_tol=1e-9,
    )
    assert right.height > 0 or grain == "rolling_12m"


@pytest.mark.parametrize("grain", ["month", "rolling_28d"])
def test_nobody_is_lost(built: Built, grain: str) -> None:
    """Answers that count and answers given again are all the answers there are."""
    lake, _ = built
    keys = ["period_start", "segment_set", "segment_key"]

    def rows(code: str) -> pl.LazyFrame:
        of = (pl.col("kpi_code") == code, pl.col("period_grain") == grain)
        count = scan_values(lake).filter(*of).select(*keys, pl.col("n").alias("count"))
        again = pl.col("reason") == "answered_again"
        left = scan_exclusions(lake).filter(*of, again).select(*keys, "count")
        return pl.concat([count, left]).group_by(keys).agg(pl.col("count").sum())

    every = rows("nps_all").collect()
    assert every.height > 0
    assert_frame_equal(rows("nps").collect(), every, check_row_order=False)


def test_the_method_names_the_rules(built: Built) -> None:
    lake, _ = built
    found = scan_values(lake).select("kpi_code", "method_id").unique().collect()
    methods = dict(found.rows())
    assert methods["nps"] == "nps.v1:adjusted_wald+dedupe=30d"
    assert methods["nps_weighted"] == "nps.v1:adjusted_wald+weights=response+dedupe=30d"
    assert methods["nps_all"] == "nps.v1:adjusted_wald"
    assert methods["survey_response_rate"].endswith("+window=10d")
    assert methods["first_contact_resolution"].endswith("+variant=window,days=7")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_incremental_equals_rebuild(tmp_path: Path, seed: int) -> None:
    """Later events come late and are corrected; what was built before is restated."""
    draw, tables, lake = random.Random(seed), followed(seed, size=60), Lake(tmp_path / "one")
    for name in DIMENSIONS:
        write_dimension(lake, name, tables[name])
    late = [
        (name, month, rows) for name in EVENTS for month, rows in months_of(tables, name).items()
    ]
    for back, (name, month, rows) in enumerate(draw.sample(late, len(late))):
        wrong = [
            {**row, "account_id": "p3"} if draw.random() < 0.2 else row
            for row in draw.sample(rows, max(1, len(rows) // 2))
        ]
        write_events(lake, tables, name, month, wrong)
        if back % 3 == 0:
            build(lake, AS_OF - dt.timedelta(days=draw.randrange(30)))
    for name, month, rows in late:
        write_events(lake, tables, name, month, rows)
    build(lake)
    other = Lake(tmp_path / "other")
    write(other, tables)
    build(other)
    for scan in (scan_values, scan_exclusions):
        assert scan(other).collect().height > 0
        assert_frame_equal(scan(lake).collect(), scan(other).collect(), check_exact=True)
    assert build(lake) == ()


def test_a_late_answer_restates_the_months_that_reach_it(tmp_path: Path) -> None:
    lake, tables = Lake(tmp_path), followed(4, size=60)
    write(lake, tables)
    build(lake)
    january = months_of(tables, "survey_response")["2026-01"]
    write_events(lake, tables, "survey_response", "2026-01", january[1:])
    refreshed = set(build(lake))
    # November's answers reach 45 days, and the invitations delivered by 10 December do not
    assert "answer/2025-11" in refreshed
    assert {name for name in refreshed if name.startswith("answer")} == {
        f"answer/{month}" for month in months_of(tables, "survey_response") if month <= "2026-01"
    }
    assert "invitation/2025-11" not in refreshed
    assert {"invitation/2025-12", "invitation/2026-01"} <= refreshed
    assert not any(name.startswith("interaction") for name in refreshed)


def test_a_day_restates_only_where_a_window_closes(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for name in DIMENSIONS:
        write_dimension(lake, name, followed(4)[name])
    at = dt.datetime(2026, 1, 10, 12, tzinfo=dt.UTC)
    row = {"interaction_id": "x", "account_id": "p1", "opened_at": at, "resolved_at": at}
    write_month(lake, "crm_interaction", "2026-01", [row])
    assert build(lake, dt.date(2026, 1, 15)) == ("interaction/2026-01",)
    assert build(lake, dt.date(2026, 1, 16)) == ()
    is_asked = pl.col("kpi_code") == "first_contact_resolution"
    left_out = scan_exclusions(lake).filter(is_asked, pl.col("period_grain") == "day").collect()
    assert left_out.select("reason", "count").unique().rows() == [("window_open", 1)]
    assert build(lake, dt.date(2026, 1, 17)) == ("interaction/2026-01",)
    assert build(lake, dt.date(2026, 1, 18)) == ()
    total = scan_values(lake).filter(
        is_asked,
        pl.col("period_grain") == "day",
        pl.col("segment_set") == "total",
    )
    assert total.select("value", "n").collect().rows() == [(100.0, 1)]
