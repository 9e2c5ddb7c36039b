"""From summed states to values and intervals: one estimator a kind of KPI.

An estimator turns the real-valued components of a state into value, numerator, denominator,
n, n_effective and interval; rolling up and naming is `assets.transforms.values`' work.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from assets.transforms.intervals import adjusted_wald, garwood, normal_quantile, student, wilson
from assets.transforms.measures import COMPONENTS, Measure
from assets.transforms.variances import linearised_variance
from schemas.kpis.kpi import Estimator, Unit

FACTORS: Final[Mapping[Unit, float]] = {
    "points": 100.0,
    "percent": 100.0,
    "per_hundred": 100.0,
    "score": 1.0,
    "currency": 1.0,
    "minutes": 1 / 60,
}
"""Unit of the value in units of the state: shares in percent, seconds in minutes."""

QUANTILES: Final[Mapping[Estimator, float]] = {"median": 0.5, "p90": 0.9}


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expressions over a state's components, before the factor of the unit."""

    value: pl.Expr
    numerator: pl.Expr
    denominator: pl.Expr
    low: pl.Expr
    high: pl.Expr


def real_components(measure: Measure) -> list[pl.Expr]:
    """Components x, y, z, xx, xy, yy as real numbers, the implied ones filled in.

    Without weights the denominator of everything but a ratio is the number of rows.
    """
    found = []
    for name in COMPONENTS:
        if name in measure.components:
            found.append((pl.col(name).cast(pl.Float64) / measure.units(name)).alias(name))
        elif name in {"y", "yy"}:
            found.append(pl.col("n").cast(pl.Float64).alias(name))
        elif name == "xy" and "x" in measure.components:
            found.append((pl.col("x").cast(pl.Float64) / measure.units("x")).alias(name))
        else:
            found.append(pl.lit(None, dtype=pl.Float64).alias(name))
    return found


def effective_size(measure: Measure) -> pl.Expr:
    """Kish's effective number of observations, (Σw)²/Σw²; the number itself without weights."""
    if measure.shape == "ratio" or measure.weight is None:
        return observations(measure).cast(pl.Float64)
    return pl.when(pl.col("yy") > 0).then(pl.col("y") ** 2 / pl.col("yy"))


def observations(measure: Measure) -> pl.Expr:
    """The KPI's n: rows, or for a ratio what its denominator counts, if it counts anything."""
    is_counted = measure.shape == "ratio" and not measure.counts_rows
    return pl.col("y").round().cast(pl.Int64) if is_counted else pl.col("n")


def _share(part: pl.Expr) -> Callable[[float, pl.Expr], Estimate]:
    def estimate(confidence: float, n: pl.Expr) -> Estimate:
        share = _ratio(part, pl.col("y"))
        low, high = wilson(share, n, normal_quantile(confidence))
        return Estimate(share, part, pl.col("y"), low, high)

    return estimate


def _odds(confidence: float, n: pl.Expr) -> Estimate:
    """Rows in the part to those outside it; the interval is that of the share, turned to odds."""
    x, y = pl.col("x"), pl.col("y")
    low, high = wilson(_ratio(x, y), n, normal_quantile(confidence))
    return Estimate(_ratio(x, y - x), x, y - x, _ratio(low, 1 - low), _ratio(high, 1 - high))


def _net(confidence: float, n: pl.Expr) -> Estimate:
    x, y, z = pl.col("x"), pl.col("y"), pl.col("z")
    low, high = adjusted_wald(_ratio(x, y), _ratio(z, y), n, normal_quantile(confidence))
    return Estimate(_ratio(x - z, y), x - z, y, low, high)


def _linear(confidence: float, df: pl.Expr, rows: pl.Expr) -> Estimate:
    """Ratio of two sums with its linearised variance; a mean is the ratio with y = 1."""
    x, y = pl.col("x"), pl.col("y")
    value = _ratio(x, y)
    low, high = student(value, linearised_variance(value, rows), df, confidence)
    return Estimate(value, x, y, low, high)


def _mean(confidence: float, n: pl.Expr) -> Estimate:
    return _linear(confidence, n - 1, n)


def _ratio_of_sums(confidence: float, n: pl.Expr) -> Estimate:
    del n  # returns are rows too, though they are not counted as sales
    rows = pl.col("n").cast(pl.Float64)
    return _linear(confidence, rows - 1, rows)


def _without_interval(value: pl.Expr, denominator: pl.Expr) -> Callable[
    [float, pl.Expr], Estimate
]:  # fmt: skip
    """What is counted in full, such as a ledger: there is nothing to infer."""

    def estimate(confidence: float, n: pl.Expr) -> Estimate:
        del confidence, n
        none = pl.lit(None, dtype=pl.Float64)
        return Estimate(value, pl.col("x"), denominator, none, none)

    return estimate


def _rate(confidence: float, n: pl.Expr) -> Estimate:
    """Events over exposure: x is counted, y is what it is counted over."""
    del n
    x, y = pl.col("x"), pl.col("y")
    low, high = garwood(x, pl.when(y > 0).then(y), confidence)
    return Estimate(_ratio(x, y), x, y, low, high)


def _ratio(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """Quotient, null where the denominator is not positive."""
    return pl.when(denominator > 0).then(numerator / denominator)


ESTIMATORS: Final[Mapping[Estimator, Callable[[float, pl.Expr], Estimate]]] = {
    "share": _share(pl.col("x")),
    "lower_share": _share(pl.col("z")),
    "middle_share": _share(pl.col("y") - pl.col("x") - pl.col("z")),
    "complement_share": _share(pl.col("y") - pl.col("x")),
    "odds": _odds,
    "net": _net,
    "mean": _mean,
    "ratio": _ratio_of_sums,
    "rate": _rate,
    "sum": _without_interval(pl.col("x"), pl.lit(None, dtype=pl.Float64)),
    "quotient": _without_interval(_ratio(pl.col("x"), pl.col("y")), pl.col("y")),
}
"""Estimator → (confidence, effective n) → expressions over the real components."""

INTERVALS: Final[Mapping[Estimator, str]] = {
    "share": "wilson",
    "lower_share": "wilson",
    "middle_share": "wilson",
    "complement_share": "wilson",
    "odds": "wilson_odds",
    "net": "adjusted_wald",
    "mean": "t",
    "mean_of_nets": "adjusted_wald_sum",
    "ratio": "linearised_t",
    "rate": "garwood",
    "sum": "none",
    "quotient": "none",
    "median": "order_statistics",
    "p90": "order_statistics",
}
"""Name of the interval in `method_id`."""
