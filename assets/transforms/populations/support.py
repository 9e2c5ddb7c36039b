"""The population `support`: contacts and costs of support among the active customers of a period.

A customer's segment is that of the account on the period's last day.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from assets.transforms.measures import Measure
from assets.transforms.populations.active import ActiveCustomers, active_customers
from assets.transforms.populations.counting import containing
from assets.transforms.populations.customers import (
    ACCOUNTS,
    customer_extracts,
    leave_out_early,
)
from assets.transforms.populations.cuts import CUT, Cuts, cuts_of, steps_of
from assets.transforms.populations.extract_support import DETRACTOR, PASSIVE, PROMOTER
from assets.transforms.populations.population import (
    Asked,
    Population,
    PopulationStates,
    counted_measure,
    exclusion_rows,
)
from assets.transforms.populations.tally import REASON, Tally
from assets.transforms.segments import TOTAL, SegmentSet
from schemas.config.project import Project
from schemas.table import MONEY_SCALE

CONTACT_RATE: Final = counted_measure("contact_rate", "mean", decimals=0)
"""Contacts of each active customer."""

COST_PER_CUSTOMER: Final = counted_measure(
    "support_cost_per_customer", "ratio", decimals=MONEY_SCALE
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
_NOBODYS: Final = pl.lit(0, pl.UInt32).alias(CUT)


def support_states(extracts: Mapping[str, pl.LazyFrame], asked: Asked) -> PopulationStates:
    """Contacts and costs of support, by period and segment.

    Args:
        extracts: `sale` or `contract`, and those of `contact`, `support_cost` and `opinion` that
            are fed.
        asked: What is wanted.
    """
    customers, cuts = active_customers(extracts, asked), cuts_of(asked)
    contacts = cuts.place(customers.contacts, "period_end")
    spans = cuts.narrow(customers.spans, asked.periods.ends)
    held = cuts.narrow(customers.opinions, asked.periods.ends)
    number = steps_of(spans, "n")
    parts = [_contacts(contacts, number)]
    parts += [
        _of_opinion(contacts, held, category, measure)
        for category, measure in COST_BY_OPINION.items()
    ]
    tally = Tally()
    for one in asked.sets:
        for part in parts:
            part.add(tally, cuts, asked, one, early=customers.early)
        if one == TOTAL and "support_cost" in extracts:
            costs = _costs(customers, extracts, asked, number)
            costs.add(tally, cuts, asked, one, early=customers.early)
    return tally.result()


@dataclass(frozen=True, slots=True)
class _Sums:
    """What is counted of one measure, by cut.

    Attributes:
        measure: The measure.
        number: Steps of the number of customers (n).
        values: period_start, cut, x, xx.
        left_out: period_start, cut, reason, count.
    """

    measure: Measure
    number: pl.DataFrame
    values: pl.DataFrame
    left_out: pl.DataFrame

    def add(
        self, tally: Tally, cuts: Cuts, asked: Asked, one: SegmentSet, *, early: pl.Expr
    ) -> None:
        """Sum over the customers of a set; those without a value have 0."""
        keys = ["period_start", *one.columns]
        number = cuts.running(self.number, asked.periods, one)
        sums = cuts.summed(self.values, one, ["period_start"])
        joined = number.join(sums, on=keys, how="left").with_columns(pl.col("x", "xx").fill_null(0))
        if self.measure.shape == "ratio":
            customers = (pl.col("n").cast(pl.Int128) * _UNIT).alias("y")
            joined = joined.drop("xx").with_columns(customers)
        tally.add(joined.filter(~early), self.measure, one)
        leave_out_early(tally, joined.filter(early), self.measure, one)
        counts = cuts.summed(self.left_out, one, ["period_start", REASON])
        tally.exclusions.append(exclusion_rows(counts, self.measure, one))


def _contacts(contacts: pl.DataFrame, number: pl.DataFrame) -> _Sums:
    active = contacts.filter("is_active")
    reason = pl.when(pl.col("account_id").is_null()).then(pl.lit("no_account"))
    others = contacts.filter(~pl.col("is_active"))
    named = others.with_columns(reason.otherwise(pl.lit("not_active")).alias(REASON))
    left_out = _left_out(named, "contacts")
    return _Sums(CONTACT_RATE, number, _values(active, "contacts"), left_out)


def _of_opinion(
    contacts: pl.DataFrame, held: pl.DataFrame, category: str, measure: Measure
) -> _Sums:
    is_of = pl.col("category") == category
    own = contacts.filter("is_active", is_of)
    uncosted = own.filter(pl.col("uncosted") > 0).with_columns(pl.lit("no_cost").alias(REASON))
    number = steps_of(held.filter(is_of), "n")
    return _Sums(measure, number, _values(own, "cost_fixed"), _left_out(uncosted, "uncosted"))


def _costs(
    customers: ActiveCustomers,
    extracts: Mapping[str, pl.LazyFrame],
    asked: Asked,
    number: pl.DataFrame,
) -> _Sums:
    """Cost of support and customers, of the whole company: the ledger names no account."""
    entries = containing(extracts["support_cost"].collect(), asked.periods, "starts_on")
    entries = entries.with_columns(_NOBODYS)
    unrated = entries.filter(pl.col("cost_fixed").is_null()).with_columns(
        pl.lit("no_rate").alias(REASON), entries=pl.lit(1, pl.Int64)
    )
    values, left_out = [_values(entries, "cost_fixed")], [_left_out(unrated, "entries")]
    if asked.project.kpis.support_cost.include_interaction_cost:
        contacts = customers.contacts.with_columns(_NOBODYS)
        uncosted = contacts.filter(pl.col("uncosted") > 0)
        uncosted = uncosted.with_columns(pl.lit("no_cost").alias(REASON))
        values.append(_values(contacts, "cost_fixed"))
        left_out.append(_left_out(uncosted, "uncosted"))
    return _Sums(COST_PER_CUSTOMER, number, pl.concat(values), pl.concat(left_out))


def _values(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """Sums of a value and of its square: period_start, cut, x, xx."""
    value = pl.col(name).cast(pl.Int128)
    return rows.group_by("period_start", CUT).agg(
        value.sum().alias("x"), (value * value).sum().alias("xx")
    )


def _left_out(rows: pl.DataFrame, count: str) -> pl.DataFrame:
    """What is left out: period_start, cut, reason, count."""
    number = pl.col(count).cast(pl.Int64).sum().alias("count")
    return rows.group_by("period_start", CUT, REASON).agg(number)


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
