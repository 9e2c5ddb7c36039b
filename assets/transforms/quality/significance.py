"""Could chance explain a difference? Probabilities under "nothing has changed", by rows of arrays.

All of them take rows as independent draws; days that differ from each other by their nature
(weekends) are more scattered than that, and the limits on the size of a difference are there for
them. Arrays are broadcast; nothing raises on empty samples (the probability is then 1).
"""

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from assets.transforms.quality.windows import Integers

Floats = npt.NDArray[np.float64]

LEAST_EXPECTED = 5.0
LEAST_EXPECTED_OF_REST = 1.0


def rise_quantile(significance: float, *, looks: int) -> float:
    """Normal quantile that a rise must exceed, looked for in several places (Bonferroni)."""
    return NormalDist().inv_cdf(1 - significance / looks)


def chance_of_shares(recent: Integers, reference: Integers) -> Floats:
    """Probability of shares as different as these, by the chi-square test of homogeneity.

    Its distribution holds where no expected count is small, so categories with fewer than 5
    expected rows on either side are counted together; if even these have fewer than 1 they are
    left out of the statistic, which can only make it smaller (after Cochran 1954, Some methods for
    strengthening the common χ² tests, Biometrics 10).

    Args:
        recent: Counts, a row a test and a column a category.
        reference: Counts in the reference, same shape.
    """
    from scipy.special import chdtrc

    n, m = (side.sum(axis=1, keepdims=True).astype(float) for side in (recent, reference))
    both = (recent + reference).astype(float)
    least = np.minimum(n, m) / np.maximum(n + m, 1) * both
    is_rare = least < LEAST_EXPECTED
    terms = np.where(is_rare, 0.0, _deviation(recent, both, n, m)).sum(axis=1)
    cells = (~is_rare).sum(axis=1)
    rest, rest_both = (
        np.where(is_rare, side, 0).sum(axis=1, keepdims=True) for side in (recent, both)
    )
    counts_rest = np.minimum(n, m) * rest_both >= LEAST_EXPECTED_OF_REST * np.maximum(n + m, 1)
    terms = terms + np.where(counts_rest, _deviation(rest, rest_both, n, m), 0.0)[:, 0]
    df = cells + counts_rest[:, 0] - 1
    found = chdtrc(np.maximum(df, 1), terms)
    return np.where(df >= 1, found, 1.0)


def _deviation(recent: Integers | Floats, both: Integers | Floats, n: Floats, m: Floats) -> Floats:
    """(observed - expected)² / expected, of both samples together."""
    total = np.maximum(n + m, 1)
    expected, other = n * both / total, m * both / total
    square: Floats = (recent - expected) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        found = square / expected + square / other
    return np.nan_to_num(found, nan=0.0, posinf=0.0)


def chance_of_new(new: Integers, rows: Integers, rate: Floats) -> Floats:
    """Probability of this many rows or more that show something new at a given rate (binomial)."""
    from scipy.special import bdtrc

    found = bdtrc(np.maximum(new - 1, 0), np.maximum(rows, 1), rate)
    return np.where((new > 0) & (rows > 0), found, 1.0)


def chance_of_distance(distance: Floats, n: Integers, m: Integers) -> Floats:
    """Probability of a Kolmogorov-Smirnov distance of two samples as great as this.

    Smirnov's asymptotic distribution, which is that of continuous data: on scores with ties the
    true probability is smaller, so that the test is conservative (Arnold & Emerson 2011,
    Nonparametric goodness-of-fit tests for discrete null distributions, The R Journal 3/2).
    """
    from scipy.special import kolmogorov

    size = n * m / np.maximum(n + m, 1)
    found: Floats = kolmogorov(np.sqrt(size) * distance)
    return found


def chance_outside(outside: Integers, rows: Integers, reference: Integers) -> Floats:
    """Probability that this many of some rows lie beyond the extremes of a reference.

    If all n + m rows are drawn alike, every order of them is as likely, and the k extreme ones (a
    given number of them at the lower end) are all among the m with probability
    C(m, k) / C(n + m, k); k rows split over two ends in k + 1 ways. This holds for any
    distribution, and ties make it smaller.

    Args:
        outside: k, rows outside of the range of the reference.
        rows: m, rows looked at.
        reference: n, rows of the reference.
    """
    from scipy.special import gammaln

    both = rows + reference
    log = gammaln(rows + 1) - gammaln(np.maximum(rows - outside, 0) + 1)
    log += gammaln(np.maximum(both - outside, 0) + 1) - gammaln(both + 1)
    found: Floats = np.minimum((outside + 1) * np.exp(log), 1.0)
    return found
