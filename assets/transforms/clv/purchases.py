"""What a fitted BG/NBD says of a customer's future: P(alive) and expected discounted purchases.

Belongs here: expectations under given parameters. Does not belong here: fitting them, or money.

Given that a customer is alive at T, λ ~ Gamma(r + x, alpha + T) and p ~ Beta(a, b + x), so that the
expected rate of purchases a time s later is, with w = s/(alpha + T),

    (r + x)/(alpha + T) · E[(1 + p·w)**-(r + x + 1)]
      = (r + x)/(alpha + T) · (1 + w)**-a · ₂F₁(a + b - r - 1, a; a + b + x; w/(1 + w)).

Its integral over the horizon is equation 10 of Fader, Hardie & Lee (2005) but for P(alive), without
that equation's 0/0 at a = 1 and without its differences of nearly equal numbers; with a factor
e**(-δ·s) under the integral it is discounted continuously.
"""

import numpy as np

from assets.transforms.clv.bg_nbd import BgNbd
from assets.transforms.clv.counts import Floats, PurchaseCounts, inner, sums_at

NODES = 48
"""Gauss-Legendre nodes; in ln(1 + w) the integrand is smooth, and the error is below 1e-10."""

_BLOCK = 20_000
_NEAR = 1e-7


def probability_alive(parameters: BgNbd, frequency: Floats, recency: Floats, age: Floats) -> Floats:
    """Probability that a customer has not stopped; 1 without a repeat purchase.

    Under this model customers stop right after a purchase, and nobody after the first one.

    Args:
        parameters: Of the fit.
        frequency: x.
        recency: t_x, same unit of time as the fit.
        age: T, same unit.
    """
    from scipy.special import expit

    r, alpha, a, b = parameters
    has_repeat = frequency > 0
    previous = np.where(has_repeat, b + frequency - 1, 1.0)
    span = np.log(alpha + age) - np.log(alpha + recency)
    z = np.log(a) - np.log(previous) + (r + frequency) * span
    found: Floats = np.where(has_repeat, expit(-z), 1.0)
    return found


def expected_purchases(
    parameters: BgNbd, *, frequency: Floats, recency: Floats, age: Floats, horizon: float,
    discount: float = 0.0,
) -> Floats:  # fmt: skip
    """Expected purchases from T to T + horizon, each discounted to T.

    Args:
        parameters: Of the fit.
        frequency: x.
        recency: t_x, same unit of time as the fit.
        age: T, same unit.
        horizon: How far ahead, same unit; 0 or more.
        discount: Continuous discount rate δ a unit of time; 0 for the number of purchases.
    """
    alive = probability_alive(parameters, frequency, recency, age)
    return alive * purchases_while_alive(
        parameters, frequency, age, horizon=horizon, discount=discount
    )


def expected_purchases_of_new(parameters: BgNbd, times: Floats) -> Floats:
    """Expected repeat purchases of a new customer from the first purchase to each time.

    Fader, Hardie & Lee (2005), equation 9.
    """
    none = np.zeros(1)
    found = [
        purchases_while_alive(parameters, none, none, horizon=float(time), discount=0.0)[0]
        for time in times
    ]
    return np.asarray(found, dtype=float)


def calibration_ratio(parameters: BgNbd, counts: PurchaseCounts) -> float:
    """Expected repeat purchases until the end of observation, over those there were.

    Near 1 where the model describes the customers that it was fitted to. NaN without any.
    """
    ages, at_age = np.unique(counts.age, return_inverse=True)
    customers = sums_at(at_age, counts.customers, len(ages))
    found = inner(counts.customers, counts.frequency)
    expected = inner(customers, expected_purchases_of_new(parameters, ages))
    return expected / found if found else float("nan")


def purchases_while_alive(
    parameters: BgNbd, frequency: Floats, age: Floats, *, horizon: float, discount: float,
    nodes: int = NODES,
) -> Floats:  # fmt: skip
    """Expected discounted purchases given that the customer is alive; t_x has no part in it.

    It is computed once a distinct (x, T), of which there are few even with millions of customers.

    Args:
        parameters: Of the fit.
        frequency: x.
        age: T, same unit of time as the fit.
        horizon: How far ahead, same unit.
        discount: Continuous discount rate a unit of time.
        nodes: Nodes of the integral.
    """
    x, at_x = np.unique(frequency, return_inverse=True)
    ages, at_age = np.unique(age, return_inverse=True)
    pairs, at_pair = np.unique(at_x * len(ages) + at_age, return_inverse=True)
    found = np.empty(len(pairs))
    for start in range(0, len(pairs), _BLOCK):
        block = pairs[start : start + _BLOCK]
        found[start : start + _BLOCK] = _integral(
            parameters, x[block // len(ages)], ages[block % len(ages)],
            horizon=horizon, discount=discount, nodes=nodes,
        )  # fmt: skip
    result: Floats = found[at_pair]
    return result


def _integral(
    parameters: BgNbd, frequency: Floats, age: Floats, *, horizon: float, discount: float,
    nodes: int,
) -> Floats:  # fmt: skip
    """∫ e**(-δ·s) · rate(s) ds over the horizon, in u = ln(1 + s/(alpha + T))."""
    from scipy.special import hyp2f1

    r, alpha, a, b = parameters
    # where r - a is whole the continuation of ₂F₁ towards 1 is a difference of infinities
    if abs(r - a - round(r - a)) < _NEAR:
        a *= 1 + 3 * _NEAR
    points, weights = np.polynomial.legendre.leggauss(nodes)
    known = alpha + age[:, None]
    top = np.log1p(horizon / known)
    u = top * (points + 1) / 2
    x = frequency[:, None]
    hyper = hyp2f1(a + b - r - 1, a, a + b + x, -np.expm1(-u))
    # ds = (alpha + T)·e**u du
    rate = (r + x) * np.exp((1 - a) * u - discount * known * np.expm1(u)) * hyper
    found: Floats = (rate * weights).sum(axis=1) * top[:, 0] / 2
    return found
