"""Taking turns: one publisher at a time, and views replaced between readers' transactions.

A publish shows its views in one transaction that holds all of them alone. It asks for them for a
moment only, shorter than PostgreSQL's `deadlock_timeout`, and tries again later, so that an open
transaction of a reader delays it and is never broken off.
"""

import hashlib
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from assets.publish.postgres.connection import Server
from schemas.config.warehouse import WarehouseConfig
from schemas.errors import PublishError

if TYPE_CHECKING:
    import psycopg

_FIRST_SECONDS, _GROWTH, _LONGEST_PAUSE_SECONDS = 0.02, 1.5, 5.0


class Patience:
    """Pauses between tries, ever longer, until the time for trying is over."""

    def __init__(self, seconds: float, *, first_pause: float) -> None:
        self._until = time.monotonic() + seconds
        self._pause = first_pause

    def is_over(self) -> bool:
        """Whether to give up; otherwise a pause has passed."""
        left = self._until - time.monotonic()
        if left <= 0:
            return True
        time.sleep(min(left, self._pause * random.uniform(0.5, 1.5)))  # noqa: S311  no secret
        self._pause = min(self._pause * _GROWTH, _LONGEST_PAUSE_SECONDS)
        return False


@contextmanager
def publisher(
    connection: "psycopg.Connection[Any]", server: Server, config: WarehouseConfig
) -> Iterator[None]:
    """Be the only publisher of a schema for as long as the connection stands.

    Raises:
        PublishError: Another one still is, after all patience.
    """
    digest = hashlib.sha256(f"cx_barometer/{config.schema_name}".encode()).digest()
    key = int.from_bytes(digest[:8], signed=True)
    patience = Patience(config.patience_seconds, first_pause=0.1)
    while connection.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone() != (True,):
        if patience.is_over():
            raise PublishError(
                "another publisher is at work in this schema; nothing was changed",
                where=server.place,
                found=f"it holds the schema's lock after {config.patience_seconds:g} seconds",
                mend="run again when it has ended; a killed one lets go when its server process "
                "notices",
            )
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("SELECT pg_advisory_unlock(%s)", [key])


@contextmanager
def alone(
    connection: "psycopg.Connection[Any]",
    server: Server,
    config: WarehouseConfig,
    views: Mapping[str, str],
) -> Iterator[None]:
    """A transaction that holds these views alone; it is committed when the block ends well.

    Args:
        connection: The publisher's.
        server: For messages.
        config: How long readers may be held up, and how long to try.
        views: Views that are there, with their schema, and a column of each; quoted.

    Raises:
        PublishError: Some reader's transaction was open all the time.
    """
    patience = Patience(config.patience_seconds, first_pause=_FIRST_SECONDS)
    # short tries first: readers that lock views in another order are soon past
    limit = min(_FIRST_SECONDS, config.lock_timeout_seconds)
    while not _begun_alone(connection, views, seconds=limit):
        limit = min(limit * _GROWTH, config.lock_timeout_seconds)
        if patience.is_over():
            raise PublishError(
                "open transactions of readers keep the publish back; the previous one stays",
                where=server.place,
                found=f"no moment without them in {config.patience_seconds:g} seconds: "
                + _holders(connection, views),
                mend="end them, or let them be ended by idle_in_transaction_session_timeout; then "
                "run again, what was loaded is used",
            )
    try:
        yield
    except BaseException:
        if not connection.broken:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def await_older_readers(
    connection: "psycopg.Connection[Any]", server: Server, config: WarehouseConfig
) -> None:
    """Wait until no transaction is open whose snapshot is older than what was loaded.

    Such a one (of REPEATABLE READ, begun before) would see the new views, and none of their rows.

    Raises:
        PublishError: Some were open all the time.
    """
    loaded = connection.execute("SELECT pg_current_xact_id()::xid::text").fetchone()
    # what kind of process another role's is, only monitoring roles are told: a loader with no more
    # than its own rights knows clients by their having a user
    query = (
        "SELECT string_agg(pid::text, ', ') FROM pg_stat_activity "
        "WHERE coalesce(backend_type, 'client backend') = 'client backend' "
        "AND usesysid IS NOT NULL AND datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_xmin IS NOT NULL AND age(backend_xmin) >= age(%s::text::xid)"
    )
    patience = Patience(config.patience_seconds, first_pause=_FIRST_SECONDS)
    while True:
        row = connection.execute(query, loaded).fetchone()
        if row is None or row[0] is None:
            return
        if patience.is_over():
            raise PublishError(
                "transactions older than the loaded rows keep the publish back; the previous "
                "one stays",
                where=server.place,
                found=f"server processes {row[0]}, after {config.patience_seconds:g} seconds",
                mend="end them, then run again; what was loaded is used",
            )


def _begun_alone(
    connection: "psycopg.Connection[Any]", views: Mapping[str, str], *, seconds: float
) -> bool:
    """Begin a transaction that holds the views alone; False where readers have some of them."""
    import psycopg

    connection.execute("BEGIN")
    if not views:
        return True
    milliseconds = max(1, int(seconds * 1000))
    try:
        # the time of the whole statement is limited, not only that for each lock: a reader that
        # waits for one view while it holds another is let through before it counts as a deadlock
        connection.execute(f"SET LOCAL statement_timeout = {milliseconds}")
        connection.execute(_lock(views).encode())
        connection.execute("SET LOCAL statement_timeout = 0")
    except (
        psycopg.errors.LockNotAvailable,
        psycopg.errors.QueryCanceled,
        psycopg.errors.DeadlockDetected,
    ):
        connection.execute("ROLLBACK")
        return False
    except BaseException:
        if not connection.broken:
            connection.execute("ROLLBACK")
        raise
    return True


def _lock(views: Mapping[str, str]) -> str:
    """One statement that takes the views, and nothing below them, for oneself.

    LOCK TABLE would ask for the chunks too, and wait for the autovacuum of those just loaded. No
    view has a default to drop: nothing is changed.
    """
    taken = (
        f"ALTER VIEW {name} ALTER COLUMN {column} DROP DEFAULT;" for name, column in views.items()
    )
    return f"DO $lock$ BEGIN {' '.join(taken)} END $lock$"


def _holders(connection: "psycopg.Connection[Any]", views: Iterable[str]) -> str:
    """Server processes that hold some of the views."""
    query = (
        "SELECT string_agg(DISTINCT pid::text, ', ') FROM pg_locks "
        "WHERE granted AND pid <> pg_backend_pid() AND relation = ANY(%s::text[]::regclass[])"
    )
    row = connection.execute(query, [list(views)]).fetchone()
    return f"server processes {row[0]}" if row and row[0] else "they came and went"
