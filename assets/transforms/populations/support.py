"""The population `support`: contacts and costs of support among the active customers of a period.

A customer's segment is that of the account on the period's last day.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import narwhals as nw
import polars as pl

from assets.transforms.measures import Measure
from assets.transforms.populations.active import ActiveCustomers, active_customers
from assets.transforms.populations.counting import by_account, containing, counted
from assets.transforms.populations.customers import (
    ACCOUNTS,
    customer_extracts,
    leave_out_early,
)
from assets.transforms.populations.extract_support import DETRACTOR, PASSIVE, PROMOTER
from assets.transforms.populations.population import (
    Asked,
    Population,
    PopulationStates,
    account_as_of,
    exclusion_rows,
)
from assets.transforms.populations.tally import Tally
from assets.transforms.segments import TOTAL, SegmentSet
from schemas.config.project import Project
from schemas.table import MONEY_SCALE

CONTACT_RATE: Final = Measure(
    code="contact_rate",
    fact="population",
    shape="mean",
    day="period_start",
    concerns=None,
    reasons={},
    x=nw.col("x"),
    is_fixed=True,
)
"""Contacts of each active customer."""

COST_PER_CUSTOMER: Final = Measure(
    code="support_cost_per_customer",
    fact="population",
    shape="ratio",
    day="period_start",
    concerns=None,
    reasons={},
    x=nw.col("x"),
    y=nw.col("y"),
    is_fixed=True,
    decimals=MONEY_SCALE,
)
"""Cost of support (x) and active customers (y)."""

COST_BY_OPINION: Final[Mapping[str, Measure]] = {
    category: replace(CONTACT_RATE, code=f"support_cost_per_{category}", decimals=MONEY_SCALE)
    for category in (PROMOTER, PASSIVE, DETRACTOR)
}
"""Own cost of the interactions of each active customer, by the customer's last opinion."""

_TABLES: Final = {
    "contact": ("crm_interaction",),
    "support_cost": ("erp_cost",),
    "opinion": ("survey_response", "survey_answer", "survey", "survey_question"),
}
_UNIT: Final = 10**MONEY_SCALE


def support_states(extracts: Mapping[str, pl.LazyFrame], asked: Asked) -> PopulationStates:
    """Contacts and costs of support, by period and segment.

    Args:
        extracts: `sale` or `contract`, and those of `contact`, `support_cost` and `opinion` that
            are fed.
        asked: What is wanted.
    """
    customers = active_customers(extracts, asked)
    tally = Tally()
    for one in asked.sets:
        _tally_contacts(tally, customers, asked, one)
        for category, measure in COST_BY_OPINION.items():
            _tally_opinion(tally, customers, asked, one, category=category, measure=measure)
        if one == TOTAL:
            _tally_costs(tally, customers, extracts, asked)
    return tally.result()


def _tally_contacts(
    tally: Tally, customers: ActiveCustomers, asked: Asked, one: SegmentSet
) -> None:
    contacts = account_as_of(customers.contacts, asked.versions, one, day="period_end")
    active = contacts.filter("is_active").with_columns(pl.col("contacts").alias("value"))
    number = _number(customers.spans, asked, one)
    _add(tally, number, active, CONTACT_RATE, one, early=customers.early)
    reason = pl.when(pl.col("account_id").is_null()).then(pl.lit("no_account"))
    others = contacts.filter(~pl.col("is_active"))
    named = others.with_columns(reason.otherwise(pl.lit("not_active")).alias("reason"))
    _leave_out(tally, named, "contacts", CONTACT_RATE, one)


def _tally_opinion(
    tally: Tally,
    customers: ActiveCustomers,
    asked: Asked,
    one: SegmentSet,
    *,
    category: str,
    measure: Measure,
) -> None:
    is_of = pl.col("category") == category
    contacts = customers.contacts.filter("is_active", is_of)
    placed = account_as_of(contacts, asked.versions, one, day="period_end")
    costed = placed.with_columns(pl.col("cost_fixed").alias("value"))
    number = _number(customers.opinions.filter(is_of), asked, one)
    _add(tally, number, costed, measure, one, early=customers.early)
    uncosted = placed.filter(pl.col("uncosted") > 0).with_columns(reason=pl.lit("no_cost"))
    _leave_out(tally, uncosted, "uncosted", measure, one)


def _tally_costs(
    tally: Tally, customers: ActiveCustomers, extracts: Mapping[str, pl.LazyFrame], asked: Asked
) -> None:
    """Cost of support and customers, of the whole company: the ledger names no account."""
    if "support_cost" not in extracts:
        return
    entries = containing(extracts["support_cost"].collect(), asked.periods, "starts_on")
    fixed = pl.col("cost_fixed").cast(pl.Int128).alias("value")
    parts = [entries.select("period_start", fixed)]
    if asked.project.kpis.support_cost.include_interaction_cost:
        parts.append(customers.contacts.select("period_start", fixed))
        uncosted = customers.contacts.with_columns(reason=pl.lit("no_cost"))
        uncosted = uncosted.filter(pl.col("uncosted") > 0)
        _leave_out(tally, uncosted, "uncosted", COST_PER_CUSTOMER, TOTAL)
    unrated = entries.filter(pl.col("cost_fixed").is_null())
    unrated = unrated.with_columns(reason=pl.lit("no_rate"), entries=pl.lit(1))
    _leave_out(tally, unrated, "entries", COST_PER_CUSTOMER, TOTAL)
    number = _number(customers.spans, asked, TOTAL)
    _add(tally, number, pl.concat(parts), COST_PER_CUSTOMER, TOTAL, early=customers.early)


def _number(spans: pl.DataFrame, asked: Asked, one: SegmentSet) -> pl.DataFrame:
    """Customers of each period and segment: period_start, the dimension columns, n."""
    placed = by_account(spans, asked, one, when=asked.periods.ends)
    return counted(placed, asked.periods, one, "n")


def _add(
    tally: Tally,
    number: pl.DataFrame,
    values: pl.DataFrame,
    measure: Measure,
    one: SegmentSet,
    *,
    early: pl.Expr,
) -> None:
    """Sum a value over customers; those without one have 0."""
    keys = ["period_start", *one.columns]
    value = pl.col("value").cast(pl.Int128)
    sums = values.group_by(keys).agg(value.sum().alias("x"), (value * value).sum().alias("xx"))
    joined = number.join(sums, on=keys, how="left").with_columns(pl.col("x", "xx").fill_null(0))
    if measure.shape == "ratio":
        joined = joined.drop("xx").with_columns((pl.col("n").cast(pl.Int128) * _UNIT).alias("y"))
    tally.add(joined.filter(~early), measure, one)
    leave_out_early(tally, joined.filter(early), measure, one)


def _leave_out(
    tally: Tally, rows: pl.DataFrame, count: str, measure: Measure, one: SegmentSet
) -> None:
    """Count what is left out: rows have period_start, the dimension columns, reason, the count."""
    counts = rows.group_by("period_start", *one.columns, "reason").agg(
        pl.col(count).sum().alias("count")
    )
    tally.exclusions.append(exclusion_rows(counts, measure, one))


def _extracts(project: Project) -> tuple[str, ...]:
    fed = set(project.fed_tables())
    own = (name for name, tables in _TABLES.items() if fed.issuperset(tables))
    return (*customer_extracts(project), *own)


def _look_back_days(project: Project) -> int:
    churn = project.kpis.churn
    return churn.inactivity_days if churn.basis == "orders" else 1


SUPPORT: Final = Population(
    name="support",
    version=1,
    measures=(CONTACT_RATE, COST_PER_CUSTOMER, *COST_BY_OPINION.values()),
    extracts=_extracts,
    source=ACCOUNTS,
    look_back_days=_look_back_days,
    states=support_states,
)
