"""Linearised variances against the textbook, and no noise where nothing varies."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.variances import linearised_variance

UNIT, SQUARE_UNIT = 1e-12, 1e-15


def sums(x: list[float], y: list[float]) -> pl.DataFrame:
    """Sums as states have them: of rows in fixed point."""
    a, b = np.array(x), np.array(y)

    def fixed(values: np.ndarray, unit: float) -> float:
        return sum(round(float(value) / unit) for value in values) * unit

    products = {"xx": a * a, "xy": a * b, "yy": b * b}
    found = {"x": fixed(a, UNIT), "y": fixed(b, UNIT)}
    found |= {name: fixed(value, SQUARE_UNIT) for name, value in products.items()}
    return pl.DataFrame(found).with_columns(pl.lit(float(len(x))).alias("rows"))


def variance(frame: pl.DataFrame) -> float | None:
    value = pl.col("x") / pl.col("y")
    found: float | None = frame.select(
        linearised_variance(value, pl.col("rows"), unit=UNIT, square_unit=SQUARE_UNIT)
    ).item()
    return found


@given(st.lists(st.floats(0, 100), min_size=2, max_size=30))
@settings(max_examples=60, deadline=None)
def test_a_mean_has_the_variance_of_the_textbook(x: list[float]) -> None:
    right = np.var(x, ddof=1) / len(x)
    assert variance(sums(x, [1.0] * len(x))) == pytest.approx(right, rel=1e-6, abs=1e-9)


def test_a_ratio_of_sums() -> None:
    x, y = [4.0, 1.0, 7.0, 3.0], [2.0, 1.0, 2.0, 2.0]
    ratio = 15 / 7
    right = 4 / 3 * sum((a - ratio * b) ** 2 for a, b in zip(x, y, strict=True)) / 49
    assert variance(sums(x, y)) == pytest.approx(right)


@pytest.mark.parametrize("score", [0.0, 100 / 3, 200 / 3, 100.0, 4.7])
@pytest.mark.parametrize("rows", [2, 7, 1000])
def test_rows_all_alike_do_not_vary(score: float, rows: int) -> None:
    assert variance(sums([score] * rows, [1.0] * rows)) == 0.0


def test_equal_scores_under_weights_do_not_vary() -> None:
    weights = [0.3, 1.7, 2.0 / 3, 1.1]
    assert variance(sums([200 / 3 * w for w in weights], weights)) == 0.0


def test_one_row_has_no_variance() -> None:
    assert variance(sums([4.0], [1.0])) is None
