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
    unresolved_keys,
    with_account,
)
from schemas.table import MONEY_SCALE
from schemas.warehouse import dimension_column


def order_fact(tables: Mapping[str, pl.LazyFrame], lookups: Lookups, cut: Cut) -> FactFrame:
    """One row an order; under product dimensions one an order and segment of its lines.

    Rows have ordered_on, delivered_on, promised_on, net_fixed and cost_fixed (Int128, 10⁻⁴; null
    where unknown), has_lines, is_return, is_return_known, is_cancelled, is_foreign (another
    currency than the company's) and the dimension columns. Cost is that of the lines, unknown
    where that of one of them is. Under product dimensions revenue and cost are those of the
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
        pl.col("is_return").fill_null(value=False),
        pl.col("is_return").is_not_null().alias("is_return_known"),
        is_cancelled_status(cut.cancelled_statuses).alias("is_cancelled"),
        (pl.col("currency") != cut.currency).fill_null(value=False).alias("is_foreign"),
        *event_dimensions(cut),
    )
    frame = with_account(orders, lookups, "ordered_on").collect(engine="streaming")
    unresolved = unresolved_keys(frame, {"crm_account": ACCOUNT_FLAG})
    rows = frame.drop("account_id", "is_account_known", strict=False)
    lines, missing = _lines(tables["erp_order_line"], lookups, cut)
    rows = _with_lines(rows, lines, cut).drop("order_id")
    return FactFrame(rows, rows.lazy(), unresolved | missing)


def line_cost() -> pl.Expr:
    """Cost of a line, quantity * unit cost, as Int128 in units of 10⁻⁴; null where unknown."""
    cost = pl.col("quantity") * pl.col("unit_cost").cast(pl.Float64) * 10**MONEY_SCALE
    return pl.when(cost.is_finite()).then(cost.round()).cast(pl.Int128, strict=False)


def _lines(
    lines: pl.LazyFrame, lookups: Lookups, cut: Cut
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
    joined = found.collect(engine="streaming")
    missing = unresolved_keys(joined, {"erp_product": PRODUCT_FLAG})
    segments = [dimension_column(name) for name in cut.of("product")]
    summed = joined.group_by("order_id", *segments).agg(
        _whole_sum("line_fixed"), _whole_sum("cost_fixed"), pl.lit(value=True).alias("has_lines")
    )
    return summed, missing


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
