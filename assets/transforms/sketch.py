"""Log-bucket histograms (DDSketch) of non-negative values: building, merging, quantiles.

A value v > 0 falls into bucket ⌈log v / log g⌉ with g = (1 + ε)/(1 - ε), whose representative
2·g^i/(g + 1) is within the relative error ε of v. Counts of the same bucket add up, so
histograms of days merge into those of longer periods without loss (Masson, Rim & Lee 2019).
"""

import math
from collections.abc import Sequence

import narwhals as nw
import polars as pl

RELATIVE_ERROR = 0.01
GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
ZERO_BUCKET = -(2**31)
"""Bucket of the value 0, below every other."""


def bucket(value: nw.Expr) -> nw.Expr:
    """Bucket of a value ≥ 0 as Int32."""
    positive = nw.when(value > 0).then(value).otherwise(nw.lit(1))
    index = (positive.cast(nw.Float64).log() / math.log(GAMMA)).ceil()
    return nw.when(value > 0).then(index).otherwise(nw.lit(float(ZERO_BUCKET))).cast(nw.Int32)


def representative(index: pl.Expr) -> pl.Expr:
    """Value that stands for a bucket."""
    value = 2.0 / (GAMMA + 1.0) * pl.lit(GAMMA).pow(index.cast(pl.Float64))
    return pl.when(index == ZERO_BUCKET).then(0.0).otherwise(value)


def values_at_ranks(
    histogram: pl.DataFrame, ranks: pl.DataFrame, by: Sequence[str]
) -> pl.DataFrame:
    """Values at given ranks of merged histograms.

    Args:
        histogram: `by` columns, bucket, n; one row a bucket.
        ranks: `by` columns and one Int64 column a rank asked for (1 is the least; null stays null).
        by: What tells histograms apart.

    Returns:
        `by` columns and, under the same names, the values at those ranks.
    """
    names = [name for name in ranks.columns if name not in by]
    cumulated = histogram.sort(*by, "bucket").with_columns(
        pl.col("n").cum_sum().over(by).alias("_upto"), representative(pl.col("bucket")).alias("_v")
    )
    joined = cumulated.join(ranks, on=list(by), how="inner", maintain_order="left")
    return joined.group_by(by, maintain_order=True).agg(
        pl.col("_v").filter(pl.col("_upto") >= pl.col(name)).first().alias(name) for name in names
    )
