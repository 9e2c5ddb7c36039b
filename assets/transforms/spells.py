"""Spells of being a customer: from sales or contracts to unbroken runs of days.

A customer is active at the instant that a day begins: on basis `orders` after a sale in the
inactivity days before, on basis `contracts` after a day in force. A *spell* is an unbroken run of
days at whose beginning an account is active. What is counted from them is in
`assets.transforms.populations.customers`.
"""

import datetime as dt
from collections.abc import Sequence

import polars as pl

NEVER = dt.date(9999, 12, 30)
"""End of what has no end."""

_ONE_DAY = pl.duration(days=1)


def spells_from_sales(sales: pl.LazyFrame, inactivity_days: int) -> pl.DataFrame:
    """Spells of accounts by their sales.

    Args:
        sales: account_id, starts_on (day of the sale).
        inactivity_days: Days without a sale after which a customer is lost.

    Returns:
        account_id, starts_on, ends_on (inclusive); disjoint within an account, in order.
    """
    reach = pl.duration(days=inactivity_days)
    intervals = sales.select(
        "account_id",
        (pl.col("starts_on") + _ONE_DAY).alias("starts_on"),
        (pl.col("starts_on") + reach).alias("ends_on"),
    )
    return merge_intervals(intervals)


def spells_from_contracts(contracts: pl.LazyFrame) -> pl.DataFrame:
    """Spells of accounts by their contracts.

    Args:
        contracts: account_id, starts_on, last_on (last day in force).

    Returns:
        As `spells_from_sales`.
    """
    return merge_intervals(
        contracts.select(
            "account_id",
            (pl.col("starts_on") + _ONE_DAY).alias("starts_on"),
            (pl.col("last_on") + _ONE_DAY).alias("ends_on"),
        )
    )


def merge_intervals(intervals: pl.LazyFrame, by: Sequence[str] = ("account_id",)) -> pl.DataFrame:
    """Merge overlapping and adjoining intervals of each account.

    Args:
        intervals: The columns of `by`, starts_on, ends_on (inclusive).
        by: Columns whose intervals are merged with each other, the account by default.
    """
    keys = (*by, "starts_on", "ends_on")
    ordered = intervals.select(keys).collect(engine="streaming").sort(keys)
    reached = pl.col("ends_on").cum_max().over(by)
    begins = (pl.col("starts_on") > pl.col("reached_before") + _ONE_DAY).fill_null(value=True)
    return (
        ordered.with_columns(reached.alias("reached"))
        .with_columns(pl.col("reached").shift(1).over(by).alias("reached_before"))
        .with_columns(begins.cum_sum().alias("spell"))
        .group_by(*by, "spell")
        .agg(pl.col("starts_on").min(), pl.col("ends_on").max())
        .drop("spell")
        .sort(keys)
    )
