"""Spells of being a customer: from sales or contracts to unbroken runs of days.

A customer is active at the instant that a day begins: on basis `orders` after a sale in the
inactivity days before, on basis `contracts` after a day in force. A *spell* is an unbroken run of
days at whose beginning an account is active. What is counted from them is in
`assets.transforms.churn`.
"""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from assets.transforms.facts import day_of, is_cancelled_status

NEVER = dt.date(9999, 12, 30)
"""End of what has no end."""

_ONE_DAY = pl.duration(days=1)
_ACTIVITY = ("account_id", "starts_on", "last_on")


def sale_activity(
    orders: pl.LazyFrame, time_zone: str, cancelled_statuses: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Who bought on which day; returns and cancelled orders are no sales.

    Args:
        orders: Rows of erp_order.
        time_zone: Zone that days are cut in.
        cancelled_statuses: Statuses that are no sales, in lower case.

    Returns:
        Activity (account_id, starts_on, last_on: both the day of the sale), and exclusions
        (event_day, reason, count).
    """
    day = day_of("ordered_at", time_zone)
    is_cancelled = is_cancelled_status(cancelled_statuses)
    sales = orders.filter(~pl.col("is_return").fill_null(value=False), ~is_cancelled).select(
        "account_id", day.alias("starts_on"), day.alias("last_on")
    )
    return _known_accounts(sales.collect(engine="streaming"))


def contract_activity(contracts: pl.LazyFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Which contract of whom is in force from when to when.

    A contract that its source no longer has is out of force from the day it was missed.

    Args:
        contracts: Rows of crm_contract with `_closed_on`.

    Returns:
        Activity (account_id, starts_on, last_on), and exclusions (event_day, reason, count).
    """
    before = [pl.col(name) - _ONE_DAY for name in ("cancelled_on", "_closed_on")]
    last = pl.min_horizontal("ends_on", *before).fill_null(NEVER - dt.timedelta(days=1))
    found = contracts.select("account_id", "starts_on", last.alias("last_on")).collect()
    activity, exclusion = _known_accounts(found)
    never = pl.col("last_on") < pl.col("starts_on")
    return activity.filter(~never), pl.concat(
        [exclusion, _counted(activity.filter(never), "never_in_force")]
    )


def _known_accounts(found: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    lacks = pl.col("account_id").is_null()
    activity = found.filter(~lacks).unique().sort(_ACTIVITY)
    return activity, _counted(found.filter(lacks), "no_account")


def _counted(rows: pl.DataFrame, reason: str) -> pl.DataFrame:
    return (
        rows.group_by(pl.col("starts_on").alias("event_day"))
        .agg(pl.lit(reason).first().alias("reason"), pl.len().cast(pl.Int64).alias("count"))
        .sort("event_day")
    )


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


def merge_intervals(intervals: pl.LazyFrame) -> pl.DataFrame:
    """Merge overlapping and adjoining intervals of each account.

    Args:
        intervals: account_id, starts_on, ends_on (inclusive).
    """
    keys = ("account_id", "starts_on", "ends_on")
    ordered = intervals.select(keys).collect(engine="streaming").sort(keys)
    reached = pl.col("ends_on").cum_max().over("account_id")
    begins = (pl.col("starts_on") > pl.col("reached_before") + _ONE_DAY).fill_null(value=True)
    return (
        ordered.with_columns(reached.alias("reached"))
        .with_columns(pl.col("reached").shift(1).over("account_id").alias("reached_before"))
        .with_columns(begins.cum_sum().alias("spell"))
        .group_by("account_id", "spell")
        .agg(pl.col("starts_on").min(), pl.col("ends_on").max())
        .drop("spell")
        .sort(keys)
    )
