"""Ranges that expectations set, and whether they leave anything.

Belongs here: reading the bounds of an expectation as a range, intersecting ranges. Does not belong
here: which expectations speak of the same quantity (`assets.quality.soundness.contradictions`).
"""

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

import polars as pl

Bound = Any
"""A number, a text or an instant; what a range holds is all of one kind."""
Source = TypeVar("Source")


@dataclass(frozen=True)
class Range(Generic[Source]):
    """What one expectation leaves of a quantity.

    Attributes:
        low: Least value; None for no limit.
        high: Greatest value; None for no limit.
        is_low_strict: Whether `low` itself is left out.
        is_high_strict: Whether `high` itself is left out.
        source: What sets it; None where it lies in the nature of the quantity.
    """

    low: Bound = None
    high: Bound = None
    is_low_strict: bool = False
    is_high_strict: bool = False
    source: Source | None = None

    def __str__(self) -> str:
        low = "" if self.low is None else f"{'>' if self.is_low_strict else '≥'} {_shown(self.low)}"
        high = (
            ""
            if self.high is None
            else f"{'<' if self.is_high_strict else '≤'} {_shown(self.high)}"
        )
        return " and ".join(filter(None, (low, high))) or "any"


def empty_between(
    ranges: Iterable[Range[Source]], *, is_whole: bool = False
) -> tuple[Range[Source], Range[Source]] | None:
    """Two ranges that leave nothing between them: (the highest floor, the lowest ceiling).

    Args:
        ranges: What several expectations leave of one quantity.
        is_whole: Whether it takes whole numbers only.

    Returns:
        The pair, which is twice the same range where one alone is empty; None if something is
        left.
    """
    given = list(ranges)
    floors = [each for each in given if each.low is not None]
    ceilings = [each for each in given if each.high is not None]
    if not floors or not ceilings:
        return None
    floor = max(floors, key=lambda each: (each.low, each.is_low_strict))
    ceiling = min(ceilings, key=lambda each: (each.high, not each.is_high_strict))
    low, high = floor.low, ceiling.high
    is_strict = floor.is_low_strict or ceiling.is_high_strict
    is_empty = low > high or (low == high and is_strict)
    if not is_empty and is_whole:
        is_empty = _first_whole(floor) > _last_whole(ceiling)
    return (floor, ceiling) if is_empty else None


def comparable(value: Any, dtype: pl.DataType) -> Bound:
    """A value of a suite as it compares with others on a column; None where it cannot."""
    if dtype.is_numeric():
        is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        return value if is_number and (isinstance(value, int) or not math.isnan(value)) else None
    if dtype == pl.Boolean:
        return value if isinstance(value, bool) else None
    if dtype == pl.String:
        return value if isinstance(value, str) else None
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        return _instant(value)
    return None


def _instant(value: Any) -> dt.datetime | None:
    """Without a zone, UTC is meant, which is the zone of every column."""
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, dt.date):
        return None
    if isinstance(value, dt.datetime):
        instant = value
    else:
        instant = dt.datetime.combine(value, dt.time(), dt.UTC)
    return instant.replace(tzinfo=instant.tzinfo or dt.UTC).astimezone(dt.UTC)


def _first_whole(floor: Range[Any]) -> Bound:
    if isinstance(floor.low, float) and math.isinf(floor.low):
        return floor.low
    first = math.ceil(floor.low)
    return first + 1 if floor.is_low_strict and first == floor.low else first


def _last_whole(ceiling: Range[Any]) -> Bound:
    if isinstance(ceiling.high, float) and math.isinf(ceiling.high):
        return ceiling.high
    last = math.floor(ceiling.high)
    return last - 1 if ceiling.is_high_strict and last == ceiling.high else last


def _shown(value: Bound) -> str:
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)
