"""Write, audit, publish to a DuckDB file.

A publish builds a new file beside the old one and renames it into place: readers that hold the
old file open keep a whole old one, nobody meets half a publish. The file is written in a storage
version that DuckDB 1.x clients read. The file before stays beside it, to go back to.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from assets.lake.atomic import atomic_path
from assets.publish.content import Content
from schemas.errors import PublishError
from schemas.publish_stamp import stamp_name, stamped
from schemas.table import SQL_TYPES

if TYPE_CHECKING:
    import duckdb

STORAGE_VERSION = "v1.2.0"


@dataclass(frozen=True, slots=True)
class DuckdbFile:
    """The embedded warehouse: one file, and the one before it."""

    path: Path

    @property
    def place(self) -> str:
        """The file."""
        return str(self.path)

    @property
    def previous(self) -> Path:
        """The file of the publish before."""
        return self.path.with_name(f"{self.path.stem}.previous{self.path.suffix}")

    def name_of(self, table: str) -> str:
        """Catalog, schema and table; the catalog has the file's name."""
        return f"{self.path.stem}.main.{table}"

    def published_id(self) -> str | None:
        """Publish that readers of the file see; None without a file that can be read."""
        return published_id(self.path)

    def publish(self, contents: Sequence[Content], publish_id: str) -> None:
        """Replace the file by one that holds exactly these tables.

        Args:
            contents: Tables with rows of their contract's schema.
            publish_id: Publish that every table names.

        Raises:
            PublishError: The audit of the new file failed; the old one stays.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(self.path) as temporary:
            _build(temporary, self.path, contents, publish_id)
            self._keep()

    def rollback(self) -> str:
        """Put the file of the publish before in place.

        Raises:
            PublishError: There is none.
        """
        before = published_id(self.previous)
        if before is None or before == self.published_id():
            raise PublishError(
                "there is no publish before to go back to",
                where=self.place,
                found=f"{before or 'no readable publish'} in {self.previous.name}",
                mend="mend the cause and run again",
            )
        self.previous.replace(self.path)
        return before

    def _keep(self) -> None:
        """Let the file that is about to be replaced stay under its other name."""
        if published_id(self.path) is None:
            return
        with atomic_path(self.previous) as temporary:
            os.link(self.path, temporary)


def published_id(path: Path) -> str | None:
    """Publish that readers of a warehouse file see; None without a file that can be read."""
    import duckdb

    if not path.exists():
        return None
    query = "SELECT publish_id FROM run_log ORDER BY published_at DESC LIMIT 1"
    try:
        with duckdb.connect(path, read_only=True) as connection:
            found = connection.execute(query).fetchall()
    except duckdb.Error:
        return None
    return str(found[0][0]) if found else None


def _build(temporary: Path, path: Path, contents: Sequence[Content], publish_id: str) -> None:
    """Write and audit the new file."""
    import duckdb

    connection = duckdb.connect()
    try:
        target = str(temporary).replace("'", "''")
        connection.execute(f"ATTACH '{target}' AS w (STORAGE_VERSION '{STORAGE_VERSION}')")
        for content in contents:
            _write(connection, content, publish_id)
        for content in contents:
            _audit(connection, content)
        connection.execute("DETACH w")
    except duckdb.Error as error:
        raise PublishError(
            "the warehouse could not be written; the previous publish stays",
            where=str(path),
            found=str(error),
            mend="look at free disk space and the table named, then run again",
        ) from error
    finally:
        connection.close()


def _write(connection: "duckdb.DuckDBPyConnection", content: Content, publish_id: str) -> None:
    table = stamped(content.table)
    name = _quoted(table.name)
    columns = ", ".join(
        f"{_quoted(column.name)} {SQL_TYPES[column.type]}{'' if column.nullable else ' NOT NULL'}"
        for column in table.columns
    )
    connection.execute(f"CREATE TABLE w.{name} ({columns})")
    stamp = pl.lit(publish_id).alias(stamp_name(content.table))
    connection.register("rows_", content.rows.with_columns(stamp).to_arrow())
    connection.execute(f"INSERT INTO w.{name} BY NAME SELECT * FROM rows_")  # noqa: S608  quoted
    connection.unregister("rows_")
    connection.execute(f"COMMENT ON TABLE w.{name} IS {_literal(table.description)}")
    for column in table.columns:
        comment = column.description + (f" Unit: {column.unit}." if column.unit else "")
        where = f"w.{name}.{_quoted(column.name)}"
        connection.execute(f"COMMENT ON COLUMN {where} IS {_literal(comment)}")


def _audit(connection: "duckdb.DuckDBPyConnection", content: Content) -> None:
    """Rows and keys of the file as read back, against the rows that were to be written."""
    table = content.table
    name = _quoted(table.name)
    key = ", ".join(_quoted(column) for column in table.key)
    counts = (
        f"SELECT (SELECT count(*) FROM w.{name}), "  # noqa: S608  quoted
        f"(SELECT count(*) FROM (SELECT DISTINCT {key} FROM w.{name}))"
    )
    written, keys = connection.execute(counts).fetchall()[0]
    if written != content.rows.height or keys != written:
        raise PublishError(
            "the audit of the new warehouse failed; the previous publish stays",
            where=table.name,
            found=f"{written} rows and {keys} distinct keys",
            allowed=f"{content.rows.height} rows, as many distinct keys ({', '.join(table.key)})",
            mend="this is a defect of the pipeline: report it with the run's log",
        )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
