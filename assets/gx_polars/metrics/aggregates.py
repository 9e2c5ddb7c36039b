"""The metrics that summarise one column in a number.

Belongs here: extremes, mean, median, sum, spread, quantiles, shares of missing values.
Does not belong here: distinct values (``distinct.py``), histograms (``distributions.py``).

A column that holds NaN has no extremes, mean or quantiles: they come out as NaN, and the
expectation fails. Decimals are summed exactly and then given as floats, as Great Expectations does.
"""

import math
from typing import Any, Final

import polars as pl

from assets.gx_polars.metrics.metric import Extent, Found, Metric, Raw, Request, Steps
from assets.gx_polars.metrics.order_statistics import quantiles_in_steps

_EXACTLY_HALF: Final = 0.5


def _minimum(request: Request) -> pl.Expr:
    return request.selected.nan_min() if request.dtype.is_float() else request.selected.min()


def _maximum(request: Request) -> pl.Expr:
    return request.selected.nan_max() if request.dtype.is_float() else request.selected.max()


def _mean(request: Request) -> pl.Expr:
    return _numbers(request).mean()


def _median(request: Request) -> pl.Expr:
    return _nan_if_any(request, _numbers(request).median())


def _median_in_steps(request: Request, frame: pl.LazyFrame, extent: Extent) -> Steps:
    if not extent.is_held:
        found = yield from quantiles_in_steps([_EXACTLY_HALF], request, frame, extent)
        if found is not None:
            lower, higher = found["bounds"]
            if lower is None or found["has_nan"]:
                return lower if lower is None else math.nan
            return float(lower) + (float(higher) - float(lower)) / 2
    return (yield _median(request))


def _standard_deviation(request: Request) -> pl.Expr:
    return _numbers(request).std()


def _sum(request: Request) -> pl.Expr:
    # Polars wraps around where Int64 overflows
    return (
        request.selected.cast(pl.Int128).sum()
        if request.dtype.is_integer()
        else request.selected.sum()
    )


def _quantiles(request: Request) -> pl.Expr:
    numbers = request.selected
    bounds = [
        numbers.quantile(q, interpolation=side)
        for q in request.kwargs["quantiles"]
        for side in ("lower", "higher")
    ]
    if request.dtype.is_float():
        bounds = [_nan_if_any(request, bound) for bound in bounds]
    return pl.struct(count=numbers.count(), bounds=pl.concat_list(bounds) if bounds else pl.lit([]))


def _quantiles_in_steps(request: Request, frame: pl.LazyFrame, extent: Extent) -> Steps:
    if not extent.is_held:
        quantiles = request.kwargs["quantiles"]
        found = yield from quantiles_in_steps(quantiles, request, frame, extent)
        if found is not None:
            has_nan = found["has_nan"] and found["count"]
            return found | {"bounds": [math.nan] * len(found["bounds"])} if has_nan else found
    return (yield _quantiles(request))


def _quantile_values(raw: dict[str, Any], request: Request) -> list[Found]:
    """The quantiles interpolated as NumPy does; by default the nearest value.

    Polars rounds a position halfway between two values up, NumPy to the even position.
    """
    method = request.kwargs.get("allow_relative_error") or "nearest"
    values: list[Found] = []
    for index, q in enumerate(request.kwargs["quantiles"]):
        lower, higher = raw["bounds"][2 * index], raw["bounds"][2 * index + 1]
        if lower is None:
            values.append(None)
            continue
        position = q * (raw["count"] - 1)
        values.append(_interpolated(method, lower, higher, position=position))
    return values


def _interpolated(method: str, lower: Raw, higher: Raw, *, position: float) -> Found:
    fraction = position - math.floor(position)
    match method:
        case "lower":
            return lower
        case "higher":
            return higher
        case "midpoint":
            return (lower + higher) / 2
        case "linear":
            return lower + (higher - lower) * fraction
    is_upper = fraction > _EXACTLY_HALF or (
        fraction == _EXACTLY_HALF and math.floor(position) % 2 == 1
    )
    return higher if is_upper else lower


def _share_of_non_null(raw: dict[str, int], _request: Request) -> float:
    return raw["non_null"] / raw["rows"] if raw["rows"] else 0


def _non_null(request: Request) -> pl.Expr:
    return pl.struct(non_null=request.selected.count(), rows=request.selected.len())


def _numbers(request: Request) -> pl.Expr:
    return request.selected.cast(pl.Float64) if request.dtype.is_decimal() else request.selected


def _nan_if_any(request: Request, summary: pl.Expr) -> pl.Expr:
    if not request.dtype.is_float():
        return summary
    return pl.when(request.selected.is_nan().any()).then(math.nan).otherwise(summary)


def _as_float(raw: Raw, request: Request) -> Found:
    return float(raw) if request.dtype.is_decimal() and raw is not None else raw


def _numpy(raw: int, _request: Request) -> Found:
    """As a NumPy integer: GX divides by it, and where it is zero Python's would raise."""
    import numpy as np

    return np.int64(raw)


METRICS: Final = (
    Metric("column.min", _minimum),
    Metric("column.max", _maximum),
    Metric("column.mean", _mean),
    Metric("column.median", _median, steps=_median_in_steps),
    Metric("column.standard_deviation", _standard_deviation),
    Metric("column.sum", _sum, finish=_as_float),
    Metric(
        "column.quantile_values",
        _quantiles,
        finish=_quantile_values,
        steps=_quantiles_in_steps,
    ),
    Metric("column.non_null_proportion", _non_null, finish=_share_of_non_null),
    Metric("column_values.nonnull.count", lambda request: request.selected.count(), finish=_numpy),
    Metric("column_values.null.count", lambda request: request.selected.null_count()),
)
