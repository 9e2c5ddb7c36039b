"""What an event's row depends on after its day: windows of days, and whether they are over.

A fact whose rows look ahead reads later months beside its own: the tables under the names that
`later` gives. Which months those are follows from the windows; storage is `assets.kpi`'s work.
"""

import datetime as dt
from collections.abc import Iterable

import polars as pl


def later(table: str) -> str:
    """Name under which a fact finds a table with the months after its own."""
    return f"{table}:later"


def ends_after(last_on: pl.Expr, as_of: dt.date | None) -> pl.Expr:
    """Whether a window is still open at the end of the last loaded day; null without a window."""
    if as_of is None:
        msg = "whether a window is over depends on the last loaded day"
        raise ValueError(msg)
    return last_on > pl.lit(as_of)


def windows(events: pl.LazyFrame, first_on: pl.Expr, last_on: pl.Expr) -> pl.DataFrame:
    """Distinct windows of events: first_on and last_on, both inclusive; events without any apart.

    Args:
        events: The events.
        first_on: First day of a window.
        last_on: Last day of a window.
    """
    bounds = events.select(first_on.alias("first_on"), last_on.alias("last_on"))
    return bounds.drop_nulls().unique().sort("first_on", "last_on").collect(engine="streaming")


def months_reached(found: pl.DataFrame, months: Iterable[str]) -> list[str]:
    """Those of some months (`YYYY-MM`) in which one of the windows has a day, ascending."""
    spans = {(f"{first:%Y-%m}", f"{last:%Y-%m}") for first, last in found.rows()}
    return sorted(month for month in months if any(first <= month <= last for first, last in spans))


def last_closed(found: pl.DataFrame, as_of: dt.date) -> dt.date | None:
    """Last day on which a window closed so far; none if none did.

    Which windows are over changes only when this day does.
    """
    closed = found.filter(pl.col("last_on") <= as_of)["last_on"].to_list()
    return max(closed, default=None)
