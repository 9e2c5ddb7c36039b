"""Keeping the states current: one slot a fact and history month, rebuilt when it is stale.

A slot is stale when its history, the configuration or the code differ from what it was made of, or
when a later change of a dimension table touches its events. Arithmetic is in `assets.transforms`.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import polars as pl

from assets.kpi.freshness import Ledger, is_touched, write_unresolved
from assets.kpi.history_inputs import (
    Dimensions,
    account_dimensions,
    event_months,
    month_days,
    scan_slot,
)
from assets.kpi.look_ahead import look_ahead
from assets.kpi.plan import Plan
from assets.kpi.rates import NOTE, has_other_rates, rates_note, rates_of
from assets.lake.layout import Lake
from assets.lake.slot import fingerprint
from assets.transforms.answering_again import superseded_later
from assets.transforms.facts import Cut, FactFrame, Lookups, lead_fact
from assets.transforms.facts_answer import answer_fact
from assets.transforms.facts_cost import cost_fact
from assets.transforms.facts_interaction import interaction_fact
from assets.transforms.facts_invitation import invitation_fact
from assets.transforms.facts_order import order_fact
from assets.transforms.money import Rates
from assets.transforms.states import States, compute_states, merge_states
from schemas.config.project import Project
from schemas.kpis.kpi import FactName

_Build = Callable[[Mapping[str, pl.LazyFrame], Lookups, Cut], FactFrame]

BUILDERS: Mapping[FactName, _Build] = {
    "answer": answer_fact,
    "order": order_fact,
    "lead": lead_fact,
    "interaction": interaction_fact,
    "cost": cost_fact,
    "invitation": invitation_fact,
}

SURVEYED: Final = frozenset({"answer", "invitation"})
"""Facts joined to their survey."""

_MONEY_TABLES: Mapping[FactName, str] = {"order": "erp_order", "cost": "erp_cost"}
"""Facts that convert money → table with its currency."""


@dataclass(frozen=True, slots=True)
class StateReport:
    """What a refresh of the states did.

    Attributes:
        refreshed: `fact/month` of the slots written.
        removed: `fact/month` of the slots whose history is gone.
        current: Number of slots that were current.
        rows: Event rows summed.
    """

    refreshed: tuple[str, ...]
    removed: tuple[str, ...]
    current: int
    rows: int


@dataclass
class _Refresh:
    """One refresh: what is shared between months."""

    lake: Lake
    plan: Plan
    dimensions: Dimensions
    ledger: Ledger
    rates: Rates
    as_of: dt.date
    refreshed: list[str] = field(default_factory=list)
    current: int = 0
    rows: int = 0


def build_states(lake: Lake, project: Project, *, as_of: dt.date) -> StateReport:
    """Refresh every stale state slot; one fact and month is in memory at a time.

    Args:
        lake: Where everything stands.
        project: The configuration.
        as_of: Latest logical date loaded; what depends on later days does not count until they
            are over.
    """
    plan = Plan(project)
    ledger = Ledger.of(lake.kpi("state_ledger"))
    dimensions = Dimensions(lake, _account_dimensions(plan))
    run = _Refresh(lake, plan, dimensions, ledger, rates_of(lake, project), as_of)
    removed = _remove_unplanned(run)
    for fact in plan.facts:
        signature = plan.state_signature(fact)
        for month in event_months(lake, plan.fact_tables(fact)[0]):
            _refresh_month(run, fact, month, signature=signature)
    ledger.commit()
    return StateReport(tuple(run.refreshed), tuple(removed), run.current, run.rows)


def _account_dimensions(plan: Plan) -> tuple[str, ...]:
    wanted: dict[str, None] = {}
    for fact in plan.facts:
        for cut, _ in plan.views(fact):
            wanted |= dict.fromkeys(account_dimensions(cut.dimensions))
    return tuple(wanted)


def _remove_unplanned(run: _Refresh) -> list[str]:
    """Remove slots of facts that are not asked for and of months that history has no more."""
    removed = []
    for fact in run.lake.kpi_names("state"):
        kept: set[str] = set()
        if fact in run.plan.facts:
            kept = set(event_months(run.lake, run.plan.fact_tables(fact)[0]))
        for month in run.lake.kpi_names("state", fact):
            if month not in kept:
                run.lake.kpi("state", fact, month).remove()
                removed.append(f"{fact}/{month}")
    return removed


def _refresh_month(run: _Refresh, fact: FactName, month: str, *, signature: str) -> None:
    slots = {name: run.lake.history(name, month) for name in run.plan.fact_tables(fact)}
    receipts = {name: slot.receipt() for name, slot in slots.items()}
    contents = {name: found.content if found else None for name, found in receipts.items()}
    ahead = look_ahead(run.lake, run.plan, fact, month=month, as_of=run.as_of)
    inputs = fingerprint(signature, contents, ahead.inputs)
    slot, label = run.lake.kpi("state", fact, month), f"{fact}/{month}"
    lookups = run.plan.lookup_tables(fact)
    sequences = {name: run.dimensions.table(name).sequence for name in lookups}
    run.ledger.seen[label] = sequences
    is_other = is_touched(
        slot, label, month_days(month), ledger=run.ledger, dimensions=run.dimensions
    )
    is_other = is_other or has_other_rates(slot, run.rates, month_days(month))
    if slot.is_current(inputs) and not is_other:
        run.current += 1
        return
    tables = {name: scan_slot(one, name) for name, one in slots.items()} | ahead.tables()
    states, unresolved, rows = _compute(run, fact, month, tables=tables)
    with slot.replace(inputs) as draft:
        states.state.write_parquet(draft.path("state.parquet"))
        states.exclusion.write_parquet(draft.path("exclusion.parquet"))
        states.histogram.write_parquet(draft.path("histogram.parquet"))
        states.segment.write_parquet(draft.path("segment.parquet"))
        write_unresolved(draft, unresolved, sequences)
        draft.facts.update(days=_span(states))
        if fact in _MONEY_TABLES:
            rows_of_money = scan_slot(slots[_MONEY_TABLES[fact]], _MONEY_TABLES[fact])
            draft.facts[NOTE] = rates_note(run.rates, rows_of_money, month_days(month))
    run.refreshed.append(label)
    run.rows += rows


def _compute(
    run: _Refresh, fact: FactName, month: str, *, tables: Mapping[str, pl.LazyFrame]
) -> tuple[States, dict[str, pl.DataFrame], int]:
    first, until = month_days(month)
    year, rates = first.year, run.rates.within(first, until)
    parts: list[States] = []
    unresolved: dict[str, pl.DataFrame] = {}
    rows = 0
    for cut, sets in run.plan.views(fact):
        lookups = run.dimensions.lookups(cut, year, surveys=fact in SURVEYED)
        own = replace(cut, rates=rates, as_of=run.as_of)
        frame = BUILDERS[fact](tables, lookups, own)
        measures = run.plan.fact_measures(fact)
        found: Mapping[str, pl.DataFrame] = {}
        if own.keeps_persons:
            found, missed = superseded_later(tables, lookups, own, measures)
            unresolved = _merged(unresolved, missed)
        columns = run.plan.dimension_columns
        parts.append(
            compute_states(frame.wide, measures, sets, dimensions=columns, superseded=found)
        )
        unresolved = _merged(unresolved, frame.unresolved)
        rows += frame.rows.height
    return merge_states(parts), unresolved, rows


def _merged(
    one: Mapping[str, pl.DataFrame], other: Mapping[str, pl.DataFrame]
) -> dict[str, pl.DataFrame]:
    """Unresolved keys of two frames, each key once."""
    found = dict(one)
    for name, keys in other.items():
        known = found.get(name, keys.clear())
        found[name] = pl.concat([known, keys]).unique().sort(keys.columns)
    return found


def _span(states: States) -> list[str]:
    """First and last event day, empty without any."""
    days = pl.concat([states.state["event_day"], states.exclusion["event_day"]])
    ends = [day for day in (days.min(), days.max()) if isinstance(day, dt.date)]
    return [day.isoformat() for day in ends]
