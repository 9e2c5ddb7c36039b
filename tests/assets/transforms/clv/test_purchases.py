"""Expected purchases and P(alive): published figures, the paper's equation, Monte Carlo."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import hyp2f1

from assets.transforms.clv.bg_nbd import BgNbd, fit_bg_nbd
from assets.transforms.clv.counts import Floats, purchase_counts
from assets.transforms.clv.purchases import (
    calibration_ratio,
    expected_purchases,
    expected_purchases_of_new,
    probability_alive,
)
from tests.assets.transforms.clv import cdnow
from tests.assets.transforms.clv.simulated import purchase_times

PUBLISHED = BgNbd(0.243, 4.414, 0.793, 2.426)


def array(*values: float) -> Floats:
    return np.array(values, dtype=float)


def one(
    parameters: BgNbd, x: float, t_x: float, age: float, *, horizon: float, discount: float = 0
) -> float:
    return float(
        expected_purchases(
            parameters, frequency=array(x), recency=array(t_x), age=array(age), horizon=horizon,
            discount=discount,
        )[0]
    )  # fmt: skip


def by_the_paper(parameters: BgNbd, x: float, t_x: float, age: float, *, horizon: float) -> float:
    """Equation 10 of the paper."""
    r, alpha, a, b = parameters
    hyper = hyp2f1(r + x, b + x, a + b + x - 1, horizon / (alpha + age + horizon))
    more = 1 - ((alpha + age) / (alpha + age + horizon)) ** (r + x) * hyper
    odds = a / (b + x - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x) if x > 0 else 0.0
    return float((a + b + x - 1) / (a - 1) * more / (1 + odds))


def test_published_expectation_of_a_customer() -> None:
    # customer 1 of CDNOW, 39 weeks ahead
    assert one(PUBLISHED, 2, 30.43, 38.86, horizon=39) == pytest.approx(1.226, abs=5e-4)


def test_published_expectations_of_a_new_customer() -> None:
    fit = fit_bg_nbd(purchase_counts(cdnow.customers().lazy()))
    assert fit.parameters is not None
    found = expected_purchases_of_new(fit.parameters, array(1 / 7, 1, 3, 223 / 7, 78))
    # published from times that were rounded to two digits
    assert found == pytest.approx([0.0078, 0.0532, 0.1506, 1.0405, 1.8576], abs=4e-4)


PARAMETERS = st.tuples(
    st.floats(0.1, 5), st.floats(0.5, 20), st.floats(1.05, 4), st.floats(0.3, 6)
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(PARAMETERS, st.integers(0, 30), st.floats(0.01, 1), st.floats(1, 100), st.floats(0.5, 60))
def test_equals_the_equation_of_the_paper(
    values: tuple[float, float, float, float], x: int, part: float, age: float, horizon: float
) -> None:
    parameters, t_x = BgNbd(*values), part * age if x else 0.0
    right = by_the_paper(parameters, x, t_x, age, horizon=horizon)
    found = one(parameters, x, t_x, age, horizon=horizon)
    assert found == pytest.approx(right, rel=1e-6, abs=1e-9)


def test_a_of_1_is_the_limit_of_its_neighbours() -> None:
    # the equation of the paper is 0/0 there
    low, middle, high = (
        one(BgNbd(0.5, 4, a, 2), 3, 20, 30, horizon=50) for a in (1 - 1e-5, 1, 1 + 1e-5)
    )
    assert middle == pytest.approx((low + high) / 2, rel=1e-8)


@pytest.mark.parametrize("x", [0.0, 1.0, 30.0, 1000.0])
@pytest.mark.parametrize(("r", "a"), [(1.0, 1.0), (2.0, 3.0), (0.6, 0.1), (4.0, 2.0 + 1e-9)])
def test_equals_integrating_over_the_probability_to_stop(r: float, a: float, x: float) -> None:
    parameters = BgNbd(r, 4, a, 1.5)
    horizon, age = 500.0, 12.0

    def given_stop(logit: float) -> float:
        p, rest = 1 / (1 + math.exp(-logit)), 1 / (1 + math.exp(logit))
        # E over λ of (1 - e**(-λ·p·h))/p, times the density of p over the logit
        kept = -math.expm1(-(r + x) * math.log1p(p * horizon / (4 + age))) / p
        density = a * math.log(p) + (1.5 + x) * math.log(rest)
        log_beta = math.lgamma(a) + math.lgamma(1.5 + x) - math.lgamma(a + 1.5 + x)
        return kept * math.exp(density - log_beta)

    right = quad(given_stop, -300, 0, epsrel=1e-11, limit=500)[0]
    right += quad(given_stop, 0, 300, epsrel=1e-11, limit=500)[0]
    alive = probability_alive(parameters, array(x), array(0.9 * age if x else 0), array(age))[0]
    found = one(parameters, x, 0.9 * age if x else 0, age, horizon=horizon)
    assert found == pytest.approx(alive * right, rel=1e-6)


def test_discounted_expectation_is_within_the_error_of_a_simulation() -> None:
    parameters, horizon, discount = BgNbd(1.5, 5, 0.7, 1.8), 30.0, 0.02
    draw = np.random.default_rng(11)
    size = 20_000
    rates = draw.gamma(parameters.r, 1 / parameters.alpha, size)
    stops = draw.beta(parameters.a, parameters.b, size)
    sums = np.array(
        [
            sum(math.exp(-discount * t) for t in purchase_times(rate, stop, horizon, draw))
            for rate, stop in zip(rates, stops, strict=True)
        ]
    )
    found = one(parameters, 0, 0, 0, horizon=horizon, discount=discount)
    assert abs(found - sums.mean()) < 4 * sums.std() / math.sqrt(size)


def test_p_alive_and_expectation_of_those_who_bought_twice_are_those_simulated() -> None:
    parameters, age, horizon = BgNbd(1.5, 5, 0.7, 1.8), 20.0, 15.0
    draw = np.random.default_rng(5)
    alive, later, last = [], [], []
    for _ in range(30_000):
        rate = draw.gamma(parameters.r, 1 / parameters.alpha)
        stop = draw.beta(parameters.a, parameters.b)
        times = purchase_times(rate, stop, age, draw)
        if len(times) != 2:
            continue
        # what is seen does not tell whether the second purchase was the last: this decides
        silent = (1 - stop) * math.exp(-rate * (age - times[1]))
        is_alive = draw.random() < silent / (silent + stop)
        alive.append(is_alive)
        later.append(len(purchase_times(rate, stop, horizon, draw)) if is_alive else 0)
        last.append(times[1])
    size = len(last)
    assert size > 1500
    twice, t_x, ages = np.full(size, 2.0), np.array(last), np.full(size, age)
    chance = probability_alive(parameters, twice, t_x, ages)
    expected = expected_purchases(
        parameters, frequency=twice, recency=t_x, age=ages, horizon=horizon
    )
    assert abs(np.mean(alive) - chance.mean()) < 4 * 0.5 / math.sqrt(size)
    assert abs(np.mean(later) - expected.mean()) < 4 * np.std(later) / math.sqrt(size)


def test_who_never_came_back_is_alive_and_long_silence_is_death() -> None:
    found = probability_alive(PUBLISHED, array(0, 50, 10**6), array(0, 2, 1), array(38, 38, 3000))
    assert found.tolist() == pytest.approx([1, 0, 0], abs=1e-12)


def test_nothing_is_expected_within_no_time_and_discounting_lessens() -> None:
    assert one(PUBLISHED, 2, 30, 39, horizon=0) == 0
    plain, less = (one(PUBLISHED, 2, 30, 39, horizon=52, discount=d) for d in (0, 0.01))
    assert 0 < less < plain


def test_equal_histories_have_equal_expectations_whatever_their_place() -> None:
    x, t_x, age = array(2, 0, 2, 5), array(30, 0, 10, 8), array(38, 38, 38, 9)
    found = expected_purchases(PUBLISHED, frequency=x, recency=t_x, age=age, horizon=39)
    alone = [one(PUBLISHED, *row, horizon=39) for row in zip(x, t_x, age, strict=True)]
    assert found.tolist() == pytest.approx(alone, rel=1e-14)


def test_no_customers() -> None:
    none = np.empty(0)
    assert (
        expected_purchases(PUBLISHED, frequency=none, recency=none, age=none, horizon=9).size == 0
    )


def test_the_model_of_cdnow_expects_the_purchases_there_were() -> None:
    counts = purchase_counts(cdnow.customers().lazy())
    assert calibration_ratio(PUBLISHED, counts) == pytest.approx(1, abs=0.02)
    empty = purchase_counts(cdnow.customers().filter(frequency=0).lazy())
    assert math.isnan(calibration_ratio(PUBLISHED, empty))
