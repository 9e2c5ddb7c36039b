"""Write, audit, publish to PostgreSQL: what changed is loaded, then all views change together.

Rows are in chunks that are never changed, in a schema that readers cannot see; what readers see
are views of the chunks of one publish. A run killed at any moment leaves readers with the old or
the new publish, and chunks that the next one uses or drops.
"""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assets.publish.content import Content
from assets.publish.postgres import manifest as manifests
from assets.publish.postgres.chunks import cut
from assets.publish.postgres.connection import Server
from assets.publish.postgres.loading import load
from assets.publish.postgres.manifest import Manifest, View
from assets.publish.postgres.statements import comments, view
from assets.publish.postgres.turn import alone, await_older_readers, publisher
from assets.publish.sql import quoted
from schemas.config.warehouse import WarehouseConfig
from schemas.errors import PublishError

if TYPE_CHECKING:
    import psycopg

_VIEW_COLUMNS = (
    "SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum), "
    "array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) "
    "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
    "WHERE c.relnamespace = to_regnamespace(%s) AND c.relkind = 'v' GROUP BY c.relname"
)
_CHUNKS = (
    "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r' "
    "AND relname <> %s"
)


@dataclass(frozen=True, slots=True)
class PostgresWarehouse:
    """A schema of views for readers, and a private one with their data."""

    server: Server
    config: WarehouseConfig

    @classmethod
    def of(cls, config: WarehouseConfig) -> "PostgresWarehouse":
        """The warehouse of a configuration; nothing is opened yet.

        Raises:
            PublishError: The connection string cannot be read.
        """
        return cls(Server.of(config), config)

    @property
    def place(self) -> str:
        """Server, database and schema."""
        return self.server.place

    def name_of(self, table: str) -> str:
        """Schema and view."""
        return f"{self.config.schema_name}.{table}"

    def published_id(self) -> str | None:
        """Publish that readers see; None where there is none, or a view of it is gone.

        Raises:
            PublishError: The server does not answer.
        """
        with self.server.told("asking for the publish"), self.server.connect() as connection:
            config = self.config
            return manifests.current_id(connection, config.data_schema, config.schema_name)

    def publish(self, contents: Sequence[Content], publish_id: str) -> None:
        """Load what changed, then show all tables together.

        Args:
            contents: Tables with rows of their contract's schema.
            publish_id: Publish that every table names.

        Raises:
            PublishError: It failed, and the publish before stays.
        """
        config, data = self.config, self.config.data_schema
        with (
            self.server.told("publishing"),
            self.server.connect() as connection,
            publisher(connection, self.server, config),
        ):
            _make_schemas(connection, self.server, config)
            before = manifests.kept(connection, data)
            cuts = [cut(content) for content in contents]
            present = _names(connection, data)
            missing = [
                (each, label)
                for each in cuts
                for label, name in each.names.items()
                if name not in present
            ]
            load(self.server, data, missing)
            new = Manifest.of(publish_id, cuts)
            if not new.chunks <= {chunk for _, _, old in before for chunk in old.chunks}:
                # loaded now, or by a publish that was killed before it had waited
                await_older_readers(connection, self.server, config)
            shown = next((old for _, is_current, old in before if is_current), None)
            with alone(connection, self.server, config, _shown(connection, config, shown)):
                _replace_views(connection, config, new, shown)
                manifests.add(connection, data, new, keep=config.keep_publishes)
            _sweep(connection, config)

    def rollback(self) -> str:
        """Show readers the publish before the one that they see; its id.

        Raises:
            PublishError: There is none, or it failed and nothing changed.
        """
        config, data = self.config, self.config.data_schema
        with (
            self.server.told("going back"),
            self.server.connect() as connection,
            publisher(connection, self.server, config),
        ):
            _make_schemas(connection, self.server, config)
            known = manifests.kept(connection, data)
            at = next((i for i, (_, is_current, _) in enumerate(known) if is_current), None)
            if at is None or at + 1 >= len(known):
                raise PublishError(
                    "there is no publish before to go back to",
                    where=self.place,
                    found=f"{len(known)} kept publishes",
                    allowed=f"up to {config.keep_publishes}, by warehouse.keep_publishes",
                    mend="mend the cause and run again",
                )
            shown, (position, _, target) = known[at][2], known[at + 1]
            with alone(connection, self.server, config, _shown(connection, config, shown)):
                _replace_views(connection, config, target, shown)
                manifests.show(connection, data, position)
            return target.publish_id


def _make_schemas(
    connection: "psycopg.Connection[Any]", server: Server, config: WarehouseConfig
) -> None:
    """The two schemas and the private table, where they are not there."""
    for schema in (config.schema_name, config.data_schema):
        found = connection.execute("SELECT to_regnamespace(%s)::text", [quoted(schema)]).fetchone()
        if found == (None,):  # asked first: IF NOT EXISTS needs the right to create one
            connection.execute(f"CREATE SCHEMA {quoted(schema)}".encode())
    manifests.prepare(connection, server.place, config.data_schema)


def _names(connection: "psycopg.Connection[Any]", schema: str) -> set[str]:
    """Chunks that are there, of whatever publish."""
    rows = connection.execute(_CHUNKS, [quoted(schema), manifests.TABLE]).fetchall()
    return {row[0] for row in rows}


def _shown(
    connection: "psycopg.Connection[Any]", config: WarehouseConfig, shown: Manifest | None
) -> dict[str, str]:
    """Views of the publish that readers see, with their schema, and a column of each."""
    there = _view_columns(connection, config)
    views = [one for one in shown.views if one.name in there] if shown else []
    return {quoted(config.schema_name, one.name): quoted(one.stamp) for one in views}


def _view_columns(
    connection: "psycopg.Connection[Any]", config: WarehouseConfig
) -> dict[str, list[tuple[str, str]]]:
    """View of the readers' schema → its columns with their types."""
    rows = connection.execute(_VIEW_COLUMNS, [quoted(config.schema_name)]).fetchall()
    return {name: list(zip(names, types, strict=True)) for name, names, types in rows}


def _replace_views(
    connection: "psycopg.Connection[Any]",
    config: WarehouseConfig,
    new: Manifest,
    shown: Manifest | None,
) -> None:
    """Let every view show the new publish; within the caller's transaction."""
    there = _view_columns(connection, config)
    old = {one.name: one for one in shown.views} if shown else {}
    wanted = {one.name for one in new.views}
    statements = [
        f"DROP VIEW {quoted(config.schema_name, name)}"
        for name in sorted((set(old) - wanted) & set(there))
    ]
    for one in new.views:
        statements += _statements(config, one, new.publish_id, old.get(one.name), there)
    connection.execute(";\n".join(statements).encode())


def _statements(
    config: WarehouseConfig,
    one: View,
    publish_id: str,
    old: View | None,
    there: dict[str, list[tuple[str, str]]],
) -> Iterable[str]:
    """What makes one view show the new publish; comments where they are not there already."""
    name = quoted(config.schema_name, one.name)
    query = view(
        config.data_schema,
        name,
        [column for column, _, _ in one.columns],
        (one.stamp, publish_id),
        one.chunks,
    )
    texts = {column: comment for column, _, comment in one.columns} | {one.stamp: one.stamp_comment}
    described = comments(name, one.description, texts)
    if one.name not in there:
        return [f"CREATE {query}", *described]
    if old is None or old.shape != one.shape:
        # a view's columns can be replaced by no others; readers' rights on it come from the
        # schema's default privileges
        return [f"DROP VIEW {name}", f"CREATE {query}", *described]
    return [f"CREATE OR REPLACE {query}", *(described if old.texts != one.texts else [])]


def _sweep(connection: "psycopg.Connection[Any]", config: WarehouseConfig) -> None:
    """Drop chunks that no kept publish shows, of old publishes and of killed runs.

    What cannot be dropped now is dropped by a later publish: this one stands.
    """
    import psycopg

    try:
        used = {
            name
            for _, _, kept in manifests.kept(connection, config.data_schema)
            for name in kept.chunks
        }
        connection.execute(f"SET lock_timeout = {int(config.lock_timeout_seconds * 1000) or 1}")
        for name in sorted(_names(connection, config.data_schema) - used):
            with contextlib.suppress(psycopg.errors.LockNotAvailable):
                connection.execute(f"DROP TABLE {quoted(config.data_schema, name)}".encode())
    except psycopg.Error:
        return
