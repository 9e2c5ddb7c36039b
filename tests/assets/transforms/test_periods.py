"""Periods: where they begin and end, what they are called."""

import datetime as dt

import polars as pl
import pytest

from assets.transforms.periods import calendar, period_end, period_label, period_start

D = dt.date


@pytest.mark.parametrize(
    ("grain", "day", "start", "end", "label"),
    [
        ("day", D(2026, 3, 31), D(2026, 3, 31), D(2026, 3, 31), "2026-03-31"),
        ("week", D(2027, 1, 3), D(2026, 12, 28), D(2027, 1, 3), "2026-W53"),
        ("week", D(2024, 12, 30), D(2024, 12, 30), D(2025, 1, 5), "2025-W01"),
        ("month", D(2024, 2, 29), D(2024, 2, 1), D(2024, 2, 29), "2024-02"),
        ("quarter", D(2026, 11, 5), D(2026, 10, 1), D(2026, 12, 31), "2026-Q4"),
        ("year", D(2026, 7, 1), D(2026, 1, 1), D(2026, 12, 31), "2026"),
    ],
)
def test_period_of_a_day(grain: str, day: D, start: D, end: D, label: str) -> None:
    first = period_start(pl.lit(day), grain)
    found = pl.select(
        first.alias("a"), period_end(first, grain).alias("b"), period_label(first, grain).alias("c")
    )
    assert found.row(0) == (start, end, label)


def test_calendar_knows_which_periods_are_complete() -> None:
    periods = calendar(D(2026, 1, 30), D(2026, 2, 2), as_of=D(2026, 1, 31))
    assert periods.filter(pl.col("period_grain") == "month").select(
        "period_start", "label", "is_complete"
    ).rows() == [(D(2026, 1, 1), "2026-01", True), (D(2026, 2, 1), "2026-02", False)]
    assert periods.filter(pl.col("period_grain") == "day").height == 4
