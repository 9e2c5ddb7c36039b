"""Counting duplicates and distinct values without holding all of them.

Belongs here: splitting the values of a column, or of several, by their hash, so that each pass
holds one part of them.
Does not belong here: when a row is a duplicate (``conditions.py``), any metric.

Equal values have equal hashes and fall into the same part, so that counts add up exactly. Where as
many hashes differ as there are values, the values differ too; where fewer do, the values themselves
are counted.
"""

from collections.abc import Callable
from typing import Final

import polars as pl

from assets.gx_polars.arguments import columns_of
from assets.gx_polars.metrics.metric import Extent, Request, Steps
from assets.gx_polars.multicolumn_conditions import is_considered
from assets.gx_polars.row_conditions import rows_selected
from assets.gx_polars.single_column_conditions import increasing
from assets.gx_polars.values import named

_COUNT: Final = "_gx_polars_count"
_HASH: Final = "_gx_polars_hash"
# grouping, and holding texts rather than their hashes, takes several times the memory
_WEIGHT_OF_GROUPS: Final = 4
_WEIGHT_OF_TEXTS: Final = 4


def unexpected_in_steps(
    exact: Callable[[Request], pl.Expr], request: Request, frame: pl.LazyFrame, extent: Extent
) -> Steps:
    """How many rows hold a value, or a combination of them, that others hold too.

    One pass finds whether there are any, which costs a quarter of counting them; a second one
    counts them. Of a table too large to be held each takes a pass a part, unless the values are in
    strict order.

    Args:
        exact: The expression that counts them all at once.
        request: What is asked.
        frame: The data.
        extent: Their size.
    """
    if extent.is_held:
        repetitions = yield _repetitions(request)
        if not repetitions:
            return 0
        return (yield exact(request))
    parts = extent.part_count()
    if _is_orderable(request) and not (yield _out_of_strict_order(request)):
        return 0
    duplicates = 0
    for part in range(parts):
        [repetitions] = yield _repetitions_in(request, frame, (part, parts))
        if repetitions:
            for finer in range(part, parts * _WEIGHT_OF_GROUPS, parts):
                [found] = yield _duplicates(request, frame, (finer, parts * _WEIGHT_OF_GROUPS))
                duplicates += found
    return duplicates


def distinct_in_steps(
    is_kept: pl.Expr, request: Request, frame: pl.LazyFrame, extent: Extent
) -> Steps:
    """How many distinct values there are on the rows kept.

    The first pass counts those of one part, which tells how many parts the next one can hold: of a
    column of few distinct values all that are left.
    """
    value = named(request.column)
    parts = extent.part_count(1 if _is_small(request.dtype) else _WEIGHT_OF_TEXTS)
    held = extent.row_count // parts
    total, begin, width = 0, 0, 1
    while begin < parts:
        is_in_part = (value.hash() % parts).is_between(begin, begin + width - 1)
        [found] = yield frame.filter(is_kept & is_in_part).select(value.n_unique())
        total += found
        begin += width
        width = max(1, held * width // (found + 1))
    return total


def _key(request: Request) -> pl.Expr:
    if "column" in request.kwargs:
        return named(request.column)
    return pl.struct([named(column) for column in columns_of(request.kwargs)])


def _is_kept(request: Request) -> pl.Expr:
    """The rows among which values must be unique."""
    rows = rows_selected(request.kwargs)
    kept = (
        named(request.column).is_not_null()
        if "column" in request.kwargs
        else is_considered(request.kwargs)
    )
    return kept if rows is None else kept & rows


def _is_in_part(request: Request, part: int, parts: int) -> pl.Expr:
    return _is_kept(request) & (_key(request).hash() % parts == part)


def _repetitions(request: Request) -> pl.Expr:
    """Zero if all values are unique; how many hashes repeat an earlier one."""
    kept, key = _is_kept(request), _key(request)
    # hashes of texts and of combinations are counted faster, and in less memory, than themselves
    screened = key if "column" in request.kwargs and _is_small(request.dtype) else key.hash()
    if "column" in request.kwargs and rows_selected(request.kwargs) is None:
        return key.count() - (screened.n_unique() - key.has_nulls().cast(pl.UInt32))
    is_any_left_out = kept.all().not_()
    distinct = pl.when(kept).then(screened).n_unique() - is_any_left_out.cast(pl.UInt32)
    return kept.sum() - distinct


def _repetitions_in(request: Request, frame: pl.LazyFrame, part: tuple[int, int]) -> pl.LazyFrame:
    """As :func:`_repetitions`, of one part of the values."""
    hashed = pl.col(_HASH)
    return (
        frame.filter(_is_in_part(request, *part))
        .select(_key(request).hash().alias(_HASH))
        .select(pl.len() - hashed.n_unique())
    )


def _is_small(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype.is_temporal()


def _is_orderable(request: Request) -> bool:
    if "column" not in request.kwargs:
        return False
    return request.dtype.is_integer() or request.dtype.is_temporal() or request.dtype == pl.String


def _out_of_strict_order(request: Request) -> pl.Expr:
    """How many values do not exceed the one before; none proves that all are unique."""
    kwargs = {"column": request.column, "strictly": True}
    return increasing(kwargs, rows_selected(request.kwargs)).sum()


def _duplicates(request: Request, frame: pl.LazyFrame, part: tuple[int, int]) -> pl.LazyFrame:
    """How many rows of the part hold a value that others hold too, counted by the values."""
    columns = [request.column] if "column" in request.kwargs else columns_of(request.kwargs)
    keys = [named(column) for column in columns]
    count = pl.col(_COUNT)
    return (
        frame.filter(_is_in_part(request, *part))
        .group_by(keys)
        .agg(pl.len().alias(_COUNT))
        .select(count.filter(count > 1).sum())
    )
