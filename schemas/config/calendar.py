"""When a company works and when its fiscal years end: business hours, holidays, fiscal calendars.

What is said and whether it makes sense. Seconds are counted in `assets.transforms.business_time`,
periods are cut in `assets.transforms.fiscal`.
"""

import calendar
import datetime as dt
import re
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from schemas.config.base import Model, Zone

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: Final[tuple[Weekday, ...]] = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip

_HOUR_MINUTES: Final = 60
_DAY_MINUTES: Final = 24 * _HOUR_MINUTES
_INTERVAL: Final = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_YEARLY: Final = re.compile(r"(\d\d)-(\d\d)")
_EASTER: Final = re.compile(r"easter([+-]\d{1,3})?")
_LEAP_YEAR: Final = 2024
_PATTERNS: Final = ((4, 4, 5), (4, 5, 4), (5, 4, 4))
_KEYS_OF_KIND: Final = {
    "calendar": frozenset[str](),
    "months": frozenset({"first_month", "year_name"}),
    "weeks": frozenset({"pattern", "ends_on", "anchor", "month", "year_name"}),
}


def interval_minutes(interval: str) -> tuple[int, int]:
    """Minutes after midnight at which an interval such as `09:00-12:30` begins and ends.

    Raises:
        ValueError: The text is no such interval.
    """
    found = _INTERVAL.fullmatch(interval)
    if not found:
        msg = f"{interval!r} is not an interval; write 09:00-12:30, or 00:00-24:00 for a whole day"
        raise ValueError(msg)
    from_hour, from_minute, to_hour, to_minute = (int(part) for part in found.groups())
    begins, ends = from_hour * _HOUR_MINUTES + from_minute, to_hour * _HOUR_MINUTES + to_minute
    if max(from_minute, to_minute) >= _HOUR_MINUTES or max(begins, ends) > _DAY_MINUTES:
        msg = f"{interval!r} is not on the clock; times go from 00:00 to 24:00"
        raise ValueError(msg)
    if ends <= begins:
        msg = (
            f"{interval!r} does not end after it begins; across midnight it is two intervals, "
            "22:00-24:00 on one day and 00:00-06:00 on the next"
        )
        raise ValueError(msg)
    return begins, ends


def _interval(text: str) -> str:
    interval_minutes(text)
    return text


def _disjoint(intervals: tuple[str, ...]) -> tuple[str, ...]:
    ordered = sorted(intervals, key=interval_minutes)
    for before, after in pairwise(ordered):
        if interval_minutes(after)[0] < interval_minutes(before)[1]:
            msg = f"{before} and {after} overlap; make them one interval"
            raise ValueError(msg)
    return tuple(ordered)


def _easter_sunday(year: int) -> dt.date:
    """Easter in the Gregorian calendar (anonymous algorithm, Meeus: Astronomical Algorithms)."""
    golden, century, rest = year % 19, year // 100, year % 100
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - correction + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return dt.date(year, month, day + 1)


def _day_of_holiday(text: str, year: int) -> dt.date | None:
    """The day in a year that a holiday falls on, None if there is none."""
    if found := _EASTER.fullmatch(text):
        return _easter_sunday(year) + dt.timedelta(days=int(found[1] or 0))
    if found := _YEARLY.fullmatch(text):
        month, day = int(found[1]), int(found[2])
        is_lacking = (month, day) == (2, 29) and not calendar.isleap(year)
        return None if is_lacking else dt.date(year, month, day)
    day_once = dt.date.fromisoformat(text)
    return day_once if day_once.year == year else None


def _as_text(value: Any) -> Any:
    # YAML reads 2026-12-25 as a date and 12-25 as text
    return value.isoformat() if type(value) is dt.date else value


def _holiday(text: str) -> str:
    try:
        _day_of_holiday(text, _LEAP_YEAR)
    except ValueError as error:
        msg = (
            f"{text!r} is not a holiday; write a day as 2026-12-25, a day of every year as 12-25, "
            "or days from Easter Sunday as easter-2, easter or easter+1"
        )
        raise ValueError(msg) from error
    return text


Interval = Annotated[str, AfterValidator(_interval)]
DayHours = Annotated[tuple[Interval, ...], AfterValidator(_disjoint)]
Holiday = Annotated[str, BeforeValidator(_as_text), AfterValidator(_holiday)]


class WeekHours(Model):
    """Business hours of each weekday: intervals such as `09:00-12:30`; a day without is closed."""

    mon: DayHours = Field(default=(), description="Intervals on Mondays, in local time.")
    tue: DayHours = Field(default=(), description="Intervals on Tuesdays.")
    wed: DayHours = Field(default=(), description="Intervals on Wednesdays.")
    thu: DayHours = Field(default=(), description="Intervals on Thursdays.")
    fri: DayHours = Field(default=(), description="Intervals on Fridays.")
    sat: DayHours = Field(default=(), description="Intervals on Saturdays.")
    sun: DayHours = Field(default=(), description="Intervals on Sundays.")

    @property
    def days(self) -> tuple[tuple[str, ...], ...]:
        """Intervals of each day, from Monday to Sunday."""
        return (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)

    @model_validator(mode="after")
    def _open_some_day(self) -> Self:
        if not any(self.days):
            msg = "no day has business hours; give at least one, mon: [09:00-18:00] for instance"
            raise ValueError(msg)
        return self


class BusinessCalendar(Model):
    """Business hours, and the days on which they do not hold."""

    time_zone: Zone | None = Field(
        default=None, description="Zone of the hours; the company's by default."
    )
    hours: WeekHours = Field(description="Business hours of each weekday.")
    holidays: tuple[Holiday, ...] = Field(
        default=(),
        description="Days closed: `2026-12-25` once, `12-25` every year, `easter+1` so many days "
        "from Easter Sunday.",
    )
    special_days: dict[dt.date, DayHours] = Field(
        default_factory=dict,
        description="Day → its own intervals, before holidays and weekdays.",
    )

    def closed_days(self, first_year: int, last_year: int) -> tuple[dt.date, ...]:
        """Holidays of some years, ascending, each once."""
        years = range(first_year, last_year + 1)
        found = {_day_of_holiday(text, year) for text in self.holidays for year in years}
        return tuple(sorted(day for day in found if day is not None))


class BusinessTime(Model):
    """Which business calendar counts for which interactions."""

    calendars: dict[str, BusinessCalendar] = Field(min_length=1, description="Calendars by name.")
    default: str = Field(description="Calendar of the interactions that `of` does not name.")
    by: Literal["channel", "department"] | None = Field(
        default=None, description="Column that chooses the calendar; the default for all without."
    )
    of: dict[str, str] = Field(
        default_factory=dict, description="Value of that column, as in the data → calendar."
    )

    @model_validator(mode="after")
    def _calendars_exist(self) -> Self:
        named = {"default": self.default, **{f"of.{key}": name for key, name in self.of.items()}}
        for key, name in named.items():
            if name not in self.calendars:
                msg = f"{key}: no calendar {name!r}; allowed: {', '.join(sorted(self.calendars))}"
                raise ValueError(msg)
        if bool(self.of) != (self.by is not None):
            msg = "`by` and `of` go together: the column, and the calendar of each of its values"
            raise ValueError(msg)
        return self


class FiscalCalendar(Model):
    """How fiscal months, quarters and years are cut; the keys depend on the kind."""

    kind: Literal["calendar", "months", "weeks"] = Field(
        default="calendar",
        description="As the calendar year; whole months from another month on; or whole weeks, "
        "52 or 53 a year.",
    )
    first_month: int = Field(
        default=1, ge=1, le=12, description="`months`: month in which the year begins."
    )
    pattern: tuple[int, int, int] = Field(
        default=(4, 5, 4),
        description="`weeks`: weeks of the three months of each quarter; the year's last month "
        "gains the 53rd week.",
    )
    ends_on: Weekday = Field(
        default="saturday", description="`weeks`: weekday on which the year and its weeks end."
    )
    anchor: Literal["nearest", "last"] = Field(
        default="nearest",
        description="`weeks`: the year ends on that weekday nearest to the end of `month`, or on "
        "the last one in it.",
    )
    month: int = Field(
        default=1, ge=1, le=12, description="`weeks`: month at whose end the year ends."
    )
    year_name: Literal["start", "end"] = Field(
        default="start",
        description="`months`, `weeks`: FY2026 is the fiscal year that begins, or ends, in 2026; "
        "of weeks, the year of the month that it begins or ends with.",
    )

    @field_validator("pattern")
    @classmethod
    def _thirteen_weeks(cls, pattern: tuple[int, int, int]) -> tuple[int, int, int]:
        if pattern not in _PATTERNS:
            allowed = ", ".join(str(list(each)) for each in _PATTERNS)
            msg = (
                f"a quarter's 13 weeks make two months of 4 and one of 5; found {list(pattern)} "
                f"with {sum(pattern)} weeks, allowed: {allowed}"
            )
            raise ValueError(msg)
        return pattern

    @model_validator(mode="after")
    def _keys_are_of_the_kind(self) -> Self:
        foreign = sorted(self.model_fields_set - _KEYS_OF_KIND[self.kind] - {"kind"})
        if foreign:
            allowed = ", ".join(sorted(_KEYS_OF_KIND[self.kind])) or "no other key"
            msg = f"kind {self.kind} has no {', '.join(foreign)}; allowed: {allowed}"
            raise ValueError(msg)
        if self.kind == "months" and "first_month" not in self.model_fields_set:
            msg = "kind months needs first_month, 4 for a year that begins in April"
            raise ValueError(msg)
        return self
