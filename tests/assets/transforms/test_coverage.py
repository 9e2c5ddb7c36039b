"""Do intervals cover the truth as often as they say? Exactly for shares, by simulation for others.

Single cells cannot all be near 95 %: counts are whole numbers, and skewed amounts need large
samples. What holds is stated here; the averages of a grid are what is promised.
"""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from assets.transforms.intervals import (
    Interval,
    adjusted_wald,
    normal_quantile,
    order_statistic_ranks,
    student,
    wilson,
)

SIZES = (10, 20, 30, 50, 100, 200, 500, 2000)
Z = normal_quantile(0.95)


def ends(frame: pl.DataFrame, interval: Interval) -> tuple[np.ndarray, np.ndarray]:
    found = frame.select(interval[0].alias("low"), interval[1].alias("high"))
    return found["low"].to_numpy(), found["high"].to_numpy()


def test_shares() -> None:
    shares = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
    found = np.zeros((len(SIZES), len(shares)))
    for i, n in enumerate(SIZES):
        k = np.arange(n + 1)
        low, high = ends(pl.DataFrame({"p": k / n}), wilson(pl.col("p"), pl.lit(float(n)), Z))
        for j, p in enumerate(shares):
            found[i, j] = stats.binom.pmf(k, n, p)[(low <= p) & (p <= high)].sum()
    assert 0.94 < found.mean() < 0.965
    assert ((found.mean(axis=1) > 0.94) & (found.mean(axis=1) < 0.965)).all()
    assert ((found.mean(axis=0) > 0.94) & (found.mean(axis=0) < 0.965)).all()
    assert found.min() > 0.9


def test_nets() -> None:
    draw, cells = np.random.default_rng(1), []
    mixes = [
        (0.3, 0.2, 0.5),
        (0.08, 0.02, 0.9),
        (0.4, 0.3, 0.3),
        (0.6, 0.3, 0.1),
        (0.1, 0.85, 0.05),
        (0.35, 0.25, 0.4),
    ]
    for n in SIZES:
        row = []
        for mix in mixes:
            counts = draw.multinomial(n, mix, 4000)
            frame = pl.DataFrame({"up": counts[:, 2] / n, "down": counts[:, 0] / n})
            interval = adjusted_wald(pl.col("up"), pl.col("down"), pl.lit(float(n)), Z)
            low, high = ends(frame, interval)
            truth = mix[2] - mix[0]
            row.append(((low <= truth) & (truth <= high)).mean())
        cells.append(row)
    found = np.array(cells)
    assert 0.94 < found.mean() < 0.965
    assert ((found.mean(axis=1) > 0.94) & (found.mean(axis=1) < 0.965)).all()
    assert found.min() > 0.91


@pytest.mark.parametrize(("kind", "from_n"), [("normal", 10), ("likert", 50), ("exponential", 200)])
def test_means_from_the_size_on_that_their_skew_needs(kind: str, from_n: int) -> None:
    draw = np.random.default_rng(2)
    levels, mix = np.array([0.0, 25.0, 50.0, 75.0, 100.0]), (0.05, 0.05, 0.15, 0.35, 0.4)
    sample, truth = {
        "normal": (lambda size: draw.normal(3, 2, size), 3.0),
        "likert": (lambda size: draw.choice(levels, size, p=mix), float(levels @ mix)),
        "exponential": (lambda size: draw.exponential(5, size), 5.0),
    }[kind]
    for n in (10, 20, 50, 200):
        x = sample((6000, n))
        frame = pl.DataFrame({"m": x.mean(axis=1), "v": x.var(axis=1, ddof=1) / n})
        interval = student(pl.col("m"), pl.col("v"), pl.lit(float(n - 1)), 0.95)
        low, high = ends(frame, interval)
        coverage = ((low <= truth) & (truth <= high)).mean()
        assert coverage > (0.935 if n >= from_n else 0.88)  # less four standard errors
        assert coverage < 0.965


def test_order_statistics_never_cover_less_than_they_say() -> None:
    for n in SIZES:
        for quantile in (0.5, 0.9):
            ranks = order_statistic_ranks(pl.lit(n), quantile, 0.95)
            low, high = (pl.select(rank).item() for rank in ranks)
            upper = stats.binom.cdf(high - 1, n, quantile) if high else 1.0
            lower = stats.binom.cdf(low - 1, n, quantile) if low else 0.0
            assert upper - lower >= 0.95
