"""An error blocks publish, in the run that met it and in any later one, until mended or waived."""

import datetime as dt
import re

import dagster as dg
import polars as pl
import pytest

from pipelines.config import load_project
from pipelines.definitions import build_definitions
from pipelines.jobs import DAILY
from tests.pipelines.company import DAYS, Company, no_order_above
from tests.pipelines.conftest import Barometer

TOO_MUCH = no_order_above(100)
TOMORROW = str(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2))
WAIVER = ("--reason", "known bulk order", "--author", "on call", "--until", TOMORROW)


def _expect(company: Company, quality: str) -> None:
    company.configure(("segment_sets:\n", quality + "\nsegment_sets:\n"))


def _publish_id(company: Company) -> str:
    return str(company.table("run_log").sort("published_at")["publish_id"][-1])


def _result_id(text: str) -> str:
    found = re.search(r"\[([0-9a-f]{10})\]", text)
    assert found, text
    return found[1]


def _materialise(company: Company, *groups: str) -> dg.ExecuteInProcessResult:
    """What someone does by hand in Dagster's UI: select some assets and run them."""
    project = load_project(company.config, company.environment)
    definitions = build_definitions(project, company.lake.root)
    job = definitions.resolve_job_def(DAILY)
    selected = [
        key
        for key in job.asset_layer.executable_asset_keys
        if job.asset_layer.get(key).group_name in groups
    ]
    return job.execute_in_process(asset_selection=selected, raise_on_error=False)


@pytest.fixture
def blocked(loaded: Company, invoke: Barometer) -> Company:
    """A loaded company whose next day holds an order that is too large."""
    _expect(loaded, TOO_MUCH)
    assert invoke(loaded, "run").exit_code == 0
    loaded.deliver_orders(DAYS[1], amount="5000.00")
    return loaded


def test_an_error_blocks_this_run_and_the_next_and_readers_keep_the_last_publish(
    blocked: Company, invoke: Barometer
) -> None:
    before = _publish_id(blocked)
    values = blocked.values()
    for _ in range(2):
        result = invoke(blocked, "run")
        assert result.exit_code == 1
        assert "blocks publish" in result.output
        assert "expect_column_max_to_be_between" in result.output
        assert "ask the shop" in result.output
        assert "barometer waive" in result.output
    assert _publish_id(blocked) == before
    assert blocked.values().equals(values)


def test_a_publish_started_by_hand_is_refused(blocked: Company, invoke: Barometer) -> None:
    before = _publish_id(blocked)
    invoke(blocked, "run")
    result = _materialise(blocked, "publish")
    assert not result.success
    [failure] = [e for e in result.all_events if e.is_step_failure]
    assert "blocks publish" in str(failure.step_failure_data.user_failure_data.description)
    assert _publish_id(blocked) == before


def test_a_publish_by_hand_past_checks_never_made_is_refused(
    blocked: Company, invoke: Barometer
) -> None:
    project = load_project(blocked.config, blocked.environment)
    job = build_definitions(project, blocked.lake.root).resolve_job_def(DAILY)
    layers = {"raw", "core", "history", "kpi"}
    selected = [
        key
        for key in job.asset_layer.executable_asset_keys
        if job.asset_layer.get(key).group_name in layers
    ]
    tags = {"dagster/asset_partition_range_start": DAYS[1]}
    tags["dagster/asset_partition_range_end"] = DAYS[1]
    assert job.execute_in_process(asset_selection=selected, tags=tags).success
    result = _materialise(blocked, "publish")
    assert not result.success
    [failure] = [e for e in result.all_events if e.is_step_failure]
    told = str(failure.step_failure_data.user_failure_data.description)
    assert "the checks were not made on what is to be published" in told
    assert "quality/data_quality_result" in told


def test_mended_at_the_source_it_publishes(blocked: Company, invoke: Barometer) -> None:
    assert invoke(blocked, "run").exit_code == 1
    blocked.deliver_orders(DAYS[1], amount="50.00")
    result = invoke(blocked, "run")
    assert result.exit_code == 0, result.output
    results = blocked.table("data_quality_result")
    assert results.filter(status="error").is_empty()
    about = results.filter(pl.col("subject").str.contains("expect_column_max_to_be_between"))
    assert set(about["status"]) == {"passed"}
    assert about["observed"].max() == 50.0


def test_mended_in_the_limits_it_publishes(blocked: Company, invoke: Barometer) -> None:
    assert invoke(blocked, "run").exit_code == 1
    _expect(blocked, TOO_MUCH.replace("100", "10000"))
    assert invoke(blocked, "run").exit_code == 0


def test_waived_it_publishes_and_the_waiver_with_it(blocked: Company, invoke: Barometer) -> None:
    refused = invoke(blocked, "run")
    name = _result_id(refused.output)
    given = invoke(blocked, "waive", name, *WAIVER)
    assert given.exit_code == 0, given.output
    assert invoke(blocked, "run").exit_code == 0
    row = blocked.table("data_quality_result").filter(result_id=name).row(0, named=True)
    assert row["status"] == "waived"
    waiver = blocked.table("data_quality_waiver").row(0, named=True)
    assert waiver["waiver_id"] == row["waiver_id"]
    assert (waiver["reason"], waiver["author"]) == ("known bulk order", "on call")
    assert str(waiver["expires_on"]) == TOMORROW


def test_taken_back_it_blocks_again(blocked: Company, invoke: Barometer) -> None:
    name = _result_id(invoke(blocked, "run").output)
    invoke(blocked, "waive", name, *WAIVER)
    assert invoke(blocked, "run").exit_code == 0
    [waiver] = blocked.table("data_quality_waiver")["waiver_id"]
    assert waiver in invoke(blocked, "checks", "--waivers").output
    assert invoke(blocked, "unwaive", waiver, "--author", "lead").exit_code == 0
    assert not _materialise(blocked, "publish").success


def test_only_errors_are_waived_and_the_name_must_be_known(
    loaded: Company, invoke: Barometer
) -> None:
    [name] = (
        loaded.table("data_quality_result")
        .filter(check_name="freshness", source="orders")["result_id"]
        .to_list()
    )
    refused = invoke(loaded, "waive", name, *WAIVER)
    assert refused.exit_code == 1
    assert "only an error" in refused.output
    unknown = invoke(loaded, "waive", "zzz", *WAIVER)
    assert unknown.exit_code == 1
    assert "barometer checks" in unknown.output


def test_a_warning_publishes_and_is_visible(loaded: Company, invoke: Barometer) -> None:
    _expect(loaded, TOO_MUCH.replace("severity: error", "severity: warn"))
    loaded.deliver_orders(DAYS[1], amount="5000.00")
    result = invoke(loaded, "run")
    assert result.exit_code == 0, result.output
    warned = loaded.table("data_quality_result").filter(status="warn")
    assert "net_amount" in " ".join(warned["subject"])
    listed = invoke(loaded, "checks")
    assert "ask the shop" in listed.output
    assert warned["result_id"][0] in listed.output


def test_an_unsound_expectation_is_refused_with_its_key(loaded: Company, invoke: Barometer) -> None:
    _expect(loaded, TOO_MUCH.replace("column: net_amount", "column: amount"))
    for command in ("run", "check"):
        result = invoke(loaded, command)
        assert result.exit_code == 1, command
        assert "quality.tables.erp_order.expectations[0]" in result.output
        assert "amount" in result.output


def test_every_check_is_an_asset_check_with_its_figures(loaded: Company) -> None:
    project = load_project(loaded.config, loaded.environment)
    job = build_definitions(project, loaded.lake.root).resolve_job_def(DAILY)
    result = job.execute_in_process(
        asset_selection=[dg.AssetKey(["quality", "data_quality_result"])]
    )
    assert result.success
    found = _materialise(loaded, "quality", "history")
    evaluations = {
        ("/".join(e.asset_key.path), e.check_name): e for e in found.get_asset_check_evaluations()
    }
    assert evaluations["history/erp_order", "contract"].passed
    assert "figures" in evaluations["history/erp_order", "contract"].metadata
