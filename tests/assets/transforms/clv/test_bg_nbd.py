"""BG/NBD: CDNOW's published estimates, the paper's formula, recovery, refusals."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaln, gammaln

from assets.transforms.clv import counts as grouped
from assets.transforms.clv.bg_nbd import BgNbd, Likelihood, fit_bg_nbd
from assets.transforms.clv.counts import PurchaseCounts, purchase_counts
from assets.transforms.clv.fitting import Support
from tests.assets.transforms.clv import cdnow
from tests.assets.transforms.clv.simulated import buyers

ANY = Support(customers=1, repeaters=1)


def histories(*rows: tuple[float, float, float]) -> PurchaseCounts:
    frame = pl.LazyFrame(rows, schema=["frequency", "recency", "age"], orient="row")
    return purchase_counts(frame)


def by_the_paper(parameters: BgNbd, x: float, t_x: float, age: float) -> float:
    """Equation 6 of the paper, for one customer."""
    r, alpha, a, b = parameters
    common = gammaln(r + x) - gammaln(r) + r * math.log(alpha)
    alive = math.exp(betaln(a, b + x) - betaln(a, b) - (r + x) * math.log(alpha + age))
    gone = 0.0
    if x > 0:
        gone = math.exp(betaln(a + 1, b + x - 1) - betaln(a, b) - (r + x) * math.log(alpha + t_x))
    return float(common + math.log(alive + gone))


def test_cdnow_to_the_printed_digits() -> None:
    fit = fit_bg_nbd(purchase_counts(cdnow.customers().lazy()))
    assert fit.parameters is not None
    assert fit.parameters._asdict() == pytest.approx(
        {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, abs=5e-4
    )
    assert fit.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    assert fit.customers == 2357
    assert fit.is_converged


def test_the_unit_of_time_scales_alpha_and_nothing_else() -> None:
    weeks = fit_bg_nbd(purchase_counts(cdnow.customers().lazy())).parameters
    times = (pl.col("recency", "age") * 7).round()
    days = fit_bg_nbd(purchase_counts(cdnow.customers().with_columns(times).lazy())).parameters
    assert weeks is not None
    assert days == pytest.approx(weeks._replace(alpha=7 * weeks.alpha), rel=1e-6)


def test_log_likelihood_equals_the_formula_of_the_paper() -> None:
    rows = [(0, 0, 0), (0, 0, 30), (1, 5, 30), (1, 30, 30), (4, 2, 9), (40, 20, 30)]
    for parameters in (
        BgNbd(0.243, 4.414, 0.793, 2.426),
        BgNbd(3, 0.2, 0.05, 0.1),
        BgNbd(1, 1, 1, 1),
    ):
        right = sum(by_the_paper(parameters, *row) for row in rows)
        assert Likelihood(histories(*rows))(parameters)[0] == pytest.approx(right, rel=1e-12)


def test_gradient_equals_differences() -> None:
    likelihood = Likelihood(histories((0, 0, 30), (1, 5, 30), (4, 2, 9), (40, 20, 30), (3, 30, 30)))
    point = BgNbd(0.6, 7, 0.4, 0.8)
    for number, slope in enumerate(likelihood(point)[1]):
        up, down = list(point), list(point)
        up[number] += 1e-6
        down[number] -= 1e-6
        right = (likelihood(BgNbd(*up))[0] - likelihood(BgNbd(*down))[0]) / 2e-6
        assert slope == pytest.approx(right, rel=1e-6, abs=1e-7)


def test_likelihood_of_huge_frequencies_is_finite() -> None:
    value, slopes = Likelihood(histories((10**6, 30, 30), (10**6, 1, 3000)))(BgNbd(1, 1, 1, 1))
    assert math.isfinite(value)
    assert np.isfinite(slopes).all()


def test_parameters_are_recovered_from_simulated_customers() -> None:
    right = BgNbd(r=0.8, alpha=6.0, a=0.6, b=2.0)
    fit = fit_bg_nbd(purchase_counts(buyers(right, 12_000, seed=7).lazy()))
    assert fit.parameters is not None
    assert fit.standard_errors is not None
    distances = (np.array(fit.parameters) - right) / np.array(fit.standard_errors)
    assert np.abs(distances).max() < 3
    assert (np.array(fit.standard_errors) / right).max() < 0.2


def test_starts_on_a_sample_end_at_the_same_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = purchase_counts(cdnow.customers().lazy())
    whole = fit_bg_nbd(counts).parameters
    monkeypatch.setattr(grouped, "ROUGH_GROUPS", 200)
    assert fit_bg_nbd(counts).parameters == pytest.approx(whole, rel=1e-6)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (histories(*[(0, 0, 10)] * 500), "too_few_repeat_customers"),
        (histories((1, 1, 2)), "too_few_customers"),
        (histories((1, 5, 2)), "too_few_customers"),
        (histories(*[(0, 0, 10)] * 99), "too_few_customers"),
    ],
)
def test_too_few_customers_have_no_parameters(counts: PurchaseCounts, reason: str) -> None:
    fit = fit_bg_nbd(counts)
    assert (fit.parameters, fit.reason, fit.is_converged) == (None, reason, False)


@pytest.mark.parametrize(
    "counts",
    [
        histories((1, 1, 2)),
        histories(*[(3, 9, 10)] * 200),
        histories(*[(5, 10, 10)] * 100, *[(0, 0, 0)] * 100),
        histories(*[(x, 10, 10) for x in range(1, 40)]),
        histories((10**6, 30, 30), (1, 1, 3000)),
    ],
)
def test_what_cannot_be_identified_is_a_reason_and_not_an_exception(
    counts: PurchaseCounts,
) -> None:
    fit = fit_bg_nbd(counts, ANY)
    assert fit.parameters is None
    assert fit.reason in {"parameter_on_boundary", "not_identified", "no_maximum"}
    assert fit.reached is not None


def test_left_out_customers_are_in_the_fit() -> None:
    assert dict(fit_bg_nbd(histories((1, 5, 2), (1, 1, 2))).excluded) == {"recency_after_age": 1}


HISTORY = st.tuples(st.integers(0, 300), st.floats(0.001, 1), st.floats(0.01, 5000))


@settings(max_examples=30, deadline=None)
@given(st.lists(HISTORY, min_size=1, max_size=12))
def test_any_histories_give_parameters_or_a_reason(rows: list[tuple[int, float, float]]) -> None:
    counts = histories(*[(x, age * part if x else 0, age) for x, part, age in rows])
    fit = fit_bg_nbd(counts, ANY)
    assert (fit.parameters is None) == (fit.reason is not None)
    if fit.parameters is not None:
        assert fit.slope < 1e-6
        assert all(math.isfinite(value) and value > 0 for value in fit.parameters)
