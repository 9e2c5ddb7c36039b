"""Windows of days after an event: which months they reach, and which of them are over."""

import datetime as dt

import polars as pl
import pytest

from assets.transforms.look_ahead import ends_after, last_closed, months_reached, windows

D = dt.date
EVENTS = pl.LazyFrame(
    {
        "began": [D(2026, 1, 5), D(2026, 1, 5), D(2026, 1, 30), None],
        "over": [D(2026, 1, 12), D(2026, 1, 12), D(2026, 3, 1), D(2026, 1, 9)],
    }
)
FOUND = windows(EVENTS, pl.col("began"), pl.col("over"))


def test_windows_are_distinct_and_events_without_one_have_none() -> None:
    assert FOUND.rows() == [(D(2026, 1, 5), D(2026, 1, 12)), (D(2026, 1, 30), D(2026, 3, 1))]


def test_months_with_a_day_of_a_window() -> None:
    months = ["2025-12", "2026-01", "2026-02", "2026-03", "2026-04"]
    assert months_reached(FOUND, months) == ["2026-01", "2026-02", "2026-03"]
    assert months_reached(FOUND.head(1), months) == ["2026-01"]
    assert months_reached(FOUND.clear(), months) == []


@pytest.mark.parametrize(
    ("as_of", "closed_on"),
    [
        (D(2026, 1, 11), None),
        (D(2026, 1, 12), D(2026, 1, 12)),
        (D(2026, 2, 28), D(2026, 1, 12)),
        (D(2027, 1, 1), D(2026, 3, 1)),
    ],
)
def test_the_last_window_that_closed(as_of: dt.date, closed_on: dt.date | None) -> None:
    assert last_closed(FOUND, as_of) == closed_on


def test_a_window_is_over_once_its_last_day_is_loaded() -> None:
    is_open = FOUND.select(ends_after(pl.col("last_on"), D(2026, 1, 12))).to_series()
    assert is_open.to_list() == [False, True]
    with pytest.raises(ValueError, match="last loaded day"):
        ends_after(pl.col("last_on"), None)
