"""Cut a table into chunks that are stored, and loaded again, by what is in them.

A chunk holds the rows of some periods, or of some publishes. It is named by a digest of its rows
and of how they are stored, so that a publish loads only the chunks that changed. Nothing here
knows a database.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from assets.lake.slot import fingerprint
from assets.publish.content import Content
from schemas.table import Table

CODE_VERSION = 1
"""Raise it when the same rows would be stored differently."""

FINE_GRAINS = ("day", "week", "rolling_28d")
"""Grains with so many periods that recent ones are cut by quarter, the latest by month."""

LEAST_ROWS = 20_000
"""Tables of fewer rows are one chunk."""

_FILTERED_FIRST = ("kpi_code", "segment_set", "period_start")
_SEEDS = (20_173, 99_991)
_ALL = "all"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a table, stored in a table of their own.

    Attributes:
        name: Name of that table.
        table: Contract of the rows.
        key: The contract's key, the columns first that readers filter by.
        rows: The rows, in key order.
        bounds: Column → least and greatest value, of columns that readers prune chunks by.
    """

    name: str
    table: Table
    key: tuple[str, ...]
    rows: pl.DataFrame = field(repr=False)
    bounds: dict[str, tuple[object, object]]


@dataclass(frozen=True, slots=True)
class Cut:
    """One table cut into chunks; rows are put together when a chunk is asked for.

    Attributes:
        content: The table.
        labels: Label of each row's chunk.
        names: Label → name of the chunk, in label order.
    """

    content: Content
    labels: pl.Series
    names: dict[str, str]

    def chunk(self, label: str) -> Chunk:
        """The rows of a label as they are to be stored."""
        table, key = self.content.table, index_key(self.content.table)
        rows = self.content.rows
        if len(self.names) > 1:
            rows = rows.filter(self.labels == label)
        bounds: dict[str, tuple[object, object]] = {
            name: (rows[name].min(), rows[name].max())
            for name in ("period_grain", "period_start", "known_at")
            if len(self.names) > 1 and name in table.key and rows.height
        }
        return Chunk(self.names[label], table, key, rows.sort(key, nulls_last=True), bounds)


def cut(content: Content) -> Cut:
    """Say which rows go into which chunk, and name the chunks by what is in them."""
    labels = content.rows.select(_label(content)).to_series()
    stored = _storage(content.table)
    names = {
        label: f"{content.table.name[:30]}_{_digest(stored, label, hashes)}"
        for label, hashes in _hashes(content.rows, labels)
    }
    if not names:
        names = {_ALL: f"{content.table.name[:30]}_{_digest(stored, _ALL, content.rows.clear())}"}
    return Cut(content, labels, names)


def index_key(table: Table) -> tuple[str, ...]:
    """The key in the order of its index: what readers filter by comes first."""
    first = tuple(name for name in _FILTERED_FIRST if name in table.key)
    return (*first, *(name for name in table.key if name not in first))


def _storage(table: Table) -> str:
    """Fingerprint of how a table's rows are stored; what is only said of them is in the views."""
    columns = [[column.name, column.type, column.nullable] for column in table.columns]
    return fingerprint(CODE_VERSION, table.name, columns, list(index_key(table)))


def _hashes(rows: pl.DataFrame, labels: pl.Series) -> Iterator[tuple[str, pl.DataFrame]]:
    """Label → hashes of its rows, in label order."""
    found = pl.DataFrame({"label": labels, **_row_hashes(rows)})
    parts = found.partition_by("label", as_dict=True, include_key=False)
    for (label,), hashes in sorted(parts.items()):
        yield str(label), hashes


def _row_hashes(rows: pl.DataFrame) -> dict[str, pl.Series]:
    # two hashes a row, of 64 bits each: that a changed row keeps both is out of the question
    return {f"hash_{seed}": rows.hash_rows(seed=seed) for seed in _SEEDS}


def _digest(stored: str, label: str, hashes: pl.DataFrame) -> str:
    """Digest of a chunk, the same in whatever order its rows come."""
    digest = hashlib.sha256(f"{stored}/{label}/{hashes.height}".encode())
    if hashes.height:
        for column in hashes.sort(hashes.columns).iter_columns():
            digest.update(column.to_numpy().tobytes())
    return digest.hexdigest()[:24]


def _label(content: Content) -> pl.Expr:
    """The rule of a table: by the publish that a row became known with, or by its period."""
    if content.rows.height < LEAST_ROWS:
        return _constant()
    if "known_at" in content.table.key:
        return _by_age(content.rows)
    columns = {column.name for column in content.table.columns}
    if {"period_grain", "period_start"} <= columns:
        return _by_period(content.rows)
    return _constant()


def _constant() -> pl.Expr:
    return pl.repeat(_ALL, pl.len())


def _by_period(rows: pl.DataFrame) -> pl.Expr:
    """Grain and year; of fine grains, recent quarters and months; of coarse ones, all.

    What changes from day to day is mostly recent, so that recent chunks are small.
    """
    grain, start = pl.col("period_grain"), pl.col("period_start")
    latest = rows["period_start"].max()
    year = start.dt.year()
    last = latest if isinstance(latest, dt.date) else dt.date.min
    quarters_ago = (last.year - year) * 4 + (last.month - 1) // 3 + 1 - start.dt.quarter()
    is_fine = grain.is_in(FINE_GRAINS) & (year >= last.year - 1)
    is_coarse = grain.str.contains("quarter|year")
    by_year = pl.concat_str(grain, pl.lit("-"), year)
    return (
        pl.when(start.is_null() | is_coarse)
        .then(grain)
        .when(is_fine & (quarters_ago <= 1))
        .then(pl.concat_str(by_year, pl.lit("-"), start.dt.month()))
        .when(is_fine)
        .then(pl.concat_str(by_year, pl.lit("-q"), start.dt.quarter()))
        .otherwise(by_year)
        .fill_null(_ALL)
    )


def _by_age(rows: pl.DataFrame) -> pl.Expr:
    """Publishes of the latest day one by one; before it, by day, month, year as they grow older.

    What was published stays as it is, so each of these is loaded when it ends, and not again.
    """
    known = pl.col("known_at")
    day = known.dt.date()
    last = rows.select(day.max()).item()
    return (
        pl.when(day == last)
        .then(known.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f"))
        .when(day >= last.replace(day=1))
        .then(day.dt.strftime("%Y-%m-%d"))
        .when(day >= last.replace(month=1, day=1))
        .then(day.dt.strftime("%Y-%m"))
        .otherwise(day.dt.strftime("%Y"))
    )
