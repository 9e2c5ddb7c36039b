"""Which chunks each kept publish shows, in a private table of the warehouse itself."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from assets.publish.postgres.chunks import Cut
from assets.publish.postgres.statements import sql_type
from assets.publish.sql import quoted
from schemas.errors import PublishError
from schemas.publish_stamp import stamp_name, stamped
from schemas.table import Column

if TYPE_CHECKING:
    import psycopg

TABLE = "_publish"

FORMAT = 1
"""How publishes are recorded; raise it when earlier versions of the product would misread them."""


_CREATE = (
    "CREATE TABLE IF NOT EXISTS {} ("
    "position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, publish_id text NOT NULL, "
    "published_at timestamptz NOT NULL DEFAULT clock_timestamp(), "
    "is_current boolean NOT NULL, views jsonb NOT NULL, format integer NOT NULL)"
)
"""Publishes that are kept; readers see the one that is current."""

_CURRENT = (
    "SELECT publish_id FROM {} AS kept WHERE is_current AND NOT EXISTS "
    "(SELECT FROM jsonb_array_elements(kept.views) AS shown "
    "WHERE to_regclass(format('%%I.%%I', %s::text, shown ->> 'name')) IS NULL)"
)


@dataclass(frozen=True, slots=True)
class View:
    """What one published view shows.

    Attributes:
        name: Published table.
        description: Comment of the view.
        columns: Name, SQL type and comment of each column, that of the publish left out.
        stamp: Column that names the publish.
        stamp_comment: Its comment.
        chunks: Names of the chunks.
    """

    name: str
    description: str
    columns: tuple[tuple[str, str, str], ...]
    stamp: str
    stamp_comment: str
    chunks: tuple[str, ...]

    @property
    def shape(self) -> tuple[object, ...]:
        """What a view cannot be replaced without: names and types of its columns."""
        return (self.stamp, *((name, kind) for name, kind, _ in self.columns))

    @property
    def texts(self) -> tuple[str, ...]:
        """Its comments."""
        return (self.description, self.stamp_comment, *(text for _, _, text in self.columns))


@dataclass(frozen=True, slots=True)
class Manifest:
    """One publish: what each view shows."""

    publish_id: str
    views: tuple[View, ...]

    @property
    def chunks(self) -> set[str]:
        """Names of all its chunks."""
        return {chunk for view in self.views for chunk in view.chunks}

    @classmethod
    def of(cls, publish_id: str, cuts: Iterable[Cut]) -> "Manifest":
        """The publish that shows these tables."""
        return cls(publish_id, tuple(_view(cut) for cut in cuts))

    @classmethod
    def read(cls, publish_id: str, views: Any) -> "Manifest":
        """The publish as its row has it."""
        return cls(
            publish_id,
            tuple(
                View(**(one | {
                    "columns": tuple(tuple(column) for column in one["columns"]),
                    "chunks": tuple(one["chunks"]),
                }))
                for one in views
            ),
        )  # fmt: skip


def _view(cut: Cut) -> View:
    table = cut.content.table
    stamp = stamped(table).columns[-1]
    return View(
        table.name,
        table.description,
        tuple((column.name, sql_type(column), _comment(column)) for column in table.columns),
        stamp_name(table),
        _comment(stamp),
        tuple(cut.names.values()),
    )


def _comment(column: Column) -> str:
    return column.description + (f" Unit: {column.unit}." if column.unit else "")


def prepare(connection: "psycopg.Connection[Any]", place: str, schema: str) -> None:
    """Make the private table where it is not there, and see whether this version understands it.

    Raises:
        PublishError: A later version of the product wrote it.
    """
    connection.execute(_sql(_CREATE, schema))
    has_format = "SELECT FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = 'format'"
    if connection.execute(has_format, [quoted(schema, TABLE)]).fetchone() is None:
        connection.execute(_sql("ALTER TABLE {} ADD format integer NOT NULL DEFAULT 1", schema))
    row = connection.execute(_sql("SELECT max(format) FROM {}", schema)).fetchone()
    found = row[0] if row and row[0] else FORMAT
    if found > FORMAT:
        raise PublishError(
            "a later version of the product publishes here; nothing was changed",
            where=f"{place}, table {schema}.{TABLE}",
            found=f"publishes recorded in format {found}",
            allowed=f"up to {FORMAT}",
            mend="publish with that version, or to another schema (warehouse.schema)",
        )


def kept(connection: "psycopg.Connection[Any]", schema: str) -> list[tuple[int, bool, Manifest]]:
    """Position, whether readers see it, and manifest of every kept publish, the latest first."""
    query = "SELECT position, is_current, publish_id, views FROM {} ORDER BY position DESC"
    rows = connection.execute(_sql(query, schema)).fetchall()
    return [(row[0], row[1], Manifest.read(row[2], row[3])) for row in rows]


def show(connection: "psycopg.Connection[Any]", schema: str, position: int) -> None:
    """Record that readers see the publish of that position."""
    query = "UPDATE {} SET is_current = (position = %s)"
    connection.execute(_sql(query, schema), [position])


def add(
    connection: "psycopg.Connection[Any]", schema: str, manifest: Manifest, *, keep: int
) -> None:
    """Record a new publish as the one that readers see, and forget those that are too many.

    Publishes later than the one that was seen were gone back from: they are forgotten too.
    """
    later = "DELETE FROM {0} WHERE position > (SELECT max(position) FROM {0} WHERE is_current)"
    connection.execute(_sql(later, schema))
    connection.execute(_sql("UPDATE {} SET is_current = false WHERE is_current", schema))
    views = json.dumps([asdict(view) for view in manifest.views])
    insert = (
        "INSERT INTO {} (publish_id, is_current, views, format) VALUES (%s, true, %s::jsonb, %s)"
    )
    connection.execute(_sql(insert, schema), [manifest.publish_id, views, FORMAT])
    old = (
        "DELETE FROM {0} WHERE position NOT IN "
        "(SELECT position FROM {0} ORDER BY position DESC LIMIT %s)"
    )
    connection.execute(_sql(old, schema), [keep])


def current_id(connection: "psycopg.Connection[Any]", schema: str, views: str) -> str | None:
    """Publish that readers see; none where somebody has dropped one of its views.

    Args:
        connection: To the warehouse.
        schema: Schema of the private table.
        views: Schema of the readers' views.
    """
    if connection.execute("SELECT to_regclass(%s)", [quoted(schema, TABLE)]).fetchone() == (None,):
        return None
    row = connection.execute(_sql(_CURRENT, schema), [views]).fetchone()
    return str(row[0]) if row else None


def _sql(text: str, schema: str) -> bytes:
    return text.format(quoted(schema, TABLE)).encode()
