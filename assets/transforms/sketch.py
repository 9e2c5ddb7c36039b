"""Log-bucket histograms (DDSketch) of non-negative values: building, merging, quantiles.

A value v > 0 falls into bucket ⌈log v / log g⌉ with g = (1 + ε)/(1 - ε), whose representative
2·g^i/(g + 1) is within the relative error ε of v. Counts of the same bucket add up, so
histograms of days merge into those of longer periods without loss (Masson, Rim & Lee 2019).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw
import polars as pl

RELATIVE_ERROR = 0.01
GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
ZERO_BUCKET = -(2**31)
"""Bucket of the value 0, below every other."""
NUMBERS = 2**32
"""How many buckets there may be: histograms so far apart share no number."""


def bucket(value: nw.Expr) -> nw.Expr:
    """Bucket of a value ≥ 0 as Int32."""
    positive = nw.when(value > 0).then(value).otherwise(nw.lit(1))
    index = (positive.cast(nw.Float64).log() / math.log(GAMMA)).ceil()
    return nw.when(value > 0).then(index).otherwise(nw.lit(float(ZERO_BUCKET))).cast(nw.Int32)


def representative(index: pl.Expr) -> pl.Expr:
    """Value that stands for a bucket."""
    value = 2.0 / (GAMMA + 1.0) * pl.lit(GAMMA).pow(index.cast(pl.Float64))
    return pl.when(index == ZERO_BUCKET).then(0.0).otherwise(value)


@dataclass(frozen=True, slots=True)
class Cumulated:
    """Histograms one after the other, with one running count over all of them.

    Attributes:
        groups: What tells histograms apart; `_n`, the sum of its counts; `_before`, that of all
            the histograms before it.
        bucket: Buckets, histogram by histogram, ascending within each.
        upto: Running count at each of them.
    """

    groups: pl.DataFrame
    bucket: pl.Series
    upto: pl.Series


def cumulated(histogram: pl.DataFrame, by: Sequence[str]) -> Cumulated:
    """Histograms made ready for `values_at_ranks`, however often that is asked.

    Args:
        histogram: `by` columns, bucket, n; one row a bucket.
        by: What tells histograms apart.
    """
    # texts are compared once; sorting by the numbers of groups is a fraction of the work
    counts = histogram.group_by(by).agg(pl.col("n").sum().alias("_n")).with_row_index("_id")
    groups = counts.with_columns((pl.col("_n").cum_sum() - pl.col("_n")).alias("_before"))
    keys = groups.select(pl.col("_id").cast(pl.Int64) * NUMBERS, *by)
    numbered = histogram.join(keys, on=list(by), how="inner")
    placed = numbered.select(pl.col("_id") + pl.col("bucket"), "bucket", "n").sort("_id")
    return Cumulated(groups.drop("_id"), placed["bucket"], placed["n"].cum_sum())


def values_at_ranks(counts: Cumulated, ranks: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Values at given ranks of histograms.

    Args:
        counts: The histograms.
        ranks: `by` columns and one Int64 column a rank asked for (1 is the least; null stays null).
        by: What tells histograms apart.

    Returns:
        `by` columns and, under the same names, the values at those ranks; of the histograms that
        there are.
    """
    names = [name for name in ranks.columns if name not in by]
    known = ranks.join(counts.groups, on=list(by), how="inner", maintain_order="left")
    upto = [
        pl.when(pl.col(name) <= pl.col("_n")).then(pl.col(name).clip(1) + pl.col("_before"))
        for name in names
    ]
    placed = known.select(*by, *[at.alias(name) for at, name in zip(upto, names, strict=True)])
    if counts.bucket.is_empty():
        return placed.cast(dict.fromkeys(names, pl.Float64))
    buckets = [
        counts.bucket.gather(counts.upto.search_sorted(placed[name].fill_null(1))).alias(name)
        for name in names
    ]
    is_asked = placed.select(pl.col(names).is_not_null())
    found = pl.DataFrame(buckets).select(
        pl.when(is_asked[name]).then(representative(pl.col(name))).alias(name) for name in names
    )
    return placed.select(by).hstack(found)
