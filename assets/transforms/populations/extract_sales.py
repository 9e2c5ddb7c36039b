"""The extracts `sale` and `purchase`: who ordered what on which day, and for how much."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import polars as pl

from assets.transforms.facts import day_of, is_cancelled_status
from assets.transforms.facts_order import line_cost
from assets.transforms.money import Rates, with_reporting_money
from assets.transforms.populations.extract import Extract
from schemas.config.project import Project
from schemas.table import MONEY_SCALE

_UNIT: Final = Decimal(1).scaleb(-MONEY_SCALE)
_AMOUNTS: Final = {"net_amount": "net_fixed", "cost_amount": "cost_fixed"}


def sale_rows(tables: Mapping[str, pl.LazyFrame], project: Project, rates: Rates) -> pl.DataFrame:
    """One row an order or return that is not cancelled.

    Args:
        tables: erp_order and erp_order_line.
        project: The configuration.
        rates: Rates of exchange.

    Returns:
        account_id, order_id, starts_on and last_on (its day), is_sale, is_return, net_fixed and
        cost_fixed (negative on a return; null where unknown or without a rate; the cost of an
        order without lines, or with a line without cost, is unknown), has_rate.
    """
    costs = (
        tables["erp_order_line"]
        .select("order_id", line_cost().alias("cost"))
        .group_by("order_id")
        .agg(pl.when(pl.col("cost").null_count() == 0).then(pl.col("cost").sum()).alias("cost"))
    )
    cost = pl.col("cost").cast(pl.Decimal(38, 0), strict=False) * pl.lit(_UNIT)
    orders = (
        _orders(tables, project)
        .select("account_id", "order_id", "starts_on", "is_return", "currency", "net_amount")
        .join(costs, on="order_id", how="left")
        .with_columns(cost.cast(pl.Decimal(38, MONEY_SCALE)).alias("cost_amount"))
    )
    valued = with_reporting_money(
        orders, _AMOUNTS, currency="currency", day="starts_on", rates=rates
    )
    return (
        valued.select(
            "account_id",
            "order_id",
            "starts_on",
            pl.col("starts_on").alias("last_on"),
            (~pl.col("is_return")).alias("is_sale"),
            "is_return",
            *[_signed(name).alias(name) for name in _AMOUNTS.values()],
            "has_rate",
        )
        .collect(engine="streaming")
        .sort("starts_on", "account_id", "order_id")
    )


def purchase_rows(
    tables: Mapping[str, pl.LazyFrame], project: Project, rates: Rates
) -> pl.DataFrame:
    """Which account bought which product on which day, each once.

    Args:
        tables: erp_order and erp_order_line.
        project: The configuration.
        rates: Not read.

    Returns:
        account_id, starts_on and last_on (the day), product_id; of orders that are neither
        cancelled nor returns.
    """
    del rates
    sales = _orders(tables, project).filter(~pl.col("is_return"))
    bought = sales.select("order_id", "account_id", "starts_on").join(
        tables["erp_order_line"].select("order_id", "product_id"), on="order_id", how="inner"
    )
    return (
        bought.select("account_id", "starts_on", pl.col("starts_on").alias("last_on"), "product_id")
        .unique()
        .collect(engine="streaming")
        .sort("starts_on", "account_id", "product_id")
    )


def _orders(tables: Mapping[str, pl.LazyFrame], project: Project) -> pl.LazyFrame:
    """Orders that are not cancelled, with their day."""
    statuses = [name.lower() for name in project.kpis.cancelled_statuses]
    day = day_of("ordered_at", project.company.time_zone)
    return (
        tables["erp_order"]
        .filter(~is_cancelled_status(statuses))
        .with_columns(day.alias("starts_on"), pl.col("is_return").fill_null(value=False))
    )


def _signed(amount: str) -> pl.Expr:
    """An amount as Int64, negative on a return whichever sign its source gives it."""
    value = pl.col(amount).cast(pl.Int64, strict=False)
    return pl.when(pl.col("is_return")).then(-value.abs()).otherwise(value)


def _settings(project: Project) -> object:
    return project.company.time_zone, project.kpis.cancelled_statuses


SALE: Final = Extract(
    name="sale",
    version=1,
    tables=("erp_order", "erp_order_line"),
    settings=_settings,
    rows=sale_rows,
    needs_rates=True,
    rated_by=("ordered_at",),
)

PURCHASE: Final = Extract(
    name="purchase",
    version=1,
    tables=("erp_order", "erp_order_line"),
    settings=_settings,
    rows=purchase_rows,
)
