"""Fiscal years against published retail calendars, and the laws of every calendar."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.fiscal import fiscal_periods
from schemas.config.calendar import WEEKDAYS, FiscalCalendar
from schemas.config.periods import FISCAL_GRAINS

D = dt.date
RETAIL = FiscalCalendar(kind="weeks")
APRIL = FiscalCalendar(kind="months", first_month=4)
LENGTH = (pl.col("period_end") - pl.col("period_start")).dt.total_days() + 1
LONG_YEARS = {2000, 2006, 2012, 2017, 2023}

CALENDARS = st.one_of(
    st.builds(
        FiscalCalendar, kind=st.just("weeks"),
        pattern=st.sampled_from([(4, 4, 5), (4, 5, 4), (5, 4, 4)]),
        ends_on=st.sampled_from(WEEKDAYS), anchor=st.sampled_from(["nearest", "last"]),
        month=st.integers(1, 12), year_name=st.sampled_from(["start", "end"]),
    ),
    st.builds(
        FiscalCalendar, kind=st.just("months"), first_month=st.integers(1, 12),
        year_name=st.sampled_from(["start", "end"]),
    ),
)  # fmt: skip
DAYS = st.dates(D(1990, 1, 1), D(2060, 12, 31))


def of_grain(calendar: FiscalCalendar, grain: str, first: D, last: D) -> list[tuple[str, D, D]]:
    found = fiscal_periods(first, last, calendar).filter(pl.col("period_grain") == grain)
    return found.select("label", "period_start", "period_end").rows()


def test_years_of_the_retail_calendar() -> None:
    assert of_grain(RETAIL, "fiscal_year", D(2012, 1, 29), D(2019, 2, 2)) == [
        ("FY2012", D(2012, 1, 29), D(2013, 2, 2)),
        ("FY2013", D(2013, 2, 3), D(2014, 2, 1)),
        ("FY2014", D(2014, 2, 2), D(2015, 1, 31)),
        ("FY2015", D(2015, 2, 1), D(2016, 1, 30)),
        ("FY2016", D(2016, 1, 31), D(2017, 1, 28)),
        ("FY2017", D(2017, 1, 29), D(2018, 2, 3)),
        ("FY2018", D(2018, 2, 4), D(2019, 2, 2)),
    ]
    years = fiscal_periods(D(2000, 6, 1), D(2027, 6, 1), RETAIL).filter(
        pl.col("period_grain") == "fiscal_year"
    )
    long = years.filter(LENGTH == 371)["label"].to_list()
    assert long == [f"FY{year}" for year in sorted(LONG_YEARS)]
    assert set(years.select(LENGTH).to_series()) == {364, 371}


def test_the_last_month_gains_the_53rd_week() -> None:
    assert of_grain(RETAIL, "fiscal_month", D(2023, 1, 29), D(2024, 2, 3)) == [
        ("FY2023-P01", D(2023, 1, 29), D(2023, 2, 25)),
        ("FY2023-P02", D(2023, 2, 26), D(2023, 4, 1)),
        ("FY2023-P03", D(2023, 4, 2), D(2023, 4, 29)),
        ("FY2023-P04", D(2023, 4, 30), D(2023, 5, 27)),
        ("FY2023-P05", D(2023, 5, 28), D(2023, 7, 1)),
        ("FY2023-P06", D(2023, 7, 2), D(2023, 7, 29)),
        ("FY2023-P07", D(2023, 7, 30), D(2023, 8, 26)),
        ("FY2023-P08", D(2023, 8, 27), D(2023, 9, 30)),
        ("FY2023-P09", D(2023, 10, 1), D(2023, 10, 28)),
        ("FY2023-P10", D(2023, 10, 29), D(2023, 11, 25)),
        ("FY2023-P11", D(2023, 11, 26), D(2023, 12, 30)),
        ("FY2023-P12", D(2023, 12, 31), D(2024, 2, 3)),
    ]
    assert of_grain(RETAIL, "fiscal_quarter", D(2023, 10, 29), D(2024, 2, 4)) == [
        ("FY2023-Q4", D(2023, 10, 29), D(2024, 2, 3)),
        ("FY2024-Q1", D(2024, 2, 4), D(2024, 5, 4)),
    ]


def test_a_year_that_ends_on_the_last_friday_of_december() -> None:
    calendar = FiscalCalendar(
        kind="weeks", pattern=(4, 4, 5), ends_on="friday", anchor="last", month=12, year_name="end"
    )
    assert of_grain(calendar, "fiscal_year", D(2020, 12, 25), D(2021, 12, 31)) == [
        ("FY2020", D(2019, 12, 28), D(2020, 12, 25)),
        ("FY2021", D(2020, 12, 26), D(2021, 12, 31)),
    ]
    assert of_grain(calendar, "fiscal_month", D(2020, 12, 26), D(2021, 3, 26)) == [
        ("FY2021-P01", D(2020, 12, 26), D(2021, 1, 22)),
        ("FY2021-P02", D(2021, 1, 23), D(2021, 2, 19)),
        ("FY2021-P03", D(2021, 2, 20), D(2021, 3, 26)),
    ]


def test_a_year_is_called_by_its_months_though_its_first_days_are_others() -> None:
    # the year that stands for 2024 begins on 31 December 2023, and the year before on 1 January
    for name in ("start", "end"):
        calendar = FiscalCalendar(kind="weeks", month=12, year_name=name)
        assert of_grain(calendar, "fiscal_year", D(2023, 12, 30), D(2023, 12, 31)) == [
            ("FY2023", D(2023, 1, 1), D(2023, 12, 30)),
            ("FY2024", D(2023, 12, 31), D(2024, 12, 28)),
        ]


def test_a_year_that_begins_in_april() -> None:
    day = D(2026, 3, 31)
    assert of_grain(APRIL, "fiscal_month", day, day) == [("FY2025-P12", D(2026, 3, 1), day)]
    assert of_grain(APRIL, "fiscal_quarter", day, day) == [("FY2025-Q4", D(2026, 1, 1), day)]
    by_end = APRIL.model_copy(update={"year_name": "end"})
    assert of_grain(by_end, "fiscal_year", day, D(2026, 4, 1)) == [
        ("FY2026", D(2025, 4, 1), day),
        ("FY2027", D(2026, 4, 1), D(2027, 3, 31)),
    ]


def test_a_year_that_begins_in_january_is_the_calendar_year() -> None:
    for name in ("start", "end"):
        calendar = FiscalCalendar(kind="months", first_month=1, year_name=name)
        expected = [("FY2026", D(2026, 1, 1), D(2026, 12, 31))]
        assert of_grain(calendar, "fiscal_year", D(2026, 6, 1), D(2026, 6, 1)) == expected
    plain = fiscal_periods(D(2026, 6, 1), D(2026, 6, 1), FiscalCalendar())
    assert plain["label"].to_list() == ["FY2026-P06", "FY2026-Q2", "FY2026"]


def test_a_year_ago_is_the_same_number() -> None:
    found = fiscal_periods(D(2024, 2, 4), D(2024, 3, 31), RETAIL)
    assert found.select("label", "year_ago_start").rows() == [
        ("FY2024-P01", D(2023, 1, 29)),
        ("FY2024-P02", D(2023, 2, 26)),
        ("FY2024-Q1", D(2023, 1, 29)),
        ("FY2024", D(2023, 1, 29)),
    ]


@settings(max_examples=60, deadline=None)
@given(calendar=CALENDARS, first=DAYS, length=st.integers(0, 1200))
def test_every_day_is_in_one_period_of_each_grain(
    calendar: FiscalCalendar, first: D, length: int
) -> None:
    last = first + dt.timedelta(days=length)
    for grain in FISCAL_GRAINS:
        found = of_grain(calendar, grain, first, last)
        starts, ends = [row[1] for row in found], [row[2] for row in found]
        assert starts[0] <= first <= ends[0]
        assert starts[-1] <= last <= ends[-1]
        assert [end + dt.timedelta(days=1) for end in ends[:-1]] == starts[1:]
        assert len({row[0] for row in found}) == len(found)


@settings(max_examples=60, deadline=None)
@given(calendar=CALENDARS, day=DAYS)
def test_months_make_quarters_and_quarters_years(calendar: FiscalCalendar, day: D) -> None:
    _, first, last, *_ = fiscal_periods(day, day, calendar).row(-1)
    months = fiscal_periods(first, last, calendar).with_columns(LENGTH.alias("days"))
    months, quarters, years = months.partition_by("period_grain", maintain_order=True)
    assert (months.height, quarters.height, years.height) == (12, 4, 1)
    assert quarters["period_start"].to_list() == months["period_start"].to_list()[::3]
    assert quarters["period_end"].to_list() == months["period_end"].to_list()[2::3]
    assert years.select("period_start", "period_end").row(0) == (first, last)
    if calendar.kind == "weeks":
        weeks = [days // 7 for days in months["days"]]
        is_long = years.item(0, "days") == 371
        assert weeks == [
            *calendar.pattern * 3,
            *calendar.pattern[:2],
            calendar.pattern[2] + is_long,
        ]
        assert {each.weekday() for each in months["period_end"]} == {
            WEEKDAYS.index(calendar.ends_on)
        }


@pytest.mark.parametrize("anchor", ["nearest", "last"])
def test_a_year_of_weeks_ends_by_its_anchor(anchor: str) -> None:
    calendar = FiscalCalendar.model_validate({"kind": "weeks", "anchor": anchor, "month": 8})
    for _, _, end in of_grain(calendar, "fiscal_year", D(1995, 1, 1), D(2035, 1, 1)):
        near = [end + dt.timedelta(days=each) for each in range(-3, 4)]
        in_month = (end.month, (end + dt.timedelta(days=7)).month) == (8, 9)
        is_near = any((each.month, each.day) == (8, 31) for each in near)
        assert is_near if anchor == "nearest" else in_month
