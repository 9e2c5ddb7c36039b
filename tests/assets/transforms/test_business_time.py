"""Business seconds against a wall clock that is read minute by minute."""

import datetime as dt
import zoneinfo
from functools import cache
from itertools import accumulate
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.business_time import LAST_DAY, BusinessClocks, with_business_seconds
from schemas.config.calendar import WEEKDAYS, BusinessTime, interval_minutes

UTC = dt.UTC
DAYS = tuple(name[:3] for name in WEEKDAYS)
OFFICE = {day: ["09:00-12:30", "13:30-18:00"] for day in DAYS[:5]}
AROUND_THE_CLOCK = {day: ["00:00-24:00"] for day in DAYS}
# open in the hours that a clock change skips and repeats, and across midnight
NIGHT = {day: ["00:00-02:15", "02:30-06:00", "22:00-24:00"] for day in DAYS}
# opens and closes at the very second of a clock change
DAWN = {day: ["00:00-01:30", "01:50-02:00", "03:00-03:10", "03:20-04:00"] for day in DAYS}
WEEKS: tuple[dict[str, list[str]], ...] = (OFFICE, AROUND_THE_CLOCK, NIGHT, DAWN)
HOLIDAYS = ["12-25", "easter+1", "2026-03-30", "2026-10-26"]
# Days around which clocks change in one of the zones, and others
STARTS = (
    dt.date(2026, 3, 6), dt.date(2026, 3, 27), dt.date(2026, 4, 3), dt.date(2026, 10, 2),
    dt.date(2026, 10, 23), dt.date(2026, 10, 30), dt.date(2026, 12, 23), dt.date(2028, 2, 27),
)  # fmt: skip
SPECIAL_DAYS = {dt.date(2026, 3, 28): ["10:00-12:00"], dt.date(2026, 12, 24): ["09:00-12:00"]}
ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
WINDOW_MINUTES = 4 * 24 * 60


def of_one(hours: dict[str, list[str]], **more: Any) -> BusinessTime:
    calendar = {"hours": hours, **more}
    return BusinessTime.model_validate({"calendars": {"only": calendar}, "default": "only"})


def seconds(
    clocks: BusinessClocks, pairs: list[tuple[dt.datetime | None, dt.datetime | None]]
) -> list[int | None]:
    schema = {"start": pl.Datetime("us", "UTC"), "end": pl.Datetime("us", "UTC")}
    rows = pl.LazyFrame(pairs, schema=schema, orient="row")
    found = with_business_seconds(rows, {"found": ("start", "end")}, clocks)
    return found.collect(engine="streaming").get_column("found").to_list()


def local(text: str, zone: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo(zone)).astimezone(UTC)


def open_minutes(config: BusinessTime, zone: str, first: dt.datetime) -> list[bool]:
    """Whether each minute of a window is business time, by the wall clock."""
    calendar = config.calendars["only"]
    closed = set(calendar.closed_days(2025, 2029))
    found = []
    for number in range(WINDOW_MINUTES):
        wall = (first + dt.timedelta(minutes=number)).astimezone(zoneinfo.ZoneInfo(zone))
        usual = () if wall.date() in closed else calendar.hours.days[wall.weekday()]
        intervals = calendar.special_days.get(wall.date(), usual)
        at = wall.hour * 60 + wall.minute
        spans = [interval_minutes(interval) for interval in intervals]
        found.append(any(begins <= at < ends for begins, ends in spans))
    return found


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("hours", WEEKS, ids=["office", "always", "night", "dawn"])
def test_seconds_are_those_of_the_wall_clock(zone: str, hours: dict[str, list[str]]) -> None:
    config = of_one(hours, holidays=HOLIDAYS, special_days=SPECIAL_DAYS)
    clocks = BusinessClocks.of(config, zone)
    # to every minute of the windows, and not to its first second alone
    offsets = [60 * minute + minute * 7 % 60 for minute in range(WINDOW_MINUTES)]
    for day in STARTS:
        first = dt.datetime.combine(day, dt.time(), UTC)
        is_open = open_minutes(config, zone, first)
        before = accumulate((60 * each for each in is_open), initial=0)
        expected = [
            shown + offset % 60 * each
            for shown, offset, each in zip(before, offsets, is_open, strict=False)
        ]
        pairs = [(first, first + dt.timedelta(seconds=offset)) for offset in offsets]
        assert seconds(clocks, [(a, b) for a, b in pairs]) == expected


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_seconds_between_any_two_instants(data: st.DataObject) -> None:
    clocks, first, is_open = one_window()
    a, b = sorted(data.draw(st.integers(0, WINDOW_MINUTES * 60 - 1)) for _ in range(2))
    of_minutes = [min(b, 60 * at + 60) - max(a, 60 * at) for at in range(a // 60, b // 60 + 1)]
    flags = is_open[a // 60 : b // 60 + 1]
    expected = sum(length for length, flag in zip(of_minutes, flags, strict=True) if flag)
    pair = (first + dt.timedelta(seconds=a), first + dt.timedelta(seconds=b))
    assert seconds(clocks, [pair]) == [expected]


@cache
def one_window() -> tuple[BusinessClocks, dt.datetime, list[bool]]:
    """Clocks, the beginning of a window with a change in it, and when they run."""
    config = of_one(NIGHT, holidays=HOLIDAYS)
    first = dt.datetime.combine(STARTS[4], dt.time(), UTC)
    return BusinessClocks.of(config, ZONES[0]), first, open_minutes(config, ZONES[0], first)


@settings(max_examples=30, deadline=None)
@given(
    instants=st.lists(
        st.datetimes(
            dt.datetime(1999, 1, 1), dt.datetime(2035, 1, 1), timezones=st.just(UTC)  # noqa: DTZ001  Hypothesis wants naive bounds
        ),
        min_size=3, max_size=3,
    )
)  # fmt: skip
def test_durations_add_up(instants: list[dt.datetime]) -> None:
    clocks, _, _ = one_window()
    a, b, c = sorted(instants)
    first, second, whole = seconds(clocks, [(a, b), (b, c), (a, c)])
    assert first is not None
    assert second is not None
    assert first + second == whole
    assert 0 <= first <= (b - a).total_seconds() + 1


def test_a_weekend_and_a_holiday_are_left_out() -> None:
    clocks = BusinessClocks.of(of_one(OFFICE, holidays=["2026-05-14"]), "Europe/Paris")
    zone = "Europe/Paris"
    found = seconds(
        clocks,
        [
            (local("2026-05-08T17:00", zone), local("2026-05-11T09:30", zone)),  # over the weekend
            (local("2026-05-13T17:00", zone), local("2026-05-15T09:30", zone)),  # over the holiday
            (local("2026-05-12T12:00", zone), local("2026-05-12T14:00", zone)),  # over lunch
            (local("2026-05-16T10:00", zone), local("2026-05-17T10:00", zone)),  # all of it closed
        ],
    )
    assert found == [5400, 5400, 3600, 0]


def test_real_seconds_count_where_clocks_change() -> None:
    clocks = BusinessClocks.of(of_one(AROUND_THE_CLOCK), "Europe/Paris")
    zone = "Europe/Paris"
    found = seconds(
        clocks,
        [
            (local("2026-03-29T00:00", zone), local("2026-03-30T00:00", zone)),
            (local("2026-10-25T00:00", zone), local("2026-10-26T00:00", zone)),
        ],
    )
    assert found == [23 * 3600, 25 * 3600]
    half_hour = BusinessClocks.of(of_one(AROUND_THE_CLOCK), "Australia/Lord_Howe")
    zone = "Australia/Lord_Howe"
    pair = (local("2026-10-04T00:00", zone), local("2026-10-05T00:00", zone))
    assert seconds(half_hour, [pair]) == [23 * 3600 + 1800]


def test_no_duration_where_there_is_none() -> None:
    clocks = BusinessClocks.of(of_one(AROUND_THE_CLOCK), "UTC")
    day = dt.datetime(2026, 1, 5, tzinfo=UTC)
    late = dt.datetime.combine(LAST_DAY, dt.time(), UTC) + dt.timedelta(days=1)
    early = dt.datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)
    pairs = [(None, day), (day, None), (day, day - dt.timedelta(seconds=1)), (day, late)]
    assert seconds(clocks, [*pairs, (early, day), (day, day)]) == [None] * 5 + [0]


def test_fractions_of_a_second_are_cut_off_instants() -> None:
    clocks = BusinessClocks.of(of_one(AROUND_THE_CLOCK), "UTC")
    day = dt.datetime(2026, 1, 5, tzinfo=UTC)
    at = [day + dt.timedelta(milliseconds=each) for each in (900, 1100, 2000)]
    assert seconds(clocks, [(at[0], at[1]), (at[1], at[2]), (at[0], at[2])]) == [1, 1, 2]


def test_a_special_day_comes_before_holiday_and_weekday() -> None:
    special = {dt.date(2026, 12, 24): ["09:00-12:00"], dt.date(2026, 12, 25): ["10:00-11:00"]}
    config = of_one(OFFICE, holidays=["12-25"], special_days={**special, dt.date(2026, 12, 28): []})
    day = dt.datetime(2026, 12, 24, tzinfo=UTC)
    days = [(day + dt.timedelta(days=n), day + dt.timedelta(days=n + 1)) for n in range(6)]
    found = seconds(BusinessClocks.of(config, "UTC"), [(a, b) for a, b in days])
    assert found == [3 * 3600, 3600, 0, 0, 0, 8 * 3600]


def test_a_column_chooses_the_calendar() -> None:
    config = BusinessTime.model_validate(
        {
            "calendars": {
                "office": {"hours": OFFICE},
                "night": {"hours": NIGHT},
                "india": {"hours": AROUND_THE_CLOCK, "time_zone": "Asia/Kolkata",
                          "holidays": ["2026-01-06"]},
            },
            "default": "office",
            "by": "channel",
            "of": {"phone": "night", "chat": "india"},
        }
    )  # fmt: skip
    start, end = (dt.datetime(2026, 1, day, tzinfo=UTC) for day in (5, 6))
    channels = ["email", "phone", None, "chat", "phone"]
    rows = pl.LazyFrame({"channel": channels, "opened_at": start, "resolved_at": end})
    found = with_business_seconds(
        rows.with_columns(pl.col("channel").cast(pl.Categorical)),
        {"business": ("opened_at", "resolved_at"), "none": ("opened_at", "opened_at")},
        BusinessClocks.of(config, "UTC"),
    ).collect(engine="streaming")
    assert found.columns == ["channel", "opened_at", "resolved_at", "business", "none"]
    hours = [8.0, 7.75, 8.0, 18.5, 7.75]  # in India the holiday begins at 18:30 UTC
    assert found["business"].to_list() == [3600 * each for each in hours]
    assert found["none"].to_list() == [0] * 5
    assert found.schema["business"] == pl.Int64
