"""What else starts a run: a new or changed file for one of the last days."""

import datetime as dt
import zoneinfo
from pathlib import Path

import dagster as dg
from dagster import RunRequest, SensorResult, SkipReason

from assets.lake.layout import Lake
from assets.lake.slot import fingerprint
from assets.raw.extract.resolve import resolve_files
from pipelines.jobs import DAILY
from schemas.config.project import Project
from schemas.errors import BarometerError

LOOK_BACK_DAYS = 14
"""Days before today whose files are looked at."""

INTERVAL_SECONDS = 300


def new_files_sensor(project: Project, lake_folder: Path) -> dg.SensorDefinition:
    """Requests a run for each day whose files are complete and are new or changed.

    A day is complete when every source with `on_missing: fail` has its file.
    """

    @dg.sensor(
        name="new_files",
        job_name=DAILY,
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="A day whose files are all there and new, or changed since they were pulled.",
    )
    def new_files() -> SensorResult | SkipReason:
        zone = zoneinfo.ZoneInfo(project.company.time_zone)
        today = dt.datetime.now(zone).date()
        requests = pending_days(project, Lake(lake_folder), today=today)
        if not requests:
            return SkipReason("no new or changed file for a day that is complete")
        return SensorResult(run_requests=requests)

    return new_files


def pending_days(project: Project, lake: Lake, *, today: dt.date) -> list[RunRequest]:
    """A run request for each complete day with new or changed files, oldest first."""
    requests = []
    for back in range(LOOK_BACK_DAYS, 0, -1):
        date = today - dt.timedelta(days=back)
        if date < project.start_date:
            continue
        found = _files_of(project, date)
        if found is None:
            continue
        loaded = {
            name: receipt.facts.get("fingerprints")
            for name in found
            if (receipt := lake.raw(name, date).receipt()) is not None
        }
        if any(loaded.get(name) != prints for name, prints in found.items()):
            key = f"files-{date}-{fingerprint(found)[:16]}"
            requests.append(RunRequest(run_key=key, partition_key=date.isoformat()))
    return requests


def _files_of(project: Project, date: dt.date) -> dict[str, list[str]] | None:
    """Source → fingerprints of its dated files; None while a mandatory one is missing."""
    found: dict[str, list[str]] = {}
    for name, source in project.sources.items():
        if not source.files.is_dated:
            continue
        try:
            files = resolve_files(source.files, date)
        except BarometerError:
            return None  # a source that cannot be listed now is looked at again next time
        if files:
            found[name] = [file.fingerprint for file in files]
        elif source.on_missing == "fail":
            return None
    return found or None
