"""Rows of the published tables, read from the warehouse that readers have.

The one seam between what is done with published rows and where they stand: `PublishedReader` says
what a warehouse must be able to do, `open_published` gives the one there is. Everything that is
read through one reader belongs to one publish. What becomes of the rows is not known here.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from assets.lake.layout import Lake
from assets.publish.sql import quoted
from schemas.config.project import Project
from schemas.errors import PublishError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

BATCH_ROWS = 50_000

Choice = Mapping[str, Sequence[str]]
"""Column → the values, as text, of the rows that are wanted."""


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A published table as the warehouse has it.

    Attributes:
        name: Table.
        description: Its comment.
        columns: Column → its comment, in the order of the table.
    """

    name: str
    description: str
    columns: Mapping[str, str]


class PublishedReader(Protocol):
    """A warehouse as of one publish."""

    def tables(self) -> tuple[PublishedTable, ...]:
        """Every published table, in name order."""
        ...

    def publish_id(self) -> str:
        """The publish that all rows belong to."""
        ...

    def count(self, table: str, only: Choice) -> int:
        """Rows of a table that are wanted."""
        ...

    def rows(
        self, table: str, only: Choice, order: Sequence[str]
    ) -> "contextlib.AbstractContextManager[pa.RecordBatchReader]":
        """These rows in batches, in the order of some columns; the stream is closed at the end."""
        ...


def open_published(
    lake: Lake, project: Project
) -> contextlib.AbstractContextManager[PublishedReader]:
    """The warehouse that readers have now; a publish in the meantime does not change it.

    Raises:
        PublishError: Nothing was published yet, or the warehouse cannot be opened.
    """
    if project.warehouse.kind == "postgres":
        from pipelines.published_postgres import open_postgres

        return open_postgres(project.warehouse)
    return open_file(lake.warehouse)


@contextlib.contextmanager
def open_file(path: Path) -> Iterator[PublishedReader]:
    """The embedded warehouse; see `open_published`."""
    import duckdb

    if not path.exists():
        raise nothing_published(str(path))
    try:
        # the open file stays the one it was when a publish puts another in its place
        connection = duckdb.connect(path, read_only=True)
    except duckdb.Error as error:
        raise _unreadable(path, error) from error
    try:
        connection.execute("SET TimeZone = 'UTC'")
        yield DuckDbReader(connection, path)
    except duckdb.Error as error:
        raise _unreadable(path, error) from error
    finally:
        connection.close()


class DuckDbReader:
    """The embedded warehouse, read by one connection to one file."""

    def __init__(self, connection: "duckdb.DuckDBPyConnection", path: Path) -> None:
        self._connection = connection
        self._path = path

    def tables(self) -> tuple[PublishedTable, ...]:
        """Every published table, in name order."""
        query = """
            SELECT t.table_name, coalesce(t.comment, ''), c.column_name, coalesce(c.comment, '')
            FROM duckdb_tables() AS t JOIN duckdb_columns() AS c USING (database_name, table_oid)
            WHERE NOT t.internal AND t.schema_name = 'main'
            ORDER BY t.table_name, c.column_index
        """
        return described(self._connection.execute(query).fetchall())

    def publish_id(self) -> str:
        """The publish that all rows belong to."""
        query = "SELECT publish_id FROM run_log ORDER BY published_at DESC LIMIT 1"
        found = self._connection.execute(query).fetchall()
        return str(found[0][0])

    def count(self, table: str, only: Choice) -> int:
        """Rows of a table that are wanted."""
        where, values = condition(only)
        query = f"SELECT count(*) FROM {quoted(table)}{where}"  # noqa: S608  quoted, bound
        return int(self._connection.execute(query, values).fetchall()[0][0])

    @contextlib.contextmanager
    def rows(
        self, table: str, only: Choice, order: Sequence[str]
    ) -> Iterator["pa.RecordBatchReader"]:
        """These rows in batches, in the order of some columns; the stream is closed at the end."""
        where, values = condition(only)
        by = f" ORDER BY {', '.join(map(quoted, order))}" if order else ""
        query = f"SELECT * FROM {quoted(table)}{where}{by}"  # noqa: S608  quoted, bound
        relation = self._connection.sql(query, params=values)
        # rows left unread would keep the connection from its next query
        with relation.to_arrow_reader(BATCH_ROWS) as batches:
            yield batches


def described(rows: Iterable[tuple[str, str, str, str]]) -> tuple[PublishedTable, ...]:
    """Tables from rows of table, its comment, column, its comment."""
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for table, about, column, comment in rows:
        found.setdefault(table, (about, {}))[1][column] = comment
    return tuple(PublishedTable(name, *said) for name, said in found.items())


def condition(only: Choice, *, mark: str = "?") -> tuple[str, list[str]]:
    """The rows wanted as SQL with its parameters; values are bound, columns quoted.

    Args:
        only: The rows wanted.
        mark: What stands for a parameter.
    """
    parts = [
        f"CAST({quoted(column)} AS VARCHAR) IN ({', '.join([mark] * len(values))})"
        for column, values in only.items()
    ]
    bound = [value for values in only.values() for value in values]
    return (f" WHERE {' AND '.join(parts)}" if parts else ""), bound


def nothing_published(where: str) -> PublishError:
    """The refusal to read a warehouse that there is not."""
    return PublishError(
        "nothing is published yet",
        where=where,
        mend="run `barometer run`, or point BAROMETER_DATA_DIR at the lake of one",
    )


def _unreadable(path: Path, error: Exception) -> PublishError:
    return PublishError(
        "the warehouse cannot be read",
        where=str(path),
        found=str(error).splitlines()[0],
        mend="see that no other program holds it open for writing, or publish anew",
    )
