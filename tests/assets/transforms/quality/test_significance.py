"""Probabilities against SciPy's own tests, and against simulation."""

import numpy as np
import pytest
from scipy import stats

from assets.transforms.quality.significance import (
    chance_of_distance,
    chance_of_new,
    chance_of_shares,
    chance_outside,
    rise_quantile,
)


def row(*counts: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    return np.array([counts], dtype=np.int64)


def test_chance_of_shares_equals_scipy_where_no_category_is_rare() -> None:
    recent, reference = row(30, 50, 20), row(400, 450, 350)
    right = stats.chi2_contingency(np.vstack([recent, reference]), correction=False).pvalue
    assert chance_of_shares(recent, reference) == pytest.approx([right])


def test_rare_categories_are_counted_together() -> None:
    recent, reference = row(40, 50, 3, 4, 3), row(400, 450, 20, 20, 20)
    merged = stats.chi2_contingency([[40, 50, 10], [400, 450, 60]], correction=False).pvalue
    assert chance_of_shares(recent, reference) == pytest.approx([merged])


@pytest.mark.parametrize(
    ("recent", "reference"),
    [((0, 0), (5, 5)), ((5, 5), (0, 0)), ((0, 0), (0, 0)), ((100, 0), (300, 0)), ((1, 2), (3, 1))],
)
def test_nothing_to_compare_is_no_evidence(
    recent: tuple[int, ...], reference: tuple[int, ...]
) -> None:
    assert chance_of_shares(row(*recent), row(*reference)).tolist() == [1.0]


def test_chance_of_new_is_the_tail_of_the_binomial() -> None:
    found = chance_of_new(np.array([3, 0]), np.array([50, 50]), np.array([0.01, 0.01]))
    assert found == pytest.approx([stats.binom.sf(2, 50, 0.01), 1.0])


def test_chance_of_distance_is_smirnovs() -> None:
    found = chance_of_distance(np.array([0.3]), np.array([40]), np.array([90]))
    assert found == pytest.approx([stats.kstwobign.sf(0.3 * np.sqrt(40 * 90 / 130))])


def test_chance_outside_bounds_what_is_drawn() -> None:
    generator = np.random.default_rng(2)
    drawn = generator.random((40_000, 30 + 12))
    least, greatest = drawn[:, :30].min(axis=1), drawn[:, :30].max(axis=1)
    day = drawn[:, 30:]
    outside = ((day < least[:, None]) | (day > greatest[:, None])).sum(axis=1)
    for k in (1, 2, 3, 4):
        bound = chance_outside(np.array([k]), np.array([12]), np.array([30]))[0]
        # the bound counts the k + 1 ways to split k rows over two ends apart
        assert (outside >= k).mean() <= bound
        assert bound <= (k + 1) * (outside >= k).mean()


def test_chance_outside_of_nothing_is_one() -> None:
    found = chance_outside(np.array([0, 0]), np.array([0, 5]), np.array([0, 50]))
    assert found.tolist() == [1.0, 1.0]


def test_two_looks_share_the_significance() -> None:
    assert rise_quantile(0.05, looks=2) == pytest.approx(1.959964, abs=1e-6)
