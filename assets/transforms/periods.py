"""Periods: which one a day belongs to, where it ends, what it is called."""

import datetime as dt
from collections.abc import Callable, Mapping

import polars as pl

from schemas.config.periods import CALENDAR_GRAINS

_TRUNCATE: Mapping[str, str] = {
    "day": "1d",
    "week": "1w",  # Polars' weeks begin on Monday, as ISO 8601 has it
    "month": "1mo",
    "quarter": "1q",
    "year": "1y",
}

_LABEL: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "day": lambda start: start.dt.to_string("%Y-%m-%d"),
    "week": lambda start: start.dt.to_string("%G-W%V"),
    "month": lambda start: start.dt.to_string("%Y-%m"),
    "quarter": lambda start: pl.format("{}-Q{}", start.dt.year(), start.dt.quarter()),
    "year": lambda start: start.dt.to_string("%Y"),
}


def period_start(day: pl.Expr, grain: str) -> pl.Expr:
    """First day of the period that a day belongs to."""
    return day if grain == "day" else day.dt.truncate(_TRUNCATE[grain])


def period_end(start: pl.Expr, grain: str) -> pl.Expr:
    """Last day, inclusive, of the period that begins on a day."""
    return start.dt.offset_by(_TRUNCATE[grain]).dt.offset_by("-1d")


def period_label(start: pl.Expr, grain: str) -> pl.Expr:
    """Label of the period that begins on a day; weeks take their ISO year."""
    return _LABEL[grain](start)


def calendar(first: dt.date, last: dt.date, *, as_of: dt.date) -> pl.DataFrame:
    """Every period of every grain that has a day from `first` to `last`.

    Returns:
        period_grain, period_start, period_end, label, is_complete; in grain and date order.
    """
    found = [
        of_grain(grain, first, last).select(
            pl.lit(grain).alias("period_grain"),
            "period_start",
            "period_end",
            period_label(pl.col("period_start"), grain).alias("label"),
            (pl.col("period_end") <= as_of).alias("is_complete"),
        )
        for grain in CALENDAR_GRAINS
    ]
    return pl.concat(found)


def of_grain(grain: str, first: dt.date, last: dt.date) -> pl.DataFrame:
    """Periods of a grain that have a day from `first` to `last`.

    Returns:
        period_start, period_end; in date order.
    """
    days = pl.DataFrame({"day": pl.date_range(first, last, "1d", eager=True)})
    starts = days.select(period_start(pl.col("day"), grain).alias("period_start"))
    end = period_end(pl.col("period_start"), grain).alias("period_end")
    return starts.unique().sort("period_start").with_columns(end)
