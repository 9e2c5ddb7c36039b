"""Counts of every partition for the checks of extracts, kept up to date in the lake.

Counts that stand in receipts are taken from there. What takes the rows themselves is kept per table
and source, so that only new and changed dates are counted again. Belongs here: which dates are due,
and keeping the counts. Does not belong here: the queries (`assets.quality.counting`), judging.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from assets.lake.layout import Lake
from assets.lake.slot import Receipt, Slot, fingerprint
from assets.quality.columns import columns_of_extracts
from assets.quality.counting import (
    DISTINCT,
    STORED_CATEGORIES,
    Plan,
    count_batch,
    count_redelivered,
    plan_of,
)
from assets.transforms.quality.observed import (
    CATEGORIES,
    EXTRACTS,
    NULLS,
    PARTITIONS,
    REDELIVERIES,
    REFUSALS,
    SCORES,
    Observed,
)
from schemas.config.project import Project

CODE_VERSION = 1
"""Raise it when the same rows would be counted otherwise."""

BATCH_ROWS = 1_500_000
"""Rows counted together; a single larger partition is a batch of its own."""

MOST_DISTINCT = 1000
"""A column with more different values than this is no category, and is left out."""

KINDS: Mapping[str, pl.Schema] = {
    "nulls": NULLS,
    "categories": STORED_CATEGORIES,
    "scores": SCORES,
    "redeliveries": REDELIVERIES,
}
"""Kind of counts → schema in which they are kept."""

_Bases = dict[str, list[str]]
"""ISO date → what its counts are made from: its own rows, and the dates it is compared with."""


def observe(lake: Lake, project: Project) -> Observed:
    """Bring the counts up to date and return all of them.

    Declared rows are left out, and so are sources that the configuration no longer has.

    Args:
        lake: Where everything stands; counts are kept in it.
        project: The company's configuration.
    """
    receipts = _Receipts(lake)
    partitions: list[tuple[Any, ...]] = []
    refusals: list[tuple[Any, ...]] = []
    counts: dict[str, list[pl.DataFrame]] = {kind: [] for kind in KINDS}
    for table in project.fed_tables():
        for source in project.feeds(table):
            for date, receipt in receipts.of(table, source).items():
                partitions.append(_partition(table, source, date, receipt))
                refusals += _refusals(table, source, date, receipt)
            profile = Profile(lake, plan_of(project, table, source), receipts)
            for kind, frame in profile.updated().items():
                counts[kind].append(frame)
    whole = {kind: pl.concat([schema.to_frame(), *counts[kind]]) for kind, schema in KINDS.items()}
    return Observed(
        extracts=pl.DataFrame(columns_of_extracts(lake, project), schema=EXTRACTS, orient="row"),
        partitions=pl.DataFrame(partitions, schema=PARTITIONS, orient="row"),
        refusals=pl.DataFrame(refusals, schema=REFUSALS, orient="row"),
        nulls=whole["nulls"],
        categories=_few_values(whole["categories"]),
        scores=whole["scores"],
        redeliveries=whole["redeliveries"],
    )


@dataclass
class _Receipts:
    """Receipts of the core layer, read once."""

    lake: Lake
    _kept: dict[tuple[str, str], dict[dt.date, Receipt]] = field(default_factory=dict)

    def of(self, table: str, source: str) -> dict[dt.date, Receipt]:
        """Date → receipt of one table and source."""
        if (table, source) not in self._kept:
            dates = self.lake.core_dates(table, source)
            found = {date: self.lake.core(table, source, date).receipt() for date in dates}
            known = {date: receipt for date, receipt in found.items() if receipt is not None}
            self._kept[table, source] = known
        return self._kept[table, source]

    def responses(self, date: dt.date) -> list[str]:
        """Contents of the responses of a date."""
        table = "survey_response"
        parts = [self.of(table, source) for source in self._response_sources]
        return [part[date].content for part in parts if date in part]

    @cached_property
    def _response_sources(self) -> list[str]:
        return self.lake.core_sources("survey_response")


def _partition(table: str, source: str, date: dt.date, receipt: Receipt) -> tuple[Any, ...]:
    names = ("rows_mapped", "accepted", "quarantined", "superseded")
    return (table, source, date, *(receipt.facts[name] for name in names))


def _refusals(
    table: str, source: str, date: dt.date, receipt: Receipt
) -> Iterator[tuple[Any, ...]]:
    for reason, rows in receipt.facts["reasons"].items():
        column, _, expectation = reason.rpartition(": ")
        yield table, source, date, column, expectation, rows


def _few_values(counts: pl.DataFrame) -> pl.DataFrame:
    """Counts of the columns that are categories indeed.

    Identifiers in disguise would drift every day. A column is told by its values on one date and by
    the frequent ones of all dates together, so that the same partitions always give the same.
    """
    seen = pl.max_horizontal(pl.col("category").n_unique(), pl.col(DISTINCT).max())
    column = ["table", "source", "column"]
    return counts.filter((seen <= MOST_DISTINCT).over(column)).select(CATEGORIES.names())


@dataclass(frozen=True)
class Profile:
    """The counts of one table and source that are kept.

    Attributes:
        lake: Where they are kept.
        plan: What is counted.
        receipts: Receipts of the partitions.
    """

    lake: Lake
    plan: Plan
    receipts: _Receipts

    def updated(self) -> dict[str, pl.DataFrame]:
        """Kind → counts of all dates; only new and changed dates are counted."""
        plan, now = self.plan, self._bases()
        definition = fingerprint(CODE_VERSION, plan.nulls, plan.categories, plan.has_scores)
        inputs = fingerprint(definition, now)
        if self._slot.is_current(inputs):
            return self._stored()
        before = self._bases_before(definition)
        stored = self._stored() if before else {}
        due = [date for date in now if before.get(date, ["", ""])[0] != now[date][0]]
        compared = [date for date in now if before.get(date, ["", ""])[1] != now[date][1]]
        fresh = self._counted(due, compared)
        counts = {}
        for kind, schema in KINDS.items():
            redone = compared if kind == "redeliveries" else due
            stands = pl.col("date").is_in([_date(one) for one in now if one not in set(redone)])
            old = stored.get(kind, schema.to_frame()).filter(stands)
            counts[kind] = pl.concat([old, *fresh[kind]]).sort(_identity(schema))
        with self._slot.replace(inputs) as draft:
            for kind, frame in counts.items():
                frame.write_parquet(draft.path(f"{kind}.parquet"), compression_level=1)
            draft.facts.update(definition=definition, dates=now)
        return counts

    @property
    def _slot(self) -> Slot:
        return self.lake.quality("profile", self.plan.table.name, self.plan.source)

    @cached_property
    def _partitions(self) -> dict[dt.date, Receipt]:
        return self.receipts.of(self.plan.table.name, self.plan.source)

    def _bases(self) -> _Bases:
        """What the counts of every date are made from now."""
        found = {}
        for date, receipt in self._partitions.items():
            own = receipt.content
            if self.plan.has_scores:  # the survey of an answer is told by its response
                own = fingerprint(own, self.receipts.responses(date))
            found[date.isoformat()] = [_short(own), self._window(date)]
        return found

    def _window(self, date: dt.date) -> str:
        """Tells the dates apart that a date is compared with; of a snapshot there are none."""
        if self.plan.days is None:
            return ""
        days = [date - dt.timedelta(days=back) for back in range(self.plan.days + 1)]
        found = [self._partitions[day].content if day in self._partitions else None for day in days]
        return _short(fingerprint(found))

    def _bases_before(self, definition: str) -> _Bases:
        """What the stored counts were made from; nothing where they cannot be built upon."""
        kept = self._slot.receipt()
        if kept is None or kept.facts["definition"] != definition:
            return {}
        if not all((self._slot.folder / name).exists() for name in kept.files.values()):
            return {}
        return dict(kept.facts["dates"])

    def _stored(self) -> dict[str, pl.DataFrame]:
        paths = {kind: self._slot.path(f"{kind}.parquet") for kind in KINDS}
        return {kind: pl.read_parquet(path) for kind, path in paths.items() if path is not None}

    def _counted(self, due: list[str], compared: list[str]) -> dict[str, list[pl.DataFrame]]:
        """Kind → counts of the dates that are due, a frame a batch."""
        found: dict[str, list[pl.DataFrame]] = {kind: [] for kind in KINDS}
        rows = {date: int(one.facts["accepted"]) for date, one in self._partitions.items()}
        for batch in _batches(due, rows):
            for kind, frame in count_batch(self.lake, self.plan, batch).items():
                found[kind].append(frame)
        for batch in _batches(compared, rows) if self.plan.days is not None else ():
            asked = {date: rows[date] for date in batch}
            found["redeliveries"].append(
                count_redelivered(self.lake, self.plan, due=asked, known=list(rows))
            )
        return found


def _identity(schema: pl.Schema) -> list[str]:
    return [name for name in schema.names() if name not in {"rows", "nulls", DISTINCT}]


def _date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _short(text: str) -> str:
    """Enough of a fingerprint to tell one from another; thousands of dates have one each."""
    return text[:20]


def _batches(dates: Iterable[str], rows: Mapping[dt.date, int]) -> Iterator[list[dt.date]]:
    """Consecutive dates up to `BATCH_ROWS` rows."""
    batch: list[dt.date] = []
    total = 0
    for date in map(_date, dates):
        if batch and total + rows[date] > BATCH_ROWS:
            yield batch
            batch, total = [], 0
        batch.append(date)
        total += rows[date]
    if batch:
        yield batch
