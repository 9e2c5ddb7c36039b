"""All grains behind the same calls."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms import periods
from assets.transforms.fiscal import FISCAL_GRAINS
from assets.transforms.grains import PeriodCalendar
from assets.transforms.windows import WINDOWS
from schemas.config.calendar import FiscalCalendar

D = dt.date
PLAIN = PeriodCalendar()
RETAIL = PeriodCalendar(FiscalCalendar(kind="weeks"))
APRIL = PeriodCalendar(FiscalCalendar(kind="months", first_month=4))
GRAINS = ("day", "week", "month", "quarter", "year")


def test_a_calendar_year_has_no_fiscal_grains() -> None:
    assert PLAIN.grains == (*GRAINS, "rolling_28d", "rolling_12m")
    assert RETAIL.grains == (*GRAINS, *FISCAL_GRAINS, "rolling_28d", "rolling_12m")


def test_periods_tell_which_are_complete() -> None:
    found = RETAIL.periods(D(2023, 1, 1), D(2024, 2, 4), as_of=D(2024, 2, 3))
    assert found["period_grain"].unique(maintain_order=True).to_list() == list(RETAIL.grains)
    fiscal = found.filter(pl.col("label").str.starts_with("FY2024"))
    assert fiscal.select("period_grain", "period_start", "is_complete").rows() == [
        (grain, D(2024, 2, 4), False) for grain in FISCAL_GRAINS
    ]
    last = found.filter(pl.col("label").str.starts_with("FY2023"))
    assert last["is_complete"].all()
    rolling = found.filter(pl.col("period_grain").is_in(list(WINDOWS)))
    assert rolling["is_complete"].all()
    assert rolling["period_end"].max() == D(2024, 2, 3)
    plain = periods.calendar(D(2023, 1, 1), D(2024, 2, 4), as_of=D(2024, 2, 3))
    assert found.head(plain.height).equals(plain)


def test_no_windows_before_the_first_day_is_loaded() -> None:
    found = PLAIN.periods(D(2024, 1, 5), D(2024, 1, 6), as_of=D(2024, 1, 4))
    assert set(found["period_grain"]) == set(GRAINS)
    assert not found["is_complete"].any()


@pytest.mark.parametrize("calendar", [RETAIL, APRIL])
@settings(max_examples=25, deadline=None)
@given(first=st.dates(D(2009, 1, 1), D(2030, 1, 1)), length=st.integers(0, 900))
def test_the_period_of_each_day_is_the_one_that_is_listed(
    calendar: PeriodCalendar, first: D, length: int
) -> None:
    last = first + dt.timedelta(days=length)
    listed = calendar.periods(first, last, as_of=last)
    for grain in calendar.cut_grains:
        days = calendar.days(grain, first, last)
        assert days.columns == ["event_day", "period_start"]
        expected = [first + dt.timedelta(days=each) for each in range(length + 1)]
        assert days["event_day"].to_list() == expected
        joined = days.with_columns(pl.lit(grain).alias("period_grain")).join(
            listed, on=["period_grain", "period_start"], how="left"
        )
        assert joined.select(
            pl.col("event_day").is_between("period_start", "period_end").all()
        ).item()
        years = days["period_start"].dt.year().unique().sort().to_list()
        assert calendar.years_of(days["event_day"], grain) == years


@pytest.mark.parametrize("grain", RETAIL.grains)
def test_no_period_of_a_year_reaches_further_than_its_last_day(grain: str) -> None:
    listed = RETAIL.periods(D(2015, 1, 1), D(2032, 6, 30), as_of=D(2032, 6, 30))
    listed = listed.filter(pl.col("period_grain") == grain)
    for year in range(2016, 2031):
        ends = listed.filter(pl.col("period_start").dt.year() == year)["period_end"]
        assert ends.max() == RETAIL.last_day_of_year(year, grain)


def test_years_that_windows_of_a_day_begin_in() -> None:
    days = pl.Series([D(2026, 1, 27), None])
    assert PLAIN.years_of(days, "rolling_28d") == [2025, 2026]
    assert PLAIN.years_of(pl.Series([D(2026, 1, 28)]), "rolling_28d") == [2026]
    assert PLAIN.years_of(days, "rolling_12m") == [2025, 2026]
    assert PLAIN.years_of(pl.Series([D(2025, 12, 1)]), "rolling_12m") == [2025]
    for grain in RETAIL.grains:
        assert RETAIL.years_of(pl.Series([None], dtype=pl.Date), grain) == []


def test_iso_weeks_of_a_year_that_has_53() -> None:
    found = PLAIN.periods(D(2020, 12, 21), D(2021, 1, 10), as_of=D(2021, 1, 10))
    weeks = found.filter(pl.col("period_grain") == "week")
    assert weeks.select("label", "period_start", "period_end").rows() == [
        ("2020-W52", D(2020, 12, 21), D(2020, 12, 27)),
        ("2020-W53", D(2020, 12, 28), D(2021, 1, 3)),
        ("2021-W01", D(2021, 1, 4), D(2021, 1, 10)),
    ]
