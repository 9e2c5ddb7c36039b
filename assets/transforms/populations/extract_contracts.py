"""The extract `contract`: what of each contract the populations read.

Contracts are in the month of their first day. They matter for longer than they are in force: they
may be signed before it, and come up for renewal on their planned end however they ended.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Final

import polars as pl

from assets.transforms.facts import day_of
from assets.transforms.money import Rates, with_reporting_money
from assets.transforms.populations.extract import Extract
from assets.transforms.spells import NEVER
from schemas.config.project import Project

OPEN_END: Final = NEVER - dt.timedelta(days=1)
"""Last day in force of a contract without an end."""

_UNIT_MONTHS: Final[Mapping[str, int]] = {"month": 1, "quarter": 3, "year": 12}
_ONE_DAY = pl.duration(days=1)


def contract_rows(
    tables: Mapping[str, pl.LazyFrame], project: Project, rates: Rates
) -> pl.DataFrame:
    """One row a contract, in order of its id.

    Args:
        tables: crm_contract with `_closed_on`.
        project: The configuration.
        rates: Rates of exchange.

    Returns:
        contract_id, account_id, product_id, plan, kind, signed_on (day in the company's zone; the
        first day in force where it is not recorded), starts_on, last_on (last day in force,
        before `starts_on` where it never was), ends_on (planned), cancelled_on, renewed_from,
        value_fixed (total), monthly_fixed (0 where nothing recurs, null where the amount or the
        rate is unknown), has_rate, and the days that it matters from and to.
    """
    before = [pl.col(name) - _ONE_DAY for name in ("cancelled_on", "_closed_on")]
    signed_on = day_of("signed_at", project.company.time_zone)
    dated = tables["crm_contract"].with_columns(
        pl.coalesce(signed_on, "starts_on").alias("signed_on"),
        pl.min_horizontal("ends_on", *before).fill_null(OPEN_END).alias("last_on"),
    )
    amounts = {"value": "value_fixed", "recurring_amount": "recurring_fixed"}
    valued = with_reporting_money(dated, amounts, currency="currency", day="signed_on", rates=rates)
    return (
        valued.select(
            "contract_id",
            "account_id",
            "product_id",
            "plan",
            "kind",
            "signed_on",
            "starts_on",
            "last_on",
            "ends_on",
            "cancelled_on",
            "renewed_from",
            pl.col("value_fixed").cast(pl.Int64),
            _monthly().cast(pl.Int64).alias("monthly_fixed"),
            "has_rate",
            pl.min_horizontal("signed_on", "starts_on").alias("reaches_from"),
            pl.max_horizontal("last_on", "ends_on").alias("reaches_to"),
        )
        .collect()
        .sort("contract_id")
    )


def _monthly() -> pl.Expr:
    """Recurring amount of a month; halves round away from zero."""
    months = pl.col("recurring_unit").replace_strict(
        _UNIT_MONTHS, default=None, return_dtype=pl.Int64
    )
    amount = pl.col("recurring_fixed").cast(pl.Int64)
    size = (2 * amount.abs() + months) // (2 * months)
    nothing = (pl.col("kind") == "contract") & pl.col("recurring_amount").is_null()
    return pl.when(nothing).then(0).when(amount < 0).then(-size).otherwise(size)


CONTRACT: Final = Extract(
    name="contract",
    version=1,
    tables=("crm_contract",),
    settings=lambda project: project.company.time_zone,
    rows=contract_rows,
    needs_rates=True,
    rated_by=("signed_at", "starts_on"),
    reach=("reaches_from", "reaches_to"),
)
