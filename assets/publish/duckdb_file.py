"""Write, audit, publish to a DuckDB file.

A publish builds a new file beside the old one and renames it into place: readers that hold the
old file open keep a whole old one, nobody meets half a publish. The file is written in a storage
version that DuckDB 1.x clients read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from assets.lake.atomic import atomic_path
from schemas.errors import PublishError
from schemas.table import SQL_TYPES, Table

if TYPE_CHECKING:
    import duckdb

STORAGE_VERSION = "v1.2.0"


@dataclass(frozen=True, slots=True)
class Content:
    """One table to publish: its contract and its rows."""

    table: Table
    rows: pl.DataFrame


def write_warehouse(path: Path, contents: Sequence[Content]) -> None:
    """Replace the warehouse file by one that holds exactly these tables.

    Args:
        path: The file.
        contents: Tables with rows of their contract's schema.

    Raises:
        PublishError: The audit of the new file failed; the old one stays.
    """
    import duckdb

    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        connection = duckdb.connect()
        try:
            target = str(temporary).replace("'", "''")
            connection.execute(f"ATTACH '{target}' AS w (STORAGE_VERSION '{STORAGE_VERSION}')")
            for content in contents:
                _write(connection, content)
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


def _write(connection: "duckdb.DuckDBPyConnection", content: Content) -> None:
    table = content.table
    name = _quoted(table.name)
    columns = ", ".join(
        f"{_quoted(column.name)} {SQL_TYPES[column.type]}{'' if column.nullable else ' NOT NULL'}"
        for column in table.all_columns
    )
    connection.execute(f"CREATE TABLE w.{name} ({columns})")
    connection.register("rows_", content.rows.to_arrow())
    connection.execute(f"INSERT INTO w.{name} BY NAME SELECT * FROM rows_")  # noqa: S608  quoted
    connection.unregister("rows_")
    connection.execute(f"COMMENT ON TABLE w.{name} IS {_literal(table.description)}")
    for column in table.all_columns:
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
