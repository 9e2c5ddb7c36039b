"""The batched event log holds what Dagster's own would hold."""

from pathlib import Path

import dagster as dg
import pytest

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


def test_the_settings_written_are_those_of_the_repository() -> None:
    assert (ROOT / "dagster.yaml").read_text(encoding="utf-8") == SETTINGS
