"""CLV without a model: historical, simple and basket.

Belongs here: what customers brought so far, how long they stay, and the products of the two. Does
not belong here: fitted models (`predicted`).

*historical* is revenue and margin to date. *simple* is customer value a year times average
lifespan, from net revenue; *basket* is average basket times purchases a year times average
lifespan, from sales alone. Rates are per year of being a customer, so that the years after a
customer was lost do not water them down.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Literal

import polars as pl

from assets.transforms.clv.summary import is_return

DAYS_PER_YEAR = 365

Lifespan = Literal["observed", "churn"]

_MONEY = pl.Decimal(38, 4)


def historical_values(orders: pl.LazyFrame, *, as_of: dt.date) -> pl.LazyFrame:
    """Revenue and margin of each customer to date.

    Args:
        orders: account_id, ordered_on (date), amount, cost_amount, is_return; cancelled orders are
            not among them.
        as_of: Last day; later orders are left out.

    Returns:
        account_id, first_on and last_on (of sales; null where there are only returns), sales,
        returns, sales_amount, revenue_amount (returns subtracted), margin_amount,
        orders_without_amount, orders_without_cost. An amount is null where an order in it is
        unknown: a sum of the others would pass for less than there was. Orders without an account
        or a day are in nobody's.
    """
    known = _is_attributed() & (pl.col("ordered_on") <= as_of)
    rows = orders.filter(known).select(
        "account_id",
        "ordered_on",
        pl.col("amount").cast(_MONEY, strict=False),
        pl.col("cost_amount").cast(_MONEY, strict=False),
        is_return().alias("is_return"),
    )
    is_sale = ~pl.col("is_return")
    amount, margin = pl.col("amount"), pl.col("amount") - pl.col("cost_amount")
    day = pl.col("ordered_on").filter(is_sale)
    return (
        rows.group_by("account_id")
        .agg(
            day.min().alias("first_on"),
            day.max().alias("last_on"),
            is_sale.sum().cast(pl.Int64).alias("sales"),
            pl.col("is_return").sum().cast(pl.Int64).alias("returns"),
            _whole(amount.filter(is_sale)).alias("sales_amount"),
            _whole(amount).alias("revenue_amount"),
            _whole(margin).alias("margin_amount"),
            amount.null_count().cast(pl.Int64).alias("orders_without_amount"),
            pl.col("cost_amount").null_count().cast(pl.Int64).alias("orders_without_cost"),
        )
        .sort("account_id")
    )


def with_relationship(
    customers: pl.LazyFrame, *, as_of: dt.date, inactivity_days: int
) -> pl.LazyFrame:
    """How long each customer has been one, and whether they are lost.

    A customer is lost after the inactivity days without a sale, as for churn; one who comes back
    later is taken as having stayed.

    Args:
        customers: From `historical_values`.
        as_of: Last loaded day.
        inactivity_days: Days without a sale after which a customer is lost.

    Returns:
        The customers with active_days and is_lost; both null without a sale.
    """
    end = pl.col("last_on") + pl.duration(days=inactivity_days)
    until = pl.when(end < as_of).then(end).otherwise(pl.lit(as_of))
    has_sale = pl.col("last_on").is_not_null()
    return customers.with_columns(
        pl.when(has_sale).then((until - pl.col("first_on")).dt.total_days()).alias("active_days"),
        (end <= as_of).alias("is_lost"),
    )


def lifetime_terms(
    customers: pl.LazyFrame, by: Sequence[str], *, amount: str, lifespan: Lifespan
) -> pl.LazyFrame:
    """What each customer adds to the value a year times the average lifespan of a group.

    Lifespan `observed` is years of being a customer over customers lost, which counts the
    relationships that go on (a mean over ended ones alone is too short). The years cancel, so that
    the value is the amount to date over customers lost. Lifespan `churn` is 1/churn of a year; then
    x is the customer's linearised part of the product R/D · N/L, of which Σx/Σy is the value and
    Σ(x - value·y)² that of its variance.

    Args:
        customers: active_days, is_lost and the amount, all known; for `churn` was_customer and
            was_lost too: among the customers a year ago, and lost since.
        by: Columns of the group; none for all customers together.
        amount: Column of the amount to date.
        lifespan: How long a customer stays.

    Returns:
        The customers with x and y; Σx/Σy of a group is its value, none where Σy is 0.
    """
    own = pl.col(amount).cast(pl.Float64)
    if lifespan == "observed":
        return customers.with_columns(own.alias("x"), pl.col("is_lost").cast(pl.Float64).alias("y"))

    def total(name: str) -> pl.Expr:
        # summed before it becomes a real number, and so exactly
        summed = pl.col(name).sum()
        return (summed.over(by) if by else summed).cast(pl.Float64)

    revenue, start = total(amount), total("was_customer")
    days, own_days = total("active_days"), pl.col("active_days").cast(pl.Float64)
    own_start = pl.col("was_customer").cast(pl.Float64)
    x = own * start / days + revenue * own_start / days - revenue * start * own_days / days**2
    return customers.with_columns(
        pl.when(days > 0).then(x * DAYS_PER_YEAR).otherwise(0.0).alias("x"),
        pl.col("was_lost").cast(pl.Float64).alias("y"),
    )


def _is_attributed() -> pl.Expr:
    return pl.col("account_id").is_not_null() & pl.col("ordered_on").is_not_null()


def _whole(amount: pl.Expr) -> pl.Expr:
    """Sum, null where one of its parts is."""
    return pl.when(amount.null_count() == 0).then(amount.sum())
