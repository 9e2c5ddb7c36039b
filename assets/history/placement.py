"""Child rows live in the month of their parent's event; here they follow it.

Nothing that a parent's merge knew in memory is relied on. A child's ledger keeps a fingerprint of
the keys that each parent month held when the children were placed; months with another
fingerprint are looked through again: children whose parent has left the month, and unplaced
children whose parent has arrived there.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from assets.history.index import (
    contained,
    find_rows,
    intersects,
    key_set_digest,
    month_index,
    month_number_of,
)
from assets.history.store import MONTH, UNPLACED_NUMBER, Store
from assets.lake.layout import UNPLACED
from schemas.registry import canonical


@dataclass(frozen=True, slots=True)
class Moves:
    """Child rows to be put elsewhere.

    Attributes:
        rows: The rows, with the `_month` that they belong to.
        departures: Their keys, with the `_month` that they are in.
        placed: Parent month → fingerprint of its keys.
    """

    rows: pl.DataFrame
    departures: pl.DataFrame
    placed: dict[str, str]


def parent_store(store: Store) -> Store:
    """The parent table's history."""
    name = store.table.parent[0] if store.table.parent else ""
    return Store(store.lake, canonical(name), store.time_zone, store.lake)


def placed_by(store: Store) -> dict[str, str]:
    """Fingerprint of the keys of each month of the parent; empty for a table without parent."""
    if store.table.parent is None:
        return {}
    parent = parent_store(store)
    return {month: key_set_digest(parent, month) for month in parent.months()}


def moves_since(store: Store, placed: dict[str, str]) -> Moves:
    """Child rows whose parent has come, gone or moved since they were placed.

    Args:
        store: The child table.
        placed: What `placed_by` said then.

    Returns:
        The moves that are due.
    """
    now = placed_by(store)
    changed = sorted(month for month in {*placed, *now} if placed.get(month) != now.get(month))
    stored = set(store.months())
    nothing = store.schema().to_frame().with_columns(pl.lit(0, pl.Int32).alias(MONTH))
    left = pl.concat([nothing, *(_leaving(store, month) for month in changed if month in stored)])
    moved = with_parent_month(store, left.drop(MONTH), months=now)
    came = nothing
    if UNPLACED in stored:
        came = _arrived(store, [month for month in changed if month in now])
    departures = [
        left.select(*store.key, MONTH),
        came.select(*store.key, pl.lit(UNPLACED_NUMBER, pl.Int32).alias(MONTH)),
    ]
    return Moves(pl.concat([moved, came]), pl.concat(departures), now)


def with_parent_month(store: Store, rows: pl.DataFrame, *, months: Iterable[str]) -> pl.DataFrame:
    """Add the month of each row's parent; `UNPLACED_NUMBER` where it has not arrived.

    Args:
        store: The child table.
        rows: Child rows.
        months: Months of the parent to look in.

    Returns:
        The rows with `_month`, in their order.
    """
    on = store.index_columns
    parents = rows.select(on).unique()
    found = find_rows(parent_store(store), parents, on, months=months, columns=on)
    found = found.unique(subset=on, keep="first", maintain_order=True)
    placed = rows.join(found, on=on, how="left", nulls_equal=True, maintain_order="left")
    return placed.with_columns(pl.col(MONTH).fill_null(UNPLACED_NUMBER))


def _leaving(store: Store, month: str) -> pl.DataFrame:
    """Rows of a month whose parent is not there (any more), with that month."""
    parent = parent_store(store)
    rows = store.scan([month])
    if parent.slot(month).receipt() is not None:
        if contained(month_index(store, month), month_index(parent, month)).all():
            return store.schema().to_frame().with_columns(pl.lit(0, pl.Int32).alias(MONTH))
        on = store.index_columns
        rows = rows.join(parent.scan([month]).select(on), on=on, how="anti")
    return rows.with_columns(pl.lit(month_number_of(month), pl.Int32).alias(MONTH)).collect()


def _arrived(store: Store, months: Iterable[str]) -> pl.DataFrame:
    """Unplaced rows whose parent is in one of the months, with that month."""
    parent = parent_store(store)
    unplaced = month_index(store, UNPLACED)
    near = [month for month in months if intersects(unplaced, month_index(parent, month))]
    if not near:
        return store.schema().to_frame().with_columns(pl.lit(0, pl.Int32).alias(MONTH))
    placed = with_parent_month(store, store.read(UNPLACED), months=near)
    return placed.filter(pl.col(MONTH) != UNPLACED_NUMBER)
