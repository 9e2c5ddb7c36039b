"""Later months that a slot of states depends on: those in which its rows' windows have a day.

A slot is made anew when one of these months changes, or when one of its windows closes. What rows
make of what comes later is the facts' work.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from assets.kpi.history_inputs import event_months, scan_slot
from assets.kpi.plan import Plan
from assets.lake.layout import Lake
from assets.lake.slot import Slot
from assets.transforms.facts import FACTS, day_of
from assets.transforms.look_ahead import last_closed, later, months_reached, windows
from schemas.kpis.kpi import FactName


@dataclass(frozen=True, slots=True)
class LookAhead:
    """What the states of a fact and month depend on after it; nothing by default.

    Attributes:
        slots: Table → its slots of the month itself and of the later months.
        inputs: What, besides their month's own, the states depend on.
    """

    slots: Mapping[str, tuple[Slot, ...]] = field(default_factory=dict)
    inputs: Any = None

    def tables(self) -> dict[str, pl.LazyFrame]:
        """The later tables under the names that facts read them by."""
        return {
            later(table): pl.concat([scan_slot(slot, table) for slot in slots])
            for table, slots in self.slots.items()
        }


def look_ahead(lake: Lake, plan: Plan, fact: FactName, *, month: str, as_of: dt.date) -> LookAhead:
    """What the states of a fact and month depend on after it.

    Args:
        lake: Where the history stands.
        plan: What is asked for.
        fact: The fact.
        month: Its history month.
        as_of: Last loaded day.
    """
    days, source = plan.look_ahead_days(fact), FACTS[fact]
    if not days:
        return LookAhead()
    event = source.tables[0]
    first_on, last_on = (day_of(at, plan.project.company.time_zone) for at in source.window)
    events = scan_slot(lake.history(event, month), event)
    found = windows(events, first_on, last_on + dt.timedelta(days=days))
    reached = months_reached(found, event_months(lake, source.later[0]))
    months = sorted({month, *reached})
    slots = {table: tuple(lake.history(table, name) for name in months) for table in source.later}
    receipts = [slot.receipt() for each in slots.values() for slot in each]
    contents = [receipt.content if receipt else None for receipt in receipts]
    closed_on = last_closed(found, as_of) if source.waits else None
    return LookAhead(slots, [months, contents, closed_on.isoformat() if closed_on else None])
