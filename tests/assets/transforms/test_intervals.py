"""Intervals against published figures and against SciPy."""

import math

import polars as pl
import pytest
from scipy import stats

from assets.transforms.intervals import (
    Interval,
    adjusted_wald,
    interpolated_ranks,
    normal_quantile,
    order_statistic_ranks,
    student,
    t_quantile,
    wilson,
)


def ends(interval: Interval) -> tuple[float | None, float | None]:
    """The two ends of an interval of constants."""
    return pl.select(interval[0].alias("low"), interval[1].alias("high")).row(0)


def constant(value: float) -> pl.Expr:
    return pl.lit(value, dtype=pl.Float64)


@pytest.mark.parametrize(
    ("part", "low", "high"), [(10, 0.0552285416, 0.1743673044), (0, 0.0, 0.0369948075)]
)
def test_wilson_of_published_figures(part: int, low: float, high: float) -> None:
    found = ends(wilson(constant(part / 100), constant(100), 1.96))
    assert found == pytest.approx((low, high), abs=5e-10)


def test_wilson_equals_scipy() -> None:
    for part, n in ((0, 1), (1, 1), (3, 7), (500, 1001)):
        right = stats.binomtest(part, n).proportion_ci(0.95, method="wilson")
        found = ends(wilson(constant(part / n), constant(n), normal_quantile(0.95)))
        assert found == pytest.approx((right.low, right.high), abs=1e-12)


def test_adjusted_wald_of_36_promoters_28_passives_16_detractors() -> None:
    low, high = ends(adjusted_wald(constant(36 / 80), constant(16 / 80), constant(80), 1.959964))
    assert low is not None
    assert high is not None
    assert (100 * low, 100 * high) == pytest.approx((7.621, 40.572), abs=5e-4)
    assert 100 * (low + high) / 2 == pytest.approx(24.0964, abs=5e-5)


def test_adjusted_wald_stays_within_one() -> None:
    assert ends(adjusted_wald(constant(1), constant(0), constant(2), 1.96))[1] == 1.0


def test_student_equals_scipy() -> None:
    sample = [1.0, 4.0, 4.5, 9.0, 2.0]
    mean, spread = sum(sample) / 5, stats.sem(sample)
    right = stats.t.interval(0.9, 4, loc=mean, scale=spread)
    found = ends(student(constant(mean), constant(spread**2), constant(4), 0.9))
    assert found == pytest.approx(tuple(right), abs=1e-12)


@pytest.mark.parametrize("df", [0.0, -1.0, None])
def test_no_interval_without_degrees_of_freedom(df: float | None) -> None:
    found = pl.select(t_quantile(pl.lit(df, dtype=pl.Float64), 0.95)).item()
    assert found is None


def test_order_statistics_cover_with_the_confidence_asked_for() -> None:
    for n in range(1, 60):
        for quantile in (0.5, 0.9):
            low, high = ends(order_statistic_ranks(pl.lit(n), quantile, 0.95))
            below = stats.binom.cdf((low or 0) - 1, n, quantile)
            assert below <= 0.025
            if low is not None:
                assert stats.binom.cdf(low, n, quantile) > 0.025
            if high is not None:
                assert 1 - stats.binom.cdf(high - 1, n, quantile) <= 0.025
                assert high <= n


def test_small_samples_have_no_ends() -> None:
    assert ends(order_statistic_ranks(pl.lit(5), 0.9, 0.95))[1] is None


def test_interpolated_ranks_are_those_of_percentile_cont() -> None:
    for n in (1, 2, 5, 10, 101):
        low, high, weight = pl.select(
            *(e.alias(k) for e, k in zip(interpolated_ranks(pl.lit(n), 0.9), "abc", strict=True))
        ).row(0)
        place = (n - 1) * 0.9
        assert low == math.floor(place) + 1
        assert high == min(low + 1, n)
        assert weight == pytest.approx(place - math.floor(place))
