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
from schemas.warehouse import dimension_column


def order_fact(tables: Mapping[str, pl.LazyFrame], lookups: Lookups, cut: Cut) -> FactFrame:
    """One row an order; under product dimensions one an order and segment of its lines.

    Rows have ordered_on, net_fixed (Int128, 10⁻⁴; null where unknown), is_return, is_cancelled,
    is_foreign (another currency than the company's) and the dimension columns. Under product
    dimensions revenue is that of the segment's lines, so that an order counts once in each
    segment it has; an order without lines keeps its own revenue in the unknown segment.
    """
    orders = tables["erp_order"].select(
        "order_id",
        "account_id",
        day_of("ordered_at", cut.time_zone).alias("ordered_on"),
        fixed_money("net_amount").alias("net_fixed"),
        pl.col("is_return").fill_null(value=False),
        is_cancelled_status(cut.cancelled_statuses).alias("is_cancelled"),
        (pl.col("currency") != cut.currency).fill_null(value=False).alias("is_foreign"),
        *event_dimensions(cut),
    )
    frame = with_account(orders, lookups, "ordered_on").collect(engine="streaming")
    unresolved = unresolved_keys(frame, {"crm_account": ACCOUNT_FLAG})
    rows = frame.drop("account_id", "is_account_known", strict=False)
    if cut.of("product"):
        lines, missing = _lines(tables["erp_order_line"], lookups, cut)
        rows = _by_lines(rows, lines)
        unresolved |= missing
    rows = rows.drop("order_id")
    return FactFrame(rows, rows.lazy(), unresolved)


def _lines(
    lines: pl.LazyFrame, lookups: Lookups, cut: Cut
) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    """Net amount of each order and product segment, and products that are not known."""
    if lookups.products is None:
        msg = "product dimensions need the lookup of products"
        raise ValueError(msg)
    segments = [dimension_column(name) for name in cut.of("product")]
    joined = (
        lines.select("order_id", "product_id", fixed_money("net_amount").alias("line_fixed"))
        .join(lookups.products.lazy(), on="product_id", how="left")
        .collect(engine="streaming")
    )
    missing = unresolved_keys(joined, {"erp_product": PRODUCT_FLAG})
    is_whole = pl.col("line_fixed").null_count() == 0
    summed = joined.group_by("order_id", *segments).agg(
        pl.when(is_whole).then(pl.col("line_fixed").sum()).alias("line_fixed"),
        pl.lit(value=True).first().alias("has_lines"),
    )
    return summed, missing


def _by_lines(orders: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    joined = orders.join(lines, on="order_id", how="left")
    own = pl.when(pl.col("has_lines").is_null()).then("net_fixed").otherwise("line_fixed")
    return joined.with_columns(own.alias("net_fixed")).drop("line_fixed", "has_lines")
