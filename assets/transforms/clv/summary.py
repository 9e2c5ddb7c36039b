"""Customers' purchases as recency, frequency, age and mean value: what the models of CLV are fed.

Belongs here: which orders are purchases, what is left out and why. Does not belong here: any model.
Terms are those of Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way: An
Alternative to the Pareto/NBD Model, Marketing Science 24(2): *frequency* x counts the purchase days
after the first, *recency* t_x is the time from the first to the last, *age* T that from the first
to the end of observation.
"""

import datetime as dt
from dataclasses import dataclass

import polars as pl

NO_ACCOUNT, NO_DAY, AFTER_END, RETURN = "no_account", "no_day", "after_end", "return"
VALUE_UNKNOWN, VALUE_NOT_POSITIVE = "value_unknown", "value_not_positive"

_VALUE = pl.Decimal(38, 4)


@dataclass(frozen=True, slots=True)
class CustomerSummaries:
    """What orders say of every customer, and what was left out of it.

    Attributes:
        customers: One row per account: account_id, first_on, frequency, recency, age,
            valued_frequency (repeat purchase days whose value is known and positive) and
            mean_value (mean over those days; null without any).
        excluded_orders: reason, count: orders that are no purchases.
        excluded_values: reason, count: repeat purchase days that count in the frequency, but not
            in the mean value.
    """

    customers: pl.LazyFrame
    excluded_orders: pl.LazyFrame
    excluded_values: pl.LazyFrame


def summarise(
    orders: pl.LazyFrame, *, end_on: dt.date, days_per_unit: int = 1
) -> CustomerSummaries:
    """Recency, frequency, age and mean value of each customer.

    Orders of one day are one purchase. A return is no purchase; an order for nothing or of unknown
    amount is a purchase without a value. Sums are exact, so that the order of
    rows does not matter.

    Args:
        orders: account_id, ordered_on (date), amount (decimal or number), is_return; without
            cancelled orders.
        end_on: Last day of observation; later orders are left out.
        days_per_unit: Days in the unit of time: 1 for days, 7 for weeks.
    """
    value = pl.col("amount").cast(_VALUE, strict=False)  # NaN and infinities become null
    marked = orders.select(
        "account_id", "ordered_on", value.alias("value"), is_return().alias("is_return")
    ).with_columns(_order_defect(end_on).alias("reason"))
    unknown = pl.col("value").null_count()
    days = (
        marked.filter(pl.col("reason").is_null())
        .group_by("account_id", "ordered_on")
        .agg(pl.col("value").sum(), unknown.alias("unknown"))
        # the sum of a day with an unknown order is unknown, and not the sum of the others
        .with_columns(pl.when(pl.col("unknown") == 0).then("value").alias("value"))
    )
    totals = _totals(days)
    return CustomerSummaries(
        _customers(totals, end_on, days_per_unit), _counted(marked), _excluded_values(totals)
    )


def is_return() -> pl.Expr:
    """Whether an order gives money back: it is marked as a return, or its amount is negative."""
    is_marked = pl.col("is_return").fill_null(value=False)
    # NaN < 0 is false
    return is_marked | (pl.col("amount") < 0).fill_null(value=False)


def _order_defect(end_on: dt.date) -> pl.Expr:
    day = pl.col("ordered_on")
    return (
        pl.when(pl.col("account_id").is_null())
        .then(pl.lit(NO_ACCOUNT))
        .when(day.is_null())
        .then(pl.lit(NO_DAY))
        .when(day > end_on)
        .then(pl.lit(AFTER_END))
        .when("is_return")
        .then(pl.lit(RETURN))
    )


def _totals(days: pl.LazyFrame) -> pl.LazyFrame:
    """One row per customer; the value of the first day is in no total."""
    day, value = pl.col("ordered_on"), pl.col("value")
    # a join is several times faster than a window or an aggregation that compares with its minimum
    span = days.group_by("account_id").agg(day.min().alias("first_on"))
    marked = (
        days.join(span, on="account_id")
        .with_columns((day > pl.col("first_on")).alias("is_repeat"))
        .with_columns((pl.col("is_repeat") & (value > 0)).fill_null(value=False).alias("is_valued"))
    )
    return marked.group_by("account_id").agg(
        pl.col("first_on").first(),
        day.max().alias("last_on"),
        (pl.len().cast(pl.Int64) - 1).alias("frequency"),
        pl.when("is_valued").then(value).sum().cast(pl.Float64).alias("total"),
        pl.col("is_valued").sum().cast(pl.Int64).alias("valued_frequency"),
        (pl.col("is_repeat") & value.is_null()).sum().cast(pl.Int64).alias(VALUE_UNKNOWN),
        (pl.col("is_repeat") & (value <= 0)).sum().cast(pl.Int64).alias(VALUE_NOT_POSITIVE),
    )


def _customers(totals: pl.LazyFrame, end_on: dt.date, days_per_unit: int) -> pl.LazyFrame:
    first, last, valued = pl.col("first_on"), pl.col("last_on"), pl.col("valued_frequency")
    return totals.select(
        "account_id",
        "first_on",
        "frequency",
        ((last - first).dt.total_days() / days_per_unit).alias("recency"),
        ((pl.lit(end_on) - first).dt.total_days() / days_per_unit).alias("age"),
        "valued_frequency",
        pl.when(valued > 0).then(pl.col("total") / valued).alias("mean_value"),
    ).sort("account_id")


def _excluded_values(totals: pl.LazyFrame) -> pl.LazyFrame:
    counted = totals.select(pl.col(VALUE_UNKNOWN, VALUE_NOT_POSITIVE).sum())
    return (
        counted.unpivot(variable_name="reason", value_name="count")
        .filter(pl.col("count") > 0)
        .sort("reason")
    )


def _counted(rows: pl.LazyFrame) -> pl.LazyFrame:
    return (
        rows.filter(pl.col("reason").is_not_null())
        .group_by("reason")
        .agg(pl.len().cast(pl.Int64).alias("count"))
        .sort("reason")
    )
