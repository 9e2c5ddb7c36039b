"""The metrics about the distinct values of a column.

Belongs here: their number, their share, which of them a set lacks, the most common ones.
Does not belong here: which rows repeat a value (a condition, see ``single_column_conditions.py``).

Missing values are never among the distinct ones.
"""

from typing import Any, Final

import polars as pl

from assets.gx_polars.metrics.metric import Extent, Metric, Request, Steps, counted
from assets.gx_polars.metrics.uniqueness import distinct_in_steps
from assets.gx_polars.row_conditions import rows_selected
from assets.gx_polars.values import is_member, named

_OUTSIDE_SET: Final = "column.distinct_values.not_in_set.count"
_MAX_LISTED: Final = 20
"""The most distinct values that a result lists, as in Great Expectations."""


def _distinct(request: Request) -> pl.Expr:
    return request.selected.drop_nulls().unique()


def _distinct_count(request: Request) -> pl.Expr:
    values = request.selected
    return values.n_unique() - values.has_nulls().cast(pl.UInt32)


def _distinct_count_in_steps(request: Request, frame: pl.LazyFrame, extent: Extent) -> Steps:
    if extent.is_held:
        return (yield _distinct_count(request))
    rows = rows_selected(request.kwargs)
    is_kept = named(request.column).is_not_null()
    is_kept = is_kept if rows is None else is_kept & rows
    return (yield from distinct_in_steps(is_kept, request, frame, extent))


def _unique_share_in_steps(request: Request, frame: pl.LazyFrame, extent: Extent) -> Steps:
    if extent.is_held:
        return (yield _unique_share(request))
    non_null = yield request.selected.count()
    distinct = yield from _distinct_count_in_steps(request, frame, extent)
    return {"distinct": distinct, "non_null": non_null}


def _unique_share(request: Request) -> pl.Expr:
    return pl.struct(distinct=_distinct_count(request), non_null=request.selected.count())


def _as_share(raw: dict[str, int], _request: Request) -> float:
    return raw["distinct"] / raw["non_null"] if raw["non_null"] else 0


def _is_outside_set(request: Request) -> pl.Expr:
    outside = named(request.column).is_not_null() & ~is_member(
        request.column, request.kwargs["value_set"]
    )
    rows = rows_selected(request.kwargs)
    return outside if rows is None else outside & rows


def _outside_set(request: Request) -> pl.Expr:
    return named(request.column).filter(_is_outside_set(request)).n_unique()


def _outside_set_in_steps(request: Request, frame: pl.LazyFrame, extent: Extent) -> Steps:
    if extent.is_held:
        return (yield _outside_set(request))
    return (yield from distinct_in_steps(_is_outside_set(request), request, frame, extent))


def _outside_set_listed(count: int, request: Request, frame: pl.LazyFrame) -> pl.LazyFrame | None:
    if not count:
        return None
    value = named(request.column)
    return frame.filter(_is_outside_set(request)).select(value.unique().bottom_k(_listed(request)))


def _set_members_present(request: Request) -> pl.Expr:
    """For each value of the set whether the column holds it."""
    rows = rows_selected(request.kwargs)
    checks = []
    for value in _set(request):
        is_here = is_member(request.column, [value])
        checks.append((is_here if rows is None else is_here & rows).any())
    return pl.concat_list(checks) if checks else pl.lit([])


def _set(request: Request) -> list[Any]:
    return list(dict.fromkeys(request.kwargs.get("value_set") or ()))


def _absent(raw: list[bool], request: Request) -> list[Any]:
    return [value for value, is_here in zip(_set(request), raw, strict=True) if not is_here]


def _listed(request: Request) -> int:
    return int(request.kwargs.get("limit") or _MAX_LISTED)


def _most_common(request: Request) -> pl.Expr:
    return request.selected.drop_nulls().mode().sort().implode()


def _most_common_in_steps(request: Request, frame: pl.LazyFrame, extent: Extent) -> Steps:
    if extent.is_held:
        return (yield _most_common(request))
    value, count = (pl.col("counted").struct.field(name) for name in ("value", "count"))
    plan = counted(request, frame, named(request.column)).select(counted=pl.all())
    return (yield plan.select(value.filter(count == count.max()).sort()))


METRICS: Final = (
    Metric(
        "column.distinct_values",
        lambda request: _distinct(request).implode(),
        finish=lambda raw, _: set(raw),
        is_blocking=True,
    ),
    Metric("column.distinct_values.count", _distinct_count, steps=_distinct_count_in_steps),
    Metric(
        "column.unique_proportion", _unique_share, finish=_as_share, steps=_unique_share_in_steps
    ),
    Metric(_OUTSIDE_SET, _outside_set, steps=_outside_set_in_steps),
    Metric(
        "column.distinct_values.not_in_set",
        _outside_set,
        finish=lambda raw, _: sorted(raw) if isinstance(raw, list) else [],
        follow_up=_outside_set_listed,
        steps=_outside_set_in_steps,
        shares=_OUTSIDE_SET,
    ),
    Metric(
        "column.distinct_values.missing_from_column.count",
        _set_members_present,
        finish=lambda raw, request: len(_absent(raw, request)),
    ),
    Metric(
        "column.distinct_values.missing_from_column",
        _set_members_present,
        finish=lambda raw, request: _absent(raw, request)[: _listed(request)],
    ),
    Metric("column.most_common_value", _most_common, steps=_most_common_in_steps),
)
