"""The metrics about the distribution of a column: histograms and counts of every value.

Belongs here: what ``expect_column_kl_divergence_to_be_less_than`` compares.
Does not belong here: summaries in one number (``aggregates.py``).
"""

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from assets.gx_polars.metrics.metric import Extent, Metric, Request, Steps, counted
from assets.gx_polars.row_conditions import rows_selected
from assets.gx_polars.values import is_within, named

if TYPE_CHECKING:
    import pandas as pd


def _within_bounds(request: Request) -> pl.Expr:
    kwargs = request.kwargs
    inside = is_within(
        request.column,
        kwargs.get("min_value"),
        kwargs.get("max_value"),
        is_low_strict=bool(kwargs.get("strict_min")),
        is_high_strict=bool(kwargs.get("strict_max")),
    )
    rows = rows_selected(kwargs)
    return (inside if rows is None else inside & rows).sum()


def _positions_in_bins(request: Request) -> pl.Expr:
    """How many values have how many bin edges at or below them."""
    positions = _position(request, request.selected.drop_nulls()).value_counts().implode()
    return pl.struct(positions=positions, at_last_edge=_at_last_edge(request))


def _positions_in_steps(request: Request, frame: pl.LazyFrame, extent: Extent) -> Steps:
    if extent.is_held:
        return (yield _positions_in_bins(request))
    positions = yield counted(request, frame, _position(request, named(request.column)))
    return {"positions": positions, "at_last_edge": (yield _at_last_edge(request))}


def _position(request: Request, values: pl.Expr) -> pl.Expr:
    edges = pl.Series([float(edge) for edge in request.kwargs["bins"]], dtype=pl.Float64)
    return values.cast(pl.Float64).map_batches(
        lambda numbers: edges.search_sorted(numbers, side="right").cast(pl.Int64),
        return_dtype=pl.Int64,
        is_elementwise=True,
    )


def _at_last_edge(request: Request) -> pl.Expr:
    return (request.selected.cast(pl.Float64) == float(request.kwargs["bins"][-1])).sum()


def _histogram(raw: dict[str, Any], request: Request) -> list[int]:
    """Counts a bin; a bin holds its lower edge, the last one also its upper edge, as in NumPy."""
    counts = [0] * (len(request.kwargs["bins"]) + 1)
    for row in raw["positions"]:
        position, count = row.values()
        counts[position] = count
    histogram = counts[1:-1]
    histogram[-1] += raw["at_last_edge"]
    return histogram


def _value_counts(request: Request) -> pl.Expr:
    return request.selected.drop_nulls().value_counts().implode()


def _value_counts_in_steps(request: Request, frame: pl.LazyFrame, extent: Extent) -> Steps:
    if extent.is_held:
        return (yield _value_counts(request))
    return (yield counted(request, frame, named(request.column)))


def _as_pandas_counts(raw: list[dict[str, Any]], request: Request) -> "pd.Series[int]":
    import pandas as pd

    rows = [tuple(row.values()) for row in raw]
    counts = pd.Series(
        [count for _, count in rows],
        index=pd.Index([value for value, _ in rows], dtype="object"),
        name="count",
        dtype="int64",
    )
    counts.index.name = "value"
    return counts.sort_index() if request.kwargs.get("sort", "value") == "value" else counts


METRICS: Final = (
    Metric("column_values.between.count", _within_bounds),
    Metric("column.histogram", _positions_in_bins, finish=_histogram, steps=_positions_in_steps),
    Metric(
        "column.value_counts", _value_counts, finish=_as_pandas_counts, steps=_value_counts_in_steps
    ),
)
