import datetime as dt
from typing import Any

import polars as pl
import pytest
from scipy import stats

from assets.transforms.changes import CHANGES, with_changes
from assets.transforms.significance import share_summary
from schemas.config.calendar import FiscalCalendar
from schemas.kpis.kpi import Estimator
from schemas.warehouse import KPI_VALUE

SHARE: dict[str, Estimator] = {"csat": "share"}


def share(month: dt.date, hits: int, n: int, **changes: Any) -> dict[str, Any]:
    following = (month + dt.timedelta(days=32)).replace(day=1)
    return {
        "kpi_code": "csat",
        "period_grain": "month",
        "period_start": month,
        "period_end": following - dt.timedelta(days=1),
        "is_complete": True,
        "segment_set": "total",
        "segment_key": "all",
        "value": 100 * hits / n,
        "n": n,
        "excluded": 0,
        "method_id": "csat.v1:wilson",
    } | changes


def changed(
    *rows: dict[str, Any],
    estimators: dict[str, Estimator] | None = None,
    calendar: FiscalCalendar | None = None,
) -> pl.DataFrame:
    schema = KPI_VALUE.polars_schema()
    frame = pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)
    summary = share_summary(pl.col("value") / 100, pl.col("n").cast(pl.Float64))
    return with_changes(
        frame.with_columns(summary),
        SHARE if estimators is None else estimators,
        calendar or FiscalCalendar(),
        confidence=0.95,
    )


JANUARY, FEBRUARY = dt.date(2026, 1, 1), dt.date(2026, 2, 1)


def test_the_period_before_and_the_year_ago_by_name() -> None:
    found = changed(
        share(dt.date(2025, 2, 1), 30, 100), share(JANUARY, 40, 100), share(FEBRUARY, 60, 100)
    )
    last = found.row(2, named=True)
    assert (last["previous_value"], last["year_ago_value"]) == (40.0, 30.0)
    assert last["change"] == pytest.approx(20.0)
    assert found.row(1, named=True)["previous_value"] is None
    assert list(found.columns) == KPI_VALUE.polars_schema().names()


def test_the_p_value_is_welchs_of_plus_four_shares() -> None:
    found = changed(share(JANUARY, 40, 100), share(FEBRUARY, 60, 100)).row(1, named=True)
    p, q = 42 / 104, 62 / 104
    variance = p * (1 - p) / 104 + q * (1 - q) / 104
    parts = [(p * (1 - p) / 104) ** 2 / 99, (q * (1 - q) / 104) ** 2 / 99]
    expected = 2 * stats.t.sf((q - p) / variance**0.5, variance**2 / sum(parts))
    assert found["change_p_value"] == pytest.approx(expected, rel=1e-9)
    assert found["is_significant"] is True


def test_a_small_change_is_not_significant() -> None:
    found = changed(share(JANUARY, 40, 100), share(FEBRUARY, 42, 100)).row(1, named=True)
    assert found["is_significant"] is False


def test_a_gap_is_compared_with_nothing() -> None:
    found = changed(share(dt.date(2025, 12, 1), 40, 100), share(FEBRUARY, 60, 100))
    assert found.select(CHANGES).row(1) == (None, None, None, None, None)


def test_what_has_not_ended_is_compared_with_nothing_and_nothing_with_it() -> None:
    found = changed(share(JANUARY, 40, 100), share(FEBRUARY, 60, 100, is_complete=False))
    assert found.select(CHANGES).row(1) == (None, None, None, None, None)


def test_what_the_states_told_of_a_running_period_stands() -> None:
    found = changed(
        share(JANUARY, 40, 100),
        share(
            FEBRUARY, 60, 100, is_complete=False,
            previous_value=45.0, year_ago_value=30.0, change_p_value=0.01,
        ),
    )  # fmt: skip
    assert found.select(CHANGES).row(1) == (45.0, 15.0, 0.01, True, 30.0)


def test_a_quantile_brings_its_p_value_along() -> None:
    known = {"change_p_value": 0.2}
    found = changed(
        share(JANUARY, 40, 100, **known), share(FEBRUARY, 60, 100, **known), estimators={}
    )
    # January has nothing before it: the test would be of a change that is not shown
    assert found["change_p_value"].to_list() == [None, 0.2]
    assert found["is_significant"].to_list() == [None, False]


def test_fiscal_months_of_weeks_follow_each_other() -> None:
    weeks = {"period_grain": "fiscal_month"}
    found = changed(
        share(dt.date(2023, 1, 29), 30, 100, **weeks, period_end=dt.date(2023, 2, 25)),
        share(dt.date(2024, 1, 7), 40, 100, **weeks, period_end=dt.date(2024, 2, 3)),
        share(dt.date(2024, 2, 4), 60, 100, **weeks, period_end=dt.date(2024, 3, 2)),
        calendar=FiscalCalendar(kind="weeks", pattern=(4, 5, 4)),
    )
    last = found.row(2, named=True)
    # FY2023 has 53 weeks; its last month begins on 31 December
    assert (last["previous_value"], last["year_ago_value"]) == (None, 30.0)


def test_another_method_is_another_figure() -> None:
    found = changed(
        share(JANUARY, 40, 100), share(FEBRUARY, 60, 100, method_id="csat.v1:wilson:scale=1-7")
    )
    assert found["change"].null_count() == 2


def test_without_a_test_for_it_the_change_stands_alone() -> None:
    found = changed(share(JANUARY, 40, 100), share(FEBRUARY, 60, 100), estimators={"nps": "net"})
    last = found.row(1, named=True)
    assert last["change"] == pytest.approx(20.0)
    assert (last["change_p_value"], last["is_significant"]) == (None, None)


def test_many_segments_of_a_set_do_not_light_up_by_chance() -> None:
    """One segment of forty moves by what alone would be significant; forty tests say no."""
    rows = []
    for number in range(40):
        key = {"segment_set": "by_region", "segment_key": f"r{number:02}"}
        hits = 58 if number == 0 else 43
        rows += [share(JANUARY, 43, 100, **key), share(FEBRUARY, hits, 100, **key)]
    found = changed(*rows).filter(pl.col("period_start") == FEBRUARY)
    moved = found.filter(pl.col("segment_key") == "r00").row(0, named=True)
    assert moved["change_p_value"] < 0.05
    assert moved["is_significant"] is False
    alone = changed(*rows[:2]).row(1, named=True)
    assert alone["is_significant"] is True


def test_no_values() -> None:
    assert changed().is_empty()
