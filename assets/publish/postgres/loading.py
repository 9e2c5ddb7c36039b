"""Load chunks that are not there yet, each whole and audited, or not at all.

A chunk is created, filled by a binary COPY of Arrow batches, counted against the rows it was made
from and given its key in one transaction: whatever chunk is there is whole.
"""

from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

import polars as pl

from assets.publish.audit import compare, counting
from assets.publish.postgres.chunks import Chunk, Cut
from assets.publish.postgres.connection import Server
from assets.publish.postgres.statements import add_key, create_chunk, keep_chunk
from assets.publish.sql import quoted

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection

LOADERS = 2
"""Connections that load at the same time: one builds an index while another sends rows."""

BATCH_ROWS = 100_000

STATISTICS_TARGET = 20
"""Detail of the planner's statistics: chunks are many and alike, and each is sampled."""

_DUPLICATE_TABLE = "42P07"


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
        cursor.execute(counting(quoted(schema, chunk.name), chunk.table))
        where = f"{chunk.table.name}, chunk {chunk.name}"
        compare(where, chunk.table, chunk.rows, cursor.fetchall()[0])
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        cursor.execute(add_key(schema, chunk))
        if chunk.rows.height:
            cursor.execute(f"SET LOCAL default_statistics_target = {STATISTICS_TARGET}")
            cursor.execute(f"ANALYZE {quoted(schema, chunk.name)}")
        cursor.execute(keep_chunk(schema, chunk))
        connection.commit()
