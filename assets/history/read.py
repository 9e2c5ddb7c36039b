"""How other layers read the history."""

from collections.abc import Sequence

import polars as pl

from assets.history.dimension import read_changes
from assets.history.store import Store
from assets.lake.layout import ALL, Lake
from schemas.table import Table


def scan_history(lake: Lake, table: Table, months: Sequence[str] | None = None) -> pl.LazyFrame:
    """Rows of a history table.

    Args:
        lake: Where everything stands.
        table: Canonical table.
        months: Months to read (`YYYY-MM`, `all`, `unplaced`); None means all there are.

    Returns:
        Contract columns, lineage and `_closed_on`; for a table that keeps versions also
        `_valid_from` and `_valid_to`. A table never merged has no rows.
    """
    return _store(lake, table).scan(months)


def changes_since(lake: Lake, table: Table, sequence: int) -> pl.DataFrame:
    """What changed in a table without events after a point of its change log.

    Args:
        lake: Where everything stands.
        table: Canonical table.
        sequence: Last sequence seen; 0 for none.

    Returns:
        `sequence`, `key` (text of a JSON object; null: any key), `affected_from` and
        `affected_to` (half open; null: unbounded), `is_new` (the key was not there before).
    """
    changes = read_changes(_store(lake, table))
    return changes.filter(pl.col("sequence") > sequence)


def last_sequence(lake: Lake, table: Table) -> int:
    """Sequence of the last change of a table without events; 0 before any."""
    receipt = lake.history(table.name, ALL).receipt()
    return int(receipt.facts["sequence"]) if receipt else 0


def _store(lake: Lake, table: Table) -> Store:
    return Store(lake, table, "UTC", lake)  # reading does not depend on where months are cut
