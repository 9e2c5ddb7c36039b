"""Merge core partitions into the history of a table, or rebuild it from all of them.

The result is a function of the core partitions alone: neither the order in which they came nor
how often they were merged shows. Parents must be merged before their children.
"""

import datetime as dt
import itertools
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from assets.history.dimension import commit_all, merge_latest, merge_versions, rewind_versions
from assets.history.index import month_index
from assets.history.ledger import Ledger, Work, plan_work, read_ledger, write_ledger
from assets.history.partitions import (
    Items,
    Partition,
    accepted_rows,
    items_of,
    list_partitions,
    no_closures,
)
from assets.history.placement import moves_since, placed_by, with_parent_month
from assets.history.settle import Arrivals, settle
from assets.history.store import MONTH, Store, month_name, without
from assets.lake.layout import Lake
from assets.transforms.versions import latest
from schemas.table import Table

BATCH_ROWS = 1_500_000
"""Rows merged together; a single larger partition is a batch of its own."""


@dataclass(frozen=True, slots=True)
class MergeReport:
    """What a merge did.

    Attributes:
        table: Table name.
        merged: Core partitions merged.
        rows_in: Accepted rows of those partitions.
        months_rewritten: Names of the months written, in name order.
        rows_total: Rows in the history afterwards.
    """

    table: str
    merged: int
    rows_in: int
    months_rewritten: tuple[str, ...]
    rows_total: int


def merge_table(
    lake: Lake, table: Table, *, time_zone: str, dates: Iterable[dt.date] | None = None
) -> MergeReport:
    """Merge every core partition that the history does not hold with its present content.

    Args:
        lake: Where everything stands.
        table: Canonical table.
        time_zone: Company time zone, in which months are cut.
        dates: Logical dates to look at; None compares all, and finds removed partitions.

    Returns:
        What was done; nothing where all was merged already.

    Raises:
        LakeError: A stored file is damaged.
    """
    store = Store(lake, table, time_zone, lake)
    ledger = read_ledger(store)
    asked = None
    if dates is not None:
        asked = {*dates, *(each.date for each in ledger.begun.values())}
    work = plan_work(ledger, list_partitions(lake, table.name, asked), asked)
    if work.needs_rebuild:
        return rebuild_table(lake, table, time_zone=time_zone)
    written: set[str] = set()
    if not work.is_empty or placed_by(store) != ledger.placed:
        written = _merge(store, ledger, work)
    rows_in = sum(each.rows for each in work.fresh)
    months = tuple(sorted(written))
    return MergeReport(table.name, len(work.fresh), rows_in, months, store.total_rows())


def rebuild_table(lake: Lake, table: Table, *, time_zone: str) -> MergeReport:
    """Build a table's history from all its core partitions and commit the months that differ.

    Args:
        lake: Where everything stands.
        table: Canonical table.
        time_zone: Company time zone, in which months are cut.

    Returns:
        What was done.
    """
    store = Store(lake, table, time_zone, lake)
    folder = lake.scratch / f"history-{table.name}"
    shutil.rmtree(folder, ignore_errors=True)
    aside = store.aside(folder)
    partitions = list_partitions(lake, table.name)
    try:
        _merge(aside, Ledger(), Work(fresh=partitions, replaced=[]))
        written = _exchange(store, aside)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rows_in = sum(each.rows for each in partitions)
    months = tuple(sorted(written))
    return MergeReport(table.name, len(partitions), rows_in, months, store.total_rows())


def _merge(store: Store, ledger: Ledger, work: Work) -> set[str]:
    """Merge replaced partitions, then fresh ones batch by batch."""
    written: set[str] = set()
    if store.table.parent:
        ledger = ledger.beginning(placed=placed_by(store))
        write_ledger(store, ledger)
    if work.replaced:
        ledger, months = _merge_replaced(store, ledger, work)
        written |= months
    fresh = [each for each in work.fresh if ledger.merged.get(each.id) != each]
    if store.table.history == "versions" and ledger.last_date is not None:
        late = [each for each in fresh if each.date <= ledger.last_date]
        ledger, months = _merge_late_versions(store, ledger, late)
        written |= months
        fresh = [each for each in fresh if each not in late]
    batches = [*_batches(fresh)]
    if not batches and store.table.parent and not work.replaced:
        batches = [[]]  # nothing new, but parents have moved
    for batch in batches:
        ledger = ledger.beginning(batch)
        write_ledger(store, ledger)
        items = items_of(store, batch, standing=_standing(store, ledger, batch))
        months, placed = _merge_items(store, ledger, items)
        ledger = ledger.ending(batch, placed=placed, carried=_carried(ledger, items))
        write_ledger(store, ledger)
        written |= months
    return written


def _merge_items(
    store: Store, ledger: Ledger, items: Items, *, replaced: pl.DataFrame | None = None
) -> tuple[set[str], dict[str, str]]:
    """Merge items; children also follow their parents.

    Args:
        store: The table.
        ledger: What has been merged.
        items: What is new.
        replaced: Keys whose stored rows go, whatever their version.

    Returns:
        Names of the months written, and what children are placed by now.
    """
    if store.table.history == "versions":
        return merge_versions(store, items), {}
    if not store.is_monthly:
        return merge_latest(store, items, replaced=replaced), {}
    rows = latest(items.rows, store.key)
    if store.table.parent is None:
        rows = store.with_months(rows)
        arrivals = Arrivals(rows, items.closures, rows.clear().select(*store.key, MONTH), replaced)
        return settle(store, arrivals, months=store.months()), {}
    moves = moves_since(store, ledger.placed)
    rows = with_parent_month(store, rows, months=moves.placed)
    moved = moves.rows if replaced is None else without(moves.rows, replaced, store.key)
    rows = latest(pl.concat([rows, moved.select(rows.columns)]), store.key)
    arrivals = Arrivals(rows, items.closures, moves.departures, replaced)
    months = store.months()
    if replaced is None and items.closures.is_empty():
        # Having followed their parents, stored rows are where their parents are.
        numbers = {month_name(number) for number in rows.get_column(MONTH).unique()}
        months = [month for month in months if month in numbers]
    return settle(store, arrivals, months=months), moves.placed


def _merge_replaced(store: Store, ledger: Ledger, work: Work) -> tuple[Ledger, set[str]]:
    """Resolve anew, from core, the keys that replaced partitions are about.

    The ledger keeps the replaced content until the end, so that a killed run is begun again.
    """
    gone = {each.id for each in work.replaced}
    again = [each for each in work.fresh if each.id in gone]
    held = [each for each in ledger.merged.values() if each.id not in gone] + again
    was_from = (
        (pl.col("_logical_date") == date) & (pl.col("_source") == source) for date, source in gone
    )
    stored = store.scan().filter(pl.any_horizontal(*was_from)).select(store.key).collect()
    keys = pl.concat([stored, accepted_rows(store, again).select(store.key)]).unique()
    placed: dict[str, str] = {}
    if store.table.history == "versions":
        written = rewind_versions(store, keys, held, min(date for date, _ in gone))
    else:
        items = items_of(store, held, keys=keys)
        written, placed = _merge_items(
            store, ledger, Items(items.rows, no_closures(store.table)), replaced=keys
        )
    ledger = ledger.ending(again, removed=gone, placed=placed)
    write_ledger(store, ledger)
    return ledger, written


def _merge_late_versions(
    store: Store, ledger: Ledger, late: Sequence[Partition]
) -> tuple[Ledger, set[str]]:
    """Insert versions before stored ones: the keys concerned are resolved anew."""
    if not late:
        return ledger, set()
    ledger = ledger.beginning(late)
    write_ledger(store, ledger)
    items = items_of(store, late, standing=_standing(store, ledger, late))
    keys = pl.concat([items.rows.select(store.key), items.closures.select(store.key)]).unique()
    held = [*ledger.merged.values(), *late]
    written = rewind_versions(store, keys, held, min(each.date for each in late))
    ledger = ledger.ending(late, carried=_carried(ledger, items))
    write_ledger(store, ledger)
    return ledger, written


def _standing(store: Store, ledger: Ledger, batch: Sequence[Partition]) -> dict[str, pl.DataFrame]:
    """What stands of each source before its snapshots in a batch."""
    found = {}
    for source in {each.source for each in batch if each.mode == "snapshot"}:
        last = ledger.last_snapshot(source)
        if last is None:
            continue
        found[source] = accepted_rows(store, [last])
        if ledger.carried is not None:
            carried = ledger.carried.filter(pl.col("_source") == source)
            found[source] = pl.concat([found[source], carried])
    return found


def _carried(ledger: Ledger, items: Items) -> pl.DataFrame | None:
    """Standing rows to remember, those of other sources included."""
    frames = list(items.carried.values())
    if ledger.carried is not None:
        others = ~pl.col("_source").is_in(list(items.carried))
        frames.append(ledger.carried.filter(others))
    return pl.concat(frames) if frames else None


def _batches(partitions: Sequence[Partition]) -> Iterator[list[Partition]]:
    """Whole dates, as many as come to `BATCH_ROWS` rows."""
    batch: list[Partition] = []
    rows = 0
    for _, group in itertools.groupby(sorted(partitions), key=lambda each: each.date):
        day = list(group)
        count = sum(each.rows for each in day)
        if batch and rows + count > BATCH_ROWS:
            yield batch
            batch, rows = [], 0
        batch += day
        rows += count
    if batch:
        yield batch


def _exchange(store: Store, aside: Store) -> set[str]:
    """Commit the months that a rebuild aside has made otherwise."""
    ledger = read_ledger(aside)
    write_ledger(store, Ledger(is_rebuilding=True))
    written: set[str] = set()
    for month in sorted({*store.months(), *aside.months()}):
        before, rows = store.read(month), aside.read(month)
        if not store.is_monthly:
            written |= commit_all(store, before, rows)
        elif store.commit(month, before, rows):
            written.add(month)
            if rows.height:
                month_index(store, month)
    write_ledger(store, ledger)
    return written
