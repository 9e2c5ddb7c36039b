"""Gamma-Gamma: what a purchase of a customer is worth, fitted by maximum likelihood.

Belongs here: likelihood, fit, conditional expectation. Does not belong here: how often customers
buy, from which value is assumed to be independent (checked in `assumptions`). Source: Fader, Hardie
& Lee (2005), RFM and CLV: Using Iso-Value Curves for Customer Base Analysis, Journal of Marketing
Research 42(4), 415-430; Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value.

Values of a customer's purchases are Gamma(p, nu) with nu ~ Gamma(q, gamma), gamma in the unit of
value.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from assets.transforms.clv.counts import Floats, ValueCounts, inner, sums_at
from assets.transforms.clv.fitting import (
    NO_FINITE_MEAN,
    TOO_FEW_REPEATERS,
    Fit,
    Model,
    Support,
    fit,
    unfitted,
)

_STARTS = (
    (1.0, 1.0, 0.0),  # p, q, gamma/mean
    (2.0, 1.2, -0.5),
    (0.0, 2.0, 1.5),
    (3.0, 3.0, 0.0),
)


class GammaGamma(NamedTuple):
    """Parameters: values ~ Gamma(p, nu), nu ~ Gamma(q, gamma); all > 0."""

    p: float
    q: float
    gamma: float

    @property
    def mean_value(self) -> float:
        """Mean value of a purchase over all customers, p·gamma/(q - 1); infinite unless q > 1."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else float("inf")


class Likelihood:
    """The log-likelihood on grouped mean values, prepared for many evaluations.

    With S = x·m̄ it is lnΓ(p·x + q) - lnΓ(p·x) - lnΓ(q) + q·ln gamma + p·x·ln S - ln m̄
    - (p·x + q)·ln(gamma + S), of which only the last term needs every customer again and again.
    """

    def __init__(self, counts: ValueCounts) -> None:
        x, n = counts.frequency, counts.customers
        self._customers = float(n.sum())
        self._x, at_x = np.unique(x, return_inverse=True)
        self._n_x = sums_at(at_x, n, len(self._x))
        self._repeat_x, self._n, self._sum = x, n, x * counts.mean_value
        self._x_log_sum = inner(n, x * np.log(self._sum))
        self._log_mean = inner(n, np.log(counts.mean_value))

    def __call__(self, parameters: GammaGamma) -> tuple[float, Floats]:
        """Log-likelihood, and its gradient in (p, q, gamma)."""
        from scipy.special import digamma, gammaln

        p, q, gamma = parameters
        x, n = self._x, self._n_x
        shape, above = p * self._repeat_x + q, gamma + self._sum
        weighted, each = self._n * np.log(above), self._n / above
        value = inner(n, gammaln(p * x + q) - gammaln(p * x)) - self._customers * gammaln(q)
        value += self._customers * q * math.log(gamma) + p * self._x_log_sum - self._log_mean
        value -= inner(weighted, shape)
        both = digamma(p * x + q)
        gradient = [
            inner(n, x * (both - digamma(p * x)))
            + self._x_log_sum
            - inner(weighted, self._repeat_x),
            inner(n, both) - self._customers * (digamma(q) - math.log(gamma)) - weighted.sum(),
            self._customers * q / gamma - inner(each, shape),
        ]
        return float(value), np.array(gradient)


def fit_gamma_gamma(counts: ValueCounts, support: Support | None = None) -> Fit[GammaGamma]:
    """Fit by maximum likelihood.

    Args:
        counts: Repeat customers from `counts.value_counts`.
        support: Least data to fit to.

    Returns:
        The fit; gamma and its error are in the unit of value of the counts. Without a finite mean
        (q ≤ 1) there are no parameters, since every value that they predict would be infinite.
    """
    if counts.total < max((support or Support()).repeaters, 1):
        return unfitted(TOO_FEW_REPEATERS, counts.total, counts.excluded)
    scale = np.array([1.0, 1.0, inner(counts.customers, counts.mean_value) / counts.total])
    return _finite(fit(_MODEL, counts, scale))


def expected_value(parameters: GammaGamma, frequency: Floats, mean_value: Floats) -> Floats:
    """Expected value of a customer's future purchases, given those there were.

    (gamma + x·m̄)·p/(p·x + q - 1): a weighted mean of the population's mean and the customer's own,
    the population's mean for customers without a repeat purchase.

    Args:
        parameters: Of the fit; q > 1.
        frequency: x, repeat purchases that the mean is of.
        mean_value: Mean value of them; not looked at where x is 0.
    """
    p, q, gamma = parameters
    total = np.where(frequency > 0, frequency * mean_value, 0.0)
    found: Floats = p * (gamma + total) / (p * frequency + q - 1)
    return found


def _finite(found: Fit[GammaGamma]) -> Fit[GammaGamma]:
    reached = found.parameters
    if reached is None or reached.q > 1:
        return found
    return Fit(
        None, None, found.log_likelihood, reached, found.slope, found.customers,
        NO_FINITE_MEAN, found.excluded,
    )  # fmt: skip


def _make(values: Sequence[float]) -> GammaGamma:
    return GammaGamma(*values)


_MODEL = Model(Likelihood, _make, _STARTS)
