"""The daemon's sensors tell of each of its runs once: a failure, or errors of checks."""

from collections.abc import Iterator

import dagster as dg
import pytest

from pipelines.alerts_sending import alert_sensors
from pipelines.config import load_project
from schemas.errors import ExtractError
from tests.pipelines.company import Company
from tests.pipelines.listening import Heard, http_server

DAY = "2025-01-30"
QUOTED = "orders «1».csv: <b>\"no\"</b> & 'never'\u202e\ud800\x1b[31m"


@dg.asset(key_prefix="raw", partitions_def=dg.DailyPartitionsDefinition(start_date=DAY))
def orders() -> None:
    raise ExtractError(QUOTED, where="orders.csv, line 2", found="Ms Private", mend="see\nthe file")


@dg.asset(
    key_prefix="core",
    check_specs=[dg.AssetCheckSpec(name, asset=["core", "fact"]) for name in ("grave", "light")],
)
def fact() -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    yield dg.MaterializeResult()
    for name, severity in (("grave", "ERROR"), ("light", "WARN")):
        yield dg.AssetCheckResult(
            passed=False, check_name=name, severity=dg.AssetCheckSeverity(severity)
        )


@dg.asset(deps=[fact])
def well() -> None:
    """Nothing to tell of."""


@pytest.fixture
def heard() -> Iterator[Heard]:
    with http_server() as server:
        yield server


@pytest.fixture
def slack() -> Iterator[Heard]:
    with http_server() as server:
        yield server


class Daemon:
    """Evaluates the sensors of a configuration as Dagster's daemon does, cursors and all."""

    def __init__(self, company: Company, instance: dg.DagsterInstance, alerts: str) -> None:
        company.configure(("segment_sets:\n", f"alerts: {alerts}\nsegment_sets:\n"))
        self._instance = instance
        self._sensors = alert_sensors(load_project(company.config, company.environment))
        self._cursors: dict[str, str | None] = {}
        self._repository = dg.Definitions(
            assets=[orders, fact, well], sensors=self._sensors
        ).get_repository_def()
        self.tick()  # a sensor tells of what ends after its first evaluation

    def tick(self) -> None:
        for sensor in self._sensors:
            context = dg.build_sensor_context(
                instance=self._instance,
                cursor=self._cursors.get(sensor.name),
                repository_def=self._repository,
            )
            self._cursors[sensor.name] = sensor.evaluate_tick(context).cursor

    def run(self, *assets: dg.AssetsDefinition, day: str | None = None) -> str:
        return dg.materialize(
            list(assets), instance=self._instance, partition_key=day, raise_on_error=False
        ).run_id


def test_a_failed_asset_is_told_of_once_by_each_channel(
    company: Company, heard: Heard, slack: Heard
) -> None:
    alerts = (
        f"{{webhook: '{heard.url}', slack: '{slack.url}', events: [failure, checks_error], "
        "dagster_url: 'https://dagster.example'}"
    )
    with dg.DagsterInstance.ephemeral() as instance:
        daemon = Daemon(company, instance, alerts)
        run_id = daemon.run(orders, day=DAY)
        for _ in range(3):
            daemon.tick()
    [told], [message] = heard.messages, slack.messages
    assert (told["event"], told["run_id"], told["checks"]) == ("failure", run_id, [])
    assert (told["first"], told["last"]) == (DAY, DAY)
    assert told["link"] == f"https://dagster.example/runs/{run_id}"
    [step] = told["steps"]
    assert step["assets"] == ["raw/orders"]
    assert step["reason"] == (
        "orders.csv, line 2: orders «1».csv: <b>\"no\"</b> & 'never'\\u202e\\ud800\\x1b[31m\n"
        "  mend:    see\nthe file"
    )
    section = message["blocks"][1]["text"]["text"]
    assert section.startswith("*raw/orders*\n```orders.csv, line 2: orders «1».csv: &lt;b&gt;")
    assert "Ms Private" not in str(told) + str(message)


def test_errors_of_checks_in_a_run_that_went_well_are_told_of_once(
    company: Company, heard: Heard
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        daemon = Daemon(
            company, instance, f"{{webhook: '{heard.url}', events: [failure, checks_error]}}"
        )
        run_id = daemon.run(fact)
        daemon.run(well)
        for _ in range(3):
            daemon.tick()
    [told] = heard.messages
    assert (told["event"], told["run_id"]) == ("checks_error", run_id)
    assert (told["first"], told["last"], told["steps"]) == (None, None, [])
    assert told["checks"] == ["core/fact: grave"]


def test_a_run_that_fails_after_errors_of_checks_is_told_of_once(
    company: Company, heard: Heard
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        daemon = Daemon(
            company, instance, f"{{webhook: '{heard.url}', events: [failure, checks_error]}}"
        )
        daemon.run(fact, orders, day=DAY)
        for _ in range(3):
            daemon.tick()
    [told] = heard.messages
    assert told["event"] == "failure"
    assert told["checks"] == ["core/fact: grave"]


def test_two_runs_are_told_of_each(company: Company, heard: Heard) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        daemon = Daemon(company, instance, f"{{webhook: '{heard.url}'}}")
        run_ids = [daemon.run(orders, day=DAY)]
        daemon.tick()
        run_ids.append(daemon.run(orders, day=DAY))
        for _ in range(4):
            daemon.tick()
    assert [told["run_id"] for told in heard.messages] == run_ids


def test_a_channel_that_is_down_stops_no_sensor(company: Company, heard: Heard) -> None:
    with dg.DagsterInstance.ephemeral() as instance, http_server(500) as broken:
        daemon = Daemon(company, instance, f"{{webhook: '{broken.url}', slack: '{heard.url}'}}")
        daemon.run(orders, day=DAY)
        for _ in range(3):
            daemon.tick()
    assert len(broken.messages) == len(heard.messages) == 1
