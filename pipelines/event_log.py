"""Dagster's SQLite storage with events written in batches, over connections that stay open.

A run over 120 days records one event for each day of each asset, and two for each asset check.
Dagster's own SQLite storage opens, commits and closes two databases for every one of them, which
takes longer than the work itself. Here the events of one asset, which Dagster hands over together
(`DAGSTER_EVENT_BATCH_SIZE`), go into one transaction a database, and a database once opened stays
open. Tables and contents are Dagster's own: either storage reads what the other wrote. A deployment
on PostgreSQL does not use this.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dagster._core.events import ASSET_EVENTS
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    INDEX_SHARD_NAME,
    SqliteEventLogStorage,
)
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage, _event_logs_directory
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.event import listen

OPEN_DATABASES = 3
"""Databases that stay open: the index, and those of the latest runs."""


class BatchedEventLog(SqliteEventLogStorage):
    """Writes a batch of asset events of one run in one transaction a database."""

    def __init__(self, base_dir: str) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        """A transaction on the database of a run or on the index."""
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            self._engines[shard] = self._opened(shard)
        self._engines.move_to_end(shard)
        while len(self._engines) > OPEN_DATABASES:
            name = next(each for each in self._engines if each != INDEX_SHARD_NAME)
            self._engines.pop(name).dispose()
        return self._engines[shard]

    def _opened(self, shard: str) -> Engine:
        engine = create_engine(
            self.conn_string_for_shard(shard),
            # every use holds the lock; the progress bar reads from a thread of its own
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        )
        # with a write-ahead log this is safe against crashes; a power cut may lose last events
        listen(engine, "connect", lambda opened, _: opened.execute("PRAGMA synchronous=NORMAL"))
        self._initdb(engine)
        return engine

    def dispose(self) -> None:
        """Close the databases."""
        while self._engines:
            self._engines.popitem()[1].dispose()
        super().dispose()

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events together; anything but asset events of one run goes one by one."""
        is_uniform = len({event.run_id for event in events}) == 1 and all(
            event.is_dagster_event and event.dagster_event_type in ASSET_EVENTS for event in events
        )
        if not is_uniform:
            super().store_event_batch(events)
            return
        rows = [self._event_to_row(event) for event in events]
        with self.run_connection(events[0].run_id) as connection:
            connection.execute(SqlEventLogStorageTable.insert(), rows)
        with self.index_transaction() as connection:
            ids = []
            for row in rows:
                key = connection.execute(SqlEventLogStorageTable.insert(), row).inserted_primary_key
                ids.append(int(key[0]) if key else 0)
            self._store_asset_event_tags(connection, events, ids)
            # the asset's own row shows its latest event: the earlier ones would be overwritten
            latest = {event.get_dagster_event().asset_key: i for i, event in enumerate(events)}
            for i in latest.values():
                self._store_asset_event(connection, events[i], ids[i])


class BatchedSqliteStorage(DagsterSqliteStorage):
    """Dagster's SQLite storage with the batched event log."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data=inst_data)
        self._event_log_storage = BatchedEventLog(_event_logs_directory(base_dir))

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData, config_value: Any
    ) -> "BatchedSqliteStorage":
        """Made by Dagster from dagster.yaml."""
        return cls.from_local(inst_data=inst_data, **config_value)
