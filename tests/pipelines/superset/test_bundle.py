"""The bundle is whole, the same from one time to the next, and tempts nobody to add values."""

import io
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.config import load_project
from pipelines.superset import contents, datasets
from pipelines.superset.bundle import ROOT, bundle_bytes, bundle_documents
from pipelines.superset.dashboard import filter_id
from pipelines.superset.database import checked_uri, default_uri, kpis_with_values
from schemas.config.project import Project
from schemas.config.warehouse import WarehouseConfig
from schemas.errors import BarometerError
from schemas.kpis.catalogue import published_kpis
from tests.pipelines.company import Company
from tests.pipelines.conftest import Barometer
from tests.pipelines.superset.warehouses import dataset

DEMO = Path(__file__).parents[3] / "barometer.yaml"
URI = "duckdb:////data/cx_barometer.duckdb?access_mode=read_only"

Documents = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(DEMO)


@pytest.fixture(scope="module")
def documents(project: Project) -> Documents:
    return bundle_documents(project, URI)


def _kind(documents: Documents, kind: str) -> list[Mapping[str, Any]]:
    return [document for path, document in documents.items() if path.startswith(f"{kind}/")]


def _parts(documents: Documents) -> dict[str, Mapping[str, Any]]:
    """Parts of the dashboard's layout by their ids."""
    position = documents["dashboards/cx.yaml"]["position"]
    return {name: part for name, part in position.items() if isinstance(part, dict)}


def test_the_same_configuration_gives_the_same_bytes(project: Project) -> None:
    made = bundle_bytes(bundle_documents(project, URI))
    assert made == bundle_bytes(bundle_documents(load_project(DEMO), URI))


def test_every_file_is_yaml_of_the_import_format(documents: Documents) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle_bytes(documents))) as bundle:
        assert {name.partition("/")[0] for name in bundle.namelist()} == {ROOT}
        read = {
            name.removeprefix(f"{ROOT}/"): yaml.safe_load(bundle.read(name))
            for name in bundle.namelist()
        }
    assert read == documents
    assert read["metadata.yaml"]["type"] == "Dashboard"
    kinds = {path.partition("/")[0] for path in read}
    assert kinds == {"metadata.yaml", "databases", "datasets", "charts", "dashboards"}
    assert all(document["version"] == "1.0.0" for document in read.values())


def test_uuids_differ_and_follow_the_company_alone(project: Project, documents: Documents) -> None:
    uuids = [one["uuid"] for path, one in documents.items() if path != "metadata.yaml"]
    assert len(set(uuids)) == len(uuids)
    elsewhere = bundle_documents(project, "duckdb:////elsewhere.duckdb")
    assert [one.get("uuid") for one in elsewhere.values()] == [
        one.get("uuid") for one in documents.values()
    ]
    company = project.company.model_copy(update={"name": "Another Company"})
    other = bundle_documents(project.model_copy(update={"company": company}), URI)
    assert not {one.get("uuid") for one in other.values() if "uuid" in one} & set(uuids)


def test_charts_name_what_there_is(documents: Documents) -> None:
    (database,) = _kind(documents, "databases")
    sets = {one["uuid"]: one for one in _kind(documents, "datasets")}
    assert {one["database_uuid"] for one in sets.values()} == {database["uuid"]}
    assert {chart["dataset_uuid"] for chart in _kind(documents, "charts")} == set(sets)
    for chart in _kind(documents, "charts"):
        found = sets[chart["dataset_uuid"]]
        columns = {column["column_name"] for column in found["columns"]}
        metrics = {metric["metric_name"] for metric in found["metrics"]}
        (query,) = json.loads(chart["query_context"])["queries"]
        asked = {one if isinstance(one, str) else one["sqlExpression"] for one in query["columns"]}
        assert asked <= columns, chart["slice_name"]
        assert {one["col"] for one in query["filters"]} <= columns, chart["slice_name"]
        named = {one for one in query["metrics"] or () if isinstance(one, str)}
        assert named <= metrics, chart["slice_name"]
        assert asked | named, chart["slice_name"]


def test_the_dashboard_shows_every_chart_once(documents: Documents) -> None:
    parts = _parts(documents)
    shown = [part["meta"] for part in parts.values() if part["type"] == "CHART"]
    assert sorted(one["uuid"] for one in shown) == sorted(
        chart["uuid"] for chart in _kind(documents, "charts")
    )
    for name, part in parts.items():
        assert part["id"] == name
        assert all(name == parts[child]["parents"][-1] for child in part.get("children", ()))
    rows = [part for part in parts.values() if part["type"] == "ROW"]
    assert rows
    for row in rows:
        assert sum(parts[child]["meta"]["width"] for child in row["children"]) <= 12


def test_filters_reach_charts_that_have_their_column(documents: Documents) -> None:
    (dashboard,) = _kind(documents, "dashboards")
    sets = {one["uuid"]: one for one in _kind(documents, "datasets")}
    charts = {one["uuid"]: one for one in _kind(documents, "charts")}
    numbers = {
        part["meta"]["chartId"]: charts[part["meta"]["uuid"]]
        for part in _parts(documents).values()
        if part["type"] == "CHART"
    }
    assert len(numbers) == len(charts)
    filters = dashboard["metadata"]["native_filter_configuration"]
    assert [one["id"] for one in filters][:2] == [filter_id("grain"), filter_id("period")]
    for one in filters:
        excluded = set(one["scope"]["excluded"])
        assert excluded < set(numbers), one["name"]
        assert set(one["cascadeParentIds"]) <= {other["id"] for other in filters}
        for target in (each for each in one["targets"] if each):
            assert target["datasetUuid"] in sets
            for chart in (chart for number, chart in numbers.items() if number not in excluded):
                columns = sets[chart["dataset_uuid"]]["columns"]
                assert target["column"]["name"] in {each["column_name"] for each in columns}


def test_each_published_kpi_is_a_metric_that_averages_nothing(
    project: Project, documents: Documents
) -> None:
    found = dataset(documents, datasets.METRICS)
    names = [metric["metric_name"] for metric in found["metrics"]]
    assert names == [*sorted(one.code for one in published_kpis(project)), "published_value"]
    for metric in found["metrics"]:
        assert not re.search(r"\b(AVG|MEDIAN)\s*\(", metric["expression"])
        assert not re.search(r"SUM\([^)]*\bvalue\b", metric["expression"])
        assert metric["description"]
        assert metric["d3format"]
        assert not metric["expression"].count("kpi_value")
    figures = {"value", "numerator", "denominator", "n", "ci_low"}
    assert not figures & {column["column_name"] for column in found["columns"]}
    rows = dataset(documents, datasets.ROWS)
    assert figures <= {column["column_name"] for column in rows["columns"]}
    assert rows["metrics"] == []


def test_charts_of_kpis_with_values_alone(project: Project) -> None:
    few = bundle_documents(project, URI, {"csat", "churn_rate"})
    trends = {path for path in few if path.startswith("charts/trend_")}
    assert trends == {"charts/trend_csat.yaml", "charts/trend_churn_rate.yaml"}
    tabs = {name for name in _parts(few) if name.startswith("TAB-")}
    pages = ("overview", "experience", "loyalty_value", "segments", "quality")
    assert tabs == {f"TAB-{page}" for page in pages}
    assert len(dataset(few, datasets.METRICS)["metrics"]) > 60


def test_a_french_company_reads_french(project: Project) -> None:
    report = project.report.model_copy(update={"language": "fr"})
    french = bundle_documents(project.model_copy(update={"report": report}), URI)
    english = bundle_documents(project, URI)
    assert french["dashboards/cx.yaml"]["dashboard_title"] == "Demo Company : expérience client"
    assert "k.name_fr AS kpi" in dataset(french, datasets.ROWS)["sql"]
    assert "'▼ moins bien'" in dataset(french, datasets.ROWS)["sql"]
    assert [one.get("uuid") for one in french.values()] == [
        one.get("uuid") for one in english.values()
    ]
    names = {one["metric_name"]: one["verbose_name"] for one in
             dataset(french, datasets.METRICS)["metrics"]}  # fmt: skip
    assert names["web_share"] == "Commandes passées en ligne"


def test_a_company_without_segments_has_no_such_page(project: Project) -> None:
    bare = bundle_documents(project.model_copy(update={"segment_sets": {}}), URI)
    assert "charts/ranking.yaml" not in bare
    (dashboard,) = _kind(bare, "dashboards")
    ids = {one["id"] for one in dashboard["metadata"]["native_filter_configuration"]}
    assert not ids & {filter_id(contents.COMPARE), filter_id(contents.KPI)}


def test_each_query_of_duckdb_opens_the_file_that_is_there(documents: Documents) -> None:
    (database,) = _kind(documents, "databases")
    assert database["sqlalchemy_uri"] == URI
    assert database["cache_timeout"] == -1
    config = database["extra"]["engine_params"]["connect_args"]["config"]
    assert config == {"enable_external_access": False}
    assert not any(database[key] for key in ("allow_dml", "allow_ctas", "allow_cvas"))


def test_postgres_needs_an_address_and_no_password(project: Project) -> None:
    given = {"kind": "postgres", "dsn": "postgresql://loader:secret@host/db", "schema": "cx"}
    served = project.model_copy(update={"warehouse": WarehouseConfig.model_validate(given)})
    with pytest.raises(BarometerError, match="--uri") as raised:
        default_uri(served, Path("none"))
    assert "secret" not in str(raised.value)
    uri = "postgresql+psycopg2://bi_reader@host:5432/db?sslmode=verify-full"
    documents = bundle_documents(served, checked_uri(uri))
    (database,) = _kind(documents, "databases")
    assert database["sqlalchemy_uri"] == uri
    assert {one["schema"] for one in _kind(documents, "datasets")} == {"cx"}
    assert '"cx".kpi_value' in dataset(documents, datasets.METRICS)["sql"]


@pytest.mark.parametrize("uri", ["postgresql://u:open-sesame@host/db", "no address"])
def test_an_address_that_will_not_do_is_refused(uri: str) -> None:
    with pytest.raises(BarometerError) as raised:
        checked_uri(uri)
    assert "open-sesame" not in str(raised.value)


def test_the_command_writes_charts_of_what_is_published(
    published: Company, invoke: Barometer, tmp_path: Path
) -> None:
    result = invoke(published, "superset", "--output", str(tmp_path / "bundle.zip"))
    assert result.exit_code == 0, result.output
    assert result.output.startswith("1 dashboard, ")
    project = load_project(published.config, published.environment)
    with_values = kpis_with_values(project, published.lake)
    assert with_values == {one.code for one in published_kpis(project)}
    warehouse = str(published.lake.warehouse)
    with zipfile.ZipFile(tmp_path / "bundle.zip") as bundle:
        database = yaml.safe_load(bundle.read(f"{ROOT}/databases/cookbook_company.yaml"))
    assert database["sqlalchemy_uri"] == f"duckdb:///{warehouse}?access_mode=read_only"


def test_before_the_first_publish_there_is_a_bundle_too(
    company: Company, invoke: Barometer, tmp_path: Path
) -> None:
    result = invoke(company, "superset", "--output", str(tmp_path / "bundle.zip"))
    assert result.exit_code == 0, result.output
    assert "No publish can be read" in result.output
    assert (tmp_path / "bundle.zip").exists()
