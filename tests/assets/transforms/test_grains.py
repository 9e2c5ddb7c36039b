"""All grains behind the same calls."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms import periods
from assets.transforms.grains import PeriodCalendar
from assets.transforms.windows import WINDOWS
from schemas.config.calendar import FiscalCalendar
from schemas.config.periods import FISCAL_GRAINS, PeriodConfig

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
def test_each_day_is_once_in_the_periods_of_a_cut_grain(
    calendar: PeriodCalendar, first: D, length: int
) -> None:
    last = first + dt.timedelta(days=length)
    listed = calendar.periods(first, last, as_of=last)
    expected = [first + dt.timedelta(days=each) for each in range(length + 1)]
    for grain in calendar.cut_grains:
        own = listed.filter(pl.col("period_grain") == grain)
        days = own.select(pl.date_ranges("period_start", "period_end").explode()).to_series()
        assert days.filter(days.is_between(first, last)).to_list() == expected


def test_iso_weeks_of_a_year_that_has_53() -> None:
    found = PLAIN.periods(D(2020, 12, 21), D(2021, 1, 10), as_of=D(2021, 1, 10))
    weeks = found.filter(pl.col("period_grain") == "week")
    assert weeks.select("label", "period_start", "period_end").rows() == [
        ("2020-W52", D(2020, 12, 21), D(2020, 12, 27)),
        ("2020-W53", D(2020, 12, 28), D(2021, 1, 3)),
        ("2021-W01", D(2021, 1, 4), D(2021, 1, 10)),
    ]


@pytest.mark.parametrize("grain", RETAIL.grains)
def test_periods_that_start_in_a_year_are_those_listed(grain: str) -> None:
    first, last, as_of = D(2023, 1, 1), D(2023, 12, 31), D(2023, 11, 20)
    listed = RETAIL.periods(D(2022, 1, 1), D(2024, 12, 31), as_of=as_of)
    own = listed.filter(
        pl.col("period_grain") == grain, pl.col("period_start").is_between(first, as_of)
    ).select("period_start", "period_end")
    found = RETAIL.starting_in(grain, first, last, as_of=as_of)
    assert found.equals(own)
    assert RETAIL.ends(grain, found["period_start"].reverse()).equals(own)
    assert RETAIL.starting_in(grain, first, last, as_of=D(2022, 12, 31)).equals(own.clear())
    assert RETAIL.ends(grain, own["period_start"].clear()).equals(own.clear())


def test_windows_compared_begin_with_the_first_loaded_day() -> None:
    found = PLAIN.compared("rolling_28d", 2024, since=D(2024, 2, 10), as_of=D(2024, 3, 9))
    assert found.select("period_start", "previous_start").rows() == [
        (D(2024, 2, 10), D(2024, 1, 13)), (D(2024, 2, 11), D(2024, 1, 14)),
    ]  # fmt: skip
    assert PLAIN.compared("rolling_12m", 2024, since=D(2024, 2, 10), as_of=D(2024, 3, 9)).is_empty()


def test_only_what_is_asked_for_is_listed() -> None:
    asked = PeriodConfig(calendar=("month",), fiscal=("fiscal_year",), rolling=())
    calendar = PeriodCalendar(FiscalCalendar(kind="weeks"), asked)
    assert calendar.grains == ("month", "fiscal_year")
    found = calendar.periods(D(2024, 1, 1), D(2024, 3, 31), as_of=D(2024, 3, 31))
    assert found["period_grain"].unique().sort().to_list() == ["fiscal_year", "month"]
