"""Dagster's SQLite storage with the events of a range of partitions written in batches.

A run over 120 days records one event for each day of each asset. Dagster's own SQLite storage opens
and commits two databases for every one of them, which takes longer than the work itself. Here the
events of one asset, which Dagster hands over together (`DAGSTER_EVENT_BATCH_SIZE`), go into one
transaction a database. Tables and contents are Dagster's own: either storage reads what the other
wrote. A deployment on PostgreSQL does not use this.
"""

from collections.abc import Sequence
from typing import Any

from dagster._core.events import ASSET_EVENTS
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage, _event_logs_directory
from dagster._serdes import ConfigurableClassData


class BatchedEventLog(SqliteEventLogStorage):
    """Writes a batch of asset events of one run in one transaction a database."""

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
