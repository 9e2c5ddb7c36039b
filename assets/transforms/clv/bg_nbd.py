"""BG/NBD: how often customers buy and when they stop, fitted by maximum likelihood.

Belongs here: likelihood and fit; what they say of the future is `purchases`' work. Source: Fader,
Hardie & Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2), 275-284.

While alive a customer buys at a Poisson rate λ ~ Gamma(r, alpha) and stops after any purchase with
probability p ~ Beta(a, b). alpha is in the unit of time of the data.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from assets.transforms.clv.counts import Floats, PurchaseCounts, inner, sums_at
from assets.transforms.clv.fitting import (
    TOO_FEW_CUSTOMERS,
    TOO_FEW_REPEATERS,
    Fit,
    Model,
    Support,
    fit,
    unfitted,
)

_STARTS = (
    (0.0, 0.0, 0.0, 0.0),  # r, alpha/T, a, b = 1
    (-1.5, -2.0, -0.5, 0.7),  # most buy seldom, some stop early
    (0.5, -0.5, -2.5, 0.0),  # few stop
    (-1.0, -1.0, 1.0, 2.5),  # customers stop alike
)


class BgNbd(NamedTuple):
    """Parameters: purchase rate ~ Gamma(r, alpha), probability to stop ~ Beta(a, b); all > 0."""

    r: float
    alpha: float
    a: float
    b: float


class Likelihood:
    """The log-likelihood on grouped histories, prepared for many evaluations.

    What depends on x or on T alone is summed once over customers; only the term of having stopped
    already needs every history, and of it only where x > 0. Everything is in logarithms: with
    z = ln a - ln(b + x - 1) + (r + x)·(ln(alpha + T) - ln(alpha + t_x)) that term is
    ln(1 + e**z), and P(alive) is 1/(1 + e**z).
    """

    def __init__(self, counts: PurchaseCounts) -> None:
        x, n = counts.frequency, counts.customers
        self._customers = float(n.sum())
        self._x, at_x = np.unique(x, return_inverse=True)
        self._n_x = sums_at(at_x, n, len(self._x))
        self._age, at_age = np.unique(counts.age, return_inverse=True)
        self._n_age = sums_at(at_age, n, len(self._age))
        self._x_age = sums_at(at_age, n * x, len(self._age))
        repeat = x > 0
        self._recency, self._at_recency = np.unique(counts.recency[repeat], return_inverse=True)
        self._at_age, self._at_x = at_age[repeat], at_x[repeat]
        self._repeat_x, self._n = x[repeat], n[repeat]

    def __call__(self, parameters: BgNbd) -> tuple[float, Floats]:
        """Log-likelihood, and its gradient in (r, alpha, a, b)."""
        from scipy.special import digamma, gammaln

        r, alpha, a, b = parameters
        x, n = self._x, self._n_x
        log_age = np.log(alpha + self._age)
        by_age = r * self._n_age + self._x_age
        value = inner(n, gammaln(r + x) - gammaln(r))
        value += inner(n, gammaln(b + x) - gammaln(b) + gammaln(a + b) - gammaln(a + b + x))
        value += self._customers * r * math.log(alpha) - inner(by_age, log_age)
        both = digamma(a + b) - digamma(a + b + x)
        slopes = np.array(
            [
                inner(n, digamma(r + x) - digamma(r))
                + self._customers * math.log(alpha)
                - inner(self._n_age, log_age),
                self._customers * r / alpha - (by_age / (alpha + self._age)).sum(),
                inner(n, both),
                inner(n, both + digamma(b + x) - digamma(b)),
            ]
        )
        stopped, more = self._stopped(parameters, log_age)
        return value + stopped, slopes + more

    def _stopped(self, parameters: BgNbd, log_age: Floats) -> tuple[float, Floats]:
        """Σ ln(1 + e**z) over repeat customers, and its gradient."""
        r, alpha, a, b = parameters
        log_recency = np.log(alpha + self._recency)
        span = log_age[self._at_age] - log_recency[self._at_recency]
        exponent = r + self._repeat_x
        previous = b + self._x - 1
        # at x = 0 the entry is not used, and b - 1 may be negative
        log_odds = math.log(a) - np.log(np.where(self._x > 0, previous, 1.0))
        z = log_odds[self._at_x] + exponent * span
        small = np.exp(-np.abs(z))
        value = inner(self._n, np.maximum(z, 0.0) + np.log1p(small))
        weight = self._n * np.where(z >= 0, 1.0, small) / (1.0 + small)
        per_age = 1.0 / (alpha + self._age)
        per_recency = 1.0 / (alpha + self._recency)
        shift = per_age[self._at_age] - per_recency[self._at_recency]
        by_x = sums_at(self._at_x, weight, len(self._x))
        inverse = np.where(self._x > 0, 1.0 / np.where(self._x > 0, previous, 1.0), 0.0)
        gradient = [
            inner(weight, span),
            inner(weight, exponent * shift),
            weight.sum() / a,
            -inner(by_x, inverse),
        ]
        return value, np.array(gradient)


def fit_bg_nbd(counts: PurchaseCounts, support: Support | None = None) -> Fit[BgNbd]:
    """Fit by maximum likelihood.

    Args:
        counts: Histories from `counts.purchase_counts`.
        support: Least data to fit to.

    Returns:
        The fit; alpha and its error are in the unit of time of the counts.
    """
    least = support or Support()
    for found, wanted, reason in (
        (counts.total, least.customers, TOO_FEW_CUSTOMERS),
        (counts.repeaters, max(least.repeaters, 1), TOO_FEW_REPEATERS),
    ):
        if found < wanted:
            return unfitted(reason, counts.total, counts.excluded)
    scale = np.array([1.0, inner(counts.customers, counts.age) / counts.total, 1.0, 1.0])
    return fit(_MODEL, counts, scale)


def _make(values: Sequence[float]) -> BgNbd:
    return BgNbd(*values)


_MODEL = Model(Likelihood, _make, _STARTS)
