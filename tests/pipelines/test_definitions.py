"""What Dagster is told: every asset described and owned, few steps, the same to its own tools."""

import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from pipelines.config import load_project
from pipelines.definitions import build_definitions
from pipelines.jobs import DAILY
from pipelines.run import LAYERS
from schemas.quality import CHECKS
from tests.pipelines.company import Company

ROOT = Path(__file__).parents[2]
MAX_STEPS = 40


@pytest.fixture(scope="module")
def demo() -> dg.Definitions:
    """Definitions of the demo company, which has every kind of source."""
    return build_definitions(load_project(ROOT / "barometer.yaml", {}), Path("unused"))


@pytest.fixture(scope="module")
def specs(demo: dg.Definitions) -> list[dg.AssetSpec]:
    return list(demo.resolve_all_asset_specs())


def _of(specs: list[dg.AssetSpec], layer: str) -> list[dg.AssetSpec]:
    found = [spec for spec in specs if spec.key.path[0] == layer]
    assert found
    return found


def test_every_asset_is_described_grouped_and_owned(specs: list[dg.AssetSpec]) -> None:
    for spec in specs:
        assert spec.description, spec.key
        assert spec.group_name in LAYERS, spec.key
        assert spec.owners == ["team:customer-experience"], spec.key
        assert spec.kinds, spec.key
        assert isinstance(spec.freshness_policy, dg.FreshnessPolicy), spec.key


def test_an_asset_says_what_a_row_of_it_is(specs: list[dg.AssetSpec]) -> None:
    assert {(spec.description or "").split(" per ")[0] for spec in specs} == {
        "One row",
        "One HTML page",
    }


def test_canonical_tables_have_their_columns_and_where_they_come_from(
    specs: list[dg.AssetSpec],
) -> None:
    for spec in (*_of(specs, "core"), *_of(specs, "history")):
        schema = spec.metadata["dagster/column_schema"]
        lineage = spec.metadata["dagster/column_lineage"]
        assert isinstance(schema, dg.TableSchema)
        assert isinstance(lineage, dg.TableColumnLineage)
        names = {column.name for column in schema.columns}
        assert names >= set(lineage.deps_by_column), spec.key
    lineage = next(s for s in specs if s.key.path == ["core", "crm_account"]).metadata[
        "dagster/column_lineage"
    ]
    [origin] = lineage.deps_by_column["account_id"]
    assert (origin.asset_key.path, origin.column_name) == (["raw", "crm_accounts"], "N° client")


def test_column_lineage_stays_within_the_dependencies(specs: list[dg.AssetSpec]) -> None:
    for spec in (*_of(specs, "core"), *_of(specs, "history")):
        origins = {
            dep.asset_key
            for deps in spec.metadata["dagster/column_lineage"].deps_by_column.values()
            for dep in deps
        }
        assert origins <= {dep.asset_key for dep in spec.deps}, spec.key


def test_published_tables_have_their_columns(specs: list[dg.AssetSpec]) -> None:
    for spec in _of(specs, "warehouse"):
        assert spec.metadata["dagster/column_schema"].columns, spec.key


def test_sources_are_tried_again_and_nothing_else_is(demo: dg.Definitions) -> None:
    for node in demo.resolve_job_def(DAILY).nodes:
        policy = node.definition.retry_policy
        assert (policy is not None) == node.name.startswith("raw__"), node.name
        if policy:
            assert policy.max_retries == 3
            assert policy.backoff is dg.Backoff.EXPONENTIAL


def test_raw_and_core_are_partitioned_by_day_and_filled_back_in_one_run(
    demo: dg.Definitions, specs: list[dg.AssetSpec]
) -> None:
    graph = demo.resolve_asset_graph()
    for spec in specs:
        node = graph.get(spec.key)
        is_daily = spec.key.path[0] in {"raw", "core"}
        assert isinstance(node.partitions_def, dg.DailyPartitionsDefinition) == is_daily
        if is_daily:
            assert node.backfill_policy == dg.BackfillPolicy.single_run(), spec.key
            assert node.partitions_def.timezone == "Europe/Paris"


def test_the_daily_run_has_few_steps(demo: dg.Definitions) -> None:
    assert len(list(demo.resolve_job_def(DAILY).nodes)) <= MAX_STEPS


def test_conservation_blocks_what_comes_after(demo: dg.Definitions) -> None:
    graph = demo.resolve_asset_graph()
    blocking = [key for key in graph.asset_check_keys if graph.get_check_spec(key).blocking]
    assert {key.name for key in blocking} == {"rows_are_conserved"}
    assert {key.asset_key.path[0] for key in blocking} == {"core"}


def test_every_kind_of_check_is_on_its_assets(demo: dg.Definitions) -> None:
    keys = demo.resolve_asset_graph().asset_check_keys
    found = {(key.asset_key.path[0], key.name) for key in keys} - {("core", "rows_are_conserved")}
    assert found == {(check.layer, check.name) for check in CHECKS}
    on_answers = {key.name for key in keys if key.asset_key.path == ["core", "survey_answer"]}
    assert "scores" in on_answers


def test_publish_waits_for_the_checks(demo: dg.Definitions) -> None:
    graph = demo.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        if key.path[0] == "warehouse":
            assert dg.AssetKey(["quality", "data_quality_result"]) in graph.get(key).parent_keys


def test_a_run_is_ended_after_its_time(demo: dg.Definitions) -> None:
    assert demo.resolve_job_def(DAILY).tags["dagster/max_runtime"] == "14400"


@pytest.mark.parametrize("command", [("check", "defs"), ("list", "defs", "--json")])
def test_dagsters_own_tools_load_it(company: Company, command: tuple[str, ...]) -> None:
    result = subprocess.run(
        [Path(sys.executable).with_name("dg"), *command],
        cwd=ROOT,
        env=company.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "Warning" not in result.stderr
    if "list" in command:
        listed = {asset["asset_key"] for asset in json.loads(result.stdout)["assets"]}
        assert {"raw/orders", "core/erp_order", "kpi/kpi_value", "warehouse/kpi_value"} <= listed
