"""The populations `churn` and `reactivation`: customers that are lost, and those that come back.

A customer is active at the instant that a day begins (`assets.transforms.spells`). Customers at the
start of a period are those whose spell covers its first day; lost are those of them who are not
active when the day after its last one begins. Joiners are in no spell at the start, and so in
neither number. Back are those who were lost when the period began and become active in it.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Final

import polars as pl

from assets.transforms.facts import FactSource
from assets.transforms.measures import Measure
from assets.transforms.populations.counting import containing, covering
from assets.transforms.populations.cuts import CUT, cuts_of, steps_of
from assets.transforms.populations.population import (
    Asked,
    Population,
    PopulationPeriods,
    PopulationStates,
    counted_measure,
    exclusion_rows,
)
from assets.transforms.populations.tally import REASON, Tally
from assets.transforms.segments import SegmentSet
from assets.transforms.spells import NEVER, spells_from_contracts, spells_from_sales
from schemas.config.project import Project
from schemas.dimensions import UNKNOWN

LOOK_BACK_INCOMPLETE: Final = "look_back_incomplete"
"""Extracts do not reach back far enough for what is counted."""

ACCOUNTS: Final = FactSource(("crm_account",), ("account",))
"""Customers are cut by what their account is."""

_ONE_DAY: Final = dt.timedelta(days=1)

CHURN: Final = counted_measure("churn", "share")
"""Customers at the start (n) and lost (x)."""

REACTIVATION: Final = counted_measure("reactivation", "share")
"""Customers lost before the start (n) and back by the end (x)."""


def customer_extracts(project: Project) -> tuple[str, ...]:
    """Extracts that say who is a customer."""
    return ("sale",) if project.kpis.churn.basis == "orders" else ("contract",)


def churn_states(extracts: Mapping[str, pl.LazyFrame], asked: Asked) -> PopulationStates:
    """Customers at the start of each period and how many of them were lost by its end.

    Args:
        extracts: `sale` or `contract`, by `kpis.churn.basis`.
        asked: What is asked for.
    """
    tally, spells = Tally(), spells_of(extracts, asked)
    starts = asked.periods.starts
    present = covering(spells, starts, "starts_on", "ends_on")
    lost = _lost(spells, asked.periods)
    nowhere = unattributed(extracts, asked)
    since = _first_whole_day(asked)
    cuts = cuts_of(asked)
    steps = steps_of(cuts.narrow(present, starts), "n")
    placed = cuts.place(lost, "period_start").group_by("period_start", CUT)
    losses = placed.agg(pl.len().cast(pl.Int64).alias("x"))
    for one in asked.sets:
        keys = ["period_start", *one.columns]
        n = cuts.running(steps, asked.periods, one)
        x = cuts.summed(losses, one, ["period_start"])
        both = n.join(x, on=keys, how="left")
        sums = both.with_columns(pl.col("x").fill_null(0))
        add_since(tally, sums, CHURN, one, since=since)
        leave_out_nowhere(tally, nowhere, CHURN, one)
    return tally.result()


def reactivation_states(extracts: Mapping[str, pl.LazyFrame], asked: Asked) -> PopulationStates:
    """Customers who were lost when each period began, and those of them who came back in it.

    Args:
        extracts: `sale` or `contract`, by `kpis.churn.basis`, all there is.
        asked: What is asked for.
    """
    tally, periods = Tally(), asked.periods
    gaps = _gaps(spells_of(extracts, asked))
    lost = covering(gaps, periods.starts, "lost_on", "last_on")
    back = lost.filter(pl.col("back_on").is_not_null())
    # active at an instant by the day after the period: it began in the period
    back = covering(back.with_columns(pl.lit(NEVER).alias("_for_ever")), periods.tests,
                    "back_on", "_for_ever")  # fmt: skip
    nowhere = unattributed(extracts, asked)
    # of orders too it is not known who bought before the first; those lost since then are counted
    since = contracts_known_from(asked.project)
    cuts = cuts_of(asked)
    steps = [
        steps_of(cuts.narrow(spans, periods.ends), name)
        for spans, name in ((lost, "n"), (back, "x"))
    ]
    for one in asked.sets:
        keys = ["period_start", *one.columns]
        n, x = (cuts.running(each, periods, one) for each in steps)
        both = n.join(x, on=keys, how="left").with_columns(pl.col("x").fill_null(0))
        add_since(tally, both, REACTIVATION, one, since=since)
        leave_out_nowhere(tally, nowhere, REACTIVATION, one)
    return tally.result()


def spells_of(extracts: Mapping[str, pl.LazyFrame], asked: Asked) -> pl.DataFrame:
    """Spells of the accounts: account_id, starts_on, ends_on; disjoint within an account."""
    churn, is_named = asked.project.kpis.churn, pl.col("account_id").is_not_null()
    if churn.basis == "orders":
        sales = extracts["sale"].filter(is_named, "is_sale").select("account_id", "starts_on")
        days = churn.inactivity_days
        return asked.once("spells", "sale", lambda: spells_from_sales(sales, days), days)
    ever = pl.col("last_on") >= pl.col("starts_on")
    contracts = extracts["contract"].filter(is_named, ever)
    return asked.once("spells", "contract", lambda: spells_from_contracts(contracts))


def unattributed(extracts: Mapping[str, pl.LazyFrame], asked: Asked) -> pl.DataFrame:
    """Sales or contracts of each period that make no customer: period_start, reason, count."""
    is_nameless = pl.col("account_id").is_null()
    if asked.project.kpis.churn.basis == "orders":
        rows = extracts["sale"].filter(is_nameless, "is_sale")
    else:
        never = pl.col("last_on") < pl.col("starts_on")
        rows = extracts["contract"].filter(is_nameless | never)
    reason = pl.when(is_nameless).then(pl.lit("no_account")).otherwise(pl.lit("never_in_force"))
    basis = asked.project.kpis.churn.basis
    dated = asked.once(
        "unattributed",
        "sale" if basis == "orders" else "contract",
        lambda: rows.select("starts_on", reason.alias(REASON)).collect(),
    )
    placed = containing(dated, asked.periods, "starts_on")
    return placed.group_by("period_start", REASON).agg(pl.len().alias("count"))


def leave_out_nowhere(
    tally: Tally, counts: pl.DataFrame, measure: Measure, one: SegmentSet
) -> None:
    """Leave out what names no account, from the total and the unknown segments.

    Args:
        tally: What is counted.
        counts: period_start, reason, count.
        measure: The measure.
        one: The set.
    """
    unknown = [pl.lit(UNKNOWN).alias(name) for name in one.columns]
    tally.exclusions.append(exclusion_rows(counts.with_columns(unknown), measure, one))


def add_since(
    tally: Tally, sums: pl.DataFrame, measure: Measure, one: SegmentSet, *, since: dt.date | None
) -> None:
    """Add the sums of periods that start on a day or later, and leave out what the others count.

    Args:
        tally: What is counted.
        sums: period_start, the set's dimension columns, n and the components.
        measure: The measure.
        one: The set.
        since: First day from which all that is to be counted is known; None where it always is.
    """
    early = pl.col("period_start") < since if since else pl.lit(value=False)
    tally.add(sums.filter(~early), measure, one)
    leave_out_early(tally, sums.filter(early, pl.col("n") > 0), measure, one)


def contracts_known_from(project: Project) -> dt.date | None:
    """First day from which customers by their contracts are known; None on basis `orders`."""
    kpis = project.kpis
    return kpis.known_from.crm_contract if kpis.churn.basis == "contracts" else None


def leave_out_early(tally: Tally, sums: pl.DataFrame, measure: Measure, one: SegmentSet) -> None:
    """Leave out what was counted without a whole look-back: period_start, dimensions, n."""
    counts = sums.with_columns(pl.lit(LOOK_BACK_INCOMPLETE).alias(REASON))
    tally.exclusions.append(exclusion_rows(counts.rename({"n": "count"}), measure, one))


def _lost(spells: pl.DataFrame, periods: PopulationPeriods) -> pl.DataFrame:
    """Customers at the start of each period who are not active when it is over, each once."""
    keys, test = ["account_id", "period_start"], pl.col("period_end") + _ONE_DAY
    ended = containing(spells, periods, "ends_on").filter(
        pl.col("starts_on") <= pl.col("period_start")
    )
    back = (
        ended.select(*keys, test.alias("test"))
        .join(spells, on="account_id", how="inner")
        .filter(pl.col("starts_on") <= pl.col("test"), pl.col("test") <= pl.col("ends_on"))
    )
    return ended.select(keys).join(back, on=keys, how="anti")


def _gaps(spells: pl.DataFrame) -> pl.DataFrame:
    """Days at whose beginning an account is lost: account_id, lost_on, last_on, back_on."""
    lost_on = (pl.col("ends_on") + _ONE_DAY).alias("lost_on")
    back_on = pl.col("starts_on").shift(-1).over("account_id").alias("back_on")
    last_on = (pl.col("back_on") - _ONE_DAY).fill_null(NEVER).alias("last_on")
    gaps = spells.sort("account_id", "starts_on").select("account_id", lost_on, back_on)
    return gaps.with_columns(last_on).filter(pl.col("lost_on") <= pl.col("last_on"))


def _first_whole_day(asked: Asked) -> dt.date | None:
    """First day whose whole look-back is there; contracts say themselves when they began.

    Which contracts there were, they say only from the day that is configured.
    """
    churn = asked.project.kpis.churn
    if churn.basis == "contracts" or asked.since is None:
        return contracts_known_from(asked.project)
    return asked.since + dt.timedelta(days=churn.inactivity_days)


def _churn_look_back(project: Project) -> int:
    churn = project.kpis.churn
    return churn.inactivity_days if churn.basis == "orders" else 1


CHURN_POPULATION: Final = Population(
    name="churn",
    version=1,
    measures=(CHURN,),
    extracts=customer_extracts,
    source=ACCOUNTS,
    look_back_days=_churn_look_back,
    states=churn_states,
)

REACTIVATION_POPULATION: Final = Population(
    name="reactivation",
    version=1,
    measures=(REACTIVATION,),
    extracts=customer_extracts,
    source=ACCOUNTS,
    look_back_days=lambda _: None,
    states=reactivation_states,
)
