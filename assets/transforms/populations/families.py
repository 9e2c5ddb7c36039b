"""Purchases with the families of their products, and how many of them an account's window has."""

import datetime as dt
from typing import Final

import polars as pl

from assets.transforms.populations.population import Asked
from assets.transforms.spells import merge_intervals

_ONE_DAY: Final = dt.timedelta(days=1)


def families_held(bought: pl.LazyFrame) -> pl.DataFrame:
    """Runs of days in which an account's window has the same number of families."""
    is_known = pl.col("account_id").is_not_null() & pl.col("family").is_not_null()
    return _numbers(merge_intervals(bought.filter(is_known), ("account_id", "family")))


def with_families(purchases: pl.LazyFrame, asked: Asked, reach: int) -> pl.LazyFrame:
    """Purchases with their family, and the first and last day whose window has them."""
    days = pl.duration(days=reach - 1)
    placed = purchases.select(
        "account_id", "product_id", "starts_on", (pl.col("starts_on") + days).alias("ends_on")
    )
    if asked.products is None:
        return placed.with_columns(pl.lit(None, pl.Categorical).alias("family"))
    families = asked.products.lazy().select("product_id", "family")
    return placed.join(families, on="product_id", how="left")


def _numbers(merged: pl.DataFrame) -> pl.DataFrame:
    """Runs of days in which an account has the same number of families in its window.

    Args:
        merged: account_id, family, starts_on, ends_on; disjoint within an account and family.

    Returns:
        account_id, starts_on, ends_on, families (> 0).
    """
    steps = pl.concat(
        [
            merged.select("account_id", day=pl.col("starts_on"), step=pl.lit(1)),
            merged.select("account_id", day=pl.col("ends_on") + _ONE_DAY, step=pl.lit(-1)),
        ]
    )
    changes = (
        steps.group_by("account_id", "day").agg(pl.col("step").sum()).sort("account_id", "day")
    )
    return changes.select(
        "account_id",
        pl.col("day").alias("starts_on"),
        (pl.col("day").shift(-1).over("account_id") - _ONE_DAY).alias("ends_on"),
        pl.col("step").cum_sum().over("account_id").alias("families"),
    ).filter(pl.col("families") > 0)
