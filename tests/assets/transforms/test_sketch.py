"""Histograms: error of a quantile, merging, zero."""

import narwhals as nw
import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.sketch import (
    RELATIVE_ERROR,
    ZERO_BUCKET,
    bucket,
    cumulated,
    values_at_ranks,
)


def histogram(values: list[int]) -> pl.DataFrame:
    frame = nw.from_native(pl.DataFrame({"v": values}, schema={"v": pl.Int64}).lazy())
    counted = frame.with_columns(bucket(nw.col("v")).alias("bucket")).to_native()
    return counted.group_by("bucket").len("n").with_columns(g=pl.lit("a")).collect()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**8), min_size=1, max_size=200))
def test_every_rank_is_within_the_relative_error(values: list[int]) -> None:
    ranks = pl.DataFrame({"g": "a", **{f"r{i + 1}": i + 1 for i in range(len(values))}})
    counts = cumulated(histogram(values), ["g"])
    found = values_at_ranks(counts, ranks, ["g"]).drop("g").row(0)
    right = np.sort(values)
    assert np.all(np.abs(np.array(found) - right) <= RELATIVE_ERROR * right * (1 + 1e-9))


def test_zero_has_a_bucket_of_its_own() -> None:
    assert histogram([0, 0, 1]).sort("bucket").select("bucket", "n").rows() == [
        (ZERO_BUCKET, 2),
        (0, 1),
    ]


def test_a_null_rank_has_no_value() -> None:
    ranks = pl.DataFrame({"g": ["a"], "r": pl.Series([None], dtype=pl.Int64)})
    counts = cumulated(histogram([3, 4]), ["g"])
    assert values_at_ranks(counts, ranks, ["g"])["r"].to_list() == [None]
