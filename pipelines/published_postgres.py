"""Rows of the published tables in PostgreSQL: all reads in one transaction, so of one publish.

What is asked of a warehouse is said in `pipelines.published_rows`; connections and the telling of
their errors without secrets are `assets.publish.postgres.connection`'s work.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from assets.publish.postgres.connection import Server
from assets.publish.sql import quoted
from pipelines.published_rows import (
    BATCH_ROWS,
    Choice,
    PublishedReader,
    PublishedTable,
    condition,
    described,
    nothing_published,
)
from schemas.config.warehouse import WarehouseConfig
from schemas.table import MONEY_SCALE

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa

_TABLES = """
    SELECT c.relname, coalesce(obj_description(c.oid, 'pg_class'), ''),
           a.attname, coalesce(col_description(c.oid, a.attnum), '')
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relnamespace = to_regnamespace(%s) AND c.relkind IN ('v', 'r')
      AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.relname COLLATE "C", a.attnum
"""


@contextlib.contextmanager
def open_postgres(config: WarehouseConfig) -> Iterator[PublishedReader]:
    """The warehouse of a configuration as of now.

    Raises:
        PublishError: Nothing was published yet, or the server refuses.
    """
    server = Server.of(config)
    with (
        server.told("reading the warehouse"),
        server.connect() as connection,
        connection.transaction(),
    ):
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SET LOCAL TIME ZONE 'UTC'")
        reader = PostgresReader(connection, config.schema_name)
        if not any(table.name == "run_log" for table in reader.tables()):
            raise nothing_published(server.place)
        yield reader


class PostgresReader:
    """The published views of a schema, read in one transaction."""

    def __init__(self, connection: "psycopg.Connection[Any]", schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def tables(self) -> tuple[PublishedTable, ...]:
        """Every published table, in name order."""
        return described(self._connection.execute(_TABLES, [quoted(self._schema)]).fetchall())

    def publish_id(self) -> str:
        """The publish that all rows belong to."""
        latest = "ORDER BY published_at DESC LIMIT 1"
        query = f"SELECT publish_id FROM {self._name('run_log')} {latest}"  # noqa: S608  quoted
        return str(self._connection.execute(query.encode()).fetchall()[0][0])

    def count(self, table: str, only: Choice) -> int:
        """Rows of a table that are wanted."""
        where, values = condition(only, mark="%s")
        query = f"SELECT count(*) FROM {self._name(table)}{where}"  # noqa: S608  quoted, bound
        return int(self._connection.execute(query.encode(), values).fetchall()[0][0])

    @contextlib.contextmanager
    def rows(
        self, table: str, only: Choice, order: Sequence[str]
    ) -> Iterator["pa.RecordBatchReader"]:
        """These rows in batches, in the order of some columns; the stream is closed at the end."""
        import pyarrow as pa

        where, values = condition(only, mark="%s")
        by = f" ORDER BY {', '.join(map(quoted, order))}" if order else ""
        query = f"SELECT * FROM {self._name(table)}{where}{by}"  # noqa: S608  quoted, bound
        with self._connection.cursor("exported") as cursor:
            cursor.execute(query.encode(), values)
            kinds = _kinds()
            schema = pa.schema(
                [(each.name, kinds[each.type_code]) for each in cursor.description or ()]
            )
            yield pa.RecordBatchReader.from_batches(schema, _batches(cursor, schema))

    def _name(self, table: str) -> str:
        return quoted(self._schema, table)


def _batches(cursor: Any, schema: "pa.Schema") -> Iterator["pa.RecordBatch"]:
    import pyarrow as pa

    while rows := cursor.fetchmany(BATCH_ROWS):
        columns = zip(*rows, strict=True)
        arrays = [pa.array(cells, kind) for cells, kind in zip(columns, schema.types, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _kinds() -> dict[int, "pa.DataType"]:
    """PostgreSQL's types of published columns → Arrow's."""
    import pyarrow as pa
    from psycopg.postgres import types

    kinds = {
        "text": pa.string(),
        "varchar": pa.string(),
        "int8": pa.int64(),
        "float8": pa.float64(),
        "numeric": pa.decimal128(38, MONEY_SCALE),
        "bool": pa.bool_(),
        "date": pa.date32(),
        "timestamptz": pa.timestamp("us", "UTC"),
    }
    return {types[name].oid: kind for name, kind in kinds.items()}
