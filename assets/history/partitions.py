"""Core partitions as the history sees them: which there are, and their rows as items.

An *item* is a canonical row that says something new: every row of an incremental extract, and of
a snapshot the rows that are new, changed or back. Nothing is written here.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from assets.history.store import Store, within
from assets.lake.layout import Lake
from assets.transforms.versions import CLOSED_ON, IS_UNKNOWN, RANK, ChangeStream, change_stream
from schemas.errors import LakeError
from schemas.table import Table

ACCEPTED = "accepted.parquet"
QUARANTINED = "quarantined.parquet"

Mode = Literal["snapshot", "incremental"]
PartitionId = tuple[dt.date, str]


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """One core partition: the rows of a table that one source delivered for one date."""

    date: dt.date
    source: str
    digest: str
    mode: Mode
    rows: int = 0

    @property
    def id(self) -> PartitionId:
        """Date and source."""
        return self.date, self.source


@dataclass(frozen=True, slots=True)
class Items:
    """What some partitions say.

    Attributes:
        rows: Canonical rows with `_closed_on`, several a key.
        closures: Key, `_source`, `_closed_on` of rows of earlier partitions.
        carried: Source → rows that stand although its last snapshot refused their keys' rows.
    """

    rows: pl.DataFrame
    closures: pl.DataFrame
    carried: dict[str, pl.DataFrame] = field(default_factory=dict)


def list_partitions(
    lake: Lake, table: str, dates: Iterable[dt.date] | None = None
) -> list[Partition]:
    """Committed core partitions of a table, by date and source.

    Raises:
        LakeError: A partition does not say how its source delivers.
    """
    wanted = None if dates is None else set(dates)
    found = []
    for source in lake.core_sources(table):
        for date in lake.core_dates(table, source):
            if wanted is not None and date not in wanted:
                continue
            slot = lake.core(table, source, date)
            receipt = slot.receipt()
            if receipt is None:
                continue
            mode = receipt.facts.get("mode")
            if mode not in ("snapshot", "incremental"):
                raise LakeError(
                    "the core partition does not say how its source delivers",
                    where=str(slot.folder),
                    found=mode,
                    allowed=["snapshot", "incremental"],
                    mend="delete the folder and run again: it is rebuilt from the raw extract",
                )
            rows = int(receipt.facts.get("accepted", 0))
            found.append(Partition(date, source, receipt.content, mode, rows))
    return sorted(found)


def items_of(
    store: Store,
    partitions: Sequence[Partition],
    *,
    standing: Mapping[str, pl.DataFrame] | None = None,
    keys: pl.DataFrame | None = None,
) -> Items:
    """What partitions say on top of what stood before them.

    Args:
        store: The table.
        partitions: Core partitions.
        standing: Source → what stood before its first snapshot here.
        keys: Only rows with these keys; None means all.

    Returns:
        The items.
    """
    steady = [each for each in partitions if each.mode == "incremental"]
    rows = [accepted_rows(store, steady, keys).with_columns(pl.lit(None, pl.Date).alias(CLOSED_ON))]
    closures = []
    carried: dict[str, pl.DataFrame] = {}
    snapshots = sorted(each for each in partitions if each.mode == "snapshot")
    for source in sorted({each.source for each in snapshots}):
        chain = [each for each in snapshots if each.source == source]
        before = (standing or {}).get(source)
        stream = _changes(store, chain, before, keys)
        rows.append(stream.emitted)
        closures.append(stream.closures)
        carried[source] = stream.carried
    gone = pl.concat(closures) if closures else no_closures(store.table)
    return Items(pl.concat(rows), gone, carried)


def no_closures(table: Table) -> pl.DataFrame:
    """Closures of nothing."""
    schema = table.polars_schema()
    keys = {name: schema[name] for name in table.key}
    return pl.DataFrame(schema={**keys, "_source": pl.String, CLOSED_ON: pl.Date})


def accepted_rows(
    store: Store, partitions: Iterable[Partition], keys: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Accepted rows of partitions, in the order of the partitions."""
    names = store.table.polars_schema().names()
    slots = [store.lake.core(store.table.name, each.source, each.date) for each in partitions]
    paths = [path for slot in slots if (path := slot.path(ACCEPTED)) is not None]
    if not paths:
        return store.table.polars_schema().to_frame()
    rows = pl.scan_parquet(paths).select(names)
    if keys is not None:
        wanted = keys.lazy().select(store.key)
        rows = rows.join(wanted, on=store.key, how="semi", nulls_equal=True)
    return rows.collect()


def refused_keys(store: Store, partition: Partition) -> pl.DataFrame:
    """Keys of a partition's refused rows, as far as they could be read."""
    table = store.table
    schema = table.polars_schema()
    path = store.lake.core(table.name, partition.source, partition.date).path(QUARANTINED)
    if path is None:
        return pl.DataFrame(schema={name: schema[name] for name in table.key})
    text = pl.col("key")
    keys = pl.scan_parquet(path).select(
        _typed(text.str.json_path_match(f"$.{name}"), schema[name]).alias(name)
        for name in table.key
    )
    required = [name for name in table.key if not table.column(name).nullable]
    return keys.drop_nulls(required).unique().collect()


def _typed(text: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Date:
        return text.str.to_date("%Y-%m-%d", strict=False)
    return text if dtype == pl.String else text.cast(dtype, strict=False)


def _changes(
    store: Store,
    chain: Sequence[Partition],
    before: pl.DataFrame | None,
    keys: pl.DataFrame | None,
) -> ChangeStream:
    """The changes of one source's snapshots, in date order."""
    nothing = store.table.polars_schema().to_frame()
    frames = [_observed(nothing if before is None else before, rank=0, is_unknown=False)]
    for rank, partition in enumerate(chain, start=1):
        rows = accepted_rows(store, [partition], keys)
        frames.append(_observed(rows, rank=rank, is_unknown=False))
        refused = refused_keys(store, partition)
        if keys is not None:
            refused = within(refused, keys, store.key)
        if refused.height:
            frames.append(_observed(refused, rank=rank, is_unknown=True))
    observed = pl.concat(frames, how="diagonal")
    dates = [chain[0].date, *(each.date for each in chain)]
    return change_stream(observed, store.key, store.content, dates=dates)


def _observed(rows: pl.DataFrame, *, rank: int, is_unknown: bool) -> pl.DataFrame:
    return rows.with_columns(
        pl.lit(rank, pl.Int32).alias(RANK), pl.lit(is_unknown).alias(IS_UNKNOWN)
    )
