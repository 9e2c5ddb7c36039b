"""Checks beside the figure: independence of frequency and value, support, convergence."""

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from assets.transforms.clv.assumptions import (
    REPORT,
    assumption_report,
    frequency_value_independence,
)
from assets.transforms.clv.bg_nbd import fit_bg_nbd
from assets.transforms.clv.counts import ValueCounts, purchase_counts, value_counts
from assets.transforms.clv.fitting import Support
from assets.transforms.clv.gamma_gamma import GammaGamma, fit_gamma_gamma
from tests.assets.transforms.clv import cdnow
from tests.assets.transforms.clv.simulated import spenders


def values(frequency: list[float], mean_value: list[float]) -> ValueCounts:
    frame = pl.LazyFrame({"valued_frequency": frequency, "mean_value": mean_value})
    return value_counts(frame)


def test_correlation_equals_that_of_single_customers() -> None:
    draw = np.random.default_rng(1)
    x = draw.integers(1, 6, 300).astype(float)
    value = np.round(draw.gamma(3, 10, 300) * (1 + x / 10)) + 1
    found = frequency_value_independence(values(x.tolist(), value.tolist()))
    right = stats.pearsonr(x, value)
    assert found.correlation == pytest.approx(right.statistic, rel=1e-10)
    assert found.p_value == pytest.approx(right.pvalue, abs=0.02)
    assert found.revenue_ratio == pytest.approx((x @ value) / x.sum() / value.mean())


def test_interval_covers_no_correlation_as_often_as_it_says() -> None:
    draw = np.random.default_rng(8)
    covered = 0
    for seed in range(200):
        frequency = draw.geometric(0.3, 400).astype(float)
        frame = spenders(GammaGamma(6.25, 3.74, 15.44), frequency, seed=seed)
        found = frequency_value_independence(value_counts(frame.lazy()))
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0 <= found.high
    # 95 % nominally; heavy tails cost a little
    assert 0.87 <= covered / 200 <= 1


@pytest.mark.parametrize(
    ("growth", "size", "verdict"),
    [(0.0, 20_000, "holds"), (1.0, 20_000, "fails"), (0.12, 60, "uncertain")],
)
def test_verdict_is_about_the_size_of_the_correlation(
    growth: float, size: int, verdict: str
) -> None:
    draw = np.random.default_rng(4)
    x = draw.integers(1, 10, size).astype(float)
    value = draw.gamma(9, 5, size) * (1 + growth * x)
    found = frequency_value_independence(values(x.tolist(), value.tolist()))
    assert found.verdict == verdict


def test_cdnow() -> None:
    found = frequency_value_independence(value_counts(cdnow.customers().lazy()))
    assert found.customers == 946
    assert found.correlation == pytest.approx(0.11, abs=0.005)  # as published


@pytest.mark.parametrize(
    "counts",
    [
        values([], []),
        values([1.0] * 10, [2.0] * 10),
        values([2.0] * 100, [float(i + 1) for i in range(100)]),
        values([float(i + 1) for i in range(100)], [0.1] * 100),
    ],
)
def test_without_support_or_variation_nothing_is_judged(counts: ValueCounts) -> None:
    found = frequency_value_independence(counts)
    assert (found.correlation, found.verdict) == (None, "not_judged")


def test_customers_off_the_mean_in_one_of_both_only_tell_nothing() -> None:
    found = frequency_value_independence(values([1, 3, 2, 2] * 20, [5, 5, 4, 6] * 20))
    assert (found.correlation, found.p_value) == (0.0, 1.0)


def test_a_straight_line_fails() -> None:
    line = [float(i + 1) for i in range(100)]
    found = frequency_value_independence(values(line, line), support=Support(repeaters=10))
    assert found.correlation == pytest.approx(1)
    assert found.verdict == "fails"


def test_report_of_cdnow() -> None:
    frame = cdnow.customers().lazy()
    purchases, money = purchase_counts(frame), value_counts(frame)
    report = assumption_report(
        purchases,
        fit_bg_nbd(purchases),
        fit_gamma_gamma(money),
        frequency_value_independence(money),
    )
    assert report.schema == REPORT
    assert dict(report.select("check", "verdict").rows()) == {
        "bg_nbd_fitted": "holds",
        "gamma_gamma_fitted": "holds",
        "bg_nbd_calibration": "holds",
        "frequency_value_independence": "holds",
        "revenue_under_independence": "not_judged",
    }
    assert report["n"].to_list() == [2357, 946, 2357, 946, 946]


def test_report_says_why_there_is_no_figure() -> None:
    frame = cdnow.customers().head(20).lazy()
    purchases, money = purchase_counts(frame), value_counts(frame)
    report = assumption_report(
        purchases,
        fit_bg_nbd(purchases),
        fit_gamma_gamma(money),
        frequency_value_independence(money),
    )
    assert report.select("verdict", "reason").rows() == [
        ("fails", "too_few_customers"),
        ("fails", "too_few_repeat_customers"),
        ("not_judged", "too_few_customers"),
        ("not_judged", None),
        ("not_judged", None),
    ]
    assert not any(math.isnan(value) for value in report["observed"].drop_nulls())
