"""Dagster's own storage: where it is, and that it is set up without telemetry."""

import os
from pathlib import Path

import dagster as dg

from assets.lake.atomic import atomic_path
from assets.lake.layout import Lake
from assets.lake.slot import fingerprint

HOME_VARIABLE = "DAGSTER_HOME"
DEFAULT_HOME = "var/dagster"
EVENT_BATCH_SIZE = 500
"""Events that `pipelines.event_log` writes in one transaction."""

LAKE_TAG = "barometer/lake"
"""Tag of a command's run: which lake it held."""

SETTINGS = """\
# Dagster's own storage and daemons. A deployment points `storage` at PostgreSQL.
telemetry:
  enabled: false
storage:
  custom:                # SQLite below DAGSTER_HOME, with the events of a range written in batches
    module: pipelines.event_log
    class: BatchedSqliteStorage
    config:
      base_dir:
        env: DAGSTER_HOME
nux:
  enabled: false         # no "join the community" window over the lineage
run_launcher:            # run monitoring sees runs that ended together with their daemon
  module: pipelines.run_launcher
  class: WatchedRunLauncher
run_monitoring:
  enabled: true          # a killed run is failed instead of staying STARTED for ever
  start_timeout_seconds: 180
  max_resume_run_attempts: 0
run_retries:
  enabled: true          # a run that met a held lake, or whose daemon died, is tried once more
  max_retries: 1
concurrency:
  runs:
    max_concurrent_runs: 1   # one run holds the lake at a time
"""


def dagster_home() -> Path:
    """Folder of Dagster's storage, made and set up where it is not there yet.

    `DAGSTER_HOME`, or `var/dagster`. A `dagster.yaml` that is there is left alone; otherwise the
    one in the current folder is copied, or `SETTINGS` written.
    """
    home = Path(os.environ.get(HOME_VARIABLE) or DEFAULT_HOME).absolute()
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "dagster.yaml"
    if not settings.exists():
        template = Path("dagster.yaml")
        text = template.read_text(encoding="utf-8") if template.exists() else SETTINGS
        with atomic_path(settings) as temporary:  # half a file would turn telemetry on
            temporary.write_text(text, encoding="utf-8")
    os.environ[HOME_VARIABLE] = str(home)
    # one planned event an asset, not one for each partition: a range of dates starts at once
    os.environ.setdefault("DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS", "true")
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(EVENT_BATCH_SIZE))
    return home


def open_instance() -> dg.DagsterInstance:
    """The instance in `dagster_home()`."""
    dagster_home()
    return dg.DagsterInstance.get()


def lake_tags(lake: Lake) -> dict[str, str]:
    """Tags of a run that a command makes while it holds the lake."""
    return {LAKE_TAG: fingerprint(str(lake.root))[:32]}


def fail_orphans(instance: dg.DagsterInstance, lake: Lake) -> list[str]:
    """Fail runs that commands left unfinished: whoever started them was killed.

    Call it while holding the lake. Runs of the daemon are left to Dagster's run monitoring: they
    are recorded as started before they ask for the lake.

    Returns:
        Ids of the runs that were failed.
    """
    unfinished = dg.RunsFilter(
        statuses=[
            dg.DagsterRunStatus.NOT_STARTED,
            dg.DagsterRunStatus.STARTING,
            dg.DagsterRunStatus.STARTED,
        ],
        tags=lake_tags(lake),
    )
    orphans = instance.get_runs(filters=unfinished)
    for run in orphans:
        instance.report_run_failed(run, "its process was killed; run the same dates again")
    return [run.run_id for run in orphans]
