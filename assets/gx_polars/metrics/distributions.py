"""The metrics about the distribution of a column: histograms and counts of every value.

Belongs here: what ``expect_column_kl_divergence_to_be_less_than`` compares.
Does not belong here: summaries in one number (``aggregates.py``).
"""

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from assets.gx_polars.metrics.metric import Metric, Request
from assets.gx_polars.row_conditions import rows_selected
from assets.gx_polars.values import is_within

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
    edges = pl.Series([float(edge) for edge in request.kwargs["bins"]], dtype=pl.Float64)
    position = (
        request.selected.drop_nulls()
        .cast(pl.Float64)
        .map_batches(
            lambda values: edges.search_sorted(values, side="right").cast(pl.Int64),
            return_dtype=pl.Int64,
            is_elementwise=True,
        )
    )
    last = request.selected.cast(pl.Float64) == edges[-1]
    return pl.struct(positions=position.value_counts().implode(), at_last_edge=last.sum())


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
    Metric("column.histogram", _positions_in_bins, finish=_histogram),
    Metric("column.value_counts", _value_counts, finish=_as_pandas_counts),
)
