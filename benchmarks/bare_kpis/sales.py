"""Sales, margin, returns, delivery and conversion, by hand."""

from collections.abc import Iterator

import polars as pl

from benchmarks.bare import share
from benchmarks.bare_kpis.common import ACCOUNT, SETS, History, as_of, by_periods, by_sets, day
from benchmarks.bare_kpis.estimates import odds, ratio, shaped

DIMENSIONS = (*ACCOUNT, "channel")
RATE_UNITS = 10_000
ORDER_SETS = [name for name in SETS if name not in {"by_category", "by_touchpoint"}]


def converted(cents: pl.Expr) -> pl.Expr:
    """Cents at the row's rate, in units of a ten-thousandth, halves away from zero."""
    product = cents * pl.col("rate")
    return product.sign() * ((product.abs() + 50) // 100)


def cents(amount: str) -> pl.Expr:
    """An amount as a whole number of cents."""
    return (pl.col(amount).cast(pl.Float64) * 100).round().cast(pl.Int64)


def with_rates(rows: pl.LazyFrame, history: History, on: str) -> pl.LazyFrame:
    """Rows with the rate of their currency and day, in ten-thousandths."""
    rates = history.table("erp_fx_rate").select(
        "currency", pl.col("rate_date").alias(on),
        (pl.col("rate") * RATE_UNITS).round().cast(pl.Int64).alias("rate"),
    )  # fmt: skip
    joined = rows.join(rates, on=["currency", on], how="left")
    return joined.with_columns(pl.col("rate").fill_null(RATE_UNITS))


def sold_orders(history: History) -> pl.DataFrame:
    """Orders that are not cancelled: their day, account, net amount and rate."""
    orders = history.table("erp_order").filter(pl.col("status") != "canceled").select(
        "order_id", "account_id", day("ordered_at").alias("day"), "currency", "is_return",
        day("delivered_at").alias("delivered_on"), day("promised_at").alias("promised_on"),
        pl.col("channel").cast(pl.Categorical), cents("net_amount").alias("net"),
    )  # fmt: skip
    rated = with_rates(orders, history, "day").with_columns(converted(pl.col("net")).alias("net"))
    return rated.drop("currency").collect(engine="streaming")


def sales_values(history: History, sold: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Every KPI of orders and leads."""
    parts = by_parts(history, sold)
    costs = parts.group_by("order_id").agg(pl.col("cost").sum())
    whole = as_of(sold.lazy().join(costs.lazy(), on="order_id"), history, "day").collect(
        engine="streaming"
    )
    for found, delivered in (
        (base(whole, DIMENSIONS), base_delivered(whole, DIMENSIONS)),
        (base(parts, ("category",)), base_delivered(parts, ("category",))),
    ):
        sets = ["by_category"] if "category" in found.columns else ORDER_SETS
        rolled = by_periods(by_sets(found, sets, ["day"]))
        yield from order_values(rolled)
        on_time = by_periods(by_sets(delivered, sets, ["day"]))
        yield shaped(share("on_time_delivery_rate", on_time, pl.col("in_time")))
    yield from lead_values(history)


def by_parts(history: History, sold: pl.DataFrame) -> pl.DataFrame:
    """Orders and product categories: net amount and cost of the lines."""
    products = history.table("erp_product").select(
        "product_id", pl.col("category").cast(pl.Categorical)
    )
    columns = ("order_id", "day", "is_return", "delivered_on", "promised_on")
    cost = (pl.col("quantity").cast(pl.Int64) * cents("unit_cost")).alias("cost")
    return (
        history.table("erp_order_line")
        .select("order_id", "product_id", cents("net_amount").alias("net"), cost)
        .join(products, on="product_id", how="left")
        .join(sold.lazy().select(*columns, "rate"), on="order_id")
        .with_columns(
            converted(pl.col("net")).alias("net"), converted(pl.col("cost")).alias("cost")
        )
        .group_by(*columns, "category")
        .agg(pl.col("net", "cost").sum())
        .collect(engine="streaming")
    )


def base(rows: pl.DataFrame, dimensions: tuple[str, ...]) -> pl.DataFrame:
    """Sums by day and dimensions."""
    net, margin = pl.col("net") / 10_000, (pl.col("net") - pl.col("cost")) / 10_000
    sale = (~pl.col("is_return")).cast(pl.Int64)
    return (
        rows.lazy()
        .group_by("day", *dimensions)
        .agg(
            pl.len().cast(pl.Int64).alias("n"),
            sale.sum().alias("y"),
            pl.col("net").sum().alias("x"),
            (net * net).sum().alias("xx"),
            (net * sale).sum().alias("xy"),
            (pl.col("net") - pl.col("cost")).sum().alias("m"),
            (margin * margin).sum().alias("mm"),
            (margin * sale).sum().alias("my"),
            (margin * net).sum().alias("mx"),
            pl.col("is_return").sum().cast(pl.Int64).alias("returns"),
        )
        .collect()
    )


def base_delivered(rows: pl.DataFrame, dimensions: tuple[str, ...]) -> pl.DataFrame:
    """Deliveries and those in time, by the day of delivery."""
    is_in_time = pl.col("delivered_on") <= pl.col("promised_on")
    return (
        rows.lazy()
        .filter(pl.col("delivered_on").is_not_null(), ~pl.col("is_return"))
        .group_by(pl.col("delivered_on").alias("day"), *dimensions)
        .agg(pl.len().cast(pl.Int64).alias("n"), is_in_time.sum().cast(pl.Int64).alias("in_time"))
        .collect()
    )


def order_values(rolled: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """KPIs of revenue and returns."""
    rows = rolled.with_columns(pl.col("x") / 10_000, pl.col("m") / 10_000)
    names = ("x", "y", "xx", "xy", "y")
    yield ratio("average_transaction_value", rows, names, n="y")
    yield ratio("margin_per_transaction", rows, ("m", "y", "mm", "my", "y"), n="y")
    yield ratio("margin_rate", rows, ("m", "x", "mm", "mx", "xx"), factor=100)
    yield odds("return_rate", rows, "returns")


def lead_values(history: History) -> Iterator[pl.DataFrame]:
    """Conversion, by the day of creation and by that of closing."""
    leads = history.table("crm_lead").select(
        "account_id", "outcome", day("created_at").alias("day"), day("closed_at").alias("closed_on")
    )
    known = as_of(leads, history, "day").collect()
    closed = known.filter(pl.col("outcome") != "open").with_columns(day=pl.col("closed_on"))
    for code, rows in (("conversion_rate", known), ("conversion_rate_closed", closed)):
        is_won = pl.col("outcome") == "won"
        summed = rows.group_by("day", *ACCOUNT).agg(
            pl.len().cast(pl.Int64).alias("n"), is_won.sum().cast(pl.Int64).alias("won")
        )
        sets = [name for name in ORDER_SETS if name != "by_tier_channel"]
        rolled = by_periods(by_sets(summed, sets, ["day"]))
        yield shaped(share(code, rolled, pl.col("won")))
