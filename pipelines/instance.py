"""Dagster's own storage: where it is, and that it is set up without telemetry."""

import os
from pathlib import Path

import dagster as dg

HOME_VARIABLE = "DAGSTER_HOME"
DEFAULT_HOME = "var/dagster"

SETTINGS = """\
# Dagster's own storage and daemons. A deployment points `storage` at PostgreSQL.
telemetry:
  enabled: false
nux:
  enabled: false         # no "join the community" window over the lineage
run_monitoring:
  enabled: true        # a killed run is failed instead of staying STARTED for ever
  start_timeout_seconds: 180
  max_resume_run_attempts: 0
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
        settings.write_text(text, encoding="utf-8")
    os.environ[HOME_VARIABLE] = str(home)
    # one planned event an asset, not one for each partition: a range of dates starts at once
    os.environ.setdefault("DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS", "true")
    return home


def open_instance() -> dg.DagsterInstance:
    """The instance in `dagster_home()`."""
    dagster_home()
    return dg.DagsterInstance.get()


def fail_orphans(instance: dg.DagsterInstance) -> list[str]:
    """Fail runs that are recorded as started although nobody holds the lake.

    Call it while holding the lake: whoever started them was killed.

    Returns:
        Ids of the runs that were failed.
    """
    started = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING],
    )
    orphans = instance.get_runs(filters=started)
    for run in orphans:
        instance.report_run_failed(run, "its process was killed; run the same dates again")
    return [run.run_id for run in orphans]
