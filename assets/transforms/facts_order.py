"""The fact `order`: one row an order, or one an order and product segment of its lines."""

from collections.abc import Mapping

import polars as pl

from assets.transforms.facts import (
    ACCOUNT_FLAG,
    PRODUCT_FLAG,
    Cut,
    FactFrame,
    Lookups,
    day_of,
    event_dimensions,
    fixed_money,
    is_cancelled_status,
    lineage,
    own_columns,
    own_money,
    unresolved_keys,
    with_account,
)
from assets.transforms.money import RATE, RATE_UNITS, converted, with_rate
from schemas.table import MONEY_SCALE
from schemas.warehouse import dimension_column


def order_fact(tables: Mapping[str, pl.LazyFrame], lookups: Lookups, cut: Cut) -> FactFrame:
    """One row an order; under product dimensions one an order and segment of its lines.

    Rows have ordered_on, delivered_on, promised_on, net_fixed and cost_fixed (Int128, 10⁻⁴; null
    where unknown) in the reporting currency, has_rate, has_lines, is_return, is_return_known,
    is_cancelled and the dimension columns. Cost is that of the lines, unknown where that of one of
    them is; lines are in the currency of their order and each is converted by the rate of the
    order's day. Under product dimensions revenue and cost are those of the
    segment's lines, so that an order counts once in each segment it has; an order without lines
    keeps its own revenue in the unknown segment.
    """
    orders = tables["erp_order"].select(
        "order_id",
        "account_id",
        *[
            day_of(f"{event}_at", cut.time_zone).alias(f"{event}_on")
            for event in ("ordered", "delivered", "promised")
        ],
        fixed_money("net_amount").alias("net_fixed"),
        "currency",
        pl.col("is_return").fill_null(value=False),
        pl.col("is_return").is_not_null().alias("is_return_known"),
        is_cancelled_status(cut.cancelled_statuses).alias("is_cancelled"),
        *own_columns(cut, "erp_order"),
        *lineage(cut),
        *event_dimensions(cut),
    )
    rated = with_rate(orders, currency="currency", day="ordered_on", rates=cut.rates)
    money = ["net_fixed", *own_money(cut, "erp_order")]
    valued = rated.with_columns(converted(pl.col(name)).alias(name) for name in money)
    frame = with_account(valued.drop("currency"), lookups, "ordered_on").collect(engine="streaming")
    unresolved = unresolved_keys(frame, {"crm_account": ACCOUNT_FLAG})
    rows = frame.drop("account_id", "is_account_known", strict=False)
    lines, missing = _lines(tables["erp_order_line"], rows, lookups, cut)
    rows = _with_lines(rows, lines, cut).drop("order_id", RATE)
    return FactFrame(rows, rows.lazy(), unresolved | missing)


def line_cost() -> pl.Expr:
    """Cost of a line, quantity * unit cost, as Int128 in units of 10⁻⁴; null where unknown."""
    cost = pl.col("quantity") * pl.col("unit_cost").cast(pl.Float64) * 10**MONEY_SCALE
    return pl.when(cost.is_finite()).then(cost.round()).cast(pl.Int128, strict=False)


def _lines(
    lines: pl.LazyFrame, orders: pl.DataFrame, lookups: Lookups, cut: Cut
) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    """Net amount and cost of each order and product segment, and products that are not known."""
    found = lines.select(
        "order_id", "product_id", fixed_money("net_amount").alias("line_fixed"),
        line_cost().alias("cost_fixed"),
    )  # fmt: skip
    if cut.of("product"):
        if lookups.products is None:
            msg = "product dimensions need the lookup of products"
            raise ValueError(msg)
        found = found.join(lookups.products.lazy(), on="product_id", how="left")
    joined = _converted_lines(found, orders).collect(engine="streaming")
    missing = unresolved_keys(joined, {"erp_product": PRODUCT_FLAG})
    segments = [dimension_column(name) for name in cut.of("product")]
    summed = joined.group_by("order_id", *segments).agg(
        _whole_sum("line_fixed"), _whole_sum("cost_fixed"), pl.lit(value=True).alias("has_lines")
    )
    return summed, missing


def _converted_lines(lines: pl.LazyFrame, orders: pl.DataFrame) -> pl.LazyFrame:
    """Lines in the reporting currency, unknown where their order has no rate."""
    if (orders[RATE] == RATE_UNITS).all(ignore_nulls=False):
        return lines
    rates = orders.lazy().select("order_id", RATE)
    money = [converted(pl.col(name)).alias(name) for name in ("line_fixed", "cost_fixed")]
    return lines.join(rates, on="order_id", how="left").with_columns(money).drop(RATE)


def _whole_sum(column: str) -> pl.Expr:
    """Sum of a column, null where one of its values is."""
    return pl.when(pl.col(column).null_count() == 0).then(pl.col(column).sum()).alias(column)


def _with_lines(orders: pl.DataFrame, lines: pl.DataFrame, cut: Cut) -> pl.DataFrame:
    """Orders with their lines' cost, and under product dimensions with their lines' revenue."""
    joined = orders.join(lines, on="order_id", how="left").with_columns(
        pl.col("has_lines").fill_null(value=False)
    )
    if cut.of("product"):
        own = pl.when("has_lines").then("line_fixed").otherwise("net_fixed")
        joined = joined.with_columns(own.alias("net_fixed"))
    return joined.drop("line_fixed")
