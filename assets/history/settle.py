"""Put rows into their months, and take out of every month what they replace.

Rows enter their new month before they leave an old one: a run killed in between leaves a row
twice, which the next run repairs, and never nowhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from assets.history.index import find_rows, month_index
from assets.history.store import MONTH, Store, month_name, within, without
from assets.transforms.versions import CLOSED_ON, VERSION, is_newer


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Rows for their months.

    Attributes:
        rows: Rows with `_month`, one a key; the greatest version wins against stored rows.
        closures: Key, `_source`, `_closed_on`: stored rows to close.
        departures: Key and `_month` of stored rows to take out.
        replaced: Keys whose stored rows all go, whatever their version; None for none.
    """

    rows: pl.DataFrame
    closures: pl.DataFrame
    departures: pl.DataFrame
    replaced: pl.DataFrame | None = None


def settle(store: Store, arrivals: Arrivals, *, months: Iterable[str]) -> set[str]:
    """Bring the months of a table up to date with some rows.

    Args:
        store: The table.
        arrivals: What changes.
        months: Stored months that may hold rows with the keys.

    Returns:
        Names of the months that were written.
    """
    searched = sorted(months)
    stored = _stored(store, arrivals, searched)
    winners, stale = resolve(store, arrivals, stored)
    closing = within(stored, arrivals.closures, store.key)
    place = [*store.key, MONTH]
    incoming = _by_month(winners)
    staying = _by_month(within(stale, winners.select(place), place))
    leaving = _by_month(without(stale, winners.select(place), place))
    touched = {*incoming, *leaving, *closing.get_column(MONTH).unique()}
    entering = sorted(number for number in touched if number in incoming or number not in leaving)
    written = set()
    for number in entering:
        changes = incoming.get(number), staying.get(number), arrivals.closures
        if _rewrite(store, number, *changes):
            written.add(month_name(number))
    for number in sorted(leaving):
        if _rewrite(store, number, None, leaving[number], arrivals.closures):
            written.add(month_name(number))
    return written


def resolve(
    store: Store, arrivals: Arrivals, stored: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Which arriving rows win, and which stored ones go.

    Args:
        store: The table.
        arrivals: What changes.
        stored: Key, version and `_month` of the stored rows that share a key with it.

    Returns:
        The arriving rows that win; key and `_month` of the stored rows to take out.
    """
    leaving = [arrivals.departures]
    rivals = stored
    if arrivals.replaced is not None:
        leaving.append(within(stored, arrivals.replaced, store.key).select(*store.key, MONTH))
        rivals = without(stored, arrivals.replaced, store.key)
    winners = arrivals.rows
    if rivals.height:
        both = rivals.join(
            winners.select(*store.key, *VERSION),
            on=store.key,
            how="inner",
            nulls_equal=True,
            suffix="_new",
        )
        newer = both.filter(is_newer("_new")).select(store.key)
        winners = without(winners, newer, store.key)
        beaten = within(rivals, winners.select(store.key), store.key)
        leaving.append(beaten.select(*store.key, MONTH))
    return winners, pl.concat(leaving).unique()


def closed(rows: pl.DataFrame, closures: pl.DataFrame, store: Store) -> pl.DataFrame:
    """Close the rows that closures of their own source are about; order kept."""
    if closures.is_empty() or rows.is_empty():
        return rows
    found = rows.join(
        closures.rename({CLOSED_ON: "_closing"}),
        on=[*store.key, "_source"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    is_older = pl.col("_logical_date") < pl.col("_closing")
    closing = pl.when(is_older).then("_closing").otherwise(CLOSED_ON).alias(CLOSED_ON)
    return found.with_columns(closing).drop("_closing")


def _stored(store: Store, arrivals: Arrivals, months: Iterable[str]) -> pl.DataFrame:
    keys = [arrivals.rows.select(store.key), arrivals.closures.select(store.key)]
    if arrivals.replaced is not None:
        keys.append(arrivals.replaced.select(store.key))
    wanted = pl.concat(keys)
    columns = [*store.key, *VERSION]
    return find_rows(store, wanted, store.key, months=months, columns=columns)


def _by_month(rows: pl.DataFrame) -> dict[int, pl.DataFrame]:
    parts = rows.partition_by(MONTH, as_dict=True, include_key=False)
    return {int(str(key[0])): part for key, part in parts.items()}


def _rewrite(
    store: Store,
    number: int,
    incoming: pl.DataFrame | None,
    taken: pl.DataFrame | None,
    closures: pl.DataFrame,
) -> bool:
    """Take rows out of a month, close some and put others in; whether that changed anything."""
    month = month_name(number)
    before = store.read(month)
    kept = before if taken is None else without(before, taken, store.key)
    kept = closed(kept, closures, store)
    rows = kept if incoming is None else store.ordered(kept, incoming)
    if not store.commit(month, before, rows):
        return False
    if rows.height:
        month_index(store, month)
    return True
