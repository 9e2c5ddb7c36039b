"""Open the warehouse that readers have, for queries that all see one publish."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from assets.lake.layout import Lake
from assets.publish.postgres.connection import Server
from assets.report.published import Ask
from schemas.config.project import Project
from schemas.config.warehouse import WarehouseConfig
from schemas.errors import PublishError

if TYPE_CHECKING:
    import psycopg


@contextmanager
def asking(lake: Lake, project: Project) -> Iterator[Ask]:
    """Answers queries on the published tables; a publish in the meantime changes nothing.

    Raises:
        PublishError: The warehouse cannot be read.
    """
    config = project.warehouse
    opened = _postgres(config) if config.kind == "postgres" else _duckdb(lake.warehouse)
    with opened as ask:
        yield ask


@contextmanager
def _duckdb(path: Path) -> Iterator[Ask]:
    import duckdb

    try:
        # the open file stays the one it was when a publish puts another in its place
        with duckdb.connect(path, read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            yield lambda query: connection.sql(query).pl()
    except duckdb.Error as error:
        raise PublishError(
            "the report cannot be made, for the warehouse cannot be read",
            where=str(path),
            found=next(iter(str(error).splitlines()), type(error).__name__),
            mend="see that no other program holds it open for writing; where it is missing, or of "
            "an earlier release, `barometer run` publishes it anew",
        ) from error


@contextmanager
def _postgres(config: WarehouseConfig) -> Iterator[Ask]:
    import psycopg

    server = Server.of(config)
    doing = "reading what is published, for the report,"
    with server.told(doing), psycopg.connect(server.conninfo) as connection:
        # one snapshot for all queries; names are those of the published views
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute("SELECT set_config('TimeZone', 'UTC', true)")
        connection.execute(
            "SELECT set_config('search_path', quote_ident(%s), true)", [config.schema_name]
        )
        yield lambda query: _frame(connection, query)


def _frame(connection: "psycopg.Connection[tuple[object, ...]]", query: str) -> pl.DataFrame:
    cursor = connection.execute(query.encode())
    names = [column.name for column in cursor.description or ()]
    return pl.DataFrame(cursor.fetchall(), schema=names, orient="row", infer_schema_length=None)
