"""What periods are compared with, whole ones and those to date."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.comparisons import compared_days, with_comparisons
from assets.transforms.grains import PeriodCalendar
from schemas.config.calendar import FiscalCalendar

D = dt.date
RETAIL = FiscalCalendar(kind="weeks")
APRIL = FiscalCalendar(kind="months", first_month=4)
ADDED = ["to_date_on", "previous_start", "previous_to_on", "year_ago_start", "year_ago_to_on"]


def compared(calendar: FiscalCalendar, first: D, last: D, *, as_of: D) -> pl.DataFrame:
    listed = PeriodCalendar(calendar).periods(first, last, as_of=as_of)
    return with_comparisons(listed, calendar, as_of=as_of)


def of_day(grain: str, day: D, *, calendar: FiscalCalendar = APRIL) -> tuple[D, ...]:
    """What the period that has a day is compared with, as of that day."""
    found = compared(calendar, day, day, as_of=day).filter(pl.col("period_grain") == grain)
    return found.select(ADDED).row(0)


@pytest.mark.parametrize(
    ("grain", "day", "previous", "year_ago"),
    [
        # Monday to Wednesday
        ("week", D(2026, 3, 11), (D(2026, 3, 2), D(2026, 3, 4)), (D(2025, 3, 10), D(2025, 3, 12))),
        ("month", D(2026, 3, 9), (D(2026, 2, 1), D(2026, 2, 9)), (D(2025, 3, 1), D(2025, 3, 9))),
        # February has no 30th
        ("month", D(2026, 3, 30), (D(2026, 2, 1), D(2026, 2, 28)), (D(2025, 3, 1), D(2025, 3, 30))),
        ("quarter", D(2026, 5, 31), (D(2026, 1, 1), D(2026, 2, 28)), (D(2025, 4, 1), D(2025, 5, 31))),  # noqa: E501  a table
        ("year", D(2024, 2, 29), (D(2023, 1, 1), D(2023, 2, 28)), (D(2023, 1, 1), D(2023, 2, 28))),
        ("fiscal_year", D(2026, 5, 2), (D(2025, 4, 1), D(2025, 5, 2)), (D(2025, 4, 1), D(2025, 5, 2))),  # noqa: E501  a table
    ],
)  # fmt: skip
def test_a_period_to_date_is_compared_to_the_same_day(
    grain: str, day: D, previous: tuple[D, D], year_ago: tuple[D, D]
) -> None:
    assert of_day(grain, day) == (day, *previous, *year_ago)


@pytest.mark.parametrize(
    ("grain", "day", "previous", "year_ago"),
    [
        ("day", D(2024, 2, 29), (D(2024, 2, 28),) * 2, (D(2023, 2, 28),) * 2),
        ("day", D(2024, 2, 28), (D(2024, 2, 27),) * 2, (D(2023, 2, 28),) * 2),
        ("week", D(2026, 3, 15), (D(2026, 3, 2), D(2026, 3, 8)), (D(2025, 3, 10), D(2025, 3, 16))),
        # whole months, though one is longer
        ("month", D(2026, 2, 28), (D(2026, 1, 1), D(2026, 1, 31)), (D(2025, 2, 1), D(2025, 2, 28))),
        ("month", D(2025, 2, 28), (D(2025, 1, 1), D(2025, 1, 31)), (D(2024, 2, 1), D(2024, 2, 29))),
        ("quarter", D(2026, 6, 30), (D(2026, 1, 1), D(2026, 3, 31)), (D(2025, 4, 1), D(2025, 6, 30))),  # noqa: E501  a table
    ],
)  # fmt: skip
def test_a_period_that_has_ended_is_compared_to_whole_ones(
    grain: str, day: D, previous: tuple[D, D], year_ago: tuple[D, D]
) -> None:
    assert of_day(grain, day) == (day, *previous, *year_ago)


def test_periods_of_weeks_are_compared_by_week_and_weekday() -> None:
    # the 53rd week of FY2023 was the last of its year; the third week of FY2024 ends on 24 February
    day = D(2024, 2, 20)
    assert of_day("fiscal_month", day, calendar=RETAIL) == (
        day, D(2023, 12, 31), D(2024, 1, 16), D(2023, 1, 29), D(2023, 2, 14),
    )  # fmt: skip
    # in the 53rd week: there is none in the years before
    day = D(2024, 1, 30)
    assert of_day("fiscal_year", day, calendar=RETAIL) == (
        day, D(2022, 1, 30), D(2023, 1, 28), D(2022, 1, 30), D(2023, 1, 28),
    )  # fmt: skip


def test_windows_are_compared_to_those_that_they_do_not_overlap() -> None:
    found = compared(APRIL, D(2024, 1, 1), D(2024, 12, 31), as_of=D(2024, 12, 31))
    last = found.group_by("period_grain").last().filter(pl.col("period_grain").str.contains("roll"))
    assert last.sort("period_grain").select(ADDED).rows() == [
        (D(2024, 12, 31), D(2023, 1, 1), D(2023, 12, 31), D(2023, 1, 1), D(2023, 12, 31)),
        (D(2024, 12, 31), D(2024, 11, 6), D(2024, 12, 3), D(2023, 12, 6), D(2024, 1, 2)),
    ]


def test_a_period_that_has_not_begun_is_compared_to_nothing() -> None:
    found = compared(APRIL, D(2026, 3, 1), D(2026, 4, 2), as_of=D(2026, 3, 31))
    later = found.filter(pl.col("period_start") > D(2026, 3, 31))
    assert later.height > 0
    assert later.select(pl.all_horizontal(pl.col(ADDED).is_null().all())).item()
    assert compared_days(later).is_empty()
    assert with_comparisons(found.clear(), APRIL, as_of=D(2026, 3, 31)).columns == found.columns


@pytest.mark.parametrize("calendar", [RETAIL, APRIL])
@settings(max_examples=30, deadline=None)
@given(day=st.dates(D(2010, 1, 1), D(2030, 1, 1)), before=st.integers(0, 500))
def test_laws_of_comparisons(calendar: FiscalCalendar, day: D, before: int) -> None:
    first = day - dt.timedelta(days=before)
    listed = PeriodCalendar(calendar).periods(first, day, as_of=day)
    found = with_comparisons(listed, calendar, as_of=day)
    assert found.select(listed.columns).equals(listed)
    assert found.null_count().sum_horizontal().item() == 0
    start, known = pl.col("period_start"), pl.col("to_date_on")
    for side in ("previous", "year_ago"):
        since, until = pl.col(f"{side}_start"), pl.col(f"{side}_to_on")
        assert found.select((since <= until).all() & (until < start).all()).item()
        # no longer than the period itself where that has not ended
        part = found.filter(~pl.col("is_complete"))
        assert part.select((until - since <= known - start + pl.duration(days=2)).all()).item()
    whole = found.filter("is_complete")
    assert whole.select((known == pl.col("period_end")).all()).item()
    cut = whole.filter(~pl.col("period_grain").str.starts_with("rolling"))
    assert cut.select((pl.col("previous_to_on") + pl.duration(days=1) == start).all()).item()


def test_days_to_sum() -> None:
    found = compared(APRIL, D(2026, 3, 2), D(2026, 3, 2), as_of=D(2026, 3, 2))
    days = compared_days(found.filter(pl.col("period_grain") == "month"))
    expected = [
        ("month", D(2026, 3, 1), side, D(year, month, day))
        for side, year, month in (
            ("current", 2026, 3),
            ("previous", 2026, 2),
            ("year_ago", 2025, 3),
        )
        for day in (1, 2)
    ]
    assert days.rows() == expected
