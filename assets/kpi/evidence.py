"""What a publish was made from, in short, so that a later one can say what changed in between.

Belongs here: gathering it and comparing two of them. What follows from it for a value is in
`assets.transforms.restatements`.
"""

import datetime as dt
import json
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from assets.history.ledger import PARTITIONS
from assets.kpi.history_inputs import event_months, month_days
from assets.kpi.plan import ORIGIN_TABLES, Plan
from assets.kpi.scope import NOT_IN_VALUES, ONLY_OF
from assets.lake.layout import ALL, Lake
from assets.lake.slot import fingerprint
from assets.transforms.facts import FACTS
from assets.transforms.populations.population import Population
from assets.transforms.populations.registry import EXTRACTS
from assets.transforms.restatements import Since
from assets.transforms.states import STATE_VERSION
from assets.transforms.values import VALUE_VERSION
from schemas.dimensions import known_dimension
from schemas.kpis.catalogue import Published, input_tables

_SHORT = 12
_MANY_DATES = 20


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a publish was made from.

    Attributes:
        definitions: KPI code → fingerprint of its definition and parameters.
        sets: Segment set → its dimensions.
        months: Table → history month → content.
        sequences: Table without events → number of its last change.
        extracts: Table → `source date` of an extract merged into it → content.
    """

    definitions: dict[str, str] = field(default_factory=dict)
    sets: dict[str, list[str]] = field(default_factory=dict)
    months: dict[str, dict[str, str]] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    extracts: dict[str, dict[str, str]] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def gather(lake: Lake, plan: Plan) -> Evidence:
    """What the KPI tables are made from now."""
    tables = plan.project.fed_tables()
    return Evidence(
        definitions={one.code: _definition(plan, one) for one in plan.published},
        sets={one.name: list(one.dimensions) for one in plan.sets},
        months={name: months for name in tables if (months := _months(lake, name))},
        sequences={name: _sequence(lake, name) for name in tables},
        extracts={name: _extracts(lake, name) for name in tables},
    )


def compare(plan: Plan, before: Evidence, now: Evidence) -> Since:
    """What changed between two publishes, by KPI and by segment set."""
    kpis = [_kpi(plan, one, before, now) for one in plan.published]
    sets = [
        {
            "segment_set": one.name,
            "is_recut": before.sets.get(one.name, now.sets.get(one.name)) != now.sets.get(one.name),
            "is_dimension_changed": any(
                before.sequences.get(table) != now.sequences.get(table)
                for dimension in one.dimensions
                if (table := ORIGIN_TABLES.get(known_dimension(dimension)[0]))
            ),
        }
        for one in plan.sets
    ]
    return Since(pl.DataFrame(kpis, schema=_KPIS), pl.DataFrame(sets, schema=_SETS))


_KPIS = {
    "kpi_code": pl.String, "is_redefined": pl.Boolean, "changed_from": pl.Date,
    "has_new": pl.Boolean, "has_reloaded": pl.Boolean, "is_lookup_changed": pl.Boolean,
    "is_additive": pl.Boolean, "logical_dates": pl.String,
}  # fmt: skip
_SETS = {
    "segment_set": pl.String, "is_recut": pl.Boolean, "is_dimension_changed": pl.Boolean,
}  # fmt: skip


def source_tables(plan: Plan, one: Published) -> tuple[str, ...]:
    """Canonical tables whose rows enter a KPI, its inputs and those of its facts."""
    of_facts = [table for fact in one.kpi.facts if fact in FACTS for table in FACTS[fact].tables]
    of_extracts = [
        table
        for population in populations_of(plan, one)
        for name in population.extracts(plan.project)
        for table in EXTRACTS[name].tables
    ]
    named = (*of_facts, *of_extracts, *input_tables(one.kpi, plan.project.kpis))
    fed = set(plan.project.fed_tables())
    return tuple(dict.fromkeys(name for name in named if name in fed))


def populations_of(plan: Plan, one: Published) -> tuple[Population, ...]:
    """Populations that a KPI is read from; none for one on events."""
    if one.kpi.fact != "population":
        return ()
    return tuple(
        each
        for each in plan.populations
        if any(measure.code == one.state for measure in each.measures)
    )


def _kpi(plan: Plan, one: Published, before: Evidence, now: Evidence) -> dict[str, Any]:
    tables = source_tables(plan, one)
    months = [
        month
        for table in tables
        for month in {*before.months.get(table, {}), *now.months.get(table, {})}
        if before.months.get(table, {}).get(month) != now.months.get(table, {}).get(month)
    ]
    new, reloaded = set(), set()
    for table in tables:
        old, found = before.extracts.get(table, {}), now.extracts.get(table, {})
        new |= {name for name in found if name not in old}
        reloaded |= {name for name, content in old.items() if found.get(name) != content}
    dates = sorted({name.rpartition(" ")[2] for name in new | reloaded})
    told = ", ".join(dates[:_MANY_DATES])
    return {
        "kpi_code": one.code,
        "is_redefined": before.definitions.get(one.code) != now.definitions[one.code],
        "changed_from": min(
            (month_days(month)[0] - _looked_back(plan, one) for month in months), default=None
        ),
        "has_new": bool(new),
        "has_reloaded": bool(reloaded),
        "is_lookup_changed": any(
            before.sequences.get(table) != now.sequences.get(table)
            for table in tables
            if table not in {*before.months, *now.months}
        ),
        "is_additive": one.kpi.fact != "population",
        "logical_dates": f"{told}, …" if len(dates) > _MANY_DATES else told or None,
    }


def _looked_back(plan: Plan, one: Published) -> dt.timedelta:
    """How long before a changed month the values of a KPI may change with it."""
    waits = [fact for fact in one.kpi.facts if fact in FACTS and FACTS[fact].waits]
    return dt.timedelta(days=max((plan.look_ahead_days(fact) for fact in waits), default=0))


def _definition(plan: Plan, one: Published) -> str:
    """Fingerprint of what decides a KPI's values besides the data."""
    project, kpi = plan.project, one.kpi
    of_others = {
        name for name, facts in ONLY_OF.items() if facts.isdisjoint({*kpi.facts, kpi.fact})
    }
    facts = [fact for fact in kpi.facts if fact in FACTS]
    measures = [m for fact in facts for m in plan.fact_measures(fact) if m.code == one.state]
    populations = [(each.name, each.version) for each in populations_of(plan, one)]
    return fingerprint(
        STATE_VERSION,
        VALUE_VERSION,
        (one.state, one.method, kpi.estimator, kpi.method_version, kpi.facts),
        sorted((measure.fact, measure.version) for measure in measures),
        populations,
        project.company.time_zone,
        project.company.currency,
        project.kpis.model_dump(mode="json", exclude=set(NOT_IN_VALUES | of_others)),
    )[:_SHORT]


def _months(lake: Lake, table: str) -> dict[str, str]:
    found = {month: lake.history(table, month).receipt() for month in event_months(lake, table)}
    return {month: receipt.content[:_SHORT] for month, receipt in found.items() if receipt}


def _sequence(lake: Lake, table: str) -> int:
    receipt = lake.history(table, ALL).receipt()
    return int(receipt.facts.get("sequence", 0)) if receipt else 0


def _extracts(lake: Lake, table: str) -> dict[str, str]:
    """Extracts that the history of a table has merged: `source date` → content."""
    path = lake.history_ledger(table).path(PARTITIONS)
    merged = json.loads(path.read_text(encoding="utf-8"))["merged"] if path else []
    return {
        f"{source} {dt.date.fromisoformat(date)}": digest[:_SHORT]
        for date, source, digest, *_ in merged
    }
