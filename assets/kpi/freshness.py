"""When a slot made from history and dimension tables is stale because a dimension changed.

A slot remembers the change-log number of each dimension table that it was made with; a ledger
remembers up to which number later changes were found not to touch it.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from assets.kpi.history_inputs import Dimensions, Unresolved
from assets.lake.slot import Draft, Receipt, Slot, fingerprint

MAX_UNRESOLVED = 100_000
"""Unresolved keys of a table that are stored; with more, any new key makes a slot stale."""


@dataclass
class Ledger:
    """Change-log numbers found not to touch the slots of one kind.

    Attributes:
        slot: Where they are kept.
        known: Slot label → table → number, as the last run left it.
        seen: The same, as this run finds it.
    """

    slot: Slot
    known: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    seen: dict[str, dict[str, int]] = field(default_factory=dict)

    @staticmethod
    def of(slot: Slot) -> "Ledger":
        """The ledger that a slot holds."""
        receipt = slot.receipt()
        return Ledger(slot, receipt.facts if receipt else {})

    def commit(self) -> None:
        """Keep what this run has seen; equal content is not written again."""
        if self.seen != self.known:
            with self.slot.replace(fingerprint(self.seen)) as draft:
                draft.facts.update(self.seen)


def is_touched(
    slot: Slot,
    label: str,
    days: tuple[dt.date, dt.date],
    *,
    ledger: Ledger,
    dimensions: Dimensions,
) -> bool:
    """Whether a dimension changed under a slot since it was last found current.

    Args:
        slot: The slot, written by `write_unresolved`.
        label: Its name in the ledger, whose `seen` has the tables and their numbers of now.
        days: First day on which its events look dimensions up, and the day after the last one.
        ledger: Numbers that were checked already.
        dimensions: The dimension tables.
    """
    receipt = slot.receipt()
    if receipt is None:
        return True
    stored: dict[str, int] = receipt.facts["sequences"]
    checked = ledger.known.get(label, {})
    for name, now in ledger.seen[label].items():
        seen = max(stored.get(name, -1), checked.get(name, -1))
        # a lower number than the one seen is another log: the table was built anew
        if seen < 0 or seen > now:
            return True
        if seen < now and dimensions.table(name).touches(
            seen, days, _unresolved(slot, receipt, name)
        ):
            return True
    return False


def write_unresolved(
    draft: Draft, unresolved: Mapping[str, pl.DataFrame], sequences: Mapping[str, int]
) -> None:
    """Store in a slot what `is_touched` will need.

    Args:
        draft: The slot being written.
        unresolved: Table → keys that did not resolve.
        sequences: Table → change-log number that the slot is made with.
    """
    many = [table for table, keys in unresolved.items() if keys.height > MAX_UNRESOLVED]
    for table, keys in unresolved.items():
        if table not in many:
            keys.write_parquet(draft.path(f"unresolved_{table}.parquet"))
    draft.facts.update(sequences=dict(sequences), any_new_key=many)


def _unresolved(slot: Slot, receipt: Receipt, table: str) -> Unresolved:
    if table in receipt.facts["any_new_key"]:
        return "any"
    file = receipt.files.get(f"unresolved_{table}.parquet")
    return None if file is None else pl.read_parquet(slot.folder / file)
