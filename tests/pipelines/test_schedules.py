"""The schedule asks for the day that has ended, by the company's calendar."""

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from pipelines.config import load_project
from pipelines.dates import yesterday
from pipelines.definitions import build_definitions
from pipelines.schedules import daily_schedule
from schemas.config.project import Project
from tests.pipelines.company import CONFIG

UTC = dt.UTC
PARIS = ZoneInfo("Europe/Paris")


def _project(tmp_path: Path, zone: str = "Europe/Paris") -> Project:
    path = tmp_path / "barometer.yaml"
    path.write_text(CONFIG.replace("Europe/Paris", zone), encoding="utf-8")
    return load_project(path, {})


def _tick(project: Project, at: dt.datetime) -> dg.RunRequest | str | None:
    repository = build_definitions(project, Path("unused")).get_repository_def()
    context = dg.build_schedule_context(scheduled_execution_time=at, repository_def=repository)
    data = repository.get_schedule_def("daily").evaluate_tick(context)
    return data.run_requests[0] if data.run_requests else data.skip_message


@pytest.mark.parametrize(
    ("at", "partition"),
    [
        (dt.datetime(2025, 3, 10, 6, tzinfo=PARIS), "2025-03-09"),
        (dt.datetime(2025, 3, 9, 22, 59, tzinfo=UTC), "2025-03-08"),  # 23:59 in Paris
        (dt.datetime(2025, 3, 9, 23, 0, tzinfo=UTC), "2025-03-09"),  # midnight in Paris
        (dt.datetime(2025, 3, 30, 0, 0, tzinfo=PARIS), "2025-03-29"),  # the hour is skipped at 2
        (dt.datetime(2025, 3, 30, 0, 59, tzinfo=UTC), "2025-03-29"),
        (dt.datetime(2025, 3, 30, 1, 0, tzinfo=UTC), "2025-03-29"),  # 3:00 already
        (dt.datetime(2025, 3, 31, 0, 0, tzinfo=PARIS), "2025-03-30"),  # a day of 23 hours ended
        (dt.datetime(2025, 10, 26, 2, 30, tzinfo=PARIS), "2025-10-25"),  # the hour comes twice
        (dt.datetime(2025, 10, 26, 2, 30, tzinfo=PARIS, fold=1), "2025-10-25"),
        (dt.datetime(2025, 10, 26, 22, 30, tzinfo=UTC), "2025-10-25"),  # 23:30: 25 hours long
        (dt.datetime(2025, 10, 27, 0, 0, tzinfo=PARIS), "2025-10-26"),
        (dt.datetime(2026, 1, 1, 6, tzinfo=PARIS), "2025-12-31"),
    ],
)
def test_a_tick_asks_for_the_day_before(tmp_path: Path, at: dt.datetime, partition: str) -> None:
    request = _tick(_project(tmp_path), at)
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == partition
    assert request.run_key == f"daily-{partition}"


@pytest.mark.parametrize(
    ("zone", "partition"),
    [
        ("Pacific/Auckland", "2025-03-09"),
        ("UTC", "2025-03-09"),
        ("America/Los_Angeles", "2025-03-08"),
    ],
)
def test_days_are_those_of_the_companys_zone(tmp_path: Path, zone: str, partition: str) -> None:
    at = dt.datetime(2025, 3, 10, 6, 30, tzinfo=UTC)
    request = _tick(_project(tmp_path, zone), at)
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == partition


def test_a_tick_before_the_first_day_is_skipped(tmp_path: Path) -> None:
    skipped = _tick(_project(tmp_path), dt.datetime(2025, 1, 30, 6, tzinfo=PARIS))
    assert skipped == "2025-01-29 is before start_date 2025-01-30"


def test_the_schedule_ticks_in_the_companys_zone_and_is_on(tmp_path: Path) -> None:
    schedule = daily_schedule(_project(tmp_path))
    assert schedule.cron_schedule == "0 6 * * *"
    assert schedule.execution_timezone == "Europe/Paris"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


def test_yesterday_is_by_the_companys_clock(tmp_path: Path) -> None:
    project = _project(tmp_path)
    assert yesterday(project, now=dt.datetime(2025, 3, 9, 22, 59, tzinfo=UTC)).day == 8
    assert yesterday(project, now=dt.datetime(2025, 3, 9, 23, 0, tzinfo=UTC)).day == 9
