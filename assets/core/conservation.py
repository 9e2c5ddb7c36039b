"""What the core layer holds: counts of every partition, from its receipts."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assets.lake.layout import Lake


@dataclass(frozen=True, slots=True)
class PartitionCounts:
    """Counts of one core partition.

    Attributes:
        table: Canonical table.
        source: Source it came from.
        date: Logical date.
        facts: Counts by name (`rows_raw`, `accepted`, …) and `reasons`.
    """

    table: str
    source: str
    date: dt.date
    facts: dict[str, Any]


def partition_counts(lake: Lake, table: str) -> Iterator[PartitionCounts]:
    """Counts of every partition of a table, by source and date."""
    for source in lake.core_sources(table):
        for date in lake.core_dates(table, source):
            receipt = lake.core(table, source, date).receipt()
            if receipt is not None:
                yield PartitionCounts(table, source, date, receipt.facts)


def total(lake: Lake, table: str, name: str) -> int:
    """Sum of one count over all partitions of a table."""
    return sum(int(each.facts[name]) for each in partition_counts(lake, table))
