"""Business hours, holidays and fiscal calendars: what is understood, and what is refused."""

import datetime as dt
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from schemas.config.calendar import (
    BusinessCalendar,
    BusinessTime,
    FiscalCalendar,
    interval_minutes,
)

FRANCE = """
hours:
  mon: ["13:30-18:00", "09:00-12:30"]
  tue: [00:00-24:00]
  sat: []
holidays: [01-01, 05-01, 2026-05-14, easter+1, easter, easter-2, 02-29]
special_days:
  2026-12-24: ["09:00-12:00"]
"""


def test_a_calendar_as_written() -> None:
    calendar = BusinessCalendar.model_validate(yaml.safe_load(FRANCE))
    assert calendar.hours.mon == ("09:00-12:30", "13:30-18:00")
    assert calendar.hours.days[1:3] == (("00:00-24:00",), ())
    assert calendar.special_days == {dt.date(2026, 12, 24): ("09:00-12:00",)}
    assert calendar.closed_days(2026, 2026) == (
        dt.date(2026, 1, 1), dt.date(2026, 4, 3), dt.date(2026, 4, 5), dt.date(2026, 4, 6),
        dt.date(2026, 5, 1), dt.date(2026, 5, 14),
    )  # fmt: skip
    assert dt.date(2028, 2, 29) in calendar.closed_days(2027, 2028)
    assert BusinessCalendar.model_validate(calendar.model_dump(mode="json")) == calendar


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(1961, 4, 2), (2000, 4, 23), (2008, 3, 23), (2019, 4, 21), (2024, 3, 31), (2038, 4, 25),
     (2049, 4, 18), (2076, 4, 19)],
)  # fmt: skip
def test_easter(year: int, month: int, day: int) -> None:
    hours = {"mon": ["09:00-10:00"]}
    calendar = BusinessCalendar.model_validate({"hours": hours, "holidays": ["easter"]})
    assert calendar.closed_days(year, year) == (dt.date(year, month, day),)


def test_an_interval_in_minutes() -> None:
    assert interval_minutes("09:05-24:00") == (545, 1440)


@pytest.mark.parametrize(
    ("hours", "message"),
    [
        ({"mon": ["9-18"]}, "'9-18' is not an interval; write 09:00-12:30"),
        ({"mon": ["09:00-24:30"]}, "times go from 00:00 to 24:00"),
        ({"mon": ["09:60-10:00"]}, "times go from 00:00 to 24:00"),
        ({"mon": ["22:00-06:00"]}, "across midnight it is two intervals"),
        ({"mon": ["09:00-09:00"]}, "does not end after it begins"),
        ({"mon": ["13:00-18:00", "09:00-13:30"]}, "09:00-13:30 and 13:00-18:00 overlap"),
        ({"mon": []}, "no day has business hours"),
        ({"monday": ["09:00-18:00"]}, "Extra inputs are not permitted"),
    ],
)
def test_hours_that_are_refused(hours: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        BusinessCalendar.model_validate({"hours": hours})


@pytest.mark.parametrize("text", ["13-01", "02-30", "2026-02-29", "christmas", "easter1", ""])
def test_holidays_that_are_refused(text: str) -> None:
    with pytest.raises(ValidationError, match=f"'{text}' is not a holiday; write a day as 2026"):
        BusinessCalendar.model_validate({"hours": {"mon": ["09:00-10:00"]}, "holidays": [text]})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"default": "b"}, "default: no calendar 'b'; allowed: a"),
        ({"by": "channel", "of": {"phone": "c"}}, "of.phone: no calendar 'c'; allowed: a"),
        ({"of": {"phone": "a"}}, "`by` and `of` go together"),
        ({"by": "channel"}, "`by` and `of` go together"),
        ({"calendars": {}}, "at least 1"),
    ],
)
def test_choices_of_calendars_that_are_refused(given: dict[str, Any], message: str) -> None:
    calendars = {"a": {"hours": {"mon": ["09:00-10:00"]}}}
    with pytest.raises(ValidationError, match=message):
        BusinessTime.model_validate({"calendars": calendars, "default": "a", **given})


def test_fiscal_calendars_as_written() -> None:
    assert FiscalCalendar().kind == "calendar"
    assert FiscalCalendar.model_validate({"kind": "months", "first_month": 4}).first_month == 4
    retail = FiscalCalendar.model_validate({"kind": "weeks"})
    assert (retail.pattern, retail.ends_on, retail.anchor, retail.month, retail.year_name) == (
        (4, 5, 4), "saturday", "nearest", 1, "start",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "weeks", "pattern": [4, 4, 4]}, r"found \[4, 4, 4\] with 12 weeks, allowed: \[4"),
        ({"kind": "weeks", "pattern": [6, 6, 1]}, "two months of 4 and one of 5"),
        ({"kind": "weeks", "first_month": 4}, "kind weeks has no first_month; allowed: anchor"),
        ({"kind": "months", "first_month": 4, "month": 1}, "kind months has no month"),
        ({"kind": "months"}, "kind months needs first_month"),
        ({"year_name": "end"}, "kind calendar has no year_name; allowed: no other key"),
        ({"kind": "months", "first_month": 13}, "less than or equal to 12"),
    ],
)
def test_fiscal_calendars_that_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        FiscalCalendar.model_validate(given)
