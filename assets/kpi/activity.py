"""Compact extracts of history for customer KPIs: who bought on which day, whose contract ran when.

One slot a history month, so that a period's customers are found without reading every order again.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from assets.kpi.history_inputs import event_months, scan_slot
from assets.lake.layout import Lake
from assets.lake.slot import fingerprint
from assets.transforms.spells import contract_activity, sale_activity
from schemas.config.project import Project

ACTIVITY_VERSION = 1
"""Raised when the same history would give other activity."""

TABLES: Mapping[str, str] = {"orders": "erp_order", "contracts": "crm_contract"}
"""Table that each basis of `kpis.churn.basis` reads."""


@dataclass(frozen=True, slots=True)
class ActivityMonth:
    """One month's activity.

    Attributes:
        month: History month, `YYYY-MM`.
        files: Paths of the slot's files by logical name.
        content: Fingerprint of what they hold.
        first_on: First day with activity; None without any.
        last_on: Last day that the activity reaches; None without any.
    """

    month: str
    files: Mapping[str, str]
    content: str
    first_on: dt.date | None
    last_on: dt.date | None

    def overlaps(self, first: dt.date, last: dt.date) -> bool:
        """Whether the activity reaches into a range of days, both ends included."""
        if self.first_on is None or self.last_on is None:
            return False
        return self.first_on <= last and self.last_on >= first


def refresh_activity(lake: Lake, project: Project) -> tuple[str, ...]:
    """Bring the activity slots of the configured basis up to date.

    Returns:
        Months written or removed.
    """
    basis = project.kpis.churn.basis
    table = TABLES[basis]
    signature = fingerprint(
        ACTIVITY_VERSION, basis, project.company.time_zone, project.kpis.cancelled_statuses
    )
    months, changed = event_months(lake, table), []
    for month in lake.kpi_names("activity"):
        if month not in months:
            lake.kpi("activity", month).remove()
            changed.append(month)
    for month in months:
        history = lake.history(table, month)
        receipt = history.receipt()
        inputs = fingerprint(signature, receipt.content if receipt else None)
        slot = lake.kpi("activity", month)
        if slot.is_current(inputs):
            continue
        activity, exclusion = _extracted(basis, scan_slot(history, table), project)
        with slot.replace(inputs) as draft:
            activity.write_parquet(draft.path("activity.parquet"))
            exclusion.write_parquet(draft.path("exclusion.parquet"))
            draft.facts.update(_span(activity, exclusion))
        changed.append(month)
    return tuple(changed)


def activity_months(lake: Lake) -> list[ActivityMonth]:
    """The committed activity, month by month."""
    found = []
    for month in lake.kpi_names("activity"):
        slot = lake.kpi("activity", month)
        receipt = slot.receipt()
        if receipt is None:
            continue
        files = {name: str(slot.folder / file) for name, file in receipt.files.items()}
        days = [dt.date.fromisoformat(text) for text in receipt.facts["days"]]
        first, last = days or (None, None)
        found.append(ActivityMonth(month, files, receipt.content, first, last))
    return found


def _extracted(
    basis: str, rows: pl.LazyFrame, project: Project
) -> tuple[pl.DataFrame, pl.DataFrame]:
    if basis == "contracts":
        return contract_activity(rows)
    statuses = [name.lower() for name in project.kpis.cancelled_statuses]
    return sale_activity(rows, project.company.time_zone, statuses)


def _span(activity: pl.DataFrame, exclusion: pl.DataFrame) -> dict[str, list[str]]:
    """First and last day of the activity; the end of an open contract is `NEVER`."""
    days = pl.concat([activity["starts_on"], activity["last_on"], exclusion["event_day"]])
    ends = [day for day in (days.min(), days.max()) if isinstance(day, dt.date)]
    return {"days": [day.isoformat() for day in ends]}
