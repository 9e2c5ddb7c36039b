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

import polars as pl

from assets.transforms.clv.summary import is_return

DAYS_PER_YEAR = 365

CHURN, OBSERVED = "churn", "observed"

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
        or a day are counted by `unattributed_orders`.
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


def unattributed_orders(orders: pl.LazyFrame, *, as_of: dt.date) -> pl.LazyFrame:
    """Orders that are in nobody's historical value: reason, count."""
    reason = (
        pl.when(pl.col("account_id").is_null())
        .then(pl.lit("no_account"))
        .when(pl.col("ordered_on").is_null())
        .then(pl.lit("no_day"))
        .when(pl.col("ordered_on") > as_of)
        .then(pl.lit("after_end"))
    )
    return (
        orders.group_by(reason.alias("reason"))
        .agg(pl.len().cast(pl.Int64).alias("count"))
        .filter(pl.col("reason").is_not_null())
        .sort("reason")
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


def simple_values(
    customers: pl.LazyFrame, by: Sequence[str] = (), *, churn: pl.LazyFrame | None = None
) -> pl.LazyFrame:
    """Simple and basket CLV of each group of customers, with the figures that they are made of.

    The lifespan is 1/churn of the churn rate given, or observed: days of being a customer over
    customers lost, which counts the relationships that go on (a mean over ended ones alone is too
    short). It is null while nobody is lost.

    Args:
        customers: Of `with_relationship`, with the columns to group by.
        by: Columns to group by; none for all customers together.
        churn: The group's columns, churn_rate (a share of a period) and period_days.

    Returns:
        The group's columns, customers, customers_lost, customers_excluded (no sale or an unknown
        amount), average_basket, purchases_per_year, customer_value (revenue a year), margin_rate,
        lifespan_years, lifespan_method, clv_simple, clv_basket (both in revenue; times margin_rate
        they are in margin).
    """
    is_usable = (
        pl.col("active_days").is_not_null()
        & pl.col("revenue_amount").is_not_null()
        & pl.col("sales_amount").is_not_null()
    )
    grouped = customers.with_columns(is_usable.alias("is_usable")).group_by(
        *by, *([] if by else [pl.lit(value=True).alias("_all")])
    )
    totals = grouped.agg(
        pl.col("is_usable").sum().cast(pl.Int64).alias("customers"),
        (~pl.col("is_usable")).sum().cast(pl.Int64).alias("customers_excluded"),
        pl.col("is_lost").filter("is_usable").sum().cast(pl.Int64).alias("customers_lost"),
        *[
            pl.col(name).filter("is_usable").sum().cast(pl.Float64).alias(name)
            for name in ("sales", "sales_amount", "revenue_amount", "active_days")
        ],
        _whole(pl.col("margin_amount").filter("is_usable")).cast(pl.Float64).alias("margin_amount"),
    )
    return _products(totals.drop("_all", strict=False), by, churn).sort(by or "customers")


def _products(totals: pl.LazyFrame, by: Sequence[str], churn: pl.LazyFrame | None) -> pl.LazyFrame:
    years = pl.col("active_days") / DAYS_PER_YEAR
    lifespan, method = _ratio(years, pl.col("customers_lost")), OBSERVED
    if churn is not None:
        rates = churn.select(*by, "churn_rate", "period_days")
        totals = (
            totals.join(rates, on=list(by), how="left", nulls_equal=True)
            if by
            else totals.join(rates, how="cross")
        )
        period_years = pl.col("period_days") / DAYS_PER_YEAR
        lifespan, method = _ratio(period_years, pl.col("churn_rate")), CHURN
    parts = totals.with_columns(
        _ratio(pl.col("sales_amount"), pl.col("sales")).alias("average_basket"),
        _ratio(pl.col("sales"), years).alias("purchases_per_year"),
        _ratio(pl.col("revenue_amount"), years).alias("customer_value"),
        _ratio(pl.col("margin_amount"), pl.col("revenue_amount")).alias("margin_rate"),
        lifespan.alias("lifespan_years"),
        pl.lit(method).alias("lifespan_method"),
    )
    basket = pl.col("average_basket") * pl.col("purchases_per_year")
    return parts.select(
        *by,
        "customers",
        "customers_lost",
        "customers_excluded",
        "average_basket",
        "purchases_per_year",
        "customer_value",
        "margin_rate",
        "lifespan_years",
        "lifespan_method",
        (pl.col("customer_value") * pl.col("lifespan_years")).alias("clv_simple"),
        (basket * pl.col("lifespan_years")).alias("clv_basket"),
    )


def _is_attributed() -> pl.Expr:
    return pl.col("account_id").is_not_null() & pl.col("ordered_on").is_not_null()


def _whole(amount: pl.Expr) -> pl.Expr:
    """Sum, null where one of its parts is."""
    return pl.when(amount.null_count() == 0).then(amount.sum())


def _ratio(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    return pl.when(denominator > 0).then(numerator / denominator)
