"""Who is told of a failed run, once, with what, and that telling never fails the run."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from rich.console import Console

from assets.resources import hold
from pipelines.alerts import MAX_REASON, alert_of
from pipelines.config import load_project
from pipelines.definitions import build_definitions
from pipelines.instance import lake_tags
from pipelines.jobs import DAILY
from pipelines.run import run_range
from schemas.config.project import Project
from schemas.errors import LakeError
from tests.pipelines.company import DAYS, Company, no_order_above
from tests.pipelines.conftest import Barometer
from tests.pipelines.listening import Heard, http_server

CELL = "Ms Private, 12 Hidden Street"
TOO_MUCH = no_order_above(1)


@pytest.fixture
def heard() -> Iterator[Heard]:
    with http_server() as server:
        yield server


def _tell(company: Company, alerts: str, quality: str = "") -> None:
    company.configure(("segment_sets:\n", f"alerts: {alerts}\n{quality}\nsegment_sets:\n"))


def _break_orders(company: Company, day: str = DAYS[0]) -> None:
    path = company.extracts / f"orders_{day}.csv"
    path.write_text(f'id,account,at,status,amount\n1,001,{day} 08:00:00,"{CELL}', "utf-8")


def test_a_failed_command_tells_once_with_asset_dates_reason_and_link(
    company: Company, invoke: Barometer, heard: Heard
) -> None:
    _tell(company, f"{{webhook: '{heard.url}', dagster_url: 'https://dagster.example/'}}")
    _break_orders(company)
    result = invoke(company, "run")
    assert result.exit_code == 1
    [told] = heard.messages
    assert (told["event"], told["company"], told["job"]) == ("failure", "Tiny Company", DAILY)
    assert (told["first"], told["last"]) == (DAYS[0], DAYS[2])
    assert told["run_id"] in result.output
    assert told["link"] == f"https://dagster.example/runs/{told['run_id']}"
    [step] = told["steps"]
    assert (step["step"], step["assets"]) == ("raw__orders", ["raw/orders"])
    assert "orders_2025-01-30.csv, line 2: a quote is never closed" in step["reason"]
    assert "mend:" in step["reason"]
    assert "found:" not in step["reason"]
    assert CELL not in str(told)


def test_a_run_that_goes_well_tells_nobody(
    company: Company, invoke: Barometer, heard: Heard
) -> None:
    _tell(company, f"{{webhook: '{heard.url}', events: [failure, checks_error]}}")
    assert invoke(company, "run").exit_code == 0
    assert heard.messages == []


def test_a_publish_that_checks_refused_names_the_checks(
    company: Company, invoke: Barometer, heard: Heard
) -> None:
    _tell(company, f"{{webhook: '{heard.url}', events: [checks_error]}}", TOO_MUCH)
    assert invoke(company, "run").exit_code == 1
    [told] = heard.messages
    assert told["event"] == "failure"
    assert "history/erp_order: contract" in told["checks"]
    assert any("barometer waive" in step["reason"] for step in told["steps"])


def test_only_check_errors_leaves_other_failures_untold(
    company: Company, invoke: Barometer, heard: Heard
) -> None:
    _tell(company, f"{{webhook: '{heard.url}', events: [checks_error]}}")
    _break_orders(company)
    assert invoke(company, "run").exit_code == 1
    assert heard.messages == []


def test_the_next_command_tells_of_a_run_that_was_killed(
    company: Company, invoke: Barometer, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tell(company, f"{{webhook: '{heard.url}'}}")
    monkeypatch.setenv("DAGSTER_HOME", company.environment["DAGSTER_HOME"])
    Path(company.environment["DAGSTER_HOME"]).mkdir()
    with dg.DagsterInstance.get() as instance:
        killed = instance.create_run_for_job(
            job_def=_job(company),
            status=dg.DagsterRunStatus.STARTED,
            tags=lake_tags(company.lake),
        )
    assert invoke(company, "run").exit_code == 0
    [told] = heard.messages
    assert told["run_id"] == killed.run_id
    assert "its process was killed" in told["steps"][0]["reason"]


def _job(company: Company) -> dg.JobDefinition:
    return build_definitions(_project(company), company.lake.root).resolve_job_def(DAILY)


def _project(company: Company) -> Project:
    return load_project(company.config, company.environment)


def _tick(company: Company, instance: dg.DagsterInstance, sensor: str, cursor: str | None) -> str:
    """One evaluation as the daemon makes it; the cursor to go on with."""
    repository = build_definitions(_project(company), company.lake.root).get_repository_def()
    context = dg.build_sensor_context(instance=instance, cursor=cursor, repository_def=repository)
    return str(repository.get_sensor_def(sensor).evaluate_tick(context).cursor)


def test_the_daemon_tells_of_its_own_runs_once_and_leaves_those_of_commands(
    company: Company, heard: Heard
) -> None:
    _tell(company, f"{{webhook: '{heard.url}'}}")
    _break_orders(company)
    with dg.DagsterInstance.ephemeral() as instance:
        cursor = _tick(company, instance, "failure_alerts", None)
        run_ids = [
            _job(company)
            .execute_in_process(
                instance=instance, partition_key=DAYS[0], tags=tags, raise_on_error=False
            )
            .run_id
            for tags in ({}, lake_tags(company.lake))
        ]
        cursor = _tick(company, instance, "failure_alerts", cursor)
        _tick(company, instance, "failure_alerts", cursor)
    [told] = heard.messages
    assert told["run_id"] == run_ids[0]
    assert (told["first"], told["last"], told["link"]) == (DAYS[0], DAYS[0], None)


def test_sensors_are_there_where_somebody_is_to_be_told(company: Company) -> None:
    def names() -> set[str]:
        definitions = build_definitions(_project(company), company.lake.root)
        return {sensor.name for sensor in definitions.sensors or ()}

    assert names() == {"new_files"}
    _tell(company, "{webhook: 'https://h/x'}")
    assert names() == {"new_files", "failure_alerts"}
    _tell(company, "{webhook: 'https://h/x', events: [failure, checks_error]}")
    assert names() == {"new_files", "failure_alerts", "check_alerts"}


@pytest.mark.parametrize("status", [302, 404, 500])
def test_what_cannot_be_delivered_is_logged_and_changes_nothing(
    company: Company, invoke: Barometer, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    with http_server(status) as server:
        _tell(company, f"{{webhook: '{server.url}'}}")
        _break_orders(company)
        result = invoke(company, "run")
    assert result.exit_code == 1
    assert "a quote is never closed" in result.output
    assert f"alert not sent by webhook: the server answered {status}" in caplog.text
    assert "secret-path" not in caplog.text + result.output


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError(CELL), "ValueError; its text may quote data"),
        (OSError(28, "No space left on device hush-hush"), "No space left on device ***"),
        (OSError("x" * 5 * MAX_REASON), "x" * (MAX_REASON - 9) + " …"),
        (LakeError("damaged", where="f", found=f"\n{CELL}\n{CELL}", mend="run"), "  mend:    run"),
    ],
)
def test_secrets_foreign_texts_and_what_was_found_are_kept_in(
    company: Company, error: Exception, expected: str
) -> None:
    company.configure(("segment_sets:", "privacy: {pii_key: '${KEY}'}\n\nsegment_sets:"))
    project = load_project(company.config, {"KEY": "hush-hush"})

    @dg.op
    def fails() -> None:
        raise error

    @dg.job
    def failing() -> None:
        fails()

    with dg.DagsterInstance.ephemeral() as instance:
        result = failing.execute_in_process(instance=instance, raise_on_error=False)
        alert = alert_of(project, instance, result.dagster_run)
    assert alert is not None
    assert expected in alert.steps[0].reason
    assert CELL not in alert.text()
    assert len(alert.steps[0].reason) <= MAX_REASON + 2


def test_a_wrong_address_is_not_shown(company: Company, invoke: Barometer) -> None:
    _tell(company, "{webhook: 'token-in-a-wrong-place'}")
    result = invoke(company, "check")
    assert result.exit_code == 1
    assert "alerts.webhook" in result.output
    assert "token-in-a-wrong-place" not in result.output


def test_a_command_that_finds_the_lake_held_tells_nothing(heard: Heard, company: Company) -> None:
    _tell(company, f"{{webhook: '{heard.url}'}}")
    project = _project(company)
    date = project.start_date
    with (
        pytest.MonkeyPatch.context() as patch,
        hold(company.lake, owner="another"),
    ):
        patch.setenv("DAGSTER_HOME", company.environment["DAGSTER_HOME"])
        with pytest.raises(LakeError, match="another run holds"):
            run_range(project, company.lake.root, date, date, console=Console(quiet=True))
    assert heard.messages == []
