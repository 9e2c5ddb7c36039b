"""Dagster's own storage: set up whole, without telemetry; runs that were killed are ended."""

from pathlib import Path

import dagster as dg
import pytest
import yaml

from assets.lake.layout import Lake
from pipelines.instance import SETTINGS, dagster_home, fail_orphans, lake_tags, open_instance

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def test_a_home_is_set_up_without_telemetry(home: Path) -> None:
    assert dagster_home() == home
    settings = yaml.safe_load((home / "dagster.yaml").read_text(encoding="utf-8"))
    assert settings["telemetry"] == {"enabled": False}
    assert [path.name for path in home.iterdir()] == ["dagster.yaml"]


def test_settings_that_are_there_stay(home: Path) -> None:
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    dagster_home()
    assert "enabled: false}" in (home / "dagster.yaml").read_text(encoding="utf-8")


def test_settings_of_the_current_folder_are_taken(home: Path) -> None:
    Path("dagster.yaml").write_text("telemetry: {enabled: false} # ours\n", encoding="utf-8")
    dagster_home()
    assert "# ours" in (home / "dagster.yaml").read_text(encoding="utf-8")


def test_the_built_in_settings_are_the_repositorys() -> None:
    assert (ROOT / "dagster.yaml").read_text(encoding="utf-8") == SETTINGS


def test_dagster_takes_the_settings(home: Path) -> None:
    with open_instance() as instance:
        assert not instance.telemetry_enabled
        assert instance.run_monitoring_enabled


def test_killed_runs_of_this_lake_are_failed_and_no_others(home: Path, tmp_path: Path) -> None:
    lake, other = Lake(tmp_path / "lake"), Lake(tmp_path / "other")

    @dg.job
    def nothing() -> None: ...

    with open_instance() as instance:
        runs = {
            name: instance.create_run_for_job(nothing, tags=tags, status=status).run_id
            for name, tags, status in (
                ("started", lake_tags(lake), dg.DagsterRunStatus.STARTED),
                ("created", lake_tags(lake), dg.DagsterRunStatus.NOT_STARTED),
                ("done", lake_tags(lake), dg.DagsterRunStatus.SUCCESS),
                ("of another lake", lake_tags(other), dg.DagsterRunStatus.STARTED),
                ("of the daemon", {}, dg.DagsterRunStatus.STARTED),
            )
        }
        assert set(fail_orphans(instance, lake)) == {runs["started"], runs["created"]}
        statuses = {name: instance.get_run_by_id(run).status.value for name, run in runs.items()}
    assert statuses == {
        "started": "FAILURE",
        "created": "FAILURE",
        "done": "SUCCESS",
        "of another lake": "STARTED",
        "of the daemon": "STARTED",
    }
