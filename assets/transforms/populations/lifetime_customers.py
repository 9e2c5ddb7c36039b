"""What each customer bought to the end of a period, from the extract of sales.

What it is worth is decided in `lifetime_values` and `lifetime_predicted`.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

import polars as pl

from assets.transforms.clv.simple import historical_values, with_relationship
from assets.transforms.clv.summary import summarise

NO_AMOUNT: Final = "no_amount"
NO_RATE: Final = "no_rate"
NO_COST: Final = "no_cost"

YEAR_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class Buyers:
    """Customers with a sale to date.

    Attributes:
        customers: One row an account, in its order: account_id, first_on, last_on, active_days,
            is_lost, sales_fixed, revenue_fixed, margin_fixed (in 10⁻⁴, null where a part is
            unknown), unknown_amount and unknown_cost (why they are; null where they are known),
            was_customer and was_lost (among the customers a year before, and lost since).
        nameless: Orders and returns that name no account.
        since: Day of the first order or return; None without any.
    """

    customers: pl.DataFrame
    nameless: int
    since: dt.date | None


def sales_to(sales: pl.LazyFrame, end: dt.date) -> pl.LazyFrame:
    """Sales and returns to a day, as `assets.transforms.clv` takes orders.

    Args:
        sales: The extract `sale`.
        end: Last day.

    Returns:
        account_id, ordered_on, amount and cost_amount (in 10⁻⁴), is_return, has_rate.
    """
    return sales.filter(pl.col("is_sale") | pl.col("is_return"), pl.col("starts_on") <= end).select(
        "account_id",
        pl.col("starts_on").alias("ordered_on"),
        pl.col("net_fixed").alias("amount"),
        pl.col("cost_fixed").alias("cost_amount"),
        "is_return",
        "has_rate",
    )


def buyers(sales: pl.LazyFrame, end: dt.date, *, inactivity_days: int) -> Buyers:
    """Customers with a sale to the end of a period.

    Args:
        sales: The extract `sale`.
        end: Last day of the period.
        inactivity_days: Days without a sale after which a customer is lost.
    """
    orders = sales_to(sales, end)
    known = historical_values(orders, as_of=end).filter(pl.col("sales") > 0)
    found = with_relationship(known, as_of=end, inactivity_days=inactivity_days)
    unrated = orders.filter(~pl.col("has_rate")).select(
        "account_id", pl.lit(value=True).alias("is_unrated")
    )
    before = _a_year_before(orders, end, inactivity_days)
    has_unrated = pl.col("is_unrated").fill_null(value=False)
    no_amount = pl.when(has_unrated).then(pl.lit(NO_RATE)).otherwise(pl.lit(NO_AMOUNT))
    unknown = pl.when(pl.col("orders_without_amount") > 0).then(no_amount)
    was = pl.col("was_customer").fill_null(value=False)
    customers = (
        found.join(unrated.unique(), on="account_id", how="left")
        .join(before, on="account_id", how="left")
        .select(
            "account_id", "first_on", "last_on", "active_days", "is_lost",
            *[
                pl.col(f"{name}_amount").cast(pl.Int128).alias(f"{name}_fixed")
                for name in ("sales", "revenue", "margin")
            ],
            unknown.alias("unknown_amount"),
            unknown.fill_null(pl.when(pl.col("orders_without_cost") > 0).then(pl.lit(NO_COST)))
            .alias("unknown_cost"),
            was.alias("was_customer"),
            (was & pl.col("is_lost")).alias("was_lost"),
        )
        .sort("account_id")
    )  # fmt: skip
    whole = orders.select(pl.col("account_id").null_count(), pl.col("ordered_on").min())
    frame, totals = pl.collect_all([customers, whole], engine="streaming")
    nameless, since = totals.row(0)
    return Buyers(frame, int(nameless), since)


def _a_year_before(orders: pl.LazyFrame, end: dt.date, inactivity_days: int) -> pl.LazyFrame:
    """Accounts that were customers as the first of the last 365 days began."""
    start = end - dt.timedelta(days=YEAR_DAYS - 1)
    since = start - dt.timedelta(days=inactivity_days)
    is_sale = ~(pl.col("is_return") | (pl.col("amount") < 0).fill_null(value=False))
    return (
        orders.filter(is_sale, pl.col("ordered_on") < start, pl.col("ordered_on") >= since)
        .select("account_id", pl.lit(value=True).alias("was_customer"))
        .unique()
    )


def purchase_summary(sales: pl.LazyFrame, end: dt.date) -> pl.DataFrame:
    """Recency, frequency, age (in days) and mean value (in 10⁻⁴) of each customer."""
    return summarise(sales_to(sales, end), end_on=end).customers.collect(engine="streaming")


def share_left(customers: pl.DataFrame) -> float:
    """Share of the sales to date that returns left, over customers of known amounts; at least 0."""
    known = customers.filter(pl.col("unknown_amount").is_null())
    sold, left = (float(known[f"{name}_fixed"].sum() or 0) for name in ("sales", "revenue"))
    return max(left / sold, 0.0) if sold > 0 else 1.0
