"""The report as a run makes it: after publish, of the same publish, told and linked."""

import dagster as dg
import pytest

from pipelines.config import load_project
from pipelines.definitions import build_definitions
from pipelines.jobs import DAILY
from tests.pipelines.company import Company
from tests.pipelines.conftest import Barometer


def _publish_id(company: Company) -> str:
    return str(company.table("run_log").sort("published_at")["publish_id"][-1])


def test_a_run_makes_the_report_of_its_publish(loaded_once: Company) -> None:
    html = loaded_once.lake.report.read_text(encoding="utf-8")
    assert f"publish {_publish_id(loaded_once)}" in html
    assert "Tiny Company: customer experience" in html
    assert "Net Promoter Score" in html
    assert "2025-01" in html


def test_it_is_named_among_the_last_lines_and_left_alone_by_a_run_without_news(
    loaded: Company, invoke: Barometer
) -> None:
    before = loaded.lake.report.stat().st_mtime_ns
    result = invoke(loaded, "run")
    assert f"Report: {loaded.lake.report}" in result.output.splitlines()
    assert loaded.lake.report.stat().st_mtime_ns == before


def test_a_report_that_is_gone_is_made_again(loaded: Company, invoke: Barometer) -> None:
    published = _publish_id(loaded)
    html = loaded.lake.report.read_bytes()
    loaded.lake.report.unlink()
    assert invoke(loaded, "run").exit_code == 0
    assert loaded.lake.report.read_bytes() == html
    assert _publish_id(loaded) == published


def test_a_rollback_takes_the_report_along(loaded: Company, invoke: Barometer) -> None:
    first = _publish_id(loaded)
    loaded.configure(("version: 1", "version: 1\nreport: {headline: [nps]}"))
    loaded.deliver("2025-02-02")
    assert invoke(loaded, "run", "--date", "2025-02-02").exit_code == 0
    assert f"publish {first}" not in loaded.lake.report.read_text(encoding="utf-8")
    assert invoke(loaded, "rollback").exit_code == 0
    assert f"publish {first}" in loaded.lake.report.read_text(encoding="utf-8")


def test_another_language_is_one_key_away(loaded: Company, invoke: Barometer) -> None:
    loaded.configure(("version: 1", "version: 1\nreport: {language: fr, headline: [nps]}"))
    assert invoke(loaded, "run").exit_code == 0
    assert "Tiny Company : expérience client" in loaded.lake.report.read_text(encoding="utf-8")


def test_a_headline_that_there_is_not_is_refused(loaded: Company, invoke: Barometer) -> None:
    loaded.configure(("version: 1", "version: 1\nreport: {headline: [npss]}"))
    result = invoke(loaded, "run")
    assert result.exit_code != 0
    assert "report.headline.0: no such KPI" in result.output


@pytest.mark.parametrize("url", [None, "https://cx.example.org/report"])
def test_dagster_knows_where_it_comes_from_and_links_it(loaded: Company, url: str | None) -> None:
    if url:
        loaded.configure(("segment_sets:\n", f"report: {{url: '{url}'}}\nsegment_sets:\n"))
    project = load_project(loaded.config, {})
    definitions = build_definitions(project, loaded.lake.root)
    node = definitions.resolve_asset_graph().get(dg.AssetKey(["report", "cx_report"]))
    assert dg.AssetKey(["warehouse", "kpi_value"]) in node.parent_keys
    report = next(each for each in definitions.assets or () if node.key in _keys(each))
    assert isinstance(report, dg.AssetsDefinition)
    assert DAILY in {job.name for job in definitions.resolve_all_job_defs()}
    result = dg.materialize(
        [report, *(spec for spec in _outside(definitions) if spec.key != node.key)],
        resources=dict(definitions.resources or {}),
        selection=[node.key],
    )
    metadata = result.asset_materializations_for_node("report__cx_report")[0].metadata
    assert metadata["report"] == dg.MetadataValue.url(url or loaded.lake.report.resolve().as_uri())
    assert metadata["publish_id"].value == _publish_id(loaded)
    assert metadata["is_new"].value is (url is not None)


def _keys(each: object) -> set[dg.AssetKey]:
    return set(each.keys) if isinstance(each, dg.AssetsDefinition) else set()


def _outside(definitions: dg.Definitions) -> list[dg.AssetSpec]:
    return [dg.AssetSpec(spec.key) for spec in definitions.resolve_all_asset_specs()]
