"""Tables without events: one file with all rows, and a log of what changed in it.

A table that keeps versions is such a table too. The log lets the KPI layer recompute only the
months that a change touches.
"""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from assets.history.partitions import Items, Partition, items_of
from assets.history.settle import Arrivals, closed, resolve
from assets.history.store import (
    CHANGES,
    DATA,
    MONTH,
    UNPLACED_NUMBER,
    Store,
    within,
    without,
    write,
)
from assets.lake.layout import ALL
from assets.transforms.timelines import VALID_FROM, VALID_TO, changed_ranges, timeline
from assets.transforms.versions import CLOSED_ON, VERSION, differing, in_order, key_text, latest

CHANGE_SCHEMA = pl.Schema(
    {
        "sequence": pl.Int64,
        "key": pl.String,
        "affected_from": pl.Date,
        "affected_to": pl.Date,
        "is_new": pl.Boolean,
    }
)

MAX_LOGGED_KEYS = 100_000
"""A commit that changes more keys is logged as one row for all keys."""

MAX_LOG_ROWS = 1_000_000
"""A longer log is cut: readers that have not seen the part cut off are told that all changed."""


def merge_latest(store: Store, items: Items, *, replaced: pl.DataFrame | None = None) -> set[str]:
    """Merge items into a table that keeps the latest version of each key.

    Args:
        store: The table.
        items: What is new.
        replaced: Keys whose stored rows go, whatever their version.

    Returns:
        Names of the slots written.
    """
    before = store.read(ALL)
    arrivals = Arrivals(
        rows=latest(items.rows, store.key).with_columns(_nowhere()),
        closures=items.closures,
        departures=before.clear().select(*store.key, _nowhere()),
        replaced=replaced,
    )
    stored = before.select(*store.key, *VERSION).with_columns(_nowhere())
    winners, stale = resolve(store, arrivals, stored)
    kept = closed(without(before, stale, store.key), items.closures, store)
    touched = [frame.select(store.key) for frame in (winners, stale, items.closures)]
    return commit_all(store, before, store.ordered(kept, winners), touched=pl.concat(touched))


def merge_versions(store: Store, items: Items) -> set[str]:
    """Merge items into a table that keeps all versions; none is earlier than a stored one."""
    before = store.read(ALL)
    news = _news(store, items.rows, before)
    keys = pl.concat([news, items.closures.select(store.key)]).unique()
    if keys.is_empty():
        return set()
    stored = _last_closed(within(before, keys, store.key), items.closures, store)
    added = within(items.rows, keys, store.key)
    return _replace_versions(store, before, keys, [stored, added])


def rewind_versions(
    store: Store, keys: pl.DataFrame, partitions: Sequence[Partition], since: dt.date
) -> set[str]:
    """Tell the story of some keys again from a date on.

    Args:
        store: A table that keeps all versions.
        keys: The keys.
        partitions: All core partitions that the history shall hold.
        since: Versions before it stand.

    Returns:
        Names of the slots written.
    """
    before = store.read(ALL)
    if any(each.mode == "snapshot" for each in partitions):
        since = dt.date.min  # a snapshot's changes show only against the ones before it
    later = [each for each in partitions if each.date >= since]
    items = items_of(store, later, keys=keys)
    stored = within(before, keys, store.key).filter(pl.col("_logical_date") < since)
    return _replace_versions(store, before, keys, [stored, items.rows])


def commit_all(
    store: Store, before: pl.DataFrame, rows: pl.DataFrame, *, touched: pl.DataFrame | None = None
) -> set[str]:
    """Replace the rows of the table and log which keys changed; equal rows are left alone.

    Args:
        store: The table.
        before: The rows that it holds.
        rows: The rows that it shall hold, in their order.
        touched: Keys, among them all whose rows differ; None means any may.

    Returns:
        Names of the slots written.
    """
    slot = store.slot(ALL)
    receipt = slot.receipt()
    if rows.equals(before) and (receipt is not None or rows.is_empty()):
        return set()
    sequence = int(receipt.facts["sequence"]) if receipt else 0
    if touched is None:
        old, new = before, rows
    else:
        old, new = within(before, touched, store.key), within(rows, touched, store.key)
    if before.is_empty() or before.schema != rows.schema:
        changes = _all_keys(sequence + 1, None, None)
    else:
        changes = _changes(store, old, new, sequence=sequence + 1)
    log = pl.concat([read_changes(store), changes])
    with slot.replace(store.identity) as draft:
        write(rows, draft.path(DATA))
        write(_cut(log), draft.path(CHANGES))
        draft.facts["rows"] = rows.height
        draft.facts["sequence"] = sequence + (1 if changes.height else 0)
    return {ALL}


def read_changes(store: Store) -> pl.DataFrame:
    """The change log."""
    path = store.slot(ALL).path(CHANGES)
    return CHANGE_SCHEMA.to_frame() if path is None else pl.read_parquet(path)


def _nowhere() -> pl.Expr:
    return pl.lit(UNPLACED_NUMBER, pl.Int32).alias(MONTH)


def _replace_versions(
    store: Store, before: pl.DataFrame, keys: pl.DataFrame, items: Sequence[pl.DataFrame]
) -> set[str]:
    names = [*store.table.polars_schema().names(), CLOSED_ON]
    told = timeline(pl.concat([frame.select(names) for frame in items]), store.key, store.content)
    rows = pl.concat([without(before, keys, store.key), told.select(before.columns)])
    return commit_all(store, before, in_order(rows, store.key), touched=keys)


def _news(store: Store, items: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Keys of the items that say something else than the version that stands."""
    standing = before.select(*store.key, "_source", VALID_TO, CLOSED_ON).with_row_index("_right")
    standing = standing.filter(pl.col(VALID_TO).is_null() & pl.col(CLOSED_ON).is_null())
    told = items.select(*store.key, "_source", CLOSED_ON).with_row_index("_left")
    on = [*store.key, "_source"]
    paired = told.join(standing, on=on, how="left", nulls_equal=True, maintain_order="left")
    pairs = paired.get_column("_left"), paired.get_column("_right")
    says_else = differing(items, before, store.content, pairs=pairs)
    is_news = pl.col("_right").is_null() | pl.col(CLOSED_ON).is_not_null() | says_else
    return paired.filter(is_news).select(store.key)


def _last_closed(rows: pl.DataFrame, closures: pl.DataFrame, store: Store) -> pl.DataFrame:
    """Close, of every key and source, the last row before the closure."""
    if closures.is_empty():
        return rows
    due = closures.rename({CLOSED_ON: "_closing"})
    on = [*store.key, "_source"]
    found = rows.join(due, on=on, how="inner", nulls_equal=True)
    last = found.filter(pl.col("_logical_date") < pl.col("_closing")).sort(VERSION)
    last = last.unique(subset=on, keep="last", maintain_order=True)
    last = last.select(*store.key, *VERSION, "_closing")
    return (
        rows.join(last, on=[*store.key, *VERSION], how="left", nulls_equal=True)
        .with_columns(pl.coalesce("_closing", CLOSED_ON).alias(CLOSED_ON))
        .drop("_closing")
    )


def _changes(
    store: Store, before: pl.DataFrame, after: pl.DataFrame, *, sequence: int
) -> pl.DataFrame:
    """Log rows for the keys whose content differs; other lineage is no change."""
    if store.table.history == "versions":
        compared = [*store.key, *store.content, VALID_FROM, VALID_TO]
        keys = _differing_keys(before, after, compared, store)
        old, new = within(before, keys, store.key), within(after, keys, store.key)
        ranges = changed_ranges(old, new, store.key, content=store.content)
    else:
        keys = _differing_keys(before, after, [*store.key, *store.content, CLOSED_ON], store)
        known = before.select(*store.key, pl.lit(value=False).alias("is_new"))
        found = keys.join(known, on=store.key, how="left", nulls_equal=True)
        ranges = found.with_columns(
            pl.lit(None, pl.Date).alias("affected_from"),
            pl.lit(None, pl.Date).alias("affected_to"),
            pl.col("is_new").fill_null(value=True),
        )
    if ranges.height > MAX_LOGGED_KEYS:
        first, last = ranges.get_column("affected_from"), ranges.get_column("affected_to")
        return _all_keys(
            sequence,
            None if first.has_nulls() else first.min(),
            None if last.has_nulls() else last.max(),
        )
    number = pl.lit(sequence, pl.Int64).alias("sequence")
    rest = ("affected_from", "affected_to", "is_new")
    return ranges.select(number, key_text(store.key), *rest).sort("key")


def _differing_keys(
    before: pl.DataFrame, after: pl.DataFrame, compared: Sequence[str], store: Store
) -> pl.DataFrame:
    """Keys with a row that only one of the frames has."""
    old, new = before.select(compared), after.select(compared)
    gone, come = without(old, new, compared), without(new, old, compared)
    return pl.concat([gone.select(store.key), come.select(store.key)]).unique()


def _all_keys(sequence: int, first: object, last: object) -> pl.DataFrame:
    return pl.DataFrame([(sequence, None, first, last, False)], CHANGE_SCHEMA, orient="row")


def _cut(log: pl.DataFrame) -> pl.DataFrame:
    """The log, without its oldest sequences where it is too long."""
    if log.height <= MAX_LOG_ROWS:
        return log
    cut = log.item(-MAX_LOG_ROWS, "sequence")
    return pl.concat([_all_keys(cut, None, None), log.filter(pl.col("sequence") > cut)])
