"""Adjusted p-values against SciPy, and what they are for: few false discoveries."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy import stats

from assets.transforms.multiplicity import benjamini_hochberg

P = st.one_of(st.none(), st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.5, 1.0]))


def adjusted(p: list[float | None], groups: list[int]) -> pl.DataFrame:
    frame = pl.DataFrame({"p": p, "group": groups}, schema={"p": pl.Float64, "group": pl.Int64})
    return frame.with_columns(benjamini_hochberg("p", ["group"]).alias("q"))


def test_the_example_of_benjamini_and_hochberg() -> None:
    p = [.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .324, .4262, .5719, .6528,
         .759, 1.0]  # fmt: skip
    found = adjusted(list(p), [0] * 15)["q"]
    assert (found <= 0.05).sum() == 4
    assert found.to_list() == pytest.approx(stats.false_discovery_control(p))


@given(st.lists(st.tuples(P, st.integers(0, 2)), max_size=30))
@settings(max_examples=60, deadline=None)
def test_equals_scipy_in_each_group_and_leaves_nulls_out(
    rows: list[tuple[float | None, int]],
) -> None:
    found = adjusted([p for p, _ in rows], [group for _, group in rows])
    assert found.filter(pl.col("p").is_null())["q"].null_count() == found["p"].null_count()
    for part in found.drop_nulls("p").partition_by("group"):
        right = stats.false_discovery_control(part["p"].to_numpy())
        assert part["q"].to_list() == pytest.approx(right.tolist())


def test_no_groups_is_one_group_and_nan_is_no_test() -> None:
    frame = pl.DataFrame({"p": [0.01, float("nan"), 0.04, None]})
    found = frame.select(benjamini_hochberg("p", []).alias("q"))
    assert_frame_equal(found, pl.DataFrame({"q": [0.02, None, 0.04, None]}))


def test_a_dashboard_where_nothing_changed_stays_dark() -> None:
    sets, segments = 400, 500
    p = np.random.default_rng(7).random((sets, segments))
    frame = pl.DataFrame({"p": p.ravel(), "set": np.repeat(np.arange(sets), segments)})
    lit = frame.with_columns((benjamini_hochberg("p", ["set"]) <= 0.05).alias("lit"))
    per_set = lit.group_by("set").agg(pl.col("lit").any(), (pl.col("p") <= 0.05).sum().alias("raw"))
    assert per_set["raw"].mean() == pytest.approx(25, abs=1)
    share = per_set["lit"].mean()
    assert share is not None
    assert 0.02 < share < 0.08  # 5 % up to simulation error


def test_false_discoveries_are_few_among_true_ones() -> None:
    draw = np.random.default_rng(8)
    sets, segments, changed = 200, 100, 30
    z = draw.standard_normal((sets, segments))
    z[:, :changed] += 3.5
    p = 2 * stats.norm.sf(np.abs(z))
    frame = pl.DataFrame({"p": p.ravel(), "set": np.repeat(np.arange(sets), segments)})
    lit = frame.select(benjamini_hochberg("p", ["set"]) <= 0.05).to_series().to_numpy()
    lit = lit.reshape(sets, segments)
    false_rate = lit[:, changed:].sum(axis=1) / np.maximum(lit.sum(axis=1), 1)
    assert false_rate.mean() < 0.05
    assert lit[:, :changed].mean() > 0.7
