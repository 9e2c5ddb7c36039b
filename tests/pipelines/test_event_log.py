"""The batched event log holds what Dagster's own would hold."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from pipelines.event_log import OPEN_DATABASES, BatchedEventLog
from pipelines.instance import SETTINGS, dagster_home

ROOT = Path(__file__).parents[2]
DAYS = dg.DailyPartitionsDefinition(start_date="2026-01-01", end_date="2026-01-08")


@dg.asset(partitions_def=DAYS, tags={"layer": "raw"})
def extract(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"days": len(context.partition_keys)})


def test_a_range_is_recorded_partition_by_partition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.delenv("DAGSTER_EVENT_BATCH_SIZE", raising=False)
    monkeypatch.delenv("DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS", raising=False)
    dagster_home()
    with dg.DagsterInstance.get() as instance:
        assert type(instance.event_log_storage).__name__ == "BatchedEventLog"
        tags = {
            "dagster/asset_partition_range_start": "2026-01-02",
            "dagster/asset_partition_range_end": "2026-01-06",
        }
        job = dg.Definitions(
            assets=[extract], jobs=[dg.define_asset_job("range_job", [extract])]
        ).resolve_job_def("range_job")
        result = job.execute_in_process(instance=instance, tags=tags)
        assert result.success
        recorded = instance.get_materialized_partitions(extract.key)
        assert sorted(recorded) == [f"2026-01-0{day}" for day in range(2, 7)]
        latest = instance.get_latest_materialization_event(extract.key)
        assert latest is not None
        assert latest.asset_materialization is not None
        assert latest.asset_materialization.partition == "2026-01-06"
        kinds = {dg.DagsterEventType.ASSET_MATERIALIZATION}
        assert len(instance.all_logs(result.run_id, of_type=kinds)) == 5


def test_many_runs_and_their_checks_are_read_back_by_dagsters_own_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More runs than databases stay open; what is written is there for any other reader."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    dagster_home()

    @dg.asset(check_specs=[dg.AssetCheckSpec("whole", asset="extract_once")])
    def extract_once():  # type: ignore[no-untyped-def]  # noqa: ANN202  Dagster reads a result type
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])

    with dg.DagsterInstance.get() as instance:
        runs = [
            dg.materialize([extract_once], instance=instance).run_id
            for _ in range(OPEN_DATABASES + 2)
        ]
        log = instance.event_log_storage
        assert isinstance(log, BatchedEventLog)
        counted = [len(instance.all_logs(run_id)) for run_id in runs]
        folder = log._base_dir  # noqa: SLF001  where Dagster keeps it is nobody else's business
    own = SqliteEventLogStorage(folder)
    assert [len(own.get_logs_for_run(run_id)) for run_id in runs] == counted
    key = dg.AssetCheckKey(dg.AssetKey("extract_once"), "whole")
    history = own.get_asset_check_execution_history(key, limit=100)
    assert {execution.run_id for execution in history} == set(runs)


def test_the_settings_written_are_those_of_the_repository() -> None:
    assert (ROOT / "dagster.yaml").read_text(encoding="utf-8") == SETTINGS
