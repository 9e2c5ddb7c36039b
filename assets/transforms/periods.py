"""Periods: which one a day belongs to, where it ends, what it is called."""

import datetime as dt
from collections.abc import Callable, Mapping

import polars as pl

from schemas.warehouse import GRAINS

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


def last_day_of_year(year: int, grain: str) -> dt.date:
    """Last day that any period of a grain starting in that year can reach."""
    last = dt.date(year, 12, 31)
    if grain != "week":
        return last
    monday = last - dt.timedelta(days=last.weekday())
    return monday + dt.timedelta(days=6)


def years_of(days: pl.Series, grain: str) -> list[int]:
    """Years in which the periods of these days start, ascending."""
    frame = pl.DataFrame({"day": days.drop_nulls().unique()})
    starts = frame.select(period_start(pl.col("day"), grain).dt.year().unique().sort())
    return [int(year) for year in starts.to_series()]


def calendar(first: dt.date, last: dt.date, *, as_of: dt.date) -> pl.DataFrame:
    """Every period of every grain that has a day from `first` to `last`.

    Returns:
        period_grain, period_start, period_end, label, is_complete; in grain and date order.
    """
    days = pl.DataFrame({"day": pl.date_range(first, last, "1d", eager=True)})
    frames = []
    for grain in GRAINS:
        start = pl.col("period_start")
        frames.append(
            days.select(period_start(pl.col("day"), grain).alias("period_start"))
            .unique()
            .sort("period_start")
            .with_columns(
                pl.lit(grain).alias("period_grain"), period_end(start, grain).alias("period_end")
            )
            .with_columns(
                period_label(start, grain).alias("label"),
                (pl.col("period_end") <= as_of).alias("is_complete"),
            )
        )
    columns = ("period_grain", "period_start", "period_end", "label", "is_complete")
    return pl.concat(frames).select(columns)
