"""Rolling windows: 28 days that end on each day, 12 months that end with each month.

A day is in many windows, but states add up and exact ones can be taken off again. So the states of
a day enter the sum at the first window that has the day and leave it after the last one, and the
windows are running sums: twice as many rows as there are states, where laying each state into each
of its windows would make 28 times as many.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

_YEAR_MONTHS: Final = 12
_AT: Final = "_at"
_LEAVES: Final = "_leaves"
_ROWS: Final = "_rows"


@dataclass(frozen=True, slots=True)
class Window:
    """A rolling window.

    Attributes:
        unit: What it begins and ends with.
        length: How many of them it has.
        title: What its label begins with.
    """

    unit: Literal["day", "month"]
    length: int
    title: str

    def number(self, day: pl.Expr) -> pl.Expr:
        """Number of the day, or month, that a day belongs to."""
        if self.unit == "day":
            return day.cast(pl.Int32)
        return day.dt.year() * _YEAR_MONTHS + day.dt.month().cast(pl.Int32) - 1

    def start(self, number: pl.Expr) -> pl.Expr:
        """First day of the window that begins with the day, or month, of a number."""
        if self.unit == "day":
            return number.cast(pl.Int32).cast(pl.Date)
        return pl.date(number // _YEAR_MONTHS, number % _YEAR_MONTHS + 1, 1)

    def end(self, start: pl.Expr) -> pl.Expr:
        """Last day, inclusive, of the window that begins on a day."""
        unit = "d" if self.unit == "day" else "mo"
        return start.dt.offset_by(f"{self.length}{unit}").dt.offset_by("-1d")

    def label(self, start: pl.Expr) -> pl.Expr:
        """Label of the window that begins on a day: its length, and the day or month it ends."""
        form = "%Y-%m-%d" if self.unit == "day" else "%Y-%m"
        return pl.concat_str(pl.lit(f"{self.title} to "), self.end(start).dt.to_string(form))


WINDOWS: Final = {
    "rolling_28d": Window("day", 28, "28 days"),
    "rolling_12m": Window("month", 12, "12 months"),
}


def windows_within(grain: str, first: dt.date, last: dt.date) -> pl.DataFrame:
    """Windows of a grain that lie wholly from `first` to `last`: a part of one compares to none.

    Returns:
        period_grain, period_start, period_end, label; in date order.
    """
    window, start = WINDOWS[grain], pl.col("period_start")
    days = pl.DataFrame({"day": pl.date_range(first, last, "1d", eager=True)})
    starts = days.select(window.start(window.number(pl.col("day"))).alias("period_start"))
    return (
        starts.unique()
        .sort("period_start")
        .select(
            pl.lit(grain).alias("period_grain"),
            "period_start",
            window.end(start).alias("period_end"),
            window.label(start).alias("label"),
        )
        .filter(start >= first, pl.col("period_end") <= last)
    )


def summed_over_windows(
    states: pl.LazyFrame,
    grain: str,
    starts: pl.Series,
    *,
    keys: Sequence[str],
    sums: Sequence[str],
    ending: tuple[str | None, str | None] = (None, None),
) -> pl.LazyFrame:
    """States of every window in which there are any.

    Args:
        states: event_day, the keys, and exact sums: integers, or decimals without a fraction.
        grain: Grain of the windows.
        starts: First days of consecutive windows, as `windows_within` lists them.
        keys: Columns that keep sums apart; null is a value of its own.
        sums: Columns to add up, null counting as 0.
        ending: Date columns; a row counts only in windows that end on the first one's day or later
            (in none where that is null) and before the second one's (in all where that is null).

    Returns:
        period_start, the keys, the sums (Int128); in no particular order.
    """
    window = WINDOWS[grain]
    numbers = pl.DataFrame({_AT: starts.sort()}).select(window.number(pl.col(_AT))).to_series()
    # no day is in the windows from one to the one so many before it
    first, last = (numbers[0], numbers[-1]) if len(numbers) else (window.length, 0)
    counted = [_ROWS, *sums]
    number = window.number(pl.col("event_day"))
    # a window ends on a day or later if its last day, or month, is that one's or a later one's
    since, until = ending
    ends_from, leaves, counts = number, number + 1, states
    if since is not None:
        ends_from = pl.max_horizontal(number, window.number(pl.col(since)))
        counts = states.filter(pl.col(since).is_not_null())
    if until is not None:
        ends_before = window.number(pl.col(until))
        leaves = pl.min_horizontal(leaves, ends_before - window.length + 1)
    placed = (
        counts.filter(number.is_between(first, last + window.length - 1))
        .select(
            *keys,
            (ends_from - window.length + 1).clip(lower_bound=first).alias(_AT),
            leaves.alias(_LEAVES),
            pl.lit(1, pl.Int128).alias(_ROWS),
            *[pl.col(name).cast(pl.Int128).fill_null(0) for name in sums],
        )
        .filter(pl.col(_AT) < pl.col(_LEAVES), pl.col(_AT) <= last)
    )
    entering = placed.drop(_LEAVES)
    # Polars negates no 128-bit integers
    leaving = placed.select(
        *keys,
        pl.col(_LEAVES).alias(_AT),
        *[(pl.lit(0, pl.Int128) - pl.col(name)).alias(name) for name in counted],
    ).filter(pl.col(_AT) <= last)
    steps = pl.concat([entering, leaving]).group_by(*keys, _AT).agg(pl.col(counted).sum())
    next_step = pl.col(_AT).shift(-1).over(keys).fill_null(last + 1)
    return (
        steps.sort(*keys, _AT)
        .with_columns(next_step.alias("_until"), pl.col(counted).cum_sum().over(keys))
        .filter(pl.col(_ROWS) > 0)
        .with_columns(pl.int_ranges(_AT, "_until").alias(_AT))
        .explode(_AT)
        .select(window.start(pl.col(_AT)).alias("period_start"), *keys, *sums)
    )
