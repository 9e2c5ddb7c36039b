"""Shifted-beta-geometric: published estimates, DERL against its sum, counting of renewals."""

import math
import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaln, hyp2f1

from assets.transforms.clv.fitting import Support
from assets.transforms.clv.shifted_beta_geometric import (
    RenewalCounts,
    ShiftedBetaGeometric,
    discounted_renewals,
    fit_shifted_beta_geometric,
    renewal_counts,
    renewals_of_contracts,
    retention_rates,
    survival,
)

# customers left of 1,000 after each of 12 renewals: Fader & Hardie (2007), table 1
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]
FITTED_RENEWALS = 7


def cohort(left: Sequence[int]) -> pl.LazyFrame:
    renewal = range(1, len(left))
    return pl.LazyFrame({"renewal": renewal, "at_risk": left[:-1], "retained": left[1:]})


@pytest.mark.parametrize(
    ("left", "alpha", "beta"), [(HIGH_END, 0.668, 3.806), (REGULAR, 0.704, 1.182)]
)
def test_published_estimates_and_projection(left: list[int], alpha: float, beta: float) -> None:
    fit = fit_shifted_beta_geometric(renewal_counts(cohort(left[: FITTED_RENEWALS + 1])))
    assert fit.parameters is not None
    assert tuple(fit.parameters) == pytest.approx((alpha, beta), abs=5e-4)
    projected = survival(fit.parameters, len(left) - 1)[FITTED_RENEWALS:]
    assert projected * 1000 == pytest.approx(np.array(left[FITTED_RENEWALS + 1 :]), abs=20)


def test_survival_and_retention_equal_the_formulas_of_the_paper() -> None:
    alpha, beta = parameters = ShiftedBetaGeometric(0.668, 3.806)
    right = [math.exp(betaln(alpha, beta + t) - betaln(alpha, beta)) for t in range(1, 6)]
    assert survival(parameters, 5).tolist() == pytest.approx(right, rel=1e-12)
    assert retention_rates(parameters, 1)[0] == pytest.approx(beta / (alpha + beta))


def test_log_likelihood_equals_the_formula_of_the_paper() -> None:
    counts = renewal_counts(cohort(REGULAR[:4]))
    fit = fit_shifted_beta_geometric(counts)
    assert fit.parameters is not None
    alpha, beta = fit.parameters
    right = sum(
        (REGULAR[t - 1] - REGULAR[t]) * (betaln(alpha + 1, beta + t - 1) - betaln(alpha, beta))
        for t in (1, 2, 3)
    ) + REGULAR[3] * (betaln(alpha, beta + 3) - betaln(alpha, beta))
    assert fit.log_likelihood == pytest.approx(right, rel=1e-12)


def test_cohorts_add_up() -> None:
    halves = [cohort([500, 300, 200]), cohort([500, 331, 268, 250])]
    found = renewal_counts(pl.concat(halves))
    assert found.at_risk.tolist() == [1000, 631, 268]
    assert found.retained.tolist() == [631, 468, 250]
    assert found.total == 1000


def test_parameters_are_recovered_from_simulated_contracts() -> None:
    right, draw = ShiftedBetaGeometric(0.8, 2.5), np.random.default_rng(2)
    leaves = draw.geometric(draw.beta(*right, size=20_000))
    seen = draw.integers(0, 12, size=20_000)
    contracts = pl.LazyFrame(
        {"renewals": np.minimum(leaves - 1, seen), "is_active": leaves - 1 >= seen}
    )
    fit = fit_shifted_beta_geometric(renewal_counts(renewals_of_contracts(contracts)[0]))
    assert fit.parameters is not None
    assert fit.standard_errors is not None
    distances = (np.array(fit.parameters) - right) / np.array(fit.standard_errors)
    assert np.abs(distances).max() < 3


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_renewals_are_counted_as_one_by_one(seed: int) -> None:
    draw = random.Random(seed)
    rows = [
        (draw.choice([None, -1, 0, 1, 2, 3, 4]), draw.choice([None, True, False]))
        for _ in range(40)
    ]
    at_risk: Counter[int] = Counter()
    retained: Counter[int] = Counter()
    for made, is_active in rows:
        if made is None or is_active is None or made < 0:
            continue
        at_risk.update(range(1, made + 1 + (not is_active)))
        retained.update(range(1, made + 1))
    frame = pl.LazyFrame(rows, schema={"renewals": pl.Int64, "is_active": pl.Boolean}, orient="row")
    cohorts, excluded = pl.collect_all(renewals_of_contracts(frame))
    assert cohorts.rows() == [(t, at_risk[t], retained[t]) for t in sorted(at_risk)]
    known = sum(a is not None and m is not None and m >= 0 for m, a in rows)
    assert excluded["count"].sum() == len(rows) - known


@settings(max_examples=40, deadline=None)
@given(st.floats(0.05, 20), st.floats(0.05, 100), st.integers(0, 40), st.floats(0.005, 1))
def test_derl_equals_its_sum(alpha: float, beta: float, made: int, discount: float) -> None:
    t = np.arange(int(45 / math.log1p(discount)))
    left = np.cumprod((beta + made + t) / (alpha + beta + made + t))
    right = float((left * (1 + discount) ** -t.astype(float)).sum())
    parameters, renewals = ShiftedBetaGeometric(alpha, beta), np.array([float(made)])
    found = discounted_renewals(parameters, renewals, discount=discount)
    assert found[0] == pytest.approx(right, rel=1e-10)
    # Fader & Hardie (2010), equation 6
    n = made + 1
    closed = (
        (beta + n - 1)
        / (alpha + beta + n - 1)
        * hyp2f1(1, beta + n, alpha + beta + n, 1 / (1 + discount))
    )
    assert found[0] == pytest.approx(closed, rel=1e-6)


def test_derl_of_old_customers_is_finite_and_grows_with_age() -> None:
    found = discounted_renewals(
        ShiftedBetaGeometric(2.68, 1.76), np.array([5000.0, 0, 12, 0]), discount=0.0005
    )
    assert np.isfinite(found).all()
    assert found[0] > found[2] > found[1] == found[3]
    assert found[0] < 1.0005 / 0.0005


def test_renewals_without_discount_are_infinite_unless_alpha_exceeds_1() -> None:
    none = np.zeros(1)
    assert discounted_renewals(ShiftedBetaGeometric(1, 2), none, discount=0)[0] == math.inf
    finite = ShiftedBetaGeometric(3, 2)
    assert discounted_renewals(finite, none, discount=0)[0] == 1.0
    assert discounted_renewals(finite, none, discount=0, horizon=5000)[0] == pytest.approx(
        1.0, abs=1e-5
    )


def test_a_horizon_sums_survival() -> None:
    parameters = ShiftedBetaGeometric(0.668, 3.806)
    found = discounted_renewals(parameters, np.array([0.0]), discount=0, horizon=12)
    assert found[0] == pytest.approx(survival(parameters, 12).sum())
    assert discounted_renewals(parameters, np.empty(0), discount=0.1).size == 0


@pytest.mark.parametrize(
    ("left", "reason"),
    [
        ([99, 50, 20], "too_few_customers"),
        ([1000, 500], "too_few_renewals_or_losses"),
        ([1000, 1000, 1000], "too_few_renewals_or_losses"),
        ([1000, 0], "too_few_renewals_or_losses"),
        ([], "too_few_customers"),
    ],
)
def test_too_little_has_no_parameters(left: list[int], reason: str) -> None:
    fit = fit_shifted_beta_geometric(renewal_counts(cohort(left)))
    assert (fit.parameters, fit.reason) == (None, reason)


@pytest.mark.parametrize("left", [[1000, 500, 250, 125], [1000, 900, 500, 100]])
def test_retention_that_does_not_rise_is_a_reason_and_not_an_exception(left: list[int]) -> None:
    fit = fit_shifted_beta_geometric(renewal_counts(cohort(left)))
    assert fit.parameters is None
    assert fit.reason in {"parameter_on_boundary", "not_identified", "no_maximum"}


def test_a_few_customers_suffice_if_one_says_so() -> None:
    counts = renewal_counts(cohort([50, 30, 25, 23]))
    assert fit_shifted_beta_geometric(counts, Support(customers=10)).is_converged


def test_impossible_rows_are_counted() -> None:
    frame = pl.LazyFrame(
        {
            "renewal": [1.0, 0, 1, 1, 1.5, None],
            "at_risk": [10.0, 10, float("nan"), 10, 10, 10],
            "retained": [5.0, 5, 5, 11, 5, 5],
        }
    )
    found = renewal_counts(frame)
    assert isinstance(found, RenewalCounts)
    assert found.renewal.tolist() == [1]
    assert dict(found.excluded) == {
        "frequency_not_whole": 1, "missing": 2, "more_retained_than_at_risk": 1, "negative": 1,
    }  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_any_cohort_gives_parameters_or_a_reason(left: list[int]) -> None:
    counts = renewal_counts(cohort(sorted(left, reverse=True)))
    fit = fit_shifted_beta_geometric(counts, Support(customers=1))
    assert (fit.parameters is None) == (fit.reason is not None)
