"""What planting faults in a source takes on a day: chance, choice of rows, entries."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from demo.clock import Ints
from demo.manifest import Entry, Recorder
from demo.settings import Settings
from demo.shapes import Fault, Outcome, Source
from schemas.registry import TABLES

MOST_PER_DAY = 200
"""Upper bound of faults a day, source and kind, so that the manifest stays readable."""

KEY = "_key."
"""Prefix of the inner columns that carry a raw row's canonical key."""


@dataclass(frozen=True, slots=True)
class Workbench:
    """One source on one day.

    Attributes:
        source: The source.
        settings: Size and switches.
        recorder: Where entries go.
        rng: Random stream of the source and day.
        day: Day counted from 0.
    """

    source: Source
    settings: Settings
    recorder: Recorder
    rng: np.random.Generator
    day: int

    @property
    def key(self) -> tuple[str, ...]:
        """Key of the table that the raw row is of."""
        return TABLES[self.source.tables[0]].key

    def wanted(self, *kinds: str) -> list[Fault]:
        """Faults of these kinds that are switched on, in the order of the source's list."""
        on = {kind for kind, rate in self.settings.faults.items() if rate > 0}
        return [fault for fault in self.source.faults if fault.kind in kinds and fault.kind in on]

    def choose(self, fault: Fault, eligible: pl.Series) -> Ints:
        """Positions of the rows that get a fault, ascending."""
        pool = np.flatnonzero(eligible.to_numpy())
        count = int(self.rng.binomial(len(pool), self.settings.faults[fault.kind]))
        if fault.kind == "skipped_hour":
            count = max(count, 1)  # there is one such hour a year
        count = min(count, len(pool), MOST_PER_DAY)
        chosen: Ints = np.sort(self.rng.choice(pool, count, replace=False))
        return chosen

    def entry(self, fault: Fault, key: dict[str, object], outcome: Outcome) -> Entry:
        """An entry for the manifest; the file and the row follow when the day is written."""
        return Entry(
            kind=fault.kind,
            source=self.source.name,
            table=fault.table or self.source.tables[0],
            key=key,
            column=fault.column,
            outcome=outcome,
        )

    def header(self, column: str) -> str:
        """Raw name of a canonical column."""
        return next(field.raw for field in self.source.fields if field.column == column)
