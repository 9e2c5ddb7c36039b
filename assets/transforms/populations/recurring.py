"""The population `recurring`: customers with contracts, at the start and the end of each period.

The start is the last day before the period and the end its last day, so the end of one period is
the start of the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import narwhals as nw
import polars as pl

from assets.transforms.facts import FactSource
from assets.transforms.measures import Measure
from assets.transforms.populations.population import (
    Asked,
    Population,
    PopulationStates,
    account_as_of,
)
from assets.transforms.populations.tally import (
    REASON,
    Tally,
    first_reason,
    in_periods,
    portions,
)
from schemas.table import MONEY_SCALE

NRR: Final = Measure(
    code="nrr",
    fact="population",
    shape="ratio",
    day="period_start",
    concerns=None,
    reasons={},
    x=nw.col("x"),
    y=nw.col("y"),
    is_fixed=True,
    decimals=MONEY_SCALE,
    counts_rows=True,
)
"""Recurring revenue of a customer at the end (x) and at the start (y)."""

GRR: Final = Measure(
    code="grr",
    fact="population",
    shape="ratio",
    day="period_start",
    concerns=None,
    reasons={},
    x=nw.col("x"),
    y=nw.col("y"),
    is_fixed=True,
    decimals=MONEY_SCALE,
    counts_rows=True,
)
"""The same, at the end at most what it was at the start."""

UPSELL: Final = Measure(
    code="upsell",
    fact="population",
    shape="share",
    day="period_start",
    concerns=None,
    reasons={},
    x=nw.col("x"),
)
"""Customers at the start, and whether their amount or plan rose."""

_MEASURES: Final = (NRR, GRR, UPSELL)
_CUSTOMER = ("period_start", "account_id")


def recurring_states(extracts: Mapping[str, pl.LazyFrame], asked: Asked) -> PopulationStates:
    """Recurring revenue kept, and customers whose contracts grew, by period and segment.

    A customer's segment is that of the account on the period's first day.

    Args:
        extracts: `contract`.
        asked: What is wanted.
    """
    rank = _rank(asked.project.kpis.contracts.plan_order)
    columns = ("account_id", "starts_on", "last_on", "monthly_fixed", "has_rate", rank)
    contracts = extracts["contract"].select(columns).collect()
    tally = Tally()
    for periods in portions(asked.periods, contracts.height):
        _count(tally, contracts.lazy(), replace(asked, periods=periods))
    return tally.result()


def _count(tally: Tally, contracts: pl.LazyFrame, asked: Asked) -> None:
    """Count the customers of some periods."""
    start = in_periods(contracts, asked.periods, _in_force("day_before"))
    end = in_periods(contracts, asked.periods, _in_force("period_end"))
    no_account = pl.col("account_id").is_null()
    customers = _by_customer(start.filter(~no_account)).join(
        _by_customer(end.filter(~no_account)), on=_CUSTOMER, how="left", suffix="_end"
    )
    nobodys = start.filter(no_account).select(*_CUSTOMER, pl.lit("no_account").alias(REASON))
    kept = pl.col("monthly_end").fill_null(0)
    for one in asked.sets:
        placed = account_as_of(customers, asked.versions, one, day="period_start")
        tally.count(_retained(placed, kept), NRR, one)
        tally.count(_retained(placed, pl.min_horizontal(kept, "monthly")), GRR, one)
        tally.count(_grown(placed), UPSELL, one)
        left_out = account_as_of(nobodys, asked.versions, one, day="period_start")
        for measure in _MEASURES:
            tally.leave_out(left_out, measure, one)


def _in_force(day: str) -> list[pl.Expr]:
    return [pl.col("starts_on") <= pl.col(day), pl.col("last_on") >= pl.col(day)]


def _rank(plan_order: Sequence[str]) -> pl.Expr:
    """Place of the plan in the order, null where it has none."""
    places = {name.strip().lower(): place for place, name in enumerate(plan_order)}
    plan = pl.col("plan").str.strip_chars().str.to_lowercase()
    return plan.replace_strict(places, default=None, return_dtype=pl.Int64).alias("rank")


def _by_customer(contracts: pl.DataFrame) -> pl.DataFrame:
    """Sum of the contracts of each period and customer, and whether an amount is unknown."""
    lacks = pl.col("monthly_fixed").is_null()
    return contracts.group_by(_CUSTOMER).agg(
        pl.col("monthly_fixed").cast(pl.Int128).sum().alias("monthly"),
        (lacks & pl.col("has_rate")).any().alias("lacks_amount"),
        (lacks & ~pl.col("has_rate")).any().alias("lacks_rate"),
        pl.col("rank").max(),
    )


def _reasons() -> dict[str, pl.Expr]:
    """Why the amounts of a customer do not tell."""
    return {
        reason: pl.col(flag) | pl.col(f"{flag}_end").fill_null(value=False)
        for reason, flag in (("no_amount", "lacks_amount"), ("no_rate", "lacks_rate"))
    }


def _retained(customers: pl.DataFrame, kept: pl.Expr) -> pl.DataFrame:
    """Customers with recurring revenue at the start, as far as is known."""
    is_unknown = pl.col("lacks_amount") | pl.col("lacks_rate")
    return customers.filter((pl.col("monthly") > 0) | is_unknown).with_columns(
        first_reason(_reasons()), kept.alias("x"), pl.col("monthly").alias("y")
    )


def _grown(customers: pl.DataFrame) -> pl.DataFrame:
    has_greater_plan = (pl.col("rank_end") > pl.col("rank")).fill_null(value=False)
    has_greater_amount = (pl.col("monthly_end") > pl.col("monthly")).fill_null(value=False)
    reasons = {name: found & ~has_greater_plan for name, found in _reasons().items()}
    return customers.with_columns(
        first_reason(reasons), (has_greater_plan | has_greater_amount).alias("x")
    )


RECURRING: Final = Population(
    name="recurring",
    version=1,
    measures=_MEASURES,
    extracts=lambda _: ("contract",),
    source=FactSource(("crm_account",), ("account",)),
    look_back_days=lambda _: 1,
    states=recurring_states,
)
