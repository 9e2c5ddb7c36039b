"""Fiscal months, quarters and years: where they begin and end, what they are called.

The periods of the calendar year are in `assets.transforms.periods`, and what serves all grains
alike in `assets.transforms.grains`. Years are few, so they are plain dates here; days are joined to
them.

A year of whole weeks ends on a weekday: the last one of a month, or the one nearest to the month's
end. Its quarters have 13 weeks, save that the last month of a year of 53 weeks gains the 53rd.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

import polars as pl

from schemas.config.calendar import WEEKDAYS, FiscalCalendar
from schemas.config.periods import FISCAL_GRAINS

_ONE_DAY: Final = dt.timedelta(days=1)
_YEAR_MONTHS: Final = 12
_QUARTER_MONTHS: Final = 3
_GRAIN_MONTHS: Final[dict[str, int]] = dict(
    zip(FISCAL_GRAINS, (1, _QUARTER_MONTHS, _YEAR_MONTHS), strict=True)
)
_SCHEMA: Final = {
    "period_grain": pl.String,
    "period_start": pl.Date,
    "period_end": pl.Date,
    "label": pl.String,
    "year_ago_start": pl.Date,
}


@dataclass(frozen=True, slots=True)
class FiscalYear:
    """One fiscal year.

    Attributes:
        name: Calendar year that it is called by.
        month_starts: First days of its twelve months.
        end: Its last day.
    """

    name: int
    month_starts: tuple[dt.date, ...]
    end: dt.date

    @property
    def start(self) -> dt.date:
        """Its first day."""
        return self.month_starts[0]

    def spans(self, grain: str) -> Iterator[tuple[dt.date, dt.date, str]]:
        """First day, last day and label of its periods of a grain, in order."""
        months = _GRAIN_MONTHS[grain]
        starts = self.month_starts[::months]
        ends = [*(start - _ONE_DAY for start in starts[1:]), self.end]
        for number, (start, end) in enumerate(zip(starts, ends, strict=True), start=1):
            suffix = {"fiscal_month": f"-P{number:02}", "fiscal_quarter": f"-Q{number}"}
            yield start, end, f"FY{self.name}{suffix.get(grain, '')}"


def fiscal_periods(first: dt.date, last: dt.date, calendar: FiscalCalendar) -> pl.DataFrame:
    """Every fiscal period that has a day from `first` to `last`.

    Returns:
        period_grain, period_start, period_end, label, year_ago_start (first day of the period of
        the same number in the fiscal year before); in grain and date order.
    """
    years = _years(first, last, calendar)
    rows = [
        (grain, start, end, label, before)
        for grain in FISCAL_GRAINS
        for year_before, year in pairwise(years)
        for (start, end, label), (before, _, _) in zip(
            year.spans(grain), year_before.spans(grain), strict=True
        )
        if start <= last and end >= first
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _years(first: dt.date, last: dt.date, calendar: FiscalCalendar) -> list[FiscalYear]:
    """Consecutive fiscal years around some days, the one before the first of them included."""
    # a year is counted by the one that it ends in, give or take three days
    numbers = range(first.year - 2, last.year + 2)
    return [_year(number, calendar) for number in numbers]


def _year(number: int, calendar: FiscalCalendar) -> FiscalYear:
    """The fiscal year that ends about the end of a month of a year (the one that it ends in)."""
    if calendar.kind == "weeks":
        return _year_of_weeks(number, calendar)
    first = calendar.first_month
    begins_in = number if first == 1 else number - 1
    starts = [_month_start(begins_in, first + month) for month in range(_YEAR_MONTHS + 1)]
    name = begins_in if calendar.year_name == "start" else number
    return FiscalYear(name, tuple(starts[:-1]), starts[-1] - _ONE_DAY)


def _year_of_weeks(number: int, calendar: FiscalCalendar) -> FiscalYear:
    start = _last_day(number - 1, calendar) + _ONE_DAY
    weeks = accumulate(calendar.pattern * 4, initial=0)
    starts = [start + dt.timedelta(weeks=before) for before in weeks][:_YEAR_MONTHS]
    # the year is called by the months that it stands for, whatever days of others it has
    begins_in = number if calendar.month == _YEAR_MONTHS else number - 1
    name = begins_in if calendar.year_name == "start" else number
    return FiscalYear(name, tuple(starts), _last_day(number, calendar))


def _last_day(year: int, calendar: FiscalCalendar) -> dt.date:
    """Last day of the year of weeks that ends about the end of the month in a calendar year."""
    month_end = _month_start(year, calendar.month + 1) - _ONE_DAY
    # the weekday nearest to a day is the last one up to three days later
    latest = month_end + dt.timedelta(days=3 if calendar.anchor == "nearest" else 0)
    return latest - dt.timedelta(days=(latest.weekday() - WEEKDAYS.index(calendar.ends_on)) % 7)


def _month_start(year: int, month: int) -> dt.date:
    """First day of a month; month 13 is January of the year after."""
    years, months = divmod(month - 1, _YEAR_MONTHS)
    return dt.date(year + years, months + 1, 1)
