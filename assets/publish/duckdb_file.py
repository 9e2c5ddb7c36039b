"""Write, audit, publish to a DuckDB file.

A publish builds a new file beside the old one and renames it into place: readers that hold the
old file open keep a whole old one, nobody meets half a publish. The file is written in a storage
version that DuckDB 1.x clients read. Each kept publish has a name of its own in the folder `kept`,
the one being read included: to show one is to give it the name that readers know.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from assets.lake.atomic import TEMPORARY_PREFIX, atomic_path
from assets.publish.audit import compare, counting
from assets.publish.content import Content
from assets.publish.sql import quoted, text_literal
from schemas.errors import PublishError
from schemas.publish_stamp import stamp_name, stamped
from schemas.table import SQL_TYPES

if TYPE_CHECKING:
    import duckdb

STORAGE_VERSION = "v1.2.0"

_WRITE_BITS = 0o222
_MEND = "look at free disk space and the table named, then run again"


@dataclass(frozen=True, slots=True)
class DuckdbFile:
    """The embedded warehouse: one file, and those of the publishes before it.

    Attributes:
        path: The file that readers open.
        keep_publishes: Publishes that are kept, the one being read included.
    """

    path: Path
    keep_publishes: int

    @property
    def place(self) -> str:
        """The file."""
        return str(self.path)

    @property
    def kept_folder(self) -> Path:
        """Where the kept publishes are, one file each."""
        return self.path.with_name("kept")

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
            PublishError: It could not be written or its audit failed; the old file stays.
        """
        with self._told():
            self._sweep()
            shown = self.published_id()
            self._keep_what_is_shown(shown)
            # of a file that cannot be read nobody knows which it is: nothing is forgotten then
            is_unknown = self.path.exists() and shown is None
            before = self._kept() if is_unknown else self._until(shown)
            new = self._name(publish_id)
            with atomic_path(new) as temporary:
                _build(temporary, contents, publish_id)
                _audit(temporary, contents, publish_id)
                # whoever opens it for writing would leave a log that the next publish's readers
                # take for theirs
                temporary.chmod(temporary.stat().st_mode & ~_WRITE_BITS)
            self._show(new)
            kept = [*before, new][-self.keep_publishes :]
            for path in set(self._kept()) - set(kept):
                path.unlink()

    def rollback(self) -> str:
        """Put the file of the publish before in place; its id.

        Raises:
            PublishError: There is none, or it cannot be read and nothing changed.
        """
        with self._told():
            before = self._until(self.published_id())[:-1]
            if not before:
                raise PublishError(
                    "there is no publish before to go back to",
                    where=self.place,
                    found=f"{len(self._kept())} kept publishes",
                    allowed=f"up to {self.keep_publishes}, by warehouse.keep_publishes",
                    mend="mend the cause and run again",
                )
            publish_id = published_id(before[-1])
            if publish_id is None:
                raise PublishError(
                    "the publish before cannot be read; nothing was changed",
                    where=str(before[-1]),
                    mend="remove the file, to go back to the one before it",
                )
            self._show(before[-1])
            return publish_id

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turns errors of the file system into the project's own."""
        try:
            yield
        except OSError as error:
            raise PublishError(
                "the warehouse could not be written; the previous publish stays",
                where=self.place,
                found=str(error),
                mend=_MEND,
            ) from error

    def _kept(self) -> list[Path]:
        """Files of the kept publishes, earliest first."""
        return sorted(self.kept_folder.glob(f"[0-9]*{self.path.suffix}"))

    def _until(self, shown: str | None) -> list[Path]:
        """The kept publishes up to the one that readers see; none where that one is not kept.

        Later ones were gone back from, or never shown.
        """
        kept = self._kept()
        at = [n for n, path in enumerate(kept) if shown and path.stem.partition("-")[2] == shown]
        return kept[: at[-1] + 1] if at else []

    def _name(self, publish_id: str) -> Path:
        """The file of a new publish: numbers say the order."""
        last = max((int(path.stem.partition("-")[0]) for path in self._kept()), default=0)
        return self.kept_folder / f"{last + 1:06}-{publish_id}{self.path.suffix}"

    def _keep_what_is_shown(self, shown: str | None) -> None:
        """Let the file that is about to be replaced have a name of its own, if it has none."""
        if shown is None or self._until(shown):
            return
        with atomic_path(self._name(shown)) as temporary:
            _link(self.path, temporary)

    def _show(self, kept: Path) -> None:
        """Let readers see a kept publish."""
        # what a tool wrote into the old file and had not finished is not of the new one
        self.path.with_name(f"{self.path.name}.wal").unlink(missing_ok=True)
        with atomic_path(self.path) as temporary:
            _link(kept, temporary)

    def _sweep(self) -> None:
        """Remove the logs of files that killed publishes were building."""
        for log in self.kept_folder.glob(f"{TEMPORARY_PREFIX}*.wal"):
            if not log.with_suffix("").exists():
                log.unlink()


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


def _link(source: Path, target: Path) -> None:
    """A second name for a file; a copy where the file system knows no such names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)


def _build(temporary: Path, contents: Sequence[Content], publish_id: str) -> None:
    """Write the new file."""
    import duckdb

    with _failing_as("the warehouse could not be written"), duckdb.connect() as connection:
        target = text_literal(str(temporary))
        connection.execute(f"ATTACH {target} AS w (STORAGE_VERSION '{STORAGE_VERSION}')")
        for content in contents:
            _write(connection, content, publish_id)
        connection.execute("DETACH w")


@contextlib.contextmanager
def _failing_as(what: str) -> Iterator[None]:
    """Turns DuckDB's errors into the project's own."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise PublishError(
            f"{what}; the previous publish stays",
            where="the new DuckDB file",
            found=str(error),
            mend=_MEND,
        ) from error


def _write(connection: "duckdb.DuckDBPyConnection", content: Content, publish_id: str) -> None:
    table = stamped(content.table)
    name = quoted("w", table.name)
    columns = ", ".join(
        f"{quoted(column.name)} {SQL_TYPES[column.type]}{'' if column.nullable else ' NOT NULL'}"
        for column in table.columns
    )
    connection.execute(f"CREATE TABLE {name} ({columns})")
    stamp = pl.lit(publish_id).alias(stamp_name(content.table))
    connection.register("rows_", content.rows.with_columns(stamp).to_arrow())
    connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM rows_")  # noqa: S608  quoted
    connection.unregister("rows_")
    connection.execute(f"COMMENT ON TABLE {name} IS {text_literal(table.description)}")
    for column in table.columns:
        comment = column.description + (f" Unit: {column.unit}." if column.unit else "")
        where = f"{name}.{quoted(column.name)}"
        connection.execute(f"COMMENT ON COLUMN {where} IS {text_literal(comment)}")


def _audit(temporary: Path, contents: Sequence[Content], publish_id: str) -> None:
    """Rows, sums, keys and publish of the file as readers will open it."""
    import duckdb

    with (
        _failing_as("the new warehouse could not be read back"),
        duckdb.connect(temporary, read_only=True) as connection,
    ):
        for content in contents:
            table, name = content.table, quoted(content.table.name)
            counted = connection.execute(counting(name, table)).fetchall()[0]
            compare(table.name, table, content.rows, counted)
            _audit_keys(connection, content, publish_id)


def _audit_keys(connection: "duckdb.DuckDBPyConnection", content: Content, publish_id: str) -> None:
    table, rows = content.table, content.rows.height
    key = ", ".join(quoted(column) for column in table.key)
    name, stamp = quoted(table.name), quoted(stamp_name(table))
    query = (
        f"SELECT (SELECT count(*) FROM (SELECT DISTINCT {key} FROM {name})), "  # noqa: S608  quoted
        f"(SELECT count(*) FROM {name} WHERE {stamp} = ?)"
    )
    keys, of_publish = connection.execute(query, [publish_id]).fetchall()[0]
    if (keys, of_publish) != (rows, rows):
        raise PublishError(
            "the audit of the new warehouse failed; the previous publish stays",
            where=table.name,
            found=f"{rows} rows, {keys} distinct keys, {of_publish} rows of the publish",
            allowed=f"{rows} of each; key: {', '.join(table.key)}",
            mend="this is a defect of the pipeline: report it with the run's log",
        )
