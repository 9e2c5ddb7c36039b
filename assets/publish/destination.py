"""The one small interface of both warehouses, and which of them a company publishes to."""

from collections.abc import Sequence
from typing import Protocol

from assets.lake.layout import Lake
from assets.publish.content import Content
from schemas.config.project import Project


class Destination(Protocol):
    """A warehouse that shows readers one whole publish at any time."""

    @property
    def place(self) -> str:
        """Where it is, for people: a path, or server, database and schema; never a secret."""

    def name_of(self, table: str) -> str:
        """The full name by which SQL reads a published table."""

    def published_id(self) -> str | None:
        """Publish that readers see; None where there is none."""

    def publish(self, contents: Sequence[Content], publish_id: str) -> None:
        """Replace what readers see by these tables, all together or not at all.

        Raises:
            PublishError: It failed, and the publish before stays.
        """

    def rollback(self) -> str:
        """Show readers the publish before the one that they see; its id.

        Raises:
            PublishError: There is none, or it failed and nothing changed.
        """


def destination(lake: Lake, project: Project) -> Destination:
    """The warehouse that the configuration names; nothing is opened yet.

    Raises:
        PublishError: The connection string cannot be read.
    """
    config = project.warehouse
    if config.kind == "postgres":
        from assets.publish.postgres.warehouse import PostgresWarehouse

        return PostgresWarehouse.of(config)
    from assets.publish.duckdb_file import DuckdbFile

    return DuckdbFile(lake.warehouse, config.keep_publishes)
