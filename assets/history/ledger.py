"""The ledger of a history table: what has been merged, and what was begun.

A merge first commits what it is about to merge (`begun`), then the months, then that it is done.
A run killed in between is repaired by the next one: what was begun with the same content is
merged again, which changes nothing twice; what has other content by then counts as replaced.
"""

import dataclasses
import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from assets.history.partitions import Partition, PartitionId
from assets.history.store import Store, write

PARTITIONS = "partitions.json"
CARRIED = "carried.parquet"

IN_DOUBT = ""
"""Fingerprint of a parent month that a merge has begun to place children by: equal to none."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What one history table has merged.

    Attributes:
        merged: Core partitions that the history holds, by date and source.
        begun: Core partitions of a merge that has not ended.
        is_rebuilding: Whether a rebuild has begun to replace months and has not ended.
        placed: Month → fingerprint of the parent's keys that its children were placed by.
        carried: Rows that stand although the last snapshot of their source holds only refused
            rows with their keys.
    """

    merged: dict[PartitionId, Partition] = field(default_factory=dict)
    begun: dict[PartitionId, Partition] = field(default_factory=dict)
    is_rebuilding: bool = False
    placed: dict[str, str] = field(default_factory=dict)
    carried: pl.DataFrame | None = None

    @property
    def last_date(self) -> dt.date | None:
        """Latest logical date merged."""
        return max((date for date, _ in self.merged), default=None)

    def last_snapshot(self, source: str) -> Partition | None:
        """Latest snapshot merged of a source."""
        found = (p for p in self.merged.values() if p.source == source and p.mode == "snapshot")
        return max(found, default=None)

    def beginning(
        self, partitions: Iterable[Partition] = (), *, placed: Mapping[str, str] | None = None
    ) -> "Ledger":
        """This ledger, with a merge begun.

        Args:
            partitions: What is being merged.
            placed: Present fingerprints of the parent's months; where they are others than those
                that the children were placed by, the placement is in doubt until the end.
        """
        begun = self.begun | {each.id: each for each in partitions}
        doubtful = {
            month: IN_DOUBT
            for month in {*self.placed, *(placed or {})}
            if placed is not None and placed.get(month) != self.placed.get(month)
        }
        return dataclasses.replace(self, begun=begun, placed=self.placed | doubtful)

    def ending(
        self,
        partitions: Sequence[Partition],
        *,
        removed: Iterable[PartitionId] = (),
        placed: dict[str, str] | None = None,
        carried: pl.DataFrame | None = None,
    ) -> "Ledger":
        """This ledger, with the partitions merged and others taken out."""
        done = {each.id for each in partitions} | set(removed)
        merged = {key: each for key, each in self.merged.items() if key not in done}
        merged |= {each.id: each for each in partitions}
        return dataclasses.replace(
            self,
            merged=merged,
            begun={key: each for key, each in self.begun.items() if key not in done},
            placed=self.placed if placed is None else placed,
            carried=self.carried if carried is None else carried,
        )


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to do.

    Attributes:
        fresh: Partitions to merge, by date and source.
        replaced: Partitions whose rows must go, because they are no longer there or have other
            content (these are among `fresh` as well).
        needs_rebuild: Whether merging cannot do it.
    """

    fresh: list[Partition]
    replaced: list[Partition]
    needs_rebuild: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.fresh or self.replaced or self.needs_rebuild)


def plan_work(
    ledger: Ledger, current: Sequence[Partition], dates: Iterable[dt.date] | None
) -> Work:
    """Compare the ledger with the core partitions that there are.

    Args:
        ledger: What has been merged.
        current: The core partitions of the dates.
        dates: The dates asked for, those of `ledger.begun` among them; None means all.

    Returns:
        The work: a snapshot that is late, replaced or gone needs a rebuild.
    """
    wanted = None if dates is None else set(dates)
    now = {each.id: each for each in current}
    known = (*ledger.merged.values(), *ledger.begun.values())
    replaced = {
        each
        for each in known
        if (wanted is None or each.date in wanted) and now.get(each.id) != each
    }
    fresh = [each for each in current if ledger.merged.get(each.id) != each]
    exchanged = {each.id for each in replaced}
    needs_rebuild = (
        ledger.is_rebuilding
        or any(each.mode == "snapshot" for each in replaced)
        or any(each.mode == "snapshot" and each.id in exchanged for each in fresh)
        or any(_is_late(each, ledger) for each in fresh)
    )
    return Work(fresh, sorted(replaced), needs_rebuild)


def _is_late(partition: Partition, ledger: Ledger) -> bool:
    """Whether a snapshot comes before one that is merged, or may be in part."""
    if partition.mode != "snapshot" or partition.id in ledger.begun:
        return False
    touched = (*ledger.merged.values(), *ledger.begun.values())
    return any(
        each.source == partition.source and each.mode == "snapshot" and each.date > partition.date
        for each in touched
    )


def read_ledger(store: Store) -> Ledger:
    """The committed ledger; it asks for a rebuild where the table's layout is another one now.

    So it does where a month that it wrote is not there: somebody has deleted a damaged folder.
    """
    slot = store.own.history_ledger(store.table.name)
    receipt = slot.receipt()
    if receipt is None:
        return Ledger()
    if receipt.inputs != store.identity:
        return Ledger(is_rebuilding=True)
    stored = json.loads((slot.folder / receipt.files[PARTITIONS]).read_text(encoding="utf-8"))
    carried = slot.path(CARRIED)
    is_lost = not {*receipt.facts.get("months", ())} <= {*store.months()}
    return Ledger(
        merged=_partitions(stored["merged"]),
        begun=_partitions(stored["begun"]),
        is_rebuilding=stored["is_rebuilding"] or is_lost,
        placed=stored["placed"],
        carried=None if carried is None else pl.read_parquet(carried),
    )


def write_ledger(store: Store, ledger: Ledger) -> None:
    """Commit the ledger."""
    stored = {
        "merged": [_listed(each) for each in sorted(ledger.merged.values())],
        "begun": [_listed(each) for each in sorted(ledger.begun.values())],
        "is_rebuilding": ledger.is_rebuilding,
        "placed": ledger.placed,
    }
    with store.own.history_ledger(store.table.name).replace(store.identity) as draft:
        draft.path(PARTITIONS).write_text(json.dumps(stored, indent=0), encoding="utf-8")
        if ledger.carried is not None and ledger.carried.height:
            write(ledger.carried, draft.path(CARRIED))
        draft.facts["months"] = store.months()
        draft.facts["partitions"] = len(ledger.merged)
        draft.facts["is_complete"] = not ledger.begun and not ledger.is_rebuilding


def _listed(partition: Partition) -> list[Any]:
    return [partition.date.isoformat(), *dataclasses.astuple(partition)[1:]]


def _partitions(stored: list[list[Any]]) -> dict[PartitionId, Partition]:
    found = (Partition(dt.date.fromisoformat(date), *rest) for date, *rest in stored)
    return {each.id: each for each in found}
