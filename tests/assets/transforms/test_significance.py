"""p-values of changes against SciPy and published figures, and how often they cry wolf."""

import itertools

import numpy as np
import polars as pl
import pytest
from scipy import stats

from assets.transforms.significance import (
    PREVIOUS,
    below_pooled_quantile,
    change_p_value,
    component_summary,
    linear_summary,
    net_summary,
    pooled_histograms,
    quantile_summaries,
    share_summary,
)
from schemas.kpis.kpi import Estimator

ALPHA = 0.05


def p_values(
    now: list[pl.Expr], before: list[pl.Expr], frame: pl.DataFrame, estimator: Estimator
) -> np.ndarray:
    """p-values of rows; `before` is read from columns of its own."""
    both = frame.with_columns(*now, *[found.name.prefix(PREVIOUS) for found in before])
    return both.select(change_p_value(estimator)).to_series().to_numpy()


def of_shares(a: np.ndarray, n: int, b: np.ndarray, m: int) -> np.ndarray:
    frame = pl.DataFrame({"a": a / n, "b": b / m})
    now = share_summary(pl.col("a"), pl.lit(float(n)))
    before = share_summary(pl.col("b"), pl.lit(float(m)))
    return p_values(now, before, frame, "share")


def of_nets(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of counts of three classes, the lowest first."""
    n, m = int(a[0].sum()), int(b[0].sum())
    columns = {"au": a[:, 2] / n, "al": a[:, 0] / n, "bu": b[:, 2] / m, "bl": b[:, 0] / m}
    now = net_summary(pl.col("au"), pl.col("al"), pl.lit(float(n)))
    before = net_summary(pl.col("bu"), pl.col("bl"), pl.lit(float(m)))
    return p_values(now, before, pl.DataFrame(columns), "net")


def of_means(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of samples, a row each."""
    n, m = x.shape[1], y.shape[1]
    columns = {
        "a": x.mean(axis=1), "va": x.var(axis=1, ddof=1) / n,
        "b": y.mean(axis=1), "vb": y.var(axis=1, ddof=1) / m,
    }  # fmt: skip
    now = linear_summary(pl.col("a"), pl.col("va"), pl.lit(n - 1))
    before = linear_summary(pl.col("b"), pl.col("vb"), pl.lit(m - 1))
    return p_values(now, before, pl.DataFrame(columns), "mean")


def test_means_are_compared_as_scipy_does() -> None:
    draw = np.random.default_rng(1)
    x, y = draw.normal(1, 2, (20, 9)), draw.normal(0, 1, (20, 30))
    welch = stats.ttest_ind(x, y, axis=1, equal_var=False).pvalue
    pooled = stats.ttest_ind(x, y, axis=1).pvalue
    assert of_means(x, y) == pytest.approx(np.maximum(welch, pooled))
    same = stats.ttest_ind(x, y[:, :9], axis=1, equal_var=False).pvalue
    assert of_means(x, y[:, :9]) == pytest.approx(same)


def test_shares_of_a_worked_example() -> None:
    # 7 of 34 and 1 of 34: (9/38 - 3/38) / sqrt((9·29 + 3·35) / 38³), the 74 of Satterthwaite
    t = (6 / 38) / np.sqrt((9 * 29 + 3 * 35) / 38**3)
    first, second = 9 * 29 / 38**3, 3 * 35 / 38**3
    df = (first + second) ** 2 / (first**2 / 33 + second**2 / 33)
    found = of_shares(np.array([7]), 34, np.array([1]), 34)
    assert found == pytest.approx(2 * stats.t.sf(t, df))


def test_great_samples_agree_with_the_chi_square_test() -> None:
    found = of_shares(np.array([530]), 1000, np.array([480]), 1000)
    right = stats.chi2_contingency([[530, 470], [480, 520]], correction=False).pvalue
    assert found == pytest.approx(right, abs=1e-3)


def test_the_order_of_periods_does_not_matter() -> None:
    there = of_shares(np.array([8]), 10, np.array([30]), 60)
    back = of_shares(np.array([30]), 60, np.array([8]), 10)
    assert there == pytest.approx(back, rel=1e-12)


def test_a_net_counts_both_ends() -> None:
    found = of_nets(np.array([[16, 28, 36]]), np.array([[40, 60, 20]]))
    p, d, q, e = 36.75 / 83, 16.75 / 83, 20.75 / 123, 40.75 / 123
    first, second = (p + d - (p - d) ** 2) / 83, (q + e - (q - e) ** 2) / 123
    df = (first + second) ** 2 / (first**2 / 79 + second**2 / 119)
    t = (p - d - q + e) / np.sqrt(first + second)
    assert found == pytest.approx(2 * stats.t.sf(abs(t), df))


def test_no_test_without_two_periods_of_two_or_any_scatter() -> None:
    frame = pl.DataFrame(
        {
            "centre": [1.0, 1.0, 1.0, None, 1.0, 2.0],
            "variance": [0.1, 0.1, 0.0, 0.1, float("nan"), 0.0],
            "df": [0.0, 4.0, 4.0, 4.0, 4.0, 4.0],
            "previous_centre": [0.0, None, 1.0, 0.0, 0.0, 1.0],
            "previous_variance": [0.1, 0.1, 0.0, 0.1, 0.1, 0.5],
            "previous_df": [4.0, 4.0, 4.0, 4.0, 4.0, 9.0],
        }
    )
    found = frame.select(change_p_value("share")).to_series().to_list()
    assert found[:5] == [None] * 5
    assert found[5] == pytest.approx(2 * stats.t.sf(1 / np.sqrt(0.5), 9))


def test_components_of_every_estimator() -> None:
    frame = pl.DataFrame({"x": 30.0, "y": 100.0, "z": 20.0, "n_effective": 80.0, "rows": 100.0})
    variance = pl.lit(0.25)

    def centre(estimator: str) -> list[float | None]:
        found = component_summary(estimator, variance, pl.col("rows"))  # type: ignore[arg-type]
        return list(frame.select(found).row(0))

    for estimator, part in (
        ("share", 0.3), ("lower_share", 0.2), ("middle_share", 0.5), ("complement_share", 0.7),
        ("odds", 0.3),
    ):  # fmt: skip
        share = (part * 80 + 2) / 84
        assert centre(estimator) == pytest.approx([share, share * (1 - share) / 84, 79])
    p, d = (24 + 0.75) / 83, (16 + 0.75) / 83
    assert centre("net") == pytest.approx([p - d, (p + d - (p - d) ** 2) / 83, 79])
    assert centre("mean") == pytest.approx([0.3, 0.25, 79])
    assert centre("ratio") == pytest.approx([0.3, 0.25, 99])
    assert centre("median") == [None, None, None]


def test_false_alarms_of_shares_exactly() -> None:
    found = []
    sizes, shares = (5, 10, 20, 50, 100, 500, 2000), (0.01, 0.05, 0.2, 0.5, 0.8, 0.99)
    for n, m in itertools.combinations_with_replacement(sizes, 2):
        for p in shares:
            a, b = (
                np.arange(stats.binom.ppf(1e-6, k, p), stats.binom.ppf(1 - 1e-6, k, p) + 1)
                for k in (n, m)
            )
            each = np.outer(stats.binom.pmf(a, n, p), stats.binom.pmf(b, m, p))
            left, right = np.meshgrid(a, b, indexing="ij")
            p_value = of_shares(left.ravel(), n, right.ravel(), m)
            found.append(each.ravel()[p_value <= ALPHA].sum())
    assert np.mean(found) < ALPHA
    assert np.max(found) < 0.0525


def test_false_alarms_of_nets() -> None:
    draw, found = np.random.default_rng(2), []
    mixes = [
        (0.2, 0.3, 0.5),
        (0.02, 0.08, 0.9),
        (0.3, 0.4, 0.3),
        (0.4, 0, 0.6),
        (0.0, 0.8, 0.2),
        (0.01, 0.01, 0.98),
    ]
    for n, m in ((5, 5), (5, 500), (20, 20), (20, 500), (100, 100), (500, 500)):
        for mix in mixes:
            a, b = draw.multinomial(n, mix, 4000), draw.multinomial(m, mix, 4000)
            found.append((of_nets(a, b) <= ALPHA).mean())
    assert np.mean(found) < ALPHA
    assert np.max(found) < 0.065  # 5 % and four standard errors of the simulation


def test_nets_of_different_mixes_are_still_compared_as_nets() -> None:
    draw = np.random.default_rng(3)
    for n, m in ((10, 10), (50, 100), (20, 500), (500, 20), (500, 500)):
        a = draw.multinomial(n, (0.3, 0.2, 0.5), 4000)
        b = draw.multinomial(m, (0.0, 0.8, 0.2), 4000)
        assert (of_nets(a, b) <= ALPHA).mean() < 0.065


@pytest.mark.parametrize("kind", ["normal", "likert", "exponential", "lognormal"])
def test_false_alarms_of_means(kind: str) -> None:
    draw = np.random.default_rng(4)
    levels, mix = np.array([0.0, 25.0, 50.0, 75.0, 100.0]), (0.05, 0.05, 0.15, 0.35, 0.4)
    sample = {
        "normal": lambda size: draw.normal(3, 2, size),
        "likert": lambda size: draw.choice(levels, size, p=mix),
        "exponential": lambda size: draw.exponential(5, size),
        "lognormal": lambda size: draw.lognormal(6, 1, size),
    }[kind]
    for n, m in ((5, 5), (5, 200), (20, 200), (100, 100)):
        x, y = sample((4000, n)), sample((4000, m))
        assert (of_means(x, y) <= ALPHA).mean() < 0.065


def test_false_alarms_of_means_that_scatter_differently() -> None:
    draw = np.random.default_rng(9)
    for n, m in ((5, 50), (50, 5), (20, 200), (200, 20)):
        x, y = draw.normal(0, 3, (4000, n)), draw.normal(0, 1, (4000, m))
        assert (of_means(x, y) <= ALPHA).mean() < 0.065


def histograms(x: np.ndarray) -> pl.DataFrame:
    """Histograms of samples, a row each, as counts of their buckets."""
    frame = pl.DataFrame(
        {"sample": np.repeat(np.arange(len(x)), x.shape[1]), "bucket": x.ravel().astype(np.int32)}
    )
    return frame.group_by("sample", "bucket").agg(pl.len().cast(pl.Int64).alias("n"))


def of_quantiles(x: np.ndarray, y: np.ndarray, quantile: float) -> np.ndarray:
    counted = below_pooled_quantile(
        *pooled_histograms(histograms(x), histograms(y), ["sample"]), quantile
    )
    return quantile_summaries(counted).select(change_p_value("median")).to_series().to_numpy()


def test_the_cut_leaves_the_quantile_below_it() -> None:
    now = pl.DataFrame({"k": "a", "bucket": [1, 2, 3], "n": [1, 1, 2]})
    before = pl.DataFrame({"k": ["a", "a", "b"], "bucket": [1, 4, 1], "n": [3, 1, 1]})
    found = below_pooled_quantile(*pooled_histograms(now, before, ["k"]), 0.5)
    assert found.to_dicts() == [
        {"k": "a", "share": 0.25, "n": 4, "previous_share": 0.75, "previous_n": 4}
    ]


@pytest.mark.parametrize("quantile", [0.5, 0.9])
def test_false_alarms_of_quantiles(quantile: float) -> None:
    draw = np.random.default_rng(5)
    for n, m in ((8, 8), (20, 200), (100, 100)):
        x, y = (np.ceil(np.log(draw.lognormal(6, 1, (3000, k))) / 0.02) for k in (n, m))
        assert (of_quantiles(x, y, quantile) <= ALPHA).mean() < 0.065


def test_a_real_change_is_found() -> None:
    draw = np.random.default_rng(6)
    x, y = draw.integers(0, 100, (200, 100)), draw.integers(30, 130, (200, 100))
    assert (of_quantiles(x, y, 0.5) <= ALPHA).mean() > 0.95
    low, high = draw.binomial(200, 0.5, 500), draw.binomial(200, 0.65, 500)
    assert (of_shares(low, 200, high, 200) <= ALPHA).mean() > 0.8


def test_false_alarms_of_medians_with_many_alike() -> None:
    draw = np.random.default_rng(10)
    x, y = draw.choice(4, (3000, 30)), draw.choice(4, (3000, 60))
    assert (of_quantiles(x, y, 0.5) <= ALPHA).mean() < 0.065
