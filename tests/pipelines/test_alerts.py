"""Who is told of a failed run, once, with what, and that telling never fails the run."""

import logging
import threading
from collections.abc import Iterator
from email import message_from_string
from email.policy import default
from pathlib import Path

import dagster as dg
import pytest
from pydantic import ValidationError
from rich.console import Console

from assets.resources import hold
from pipelines.alerts import MAX_REASON, Alert, FailedStep, alert_of
from pipelines.alerts_delivery import deliver
from pipelines.config import load_project
from pipelines.definitions import build_definitions
from pipelines.instance import lake_tags
from pipelines.jobs import DAILY
from pipelines.run import run_range
from schemas.config.alerts import AlertConfig
from schemas.config.project import Project
from schemas.errors import LakeError
from tests.pipelines.company import DAYS, Company
from tests.pipelines.conftest import Barometer
from tests.pipelines.listening import Heard, http_server, smtp_server

CELL = "Ms Private, 12 Hidden Street"
TOO_MUCH = """\
quality:
  tables:
    erp_order:
      expectations:
        - type: expect_column_max_to_be_between
          kwargs: {column: net_amount, max_value: 1}
          severity: error
          mend: ask the shop
"""
LOG = logging.getLogger("test")


@pytest.fixture
def heard() -> Iterator[Heard]:
    with http_server() as server:
        yield server


def _tell(company: Company, alerts: str, quality: str = "") -> None:
    company.configure(("segment_sets:\n", f"alerts: {alerts}\n{quality}\nsegment_sets:\n"))


def _break_orders(company: Company, day: str = DAYS[0]) -> None:
    path = company.extracts / f"orders_{day}.csv"
    path.write_text(f'id,account,at,status,amount\n1,001,{day} 08:00:00,"{CELL}', "utf-8")


def _alert(**changes: object) -> Alert:
    told: dict[str, object] = {
        "event": "failure",
        "company": "Tiny Company",
        "job": "daily",
        "run_id": "r1",
        "first": "2025-01-30",
        "last": "2025-02-01",
        "steps": (FailedStep("raw__orders", ("raw/orders",), "a < b & <!channel>"),),
        "checks": (),
        "is_retried": False,
        "link": "http://dagster/runs/r1",
    }
    return Alert(**(told | changes))  # type: ignore[arg-type]


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
    _tell(company, f"{{webhook: '{heard.url}', on: [failure, checks_error]}}")
    assert invoke(company, "run").exit_code == 0
    assert heard.messages == []


def test_a_publish_that_checks_refused_names_the_checks(
    company: Company, invoke: Barometer, heard: Heard
) -> None:
    _tell(company, f"{{webhook: '{heard.url}', on: [checks_error]}}", TOO_MUCH)
    assert invoke(company, "run").exit_code == 1
    [told] = heard.messages
    assert told["event"] == "failure"
    assert "history/erp_order: contract" in told["checks"]
    assert any("barometer waive" in step["reason"] for step in told["steps"])


def test_only_check_errors_leaves_other_failures_untold(
    company: Company, invoke: Barometer, heard: Heard
) -> None:
    _tell(company, f"{{webhook: '{heard.url}', on: [checks_error]}}")
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
    _tell(company, "{webhook: 'https://h/x', on: [failure, checks_error]}")
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


def test_a_server_that_is_not_there_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with http_server() as server:
        url = server.url
    assert deliver(_alert(), AlertConfig.model_validate({"webhook": url}), log=LOG) == []
    assert "ConnectionRefusedError: Connection refused" in caplog.text
    assert url not in caplog.text


def test_a_server_that_never_answers_is_given_up_and_others_are_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    released = threading.Event()
    with http_server(wait=released) as slow, http_server() as quick:
        config = AlertConfig.model_validate({"webhook": slow.url, "slack": quick.url})
        assert deliver(_alert(), config, log=LOG, timeout_seconds=0.3) == ["slack"]
        released.set()
    assert "alert not sent by webhook" in caplog.text


def test_slack_gets_text_that_calls_nobody(heard: Heard) -> None:
    config = AlertConfig.model_validate({"slack": heard.url})
    assert deliver(_alert(), config, log=LOG) == ["slack"]
    assert heard.messages == [
        {
            "text": "Tiny Company: daily 2025-01-30 … 2025-02-01 failed\n"
            "raw__orders: a &lt; b &amp; &lt;!channel&gt;\n"
            "http://dagster/runs/r1"
        }
    ]


def test_mail_arrives_as_it_was_written() -> None:
    with smtp_server() as server:
        email = {
            "host": "127.0.0.1",
            "port": server.port,
            "encryption": "none",
            "from": "barometer@example.org",
            "to": ["a@example.org", "b@example.org"],
        }
        config = AlertConfig.model_validate({"email": email})
        alert = _alert(company="Société\nÉtoile", is_retried=True, checks=("core/x: scores",))
        assert deliver(alert, config, log=LOG) == ["email"]
        [text] = server.messages
    mail = message_from_string(text, policy=default)
    assert mail["Subject"] == "Société Étoile: daily 2025-01-30 … 2025-02-01 failed"
    assert mail["To"] == "a@example.org, b@example.org"
    assert mail.get_content().splitlines() == alert.text().splitlines()
    assert "tried once more" in alert.text()


def test_secrets_foreign_errors_and_long_texts_are_kept_in(
    company: Company, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tell(company, f"{{webhook: '{heard.url}'}}\nprivacy: {{pii_key: '${{KEY}}'}}")
    project = load_project(company.config, {"KEY": "hush-hush"})
    for error, expected in (
        (ValueError(CELL), "ValueError; its text may quote data"),
        (OSError(28, "No space left on device hush-hush"), "No space left on device ***"),
        (OSError("x" * 5 * MAX_REASON), "OSError: " + "x" * (MAX_REASON - 9) + " …"),
    ):

        def fail(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        monkeypatch.setattr("assets.raw.assets.pull", fail)
        with dg.DagsterInstance.ephemeral() as instance:
            job = build_definitions(project, company.lake.root).resolve_job_def(DAILY)
            result = job.execute_in_process(
                instance=instance,
                partition_key=DAYS[0],
                raise_on_error=False,
                asset_selection=[dg.AssetKey(["raw", "accounts"])],
            )
            run = instance.get_run_by_id(result.run_id)
            assert run is not None
            alert = alert_of(project, instance, run)
        assert alert is not None
        assert alert.steps[0].reason.startswith(expected), alert.steps[0].reason
        assert CELL not in alert.text()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"webhook": "file:///etc/passwd"}, "not an http"),
        ({"slack": "hooks.slack.example"}, "not an http"),
        ({"on": []}, "at least 1"),
        ({"on": ["success"]}, "checks_error"),
        ({"email": {"host": "h", "from": "nobody", "to": ["a@b"]}}, "not an e-mail address"),
        ({"email": {"host": "h", "from": "a@b", "to": []}}, "at least 1"),
        ({"email": {"host": "h", "from": "a@b", "to": ["a@b"], "user": "u"}}, "go together"),
        (
            {
                "email": {
                    "host": "h",
                    "from": "a@b",
                    "to": ["a@b"],
                    "user": "u",
                    "password": "p",
                    "encryption": "none",
                }
            },
            "needs `starttls` or `tls`",
        ),
    ],
)
def test_a_wrong_configuration_is_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        AlertConfig.model_validate(wrong)


def test_a_wrong_address_is_not_shown(company: Company, invoke: Barometer) -> None:
    _tell(company, "{webhook: 'token-in-a-wrong-place'}")
    result = invoke(company, "check")
    assert result.exit_code == 1
    assert "alerts.webhook" in result.output
    assert "token-in-a-wrong-place" not in result.output


def test_empty_variables_tell_nobody() -> None:
    assert not AlertConfig.model_validate({"webhook": "", "slack": ""}).has_channel
    assert not AlertConfig().has_channel


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
