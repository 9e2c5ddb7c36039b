"""Confidence intervals as vectorised arithmetic on Polars columns. No knowledge of KPIs.

Proportions are in [0, 1], nets in [-1, 1]; every function returns (low, high) as expressions that
are null where the interval does not exist.
"""

from statistics import NormalDist

import polars as pl

Interval = tuple[pl.Expr, pl.Expr]


def normal_quantile(confidence: float) -> float:
    """Normal quantile of a two-sided interval: 1.96 for 0.95."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def wilson(share: pl.Expr, n: pl.Expr, z: float) -> Interval:
    """Score interval of a proportion (Wilson 1927).

    Args:
        share: Observed proportion.
        n: Number, or effective number, of observations; real, > 0.
        z: Normal quantile.
    """
    shrink = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / shrink
    half = z / shrink * ((share * (1 - share)).clip(0) / n + z * z / (4 * n * n)).sqrt()
    return (centre - half).clip(0, 1), (centre + half).clip(0, 1)


def adjusted_wald(upper: pl.Expr, lower: pl.Expr, n: pl.Expr, z: float) -> Interval:
    """Adjusted Wald interval of a net (difference of two shares of one sample).

    ¾ is added to the upper and the lower class and 1½ to the middle one, after Bonett & Price
    (2012); the variance of the net is p + d - (p - d)². Clipped to ±1.

    Args:
        upper: Share of the upper class.
        lower: Share of the lower class.
        n: Number, or effective number, of observations; real, > 0.
        z: Normal quantile.
    """
    total = n + 3
    p, d = (upper * n + 0.75) / total, (lower * n + 0.75) / total
    half = z * ((p + d - (p - d) ** 2).clip(0) / total).sqrt()
    return (p - d - half).clip(-1, 1), (p - d + half).clip(-1, 1)


def student(estimate: pl.Expr, variance: pl.Expr, df: pl.Expr, confidence: float) -> Interval:
    """Student's t interval of an estimate.

    Args:
        estimate: The estimate.
        variance: Variance of the estimate.
        df: Degrees of freedom; real. No interval at 0 or fewer.
        confidence: Confidence level.
    """
    half = t_quantile(df, confidence) * variance.clip(0).sqrt()
    return estimate - half, estimate + half


def t_quantile(df: pl.Expr, confidence: float) -> pl.Expr:
    """Quantile of Student's t for a two-sided interval; null at 0 degrees of freedom or fewer."""

    def quantile(column: pl.Series) -> pl.Series:
        from scipy.special import stdtrit

        found = stdtrit(column.to_numpy(), 0.5 + confidence / 2)
        return pl.Series(column.name, found, dtype=pl.Float64)

    return pl.when(df > 0).then(df).cast(pl.Float64).map_batches(
        quantile, return_dtype=pl.Float64
    ).fill_nan(None)  # fmt: skip


def garwood(events: pl.Expr, exposure: pl.Expr, confidence: float) -> Interval:
    """Exact interval of a Poisson rate (Garwood 1936).

    Args:
        events: Number of events; real, ≥ 0.
        exposure: What they are counted over; > 0.
        confidence: Confidence level.
    """
    tail = (1 - confidence) / 2
    low = pl.when(events > 0).then(_gamma_quantile(events, tail)).when(events == 0).then(0.0)
    return low / exposure, _gamma_quantile(events + 1, 1 - tail) / exposure


def _gamma_quantile(shape: pl.Expr, probability: float) -> pl.Expr:
    """Quantile of the gamma distribution of scale 1; half that of χ² with twice the freedom."""

    def quantile(column: pl.Series) -> pl.Series:
        from scipy.special import gammaincinv

        found = gammaincinv(column.cast(pl.Float64).to_numpy(), probability)
        return pl.Series(column.name, found, dtype=pl.Float64)

    return shape.map_batches(quantile, return_dtype=pl.Float64).fill_nan(None)


def order_statistic_ranks(n: pl.Expr, quantile: float, confidence: float) -> Interval:
    """Ranks whose values bracket a quantile with at least the confidence asked for.

    The number of observations below the quantile is binomial, so the ranks are distribution-free.
    A rank that would fall outside the sample is null: the sample is too small for that end.
    """
    tail = (1 - confidence) / 2
    low = _binomial_quantile(n, quantile, tail)
    high = _binomial_quantile(n, quantile, 1 - tail) + 1
    return pl.when(low >= 1).then(low), pl.when(high <= n).then(high)


def _binomial_quantile(n: pl.Expr, share: float, probability: float) -> pl.Expr:
    """Least k with P(B ≤ k) ≥ probability, B binomial (n, share); Int64."""

    def quantile(column: pl.Series) -> pl.Series:
        import numpy as np
        from scipy.special import bdtr, bdtrik

        size = column.to_numpy().astype(np.float64)
        k = np.ceil(bdtrik(probability, size, share))
        before = np.maximum(k - 1, 0)
        k = np.where(bdtr(before, size.astype(np.int64), share) >= probability, before, k)
        return pl.Series(column.name, np.nan_to_num(k), dtype=pl.Int64)

    return n.cast(pl.Int64).map_batches(quantile, return_dtype=pl.Int64)


def interpolated_ranks(n: pl.Expr, quantile: float) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """Ranks below and above a quantile, and the weight of the upper one.

    Linear interpolation between order statistics (type 7 of Hyndman & Fan 1996), the
    `PERCENTILE_CONT` of SQL.
    """
    place = (n.cast(pl.Float64) - 1) * quantile
    below = place.floor()
    low = below.cast(pl.Int64) + 1
    return low, pl.min_horizontal(low + 1, n.cast(pl.Int64)), place - below
