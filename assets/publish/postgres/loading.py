"""Load chunks that are not there yet, each whole and audited, or not at all.

A chunk is created, filled by a binary COPY of Arrow batches, counted against the rows it was made
from and given its key in one transaction: whatever chunk is there is whole.
"""

import math
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from assets.publish.postgres.chunks import Chunk, Cut
from assets.publish.postgres.connection import Server
from assets.publish.postgres.statements import (
    add_key,
    count_chunk,
    create_chunk,
    quoted,
    summed,
)
from schemas.errors import PublishError

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection

LOADERS = 2
"""Connections that load at the same time: one builds an index while another sends rows."""

BATCH_ROWS = 100_000

STATISTICS_TARGET = 20
"""Detail of the planner's statistics: chunks are many and alike, and each is sampled."""

_DUPLICATE_TABLE = "42P07"
_TOLERANCE = 1e-9


def load(server: Server, schema: str, missing: Sequence[tuple[Cut, str]]) -> None:
    """Load chunks, the largest tables among each other.

    Args:
        server: Where to.
        schema: Schema of the chunks.
        missing: Tables with the labels of the chunks to load.

    Raises:
        PublishError: A chunk could not be loaded, or is not what it was made from.
    """
    if not missing:
        return
    queue = list(reversed(missing))
    with ThreadPoolExecutor(min(LOADERS, len(missing))) as pool:
        workers = [pool.submit(_work, server, schema, queue) for _ in range(LOADERS)]
        done, _ = wait(workers, return_when=FIRST_EXCEPTION)
        if any(worker.exception() for worker in done):
            queue.clear()  # the others stop after the chunk that they are at
    for worker in workers:
        worker.result()


def _work(server: Server, schema: str, queue: list[tuple[Cut, str]]) -> None:
    """Take chunks off the queue until it is empty; `list.pop` is atomic."""
    from adbc_driver_postgresql import dbapi  # type: ignore[import-untyped]  # has no marker

    with server.told("connecting"), dbapi.connect(server.conninfo) as connection:
        while True:
            try:
                cut, label = queue.pop()
            except IndexError:
                return
            chunk = cut.chunk(label)
            with server.told(f"loading {chunk.table.name}"):
                _load_chunk(connection, schema, chunk)


def _load_chunk(connection: "Connection", schema: str, chunk: Chunk) -> None:
    import adbc_driver_manager

    with connection.cursor() as cursor:
        try:
            cursor.execute(create_chunk(schema, chunk))
        except adbc_driver_manager.Error as error:
            connection.rollback()
            if error.sqlstate == _DUPLICATE_TABLE:
                return  # another publisher's, with the same rows by its name
            raise
        if chunk.rows.height:
            batches = chunk.rows.to_arrow(compat_level=pl.CompatLevel.oldest()).to_reader(
                max_chunksize=BATCH_ROWS
            )
            cursor.adbc_ingest(chunk.name, batches, mode="append", db_schema_name=schema)
        cursor.execute(count_chunk(schema, chunk))
        _audit(chunk, cursor.fetchone())
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        cursor.execute(add_key(schema, chunk))
        if chunk.rows.height:
            cursor.execute(f"SET LOCAL default_statistics_target = {STATISTICS_TARGET}")
            cursor.execute(f"ANALYZE {quoted(schema, chunk.name)}")
        connection.commit()


def _audit(chunk: Chunk, counted: Any) -> None:
    """Rows and sums as the server has them, against the rows that were sent.

    That keys are distinct is the key's own matter: it cannot be made where they are not.

    Raises:
        PublishError: They differ.
    """
    rows, names = chunk.rows, summed(chunk)
    wanted = rows.select(
        pl.len().alias("rows"),
        *(pl.col(name).count().alias(f"{name} count") for name in names),
        *(_wide(rows, name).sum().alias(f"{name} sum") for name in names),
        *(pl.col(name).cast(pl.Float64).abs().sum().alias(f"{name} scale") for name in names),
    ).row(0, named=True)
    differing = [] if int(counted[0]) == rows.height else [f"{counted[0]} rows"]
    for at, name in enumerate(names):
        count, total = counted[1 + 2 * at : 3 + 2 * at]
        is_equal = int(count) == wanted[f"{name} count"] and _is_close(
            total, wanted[f"{name} sum"], scale=wanted[f"{name} scale"]
        )
        if not is_equal:
            differing.append(f"{name}: {count} figures, sum {total}")
    if differing:
        sums = (
            f"{name}: {wanted[f'{name} count']} figures, sum {wanted[f'{name} sum']}"
            for name in names
        )
        raise PublishError(
            "the audit of the loaded rows failed; the previous publish stays",
            where=f"{chunk.table.name}, chunk {chunk.name}",
            found="; ".join(differing),
            allowed="; ".join([f"{rows.height} rows", *sums]),
            mend="this is a defect of the pipeline or the server: report it with the run's log",
        )


def _wide(rows: pl.DataFrame, name: str) -> pl.Expr:
    """A column whose sum does not overflow."""
    return pl.col(name).cast(pl.Int128) if rows.schema[name].is_integer() else pl.col(name)


def _is_close(found: str, wanted: float | Decimal | None, *, scale: float) -> bool:
    """Whether two sums are the same but for the order in which floats were added."""
    if isinstance(wanted, int | Decimal):
        return Decimal(found) == wanted
    one, other = float(found), float(wanted or 0)
    return (
        one == other
        or (math.isnan(one) and math.isnan(other))
        or (abs(one - other) <= _TOLERANCE * max(scale, 1e-300))
    )
