"""The SQL of the warehouse as text: chunks, views, comments. Nothing here runs it."""

import datetime as dt
from collections.abc import Iterable, Mapping

from assets.publish.postgres.chunks import Chunk
from assets.publish.sql import quoted, text_literal
from schemas.table import SQL_TYPES, Column

_TYPES = {"VARCHAR": "text"}


def literal(value: object) -> str:
    """A text, date or instant as SQL takes it."""
    if isinstance(value, dt.datetime | dt.date):
        kind = "timestamptz" if isinstance(value, dt.datetime) else "date"
        return f"{kind} '{value.isoformat()}'"
    text = text_literal(str(value))
    # with standard_conforming_strings off a backslash would escape
    return f" E{text.replace(chr(92), chr(92) * 2)}" if "\\" in text else text


def sql_type(column: Column) -> str:
    """PostgreSQL's type of a column."""
    kind = SQL_TYPES[column.type]
    return _TYPES.get(kind, kind)


def create_chunk(schema: str, chunk: Chunk) -> str:
    """The chunk's table, without its key: an index is built faster once the rows are there."""
    columns = [
        _definition(column, is_key=column.name in chunk.key) for column in chunk.table.columns
    ]
    bounds = [
        f"CHECK ({quoted(name)} BETWEEN {literal(low)} AND {literal(high)})"
        for name, (low, high) in chunk.bounds.items()
    ]
    return f"CREATE TABLE {quoted(schema, chunk.name)} ({', '.join([*columns, *bounds])})"


def _definition(column: Column, *, is_key: bool) -> str:
    # keys are codes: compared by bytes they are indexed faster, and a new version of the
    # operating system's sort order cannot break their index
    collation = ' COLLATE "C"' if is_key and sql_type(column) == "text" else ""
    mandatory = "" if column.nullable else " NOT NULL"
    return f"{quoted(column.name)} {sql_type(column)}{collation}{mandatory}"


def add_key(schema: str, chunk: Chunk) -> str:
    """The chunk's primary key; of keys that may be null, a unique one."""
    nullable = {column.name for column in chunk.table.columns if column.nullable}
    names = ", ".join(quoted(name) for name in chunk.key)
    kind = "UNIQUE NULLS NOT DISTINCT" if nullable & set(chunk.key) else "PRIMARY KEY"
    return f"ALTER TABLE {quoted(schema, chunk.name)} ADD {kind} ({names})"


def keep_chunk(schema: str, chunk: Chunk) -> str:
    """Take from the loader itself the right to change the chunk: it was audited as it is."""
    rights = "INSERT, UPDATE, DELETE, TRUNCATE"
    return f"REVOKE {rights} ON {quoted(schema, chunk.name)} FROM CURRENT_USER"


def view(
    schema: str, name: str, columns: Iterable[str], stamp: tuple[str, str], branches: Iterable[str]
) -> str:
    """The query of a published view.

    Args:
        schema: Schema of the chunks.
        name: View with its schema, quoted.
        columns: Columns of the chunks.
        stamp: Name and value of the column that names the publish.
        branches: Names of the chunks.
    """
    listed = ", ".join(quoted(column) for column in columns)
    stamped = f"{literal(stamp[1])}::text AS {quoted(stamp[0])}"
    parts = [f"SELECT {listed}, {stamped} FROM {quoted(schema, each)}" for each in branches]  # noqa: S608  quoted
    return f"VIEW {name} AS {' UNION ALL '.join(parts)}"


def comments(name: str, description: str, columns: Mapping[str, str]) -> list[str]:
    """Comments of a view and its columns."""
    found = [f"COMMENT ON VIEW {name} IS {literal(description)}"]
    for column, text in columns.items():
        found.append(f"COMMENT ON COLUMN {name}.{quoted(column)} IS {literal(text)}")
    return found
