"""Fiscal periods, rolling windows and periods to date equal SQL, and stay current cheaply."""

import datetime as dt
import random
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.kpi.states import build_states
from assets.kpi.tables import scan_dimension, scan_exclusions, scan_published, scan_values
from assets.kpi.values import ValueReport, build_values
from assets.lake.layout import Lake
from schemas.config.periods import ALL_GRAINS
from schemas.config.project import Project
from tests.assets.kpi import years
from tests.assets.kpi.histories import project, write_month

D, DAY = dt.date, dt.timedelta(days=1)
SEED, AS_OF = 4, years.LAST
KEYS = ["period_start", "segment_set", "segment_key"]
CODES = ["conversion_rate", "resolution_time_median"]
RETAIL = {"kind": "weeks", "pattern": [4, 4, 5]}
YEAR_STARTS = (D(2023, 1, 29), D(2024, 2, 4), D(2025, 2, 2), D(2026, 2, 1), D(2027, 1, 31))
"""Of the retail calendar; the year 2023 has 53 weeks."""

MONTH_WEEKS = (0, 4, 8, 13, 17, 21, 26, 30, 34, 39, 43, 47)


def asked(fiscal: dict[str, Any] | None = None, **periods: Any) -> Project:
    return project(
        tables=["crm_lead", "crm_interaction"],
        company={"fiscal": RETAIL if fiscal is None else fiscal},
        segment_sets={"via": ["lead_source"]},
        kpis={"codes": CODES, "periods": periods},
    )


def build(lake: Lake, wanted: Project, as_of: D = AS_OF) -> ValueReport:
    build_states(lake, wanted, as_of=as_of)
    return build_values(lake, wanted, as_of=as_of)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Read only."""
    found = Lake(Path(tmp_path_factory.mktemp("lake")))
    years.write_years(found, SEED)
    build(found, asked())
    return found


def copied(lake: Lake, folder: Path) -> Lake:
    """A lake like it, to change."""
    shutil.copytree(lake.root, folder / "copy")
    return Lake(folder / "copy")


@pytest.fixture(scope="module")
def values(lake: Lake) -> pl.DataFrame:
    return scan_published(lake, asked())["kpi_value"][1].collect()


def retail(months: tuple[int, ...]) -> list[tuple[D, D]]:
    """Periods of the retail calendar that begin in some of each year's months."""
    found = []
    for first, following in pairwise(YEAR_STARTS):
        starts = [first + MONTH_WEEKS[month] * 7 * DAY for month in months]
        found += list(zip(starts, [*(s - DAY for s in starts[1:]), following - DAY], strict=True))
    return found


def months_from(first: D, length: int) -> tuple[D, D]:
    number = first.year * 12 + first.month - 1 + length
    return first, D(number // 12, number % 12 + 1, 1) - DAY


def expected_periods(grain: str) -> list[tuple[D, D]]:
    days = [years.FIRST + n * DAY for n in range((AS_OF - years.FIRST).days + 1)]
    firsts = [D(year, month, 1) for year in (2023, 2024, 2025, 2026) for month in range(1, 13)]
    weeks = [D(2023, 12, 4) + n * 7 * DAY for n in range(120)]
    found = {
        "day": [(day, day) for day in days],
        "week": [(day, day + 6 * DAY) for day in weeks],
        "month": [months_from(day, 1) for day in firsts],
        "quarter": [months_from(day, 3) for day in firsts[::3]],
        "year": [months_from(day, 12) for day in firsts[::12]],
        "fiscal_month": retail(tuple(range(12))),
        "fiscal_quarter": retail((0, 3, 6, 9)),
        "fiscal_year": retail((0,)),
        "rolling_28d": [(day, day + 27 * DAY) for day in days],
        "rolling_12m": [months_from(day, 12) for day in firsts if day >= years.FIRST],
    }[grain]
    return [(a, b) for a, b in found if not grain.startswith("rolling") or b <= AS_OF]


@pytest.mark.parametrize("grain", ALL_GRAINS)
def test_values_of_every_grain_equal_sql(values: pl.DataFrame, grain: str) -> None:
    found = values.filter(pl.col("kpi_code") == "conversion_rate", pl.col("period_grain") == grain)
    right = years.conversion_sql(SEED, ((a, a, b) for a, b in expected_periods(grain)))
    if grain == "rolling_28d":
        right = right.filter(pl.col("segment_set") == "total")
    assert right.height > 0
    assert_frame_equal(
        found.select(*KEYS, "value", "n"), right, check_row_order=False, rel_tol=1e-9
    )
    ends = dict(expected_periods(grain))
    dated = found.select("period_start", "period_end", "is_complete").unique().rows()
    assert all(end == ends[start] and done == (end <= AS_OF) for start, end, done in dated)


RUNNING = {
    "week": (D(2026, 2, 16), (D(2026, 2, 9), D(2026, 2, 10)), (D(2025, 2, 17), D(2025, 2, 18))),
    "month": (D(2026, 2, 1), (D(2026, 1, 1), D(2026, 1, 17)), (D(2025, 2, 1), D(2025, 2, 17))),
    "quarter": (D(2026, 1, 1), (D(2025, 10, 1), D(2025, 11, 17)), (D(2025, 1, 1), D(2025, 2, 17))),
    "year": (D(2026, 1, 1), (D(2025, 1, 1), D(2025, 2, 17)), (D(2025, 1, 1), D(2025, 2, 17))),
    "fiscal_month": (
        D(2026, 2, 1), (D(2025, 12, 28), D(2026, 1, 13)), (D(2025, 2, 2), D(2025, 2, 18)),
    ),
    "fiscal_quarter": (
        D(2026, 2, 1), (D(2025, 11, 2), D(2025, 11, 18)), (D(2025, 2, 2), D(2025, 2, 18)),
    ),
    "fiscal_year": (
        D(2026, 2, 1), (D(2025, 2, 2), D(2025, 2, 18)), (D(2025, 2, 2), D(2025, 2, 18)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("grain", RUNNING)
def test_a_running_period_is_compared_with_the_same_days(values: pl.DataFrame, grain: str) -> None:
    start, previous, year_ago = RUNNING[grain]
    found = values.filter(
        pl.col("kpi_code") == "conversion_rate",
        pl.col("period_grain") == grain,
        pl.col("period_start") == start,
    )
    assert found.height == 3
    assert not found["is_complete"].any()
    for column, days in (("previous_value", previous), ("year_ago_value", year_ago)):
        right = years.conversion_sql(SEED, [(start, *days)]).drop("n")
        compared = found.select(*KEYS, pl.col(column).alias("value")).drop_nulls("value")
        assert_frame_equal(compared, right, check_row_order=False, rel_tol=1e-9)
    change = (found["value"] - found["previous_value"]).rename("change")
    assert_frame_equal(found.select("change"), change.to_frame())
    assert found["change_p_value"].is_between(0, 1).all()


MEDIANS = {
    "month": ((D(2026, 1, 1), D(2026, 1, 31)), (D(2025, 12, 1), D(2025, 12, 31))),
    "quarter": ((D(2025, 1, 1), D(2025, 3, 31)), (D(2024, 10, 1), D(2024, 12, 31))),
    "year": ((D(2026, 1, 1), AS_OF), (D(2025, 1, 1), D(2025, 2, 17))),
    "fiscal_quarter": ((D(2025, 2, 2), D(2025, 5, 3)), (D(2024, 11, 3), D(2025, 2, 1))),
    "rolling_28d": ((D(2025, 6, 3), D(2025, 6, 30)), (D(2025, 5, 6), D(2025, 6, 2))),
    "rolling_12m": ((D(2025, 2, 1), D(2026, 1, 31)), (D(2024, 2, 1), D(2025, 1, 31))),
}


@pytest.mark.parametrize("grain", MEDIANS)
def test_a_change_of_a_median_is_tested_on_both_histograms(
    values: pl.DataFrame, grain: str
) -> None:
    now, then = MEDIANS[grain]
    row = values.filter(
        pl.col("kpi_code") == "resolution_time_median",
        pl.col("period_grain") == grain,
        pl.col("period_start") == now[0],
        pl.col("segment_set") == "total",
    ).row(0, named=True)
    right = years.medians_p_value(SEED, now, then)
    assert row["previous_value"] is not None
    assert row["change_p_value"] == pytest.approx(right, rel=1e-9)


def test_windows_are_compared_with_those_that_share_no_day(values: pl.DataFrame) -> None:
    rates = values.filter(
        pl.col("kpi_code") == "conversion_rate",
        pl.col("period_grain") == "rolling_28d",
        pl.col("segment_set") == "total",
    ).sort("period_start")
    known = dict(rates.select("period_start", "value").rows())
    for start, previous, year_ago in rates.select(
        "period_start", "previous_value", "year_ago_value"
    ).rows():
        assert previous == known.get(start - 28 * DAY)
        assert year_ago == known.get(start - 364 * DAY)
    assert rates["previous_value"].null_count() == 28


def test_every_value_has_its_period(lake: Lake) -> None:
    periods = scan_dimension(lake, "dim_period").collect()
    assert set(periods["period_grain"]) == set(ALL_GRAINS)
    keys = ["period_grain", "period_start", "period_end", "is_complete"]
    assert scan_values(lake).collect().join(periods, on=keys, how="anti").is_empty()
    assert periods.filter(pl.col("label") == "FY2023")["period_end"].to_list() == [D(2024, 2, 3)]


def assert_same(one: Lake, other: Lake) -> None:
    for scan in (scan_values, scan_exclusions, lambda lake: scan_dimension(lake, "dim_period")):
        found, right = scan(one).collect(), scan(other).collect()
        order = [name for name in found.columns if name in {"kpi_code", "period_grain", *KEYS}]
        assert_frame_equal(found.sort(order), right.sort(order), check_exact=True)


def test_what_arrives_in_parts_gives_what_a_rebuild_gives(lake: Lake, tmp_path: Path) -> None:
    other, draw, wanted = Lake(tmp_path), random.Random(SEED), asked()
    arrivals = [
        (table, month, rows)
        for table, made, column in (
            ("crm_lead", years.leads(SEED), "created_at"),
            ("crm_interaction", years.interactions(SEED), "opened_at"),
        )
        for month, rows in years.by_month(made, column).items()
    ]
    draw.shuffle(arrivals)
    for number, (table, month, rows) in enumerate(arrivals):
        write_month(other, table, month, rows[::2] if number % 3 else rows)
        if number in {len(arrivals) // 3, len(arrivals) * 2 // 3}:
            build(other, wanted, AS_OF - (len(arrivals) - number) * DAY)
    for table, month, rows in arrivals:
        write_month(other, table, month, rows)
    build(other, wanted)
    assert_same(other, lake)
    again = build(other, wanted)
    assert (again.refreshed, again.removed) == ((), ())


def test_other_fiscal_years_make_other_values_of_the_same_states(
    lake: Lake, tmp_path: Path
) -> None:
    other, april = copied(lake, tmp_path), asked({"kind": "months", "first_month": 4})
    assert build_states(other, april, as_of=AS_OF).refreshed == ()
    build_values(other, april, as_of=AS_OF)
    fiscal = scan_values(other).filter(pl.col("period_grain") == "fiscal_year")
    starts = fiscal.select(pl.col("period_start").unique().sort()).collect().to_series()
    assert starts.to_list() == [D(year, 4, 1) for year in (2023, 2024, 2025)]
    plain = asked({"kind": "calendar"}, rolling=[], calendar=["month"])
    assert build_states(other, plain, as_of=AS_OF).refreshed == ()
    removed = build_values(other, plain, as_of=AS_OF).removed
    assert {name.partition("/")[0] for name in removed} == set(ALL_GRAINS) - {"month"}
    assert scan_dimension(other, "dim_period").collect()["period_grain"].unique().to_list() == [
        "month"
    ]
    months = scan_values(lake).filter(pl.col("period_grain") == "month")
    assert_frame_equal(scan_values(other).collect(), months.collect(), check_exact=True)


def test_a_late_row_rebuilds_only_periods_near_it(lake: Lake, tmp_path: Path) -> None:
    other, wanted = copied(lake, tmp_path), asked()
    rows = years.by_month(years.leads(SEED), "created_at")["2024-06"]
    write_month(other, "crm_lead", "2024-06", rows[1:])
    refreshed = build(other, wanted).refreshed
    assert not any(name.endswith("2026") for name in refreshed)
    # of 2025 only what the months of 2024 belong to, or are compared with
    assert {name for name in refreshed if name.endswith("2025")} <= {
        f"{grain}/2025" for grain in ("year", "fiscal_year", "rolling_12m")
    }
    assert {f"{grain}/2024" for grain in ALL_GRAINS} <= set(refreshed)


def test_periods_after_the_last_loaded_day_are_compared_with_nothing(
    lake: Lake, tmp_path: Path
) -> None:
    other, wanted = copied(lake, tmp_path), asked()
    build(other, wanted, D(2026, 1, 20))
    found = scan_published(other, wanted)["kpi_value"][1].filter(
        pl.col("period_start") > D(2026, 1, 20)
    )
    compared = ["previous_value", "change", "change_p_value", "is_significant", "year_ago_value"]
    rows = found.select(pl.col(compared).count(), pl.len().alias("rows")).collect()
    assert rows.select(compared).row(0) == (0, 0, 0, 0, 0)
    assert rows.item(0, "rows") > 0
