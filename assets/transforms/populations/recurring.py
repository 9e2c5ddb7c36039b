"""The population `recurring`: customers with contracts, at the start and the end of each period.

The start is the last day before the period and the end its last day, so the end of one period is
the start of the next.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from assets.transforms.facts import FactSource
from assets.transforms.measures import Measure
from assets.transforms.populations.counting import counted, covering
from assets.transforms.populations.customers import add_since, leave_out_nowhere
from assets.transforms.populations.cuts import cuts_of, steps_of
from assets.transforms.populations.population import (
    Asked,
    Population,
    PopulationPeriods,
    PopulationStates,
    counted_measure,
    exclusion_rows,
)
from assets.transforms.populations.tally import REASON, Tally, first_reason, product
from assets.transforms.segments import TOTAL
from schemas.table import MONEY_SCALE

NRR: Final = counted_measure("nrr", "ratio", decimals=MONEY_SCALE, counts_rows=True)
"""Recurring revenue of a customer at the end (x) and at the start (y)."""

GRR: Final = counted_measure("grr", "ratio", decimals=MONEY_SCALE, counts_rows=True)
"""The same, at the end at most what it was at the start."""

UPSELL: Final = counted_measure("upsell", "share")
"""Customers at the start, and whether their amount or plan rose."""

_MEASURES: Final = (NRR, GRR, UPSELL)
_NOT_SUMMED: Final = ("account_id", "starts_on", "last_on", "rank")


def recurring_states(extracts: Mapping[str, pl.LazyFrame], asked: Asked) -> PopulationStates:
    """Recurring revenue kept, and customers whose contracts grew, by period and segment.

    A customer's segment is that of the account on the period's first day.

    Args:
        extracts: `contract`.
        asked: What is wanted.
    """
    contract, order = extracts["contract"], asked.project.kpis.contracts.plan_order
    runs = asked.once("runs", "contract", lambda: _runs(contract, order), tuple(order))
    pairs, cuts, tally = _pairs(runs, asked.periods), cuts_of(asked), Tally()
    kept = pl.col("monthly_end").fill_null(0)
    customers = cuts.narrow(pairs, asked.periods.starts)
    parts = (
        (NRR, _retained(customers, kept)),
        (GRR, _retained(customers, pl.min_horizontal(kept, "monthly"))),
        (UPSELL, _grown(customers)),
    )
    steps = [(measure, *_steps(rows, measure)) for measure, rows in parts]
    nobodys, known_from = _nobodys(contract, asked), asked.project.kpis.known_from
    for one in asked.sets:
        for measure, sums, left_out in steps:
            found = cuts.running(sums, asked.periods, one)
            add_since(tally, found, measure, one, since=known_from.crm_contract)
            others = cuts.running(left_out, asked.periods, one, [REASON])
            tally.exclusions.append(exclusion_rows(others, measure, one))
            leave_out_nowhere(tally, nobodys, measure, one)
    return tally.result()


def _steps(rows: pl.DataFrame, measure: Measure) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Steps of what is summed of the rows that count, and of the number of others by reason."""
    counts, values = pl.col(REASON).is_null(), {name: product(name) for name in measure.components}
    return (
        steps_of(rows.filter(counts), "n", values),
        steps_of(rows.filter(~counts), "count", by=[REASON]),
    )


def _nobodys(contracts: pl.LazyFrame, asked: Asked) -> pl.DataFrame:
    """Contracts in force before each period that name no account: period_start, reason, count."""
    is_own = pl.col("account_id").is_null() & (pl.col("starts_on") <= pl.col("last_on"))
    rows = contracts.filter(is_own).select("starts_on", "last_on").collect()
    spans = covering(rows, _days_before(asked.periods), "starts_on", "last_on")
    counts = counted(spans, asked.periods, TOTAL, "count")
    return counts.with_columns(pl.lit("no_account").alias(REASON))


def _days_before(periods: PopulationPeriods) -> pl.Series:
    return periods.starts - dt.timedelta(days=1)


def _runs(contracts: pl.LazyFrame, plan_order: Sequence[str]) -> pl.DataFrame:
    """Days from which the contracts of an account are others, and what they are together.

    Args:
        contracts: The extract.
        plan_order: Plans, the least first.

    Returns:
        account_id, starts_on, ends_on, is_customer (whether any is in force), monthly,
        lacks_amount, lacks_rate, rank; of each account the days since its first one, gaps too.
    """
    ranks = range(len(plan_order))
    lacks, has_rate = pl.col("monthly_fixed").is_null(), pl.col("has_rate")
    own = contracts.filter(
        pl.col("account_id").is_not_null(), pl.col("starts_on") <= pl.col("last_on")
    ).select(
        "account_id", "starts_on", "last_on", _rank(plan_order),
        pl.lit(1, pl.Int64).alias("contracts"),
        pl.col("monthly_fixed").fill_null(0).cast(pl.Int128).alias("monthly"),
        (lacks & has_rate).fill_null(value=False).cast(pl.Int64).alias("lacks_amount"),
        (lacks & ~has_rate).fill_null(value=False).cast(pl.Int64).alias("lacks_rate"),
    ).with_columns(
        (pl.col("rank") == rank).fill_null(value=False).cast(pl.Int64).alias(f"rank_{rank}")
        for rank in ranks
    ).collect()  # fmt: skip
    numbers = pl.col(name for name in own.columns if name not in _NOT_SUMMED)
    begins = own.select("account_id", pl.col("starts_on"), numbers)
    ends = own.select(
        "account_id", (pl.col("last_on") + pl.duration(days=1)).alias("starts_on"), numbers * -1
    )
    changes = pl.concat([begins, ends]).group_by("account_id", "starts_on").agg(numbers.sum())
    held = changes.sort("account_id", "starts_on").with_columns(
        # those of an account come to nothing at its last change, so that no other has any of them
        numbers.cum_sum(),
        (pl.col("starts_on").shift(-1).over("account_id") - pl.duration(days=1)).alias("ends_on"),
    )
    highest = [pl.when(pl.col(f"rank_{rank}") > 0).then(rank) for rank in reversed(ranks)]
    return held.select(
        "account_id",
        "starts_on",
        "ends_on",
        (pl.col("contracts") > 0).alias("is_customer"),
        "monthly",
        (pl.col("lacks_amount") > 0).alias("lacks_amount"),
        (pl.col("lacks_rate") > 0).alias("lacks_rate"),
        pl.coalesce(*highest, pl.lit(None, pl.Int64)).cast(pl.Int64).alias("rank"),
    )


def _pairs(runs: pl.DataFrame, periods: PopulationPeriods) -> pl.DataFrame:
    """What customers have at the start and at the end (`…_end`), with the periods that have both.

    Args:
        runs: From `_runs`.
        periods: The periods.

    Returns:
        Rows as those of `covering`; the end is null where nothing is in force.
    """
    numbered = runs.with_row_index("_run")
    changes = pl.concat(
        [
            covering(numbered, when, "starts_on", "ends_on").select(
                "account_id", "_first", pl.col("_run").alias(name)
            )
            for name, when in (("_start", _days_before(periods)), ("_end", periods.ends))
        ],
        how="diagonal",
    )
    met = changes.group_by("account_id", "_first").agg(pl.col("_start", "_end").max())
    met = met.sort("account_id", "_first").with_columns(
        pl.col("_start", "_end").forward_fill().over("account_id"),
        pl.col("_first")
        .shift(-1, fill_value=len(periods.starts))
        .over("account_id")
        .alias("_past"),
    )
    content = numbered.filter("is_customer").drop(
        "account_id", "starts_on", "ends_on", "is_customer"
    )
    at_end = content.rename(lambda name: name if name == "_run" else f"{name}_end")
    return (
        met.join(content, left_on="_start", right_on="_run", how="inner")
        .join(at_end, left_on="_end", right_on="_run", how="left")
        .drop("_start", "_end")
    )


def _rank(plan_order: Sequence[str]) -> pl.Expr:
    """Place of the plan in the order, null where it has none."""
    places = {name.strip().lower(): place for place, name in enumerate(plan_order)}
    plan = pl.col("plan").str.strip_chars().str.to_lowercase()
    return plan.replace_strict(places, default=None, return_dtype=pl.Int64).alias("rank")


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
