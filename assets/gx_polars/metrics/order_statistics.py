"""Finding values by their rank without holding a column.

Belongs here: the passes that find quantiles of a table too large to be held.
Does not belong here: how quantiles are interpolated (``aggregates.py``).

A sample of rows tells between which two values a quantile lies; a second pass counts what lies
below and holds only what lies between. The counts prove the answer: if a quantile lies elsewhere
after all, its column is held.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from assets.gx_polars.metrics.metric import ROW_NUMBER, Extent, Raw, Request, Steps
from assets.gx_polars.row_conditions import rows_selected
from assets.gx_polars.values import named

_SAMPLE_SIZE: Final = 50_000
# a quantile's place in the sample is off by less in all but one of a million cases
_STANDARD_ERRORS: Final = 5


@dataclass(frozen=True)
class _Bracket:
    """A quantile and two values between which it is expected; ``None`` for no bound."""

    quantile: float
    low: Any
    high: Any


def quantiles_in_steps(
    quantiles: Sequence[float], request: Request, frame: pl.LazyFrame, extent: Extent
) -> Steps:
    """The values at and next to each quantile, in two passes.

    Returns:
        ``None`` if a bracket missed; otherwise ``count``, the number of values, ``has_nan``, and
        ``bounds``, for each quantile the value below (or at) and the one above (or at) it, ``None``
        if there are no values.
    """
    sample = yield _sample(request, frame, extent)
    ordered = sorted(value for value in sample if not _is_nan(value))
    brackets = [_bracket(ordered, quantile) for quantile in quantiles]
    raw = yield _counts(request, brackets)
    bounds: list[Raw] = []
    for index, bracket in enumerate(brackets):
        position = bracket.quantile * (raw["count"] - 1)
        for side, rank in (("lower", math.floor(position)), ("higher", math.ceil(position))):
            if raw["count"] == 0:
                bounds.append(None)
                continue
            is_found, value = _at_rank(rank, bracket, raw[f"bracket_{index}"], side)
            if not is_found:
                return None
            bounds.append(value)
    return {"count": raw["count"], "has_nan": raw["has_nan"], "bounds": bounds}


def _sample(request: Request, frame: pl.LazyFrame, extent: Extent) -> pl.LazyFrame:
    stride = max(1, extent.row_count // _SAMPLE_SIZE)
    is_wanted = (pl.col(ROW_NUMBER) % stride == 0) & named(request.column).is_not_null()
    rows = rows_selected(request.kwargs)
    return (
        frame.with_row_index(ROW_NUMBER)
        .filter(is_wanted if rows is None else is_wanted & rows)
        .select(named(request.column))
    )


def _bracket(ordered: Sequence[Any], quantile: float) -> _Bracket:
    size = len(ordered)
    place = quantile * (size - 1)
    margin = _STANDARD_ERRORS * (math.sqrt(quantile * (1 - quantile) * size) + 1)
    low, high = math.floor(place - margin), math.ceil(place + margin)
    return _Bracket(
        quantile,
        low=ordered[low] if low >= 0 else None,
        high=ordered[high] if high < size else None,
    )


def _counts(request: Request, brackets: Sequence[_Bracket]) -> pl.Expr:
    values = request.selected
    count = values.count()
    has_nan = values.is_nan().any() if request.dtype.is_float() else pl.lit(False)
    found = [_around(request, b, count).alias(f"bracket_{i}") for i, b in enumerate(brackets)]
    return pl.struct(count.alias("count"), has_nan.alias("has_nan"), *found)


def _around(request: Request, bracket: _Bracket, count: pl.Expr) -> pl.Expr:
    """How many values lie below, at and inside the bracket, and those at the two ranks."""
    values = request.selected
    inside, none = values.is_not_null(), pl.lit(0, dtype=pl.UInt32)
    below, at_low, at_high = none, none, none
    if bracket.low is not None:
        low = pl.lit(bracket.low, dtype=request.dtype)
        below, at_low, inside = (values < low).sum(), (values == low).sum(), values > low
    if bracket.high is not None:
        high = pl.lit(bracket.high, dtype=request.dtype)
        # of equal bounds all values are counted as those at the lower one
        at_high = none if bracket.high == bracket.low else (values == high).sum()
        inside &= values < high
    held = values.filter(inside).sort()
    position = bracket.quantile * (count.cast(pl.Int64) - 1)
    before = below.cast(pl.Int64) + at_low.cast(pl.Int64)
    ranks = {"lower": position.floor(), "higher": position.ceil()}
    at_ranks = [
        held.get((rank.cast(pl.Int64) - before).clip(0), null_on_oob=True).alias(side)
        for side, rank in ranks.items()
    ]
    counts = [
        below.alias("below"), at_low.alias("at_low"), inside.sum().alias("inside"),
        at_high.alias("at_high"),
    ]  # fmt: skip
    return pl.struct(*counts, *at_ranks)


def _at_rank(rank: int, bracket: _Bracket, found: Raw, side: str) -> tuple[bool, Raw]:
    """Whether the bracket holds the value of this rank, and the value."""
    place = rank - found["below"]
    if place < 0:
        return False, None
    for count, value in (
        (found["at_low"], bracket.low),
        (found["inside"], found[side]),
        (found["at_high"], bracket.high),
    ):
        if place < count:
            return True, value
        place -= count
    return False, None


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
