import datetime as dt

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from demo.clock import DAY, HOUR, Later, awake, local, stream
from demo.plan import skipped_hour
from demo.shapes import Form, instant, mapped, number, offset, utc


def _shown(form: Form, values: pl.Series) -> list[str | None]:
    return pl.DataFrame({"x": values}).select(form(pl.col("x"))).to_series().to_list()


@pytest.mark.parametrize(
    ("decimal", "thousands", "expected"),
    [
        (".", "", ["1234567.80", "-1234.05", "0.07", "999.00", None]),
        (",", " ", ["1 234 567,80", "-1 234,05", "0,07", "999,00", None]),
        (",", ".", ["1.234.567,80", "-1.234,05", "0,07", "999,00", None]),
        (".", ",", ["1,234,567.80", "-1,234.05", "0.07", "999.00", None]),
    ],
)
def test_numbers_have_their_marks(decimal: str, thousands: str, expected: list[str | None]) -> None:
    values = pl.Series(["1234567.80", "-1234.05", "0.07", "999.00", None]).str.to_decimal(scale=2)
    assert _shown(number(decimal, thousands), values) == expected


def test_whole_numbers_have_no_decimal_mark() -> None:
    assert _shown(number(",", " "), pl.Series([1_000, 0, -5])) == ["1 000", "0", "-5"]


def test_instants_are_told_in_utc_and_with_their_offset() -> None:
    wall = pl.Series(["2026-03-28 12:00", "2026-03-29 12:00", None]).str.to_datetime()
    assert _shown(utc, wall) == ["2026-03-28T11:00:00Z", "2026-03-29T10:00:00Z", None]
    assert _shown(offset, wall) == [
        "2026-03-28T12:00:00+01:00",
        "2026-03-29T12:00:00+02:00",
        None,
    ]
    assert _shown(instant, wall)[0] == dt.datetime(2026, 3, 28, 11, tzinfo=dt.UTC)


def test_words_are_translated_and_unknown_ones_kept() -> None:
    assert _shown(mapped({"a": "A"}), pl.Series(["a", "b", None])) == ["A", "b", None]


def test_the_clock_skips_an_hour_once_a_year() -> None:
    first = dt.date(2026, 1, 1)
    days = [first + dt.timedelta(days=i) for i in range(365)]
    assert [day for day in days if skipped_hour(day)] == [dt.date(2026, 3, 29)]


def test_no_instant_stays_in_the_hour_of_clock_changes() -> None:
    instants = 20_000 * DAY + np.arange(24) * HOUR
    hours = awake(instants) // HOUR % 24
    assert hours.tolist() == [0, 1, 3, *range(3, 24)]


def test_missing_instants_are_null() -> None:
    found = local(np.array([0, DAY]), missing=np.array([True, False]))
    assert found.dt.to_string("%F %T").to_list() == [None, "1970-01-02 00:00:00"]


def test_later_rows_come_on_their_day_in_order_and_never_twice() -> None:
    later = Later(last=5)
    rows = pl.DataFrame({"x": [1, 2, 3, 4]})
    later.push(rows, np.array([2, 5, 2, 6]))
    later.push(pl.DataFrame({"x": [9]}), np.array([2]))
    assert later.pop(1) == []
    assert_frame_equal(pl.concat(later.pop(2)), pl.DataFrame({"x": [1, 3, 9]}))
    assert later.pop(2) == []
    assert_frame_equal(pl.concat(later.pop(5)), pl.DataFrame({"x": [2]}))
    assert later.pop(6) == []


def test_streams_differ_by_name_day_and_seed() -> None:
    drawn = {
        float(stream(seed, name, day).random())
        for seed in (1, 2)
        for name in ("orders", "leads")
        for day in (0, 1)
    }
    assert len(drawn) == 8
