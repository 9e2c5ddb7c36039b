"""Intervals once more, row by row, by SciPy or by the textbook's formula."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

Z = float(stats.norm.ppf(0.975))
Ends = tuple[float | None, float | None]


def clipped(ends: Ends, bounds: tuple[float | None, float | None]) -> Ends:
    """An interval within what is possible."""
    (low, high), (least, greatest) = ends, bounds
    return (
        low if low is None or least is None else max(low, least),
        high if high is None or greatest is None else min(high, greatest),
    )


def of_share(hits: float, n: int) -> Ends:
    """Wilson's interval of a share."""
    found = stats.binomtest(round(hits), n).proportion_ci(0.95, method="wilson")
    return 100 * found.low, 100 * found.high


def of_weighted_share(share: float, n: float) -> Ends:
    """The same of a weighted share and Kish's effective number, which is no whole one."""
    centre, shrink = share + Z * Z / (2 * n), 1 + Z * Z / n
    half = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return 100 * (centre - half) / shrink, 100 * (centre + half) / shrink


def of_odds(hits: float, n: int) -> Ends:
    """The same of the part to the rest; open where the whole is in the part."""
    low, high = (end / 100 for end in of_share(hits, n) if end is not None)
    return 100 * low / (1 - low), 100 * high / (1 - high) if high < 1 else None


def net_parts(upper: float, lower: float, n: float) -> tuple[float, float]:
    """Centre and standard error of a net: ¾ is added to both classes, 1½ to the middle one."""
    p, d = (upper * n + 0.75) / (n + 3), (lower * n + 0.75) / (n + 3)
    return p - d, math.sqrt((p + d - (p - d) ** 2) / (n + 3))


def of_net(upper: float, lower: float, n: float) -> Ends:
    """Adjusted Wald interval of the shares of two classes."""
    centre, error = net_parts(upper, lower, n)
    return 100 * max(centre - Z * error, -1), 100 * min(centre + Z * error, 1)


def of_nets(parts: Sequence[tuple[float, float, float]]) -> Ends:
    """Interval of a mean of nets that go together wholly: the mean of their errors."""
    found = [net_parts(*part) for part in parts]
    centre, error = (float(np.mean(column)) for column in zip(*found, strict=True))
    return 100 * max(centre - Z * error, -1), 100 * min(centre + Z * error, 1)


def of_mean(values: Sequence[float]) -> Ends:
    """Student's interval of a mean; none of one value."""
    if len(values) < 2:
        return None, None
    error = stats.sem(values)
    low, high = float(np.mean(values)), float(np.mean(values))
    if error > 0:
        low, high = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=error)
    return low, high


def of_ratio(x: Sequence[float], y: Sequence[float], factor: float = 1.0) -> Ends:
    """Linearised interval of a ratio of sums (Cochran 1977), with t of the rows less one."""
    a, b = np.array(x, dtype=float), np.array(y, dtype=float)
    m = len(a)
    if m < 2 or b.sum() <= 0:
        return None, None
    ratio = a.sum() / b.sum()
    residual = a - ratio * b
    error = math.sqrt(m / (m - 1) * float(residual @ residual)) / b.sum()
    half = float(stats.t.ppf(0.975, m - 1)) * error
    return factor * (ratio - half), factor * (ratio + half)


def of_rate(events: float, exposure: float, factor: float = 1.0) -> Ends:
    """Exact interval of a Poisson rate, from χ²."""
    low = stats.chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    return factor * low / exposure, factor * stats.chi2.ppf(0.975, 2 * events + 2) / 2 / exposure


def of_quantile(values: Sequence[float], quantile: float) -> Ends:
    """Order statistics that bracket a quantile; open where the sample is too small."""
    ordered, n = sorted(values), len(values)
    low = int(stats.binom.ppf(0.025, n, quantile))
    high = int(stats.binom.ppf(0.975, n, quantile)) + 1
    return ordered[low - 1] if low >= 1 else None, ordered[high - 1] if high <= n else None
