"""The checks of records, by table and event month of the history; their results are kept.

Three parts make up a month: `contract` (Great Expectations), `references` and `totals`. A part is
judged again if what it rests on changed. References rest on other tables, too: months that end
within `RECENT_DAYS`, and those in which something was amiss, are judged again at every new state of
the tables they point at; older ones only if they changed themselves.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from assets.history.read import scan_history
from assets.lake.layout import UNPLACED, Lake
from assets.lake.slot import Receipt, fingerprint
from assets.quality import contracts, references, totals
from assets.quality.outcomes import Month, Outcome, frame, is_passed
from assets.quality.references import Keys, Reference
from assets.quality.suites import Suite, suite
from assets.transforms.quality.outcome import no_outcomes
from schemas.config.project import Project
from schemas.config.quality import Checks
from schemas.registry import canonical
from schemas.table import Table

CODE_VERSION = 1
"""Raise it when the same records would be judged otherwise."""

RECENT_DAYS = 35
"""Months that end within so many days are held against every new state of other tables."""

OUTCOMES = "outcomes.parquet"

Made = dict[str, str]
"""Part → fingerprint of what it was made from."""


def judge_records(lake: Lake, project: Project, *, as_of: dt.date) -> pl.DataFrame:
    """Outcomes of every check of records; what has not changed is not read again.

    Args:
        lake: Where everything stands; results are kept in it.
        project: The company's configuration.
        as_of: Latest logical date loaded, from which the age of records is counted.

    Returns:
        One row per check, subject and month. Schema `OUTCOME`.

    Raises:
        ConfigError: An expectation of the company's own cannot be evaluated.
    """
    state = _State(lake)
    keys = Keys(lake)
    frames = [no_outcomes()]
    for name in project.fed_tables():
        frames += _Judge(lake, project, canonical(name), as_of, state=state, keys=keys).judge()
    return pl.concat(frames)


@dataclass
class _State:
    """Receipts of the history, read once."""

    lake: Lake
    _kept: dict[str, dict[str, Receipt]] = field(default_factory=dict)
    _whole: dict[str, str] = field(default_factory=dict)

    def months(self, table: str) -> dict[str, Receipt]:
        """Month → receipt."""
        if table not in self._kept:
            names = self.lake.history_months(table)
            found = {name: self.lake.history(table, name).receipt() for name in names}
            self._kept[table] = {name: one for name, one in found.items() if one is not None}
        return self._kept[table]

    def content(self, table: str, month: str) -> str | None:
        """Fingerprint of a month's content; None where there is no such month."""
        months = self.months(table)
        return months[month].content if month in months else None

    def whole(self, table: str) -> str:
        """Fingerprint of the content of all months."""
        if table not in self._whole:
            months = self.months(table).items()
            self._whole[table] = fingerprint({name: receipt.content for name, receipt in months})
        return self._whole[table]


@dataclass
class _Judge:
    """Judges one table."""

    lake: Lake
    project: Project
    table: Table
    as_of: dt.date
    state: _State
    keys: Keys

    @cached_property
    def limits(self) -> Checks:
        return self.project.quality.limits(table=self.table.name)

    @cached_property
    def suite(self) -> Suite:
        return suite(self.table, self.project)

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        return references.references_of(self.table, self.project)

    @cached_property
    def own_references(self) -> tuple[Reference, ...]:
        """References other than that to the parent, which decides the month."""
        return tuple(one for one in self.references if not one.is_parent)

    @cached_property
    def cutoff(self) -> dt.date:
        """Last logical date whose references count; of a first load, what came with it does."""
        grown = self.as_of - dt.timedelta(days=self.limits.references.grace_days)
        return max(grown, self.project.start_date)

    @cached_property
    def has_totals(self) -> bool:
        return self.table.name == totals.ORDERS and totals.has_totals(self.project)

    def judge(self) -> Iterator[pl.DataFrame]:
        """Outcomes of all months, those that are kept and those that are new."""
        months = [name for name in self.state.months(self.table.name) if name != UNPLACED]
        for name in self.lake.quality_names("records", self.table.name):
            if name not in {*months, UNPLACED}:
                self.lake.quality("records", self.table.name, name).remove()
        for name in months:
            yield self._month(Month(self.table.name, name))
        yield frame(self._parents())

    def _month(self, month: Month) -> pl.DataFrame:
        slot = self.lake.quality("records", month.table, month.name)
        kept = slot.receipt()
        path = slot.path(OUTCOMES)
        before = pl.read_parquet(path) if path is not None and path.exists() else None
        facts = kept.facts if kept is not None and before is not None else {}
        youngest = self._youngest(month, facts)
        made = self._made(month, facts, youngest=youngest, before=before)
        if before is not None and facts["made"] == made:
            return before
        stale = [part for part, basis in made.items() if facts.get("made", {}).get(part) != basis]
        new = frame(self._outcomes(month, stale))
        if before is not None:
            kept_parts = [part for part in made if part not in stale]
            new = pl.concat([before.filter(pl.col("check_name").is_in(kept_parts)), new])
        new = new.sort("check_name", maintain_order=True)
        with slot.replace(fingerprint(made)) as draft:
            new.write_parquet(draft.path(OUTCOMES))
            content = self.state.content(month.table, month.name)
            draft.facts.update(made=made, content=content, youngest=youngest.isoformat())
            draft.facts["is_settled"] = youngest <= self.cutoff
        return new

    def _youngest(self, month: Month, facts: dict[str, Any]) -> dt.date:
        """Latest logical date of a month's records."""
        if facts and facts["content"] == self.state.content(month.table, month.name):
            return dt.date.fromisoformat(facts["youngest"])
        latest = self._rows(month.table, month.name).select(pl.col("_logical_date").max())
        found = latest.collect(engine="streaming").item()
        return found if isinstance(found, dt.date) else dt.date.min

    def _made(
        self,
        month: Month,
        facts: dict[str, Any],
        *,
        youngest: dt.date,
        before: pl.DataFrame | None,
    ) -> Made:
        """What each part of a month would be made from now."""
        content = self.state.content(month.table, month.name)
        made = {contracts.CHECK: fingerprint(CODE_VERSION, content, self.suite)}
        if self.own_references:
            limits = self.limits.references.model_dump()
            names = [repr(one) for one in self.own_references]
            basis = fingerprint(CODE_VERSION, content, names, limits)
            kept = str(facts.get("made", {}).get(references.CHECK, ""))
            is_over = kept.startswith(basis) and self._is_over(month, facts, before)
            made[references.CHECK] = kept if is_over else f"{basis} {self._others(youngest)}"
        if self.has_totals:
            lines = self.state.content(totals.LINES, month.name)
            limits = self.limits.totals.model_dump()
            made[totals.CHECK] = fingerprint(CODE_VERSION, content, lines, limits)
        return made

    def _others(self, youngest: dt.date) -> str:
        """What decides about the references besides the records: their age, the other tables."""
        tables = sorted({one.table for one in self.own_references})
        due = min(self.cutoff, youngest)
        return fingerprint(due, [self.state.whole(name) for name in tables])

    def _is_over(self, month: Month, facts: dict[str, Any], before: pl.DataFrame | None) -> bool:
        """Whether a month's references need no other look: old, all judged, none amiss."""
        since = self.as_of - dt.timedelta(days=RECENT_DAYS)
        if before is None or not facts["is_settled"] or month.ends_after(since):
            return False
        return is_passed(before.filter(pl.col("check_name") == references.CHECK))

    def _outcomes(self, month: Month, parts: Sequence[str]) -> Iterator[Outcome]:
        rows = self._rows(month.table, month.name)
        if contracts.CHECK in parts:
            height = int(self.state.months(month.table)[month.name].facts["rows"])
            yield from contracts.judge_contract(rows, self.suite, month, height=height)
        if references.CHECK in parts:
            yield from references.judge_references(
                rows,
                self.own_references,
                month,
                keys=self.keys,
                cutoff=self.cutoff,
                limits=self.limits.references,
            )
        if totals.CHECK in parts:
            lines = self._rows(totals.LINES, month.name)
            yield totals.judge_totals(rows, lines, month, self.limits.totals)

    def _parents(self) -> Iterator[Outcome]:
        """Outcomes about the children that wait for their parents."""
        parents = [one for one in self.references if one.is_parent]
        months = self.state.months(self.table.name)
        if not parents or not months:
            return
        orphans, young = self._waiting()
        rows = sum(int(receipt.facts["rows"]) for receipt in months.values()) - young
        for reference in parents:
            yield references.judge_parent(
                reference,
                self.table.name,
                rows=rows,
                orphans=orphans,
                limits=self.limits.references,
            )

    def _waiting(self) -> tuple[int, int]:
        """Rows that wait for their parents: those old enough to count, and the others."""
        slot = self.lake.quality("records", self.table.name, UNPLACED)
        content = self.state.content(self.table.name, UNPLACED)
        kept = slot.receipt()
        if content is None:
            if kept is not None:
                slot.remove()
            return 0, 0
        is_same = kept is not None and kept.facts["content"] == content
        if kept is not None and is_same and slot.is_current(self._basis(content, kept.facts)):
            return kept.facts["orphans"], kept.facts["young"]
        youngest = self._youngest(
            Month(self.table.name, UNPLACED), kept.facts if kept is not None and is_same else {}
        )
        rows = self._rows(self.table.name, UNPLACED)
        orphans, young = references.count_due(rows, self.cutoff)
        facts = {"content": content, "youngest": youngest.isoformat()}
        with slot.replace(self._basis(content, facts)) as draft:
            draft.facts.update(facts, orphans=orphans, young=young)
        return orphans, young

    def _basis(self, content: str, facts: dict[str, Any]) -> str:
        due = min(self.cutoff, dt.date.fromisoformat(facts["youngest"]))
        return fingerprint(CODE_VERSION, content, due)

    def _rows(self, table: str, month: str) -> pl.LazyFrame:
        return scan_history(self.lake, canonical(table), [month])
