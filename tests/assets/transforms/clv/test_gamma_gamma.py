"""Gamma-Gamma: CDNOW's published estimates and expectations, the formula, recovery, refusals."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.clv.counts import ValueCounts, value_counts
from assets.transforms.clv.fitting import Support
from assets.transforms.clv.gamma_gamma import (
    GammaGamma,
    Likelihood,
    expected_value,
    fit_gamma_gamma,
)
from tests.assets.transforms.clv import cdnow
from tests.assets.transforms.clv.simulated import spenders

PUBLISHED = GammaGamma(6.25, 3.74, 15.44)
ANY = Support(customers=1, repeaters=1)


def values(*rows: tuple[float, float]) -> ValueCounts:
    frame = pl.LazyFrame(rows, schema=["valued_frequency", "mean_value"], orient="row")
    return value_counts(frame)


def by_the_note(parameters: GammaGamma, x: float, mean: float) -> float:
    """Log of equation 1a of Fader & Hardie's note, for one customer."""
    p, q, gamma = parameters
    total = gamma + x * mean
    found = math.lgamma(p * x + q) - math.lgamma(p * x) - math.lgamma(q)
    found += -math.log(mean) + q * math.log(gamma / total) + p * x * math.log(x * mean / total)
    return found


def test_cdnow_to_the_printed_digits() -> None:
    fit = fit_gamma_gamma(value_counts(cdnow.customers().lazy()))
    assert fit.parameters is not None
    assert fit.customers == 946
    assert fit.parameters._asdict() == pytest.approx(
        {"p": 6.25, "q": 3.74, "gamma": 15.44}, abs=5e-3
    )


def test_published_expectations_of_the_first_ten_customers() -> None:
    fit = fit_gamma_gamma(value_counts(cdnow.customers().lazy()))
    assert fit.parameters is not None
    first = cdnow.customers().head(10).fill_null(0)
    found = expected_value(
        fit.parameters,
        first["valued_frequency"].cast(pl.Float64).to_numpy(),
        first["mean_value"].to_numpy(),
    )
    right = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert found.tolist() == pytest.approx(right, abs=0.01)


def test_expected_value_lies_between_the_customers_own_and_that_of_all() -> None:
    counted, mean = np.array([0.0, 1, 5, 500]), np.array([np.nan, 90.0, 90, 90])
    found = expected_value(PUBLISHED, counted, mean)
    assert found[0] == pytest.approx(PUBLISHED.mean_value)
    assert (np.diff(found) > 0).all()
    assert found[-1] == pytest.approx(90, rel=5e-3)


def test_log_likelihood_equals_the_formula_of_the_note() -> None:
    rows = [(1, 5.0), (1, 300.0), (7, 22.5), (4000, 3.25)]
    for parameters in (PUBLISHED, GammaGamma(0.3, 0.8, 200)):
        right = sum(by_the_note(parameters, *row) for row in rows)
        assert Likelihood(values(*rows))(parameters)[0] == pytest.approx(right, rel=1e-11)


def test_gradient_equals_differences() -> None:
    likelihood, point = Likelihood(values((1, 5.0), (1, 300.0), (7, 22.5))), GammaGamma(4, 2, 9)
    for number, slope in enumerate(likelihood(point)[1]):
        up, down = list(point), list(point)
        up[number] += 1e-6
        down[number] -= 1e-6
        right = (likelihood(GammaGamma(*up))[0] - likelihood(GammaGamma(*down))[0]) / 2e-6
        assert slope == pytest.approx(right, rel=1e-6, abs=1e-7)


def test_the_unit_of_money_scales_gamma_and_nothing_else() -> None:
    counts = value_counts(cdnow.customers().lazy())
    cents = ValueCounts(counts.frequency, counts.mean_value * 100, counts.customers, {})
    dollars = fit_gamma_gamma(counts).parameters
    assert dollars is not None
    right = dollars._replace(gamma=100 * dollars.gamma)
    assert fit_gamma_gamma(cents).parameters == pytest.approx(right, rel=1e-6)


def test_parameters_are_recovered_from_simulated_customers() -> None:
    frequency = np.random.default_rng(3).geometric(0.3, 20_000).astype(float)
    fit = fit_gamma_gamma(value_counts(spenders(PUBLISHED, frequency, seed=4).lazy()))
    assert fit.parameters is not None
    assert fit.standard_errors is not None
    distances = (np.array(fit.parameters) - PUBLISHED) / np.array(fit.standard_errors)
    assert np.abs(distances).max() < 3
    assert (np.array(fit.standard_errors) / PUBLISHED).max() < 0.1


def test_values_without_a_finite_mean_have_no_parameters() -> None:
    frequency = np.full(3000, 3.0)
    counts = value_counts(spenders(GammaGamma(2, 0.7, 5), frequency, seed=1).lazy())
    fit = fit_gamma_gamma(counts)
    assert (fit.parameters, fit.reason) == (None, "mean_value_not_finite")
    assert fit.reached is not None
    assert fit.reached.mean_value == math.inf


@pytest.mark.parametrize(
    "counts",
    [values((1, 5.0)), values(*[(3, 20.0)] * 200), values((1, 1e-9), (2, 1e12)), values((9, 7.0))],
)
def test_what_cannot_be_identified_is_a_reason_and_not_an_exception(counts: ValueCounts) -> None:
    fit = fit_gamma_gamma(counts, ANY)
    assert fit.parameters is None
    assert fit.reason in {
        "parameter_on_boundary", "not_identified", "no_maximum", "mean_value_not_finite",
    }  # fmt: skip


def test_too_few_customers_have_no_parameters() -> None:
    for counts in (values((1, 5.0)), values((0, 5.0))):
        fit = fit_gamma_gamma(counts)
        assert (fit.parameters, fit.reason) == (None, "too_few_repeat_customers")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 300), st.floats(1e-3, 1e9)), min_size=1, max_size=12))
def test_any_values_give_parameters_or_a_reason(rows: list[tuple[int, float]]) -> None:
    fit = fit_gamma_gamma(values(*rows), ANY)
    assert (fit.parameters is None) == (fit.reason is not None)
    if fit.parameters is not None:
        assert fit.parameters.q > 1
        assert fit.slope < 1e-6
