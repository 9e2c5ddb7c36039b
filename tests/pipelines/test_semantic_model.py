"""The semantic model is valid, complete, and its metrics say what is published or nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest
import yaml

from pipelines.config import load_project
from pipelines.docs import documents
from pipelines.semantic_model import FILE_NAME, semantic_document
from schemas.kpis.catalogue import CATALOGUE
from schemas.publish_stamp import stamped
from schemas.warehouse import KPI_VALUE
from tests.pipelines.company import Company
from tests.pipelines.conftest import Barometer

DEMO = Path(__file__).parents[2] / "barometer.yaml"

TEXTS = {"type": "array", "items": {"type": "string"}, "minItems": 1}


def _object(required: dict[str, Any], optional: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": required | optional,
        "required": list(required),
        "additionalProperties": False,
    }


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of, "minItems": 1}


TEXT = {"type": "string", "minLength": 1}
EXPRESSION = _object(
    {"dialects": _list(_object({"dialect": {"const": "ANSI_SQL"}, "expression": TEXT}, {}))}, {}
)
MORE = {
    "description": TEXT,
    "ai_context": _object({}, {"instructions": TEXT, "synonyms": TEXTS, "examples": TEXTS}),
    "custom_extensions": _list(_object({"vendor_name": {"const": "COMMON"}, "data": TEXT}, {})),
}
FIELD = _object(
    {"name": TEXT, "expression": EXPRESSION},
    {"dimension": _object({"is_time": {"type": "boolean"}}, {}), **MORE},
)
SHAPE = _object(
    {
        "version": {"const": "0.1.1"},
        "semantic_model": _list(
            _object(
                {
                    "name": TEXT,
                    "datasets": _list(
                        _object(
                            {"name": TEXT, "source": TEXT},
                            {"primary_key": TEXTS, "fields": _list(FIELD), **MORE},
                        )
                    ),
                },
                {
                    "relationships": _list(
                        _object(
                            {
                                "name": TEXT,
                                "from": TEXT,
                                "to": TEXT,
                                "from_columns": TEXTS,
                                "to_columns": TEXTS,
                            },
                            {},
                        )
                    ),
                    "metrics": _list(_object({"name": TEXT, "expression": EXPRESSION}, MORE)),
                    **MORE,
                },
            )
        ),
    },
    {},
)
"""What specification 0.1.1 allows, as far as the model uses it."""


def _model(document: dict[str, Any]) -> dict[str, Any]:
    model: dict[str, Any] = document["semantic_model"][0]
    return model


def _expressions(model: dict[str, Any]) -> dict[str, str]:
    return {
        metric["name"]: metric["expression"]["dialects"][0]["expression"]
        for metric in model["metrics"]
    }


def _aggregation(metric: dict[str, Any]) -> str:
    return str(json.loads(metric["custom_extensions"][0]["data"])["aggregation"])


@pytest.fixture(scope="module")
def of_company(loaded_once: Company) -> dict[str, Any]:
    return _model(semantic_document(load_project(loaded_once.config)))


@pytest.fixture(scope="module")
def warehouse(loaded_once: Company) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(loaded_once.lake.warehouse, read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("config", [None, DEMO])
def test_it_is_what_the_specification_allows(config: Path | None) -> None:
    document = semantic_document(load_project(config) if config else None)
    jsonschema.validate(document, SHAPE)
    model = _model(document)
    for kind in ("datasets", "relationships", "metrics"):
        names = [each["name"] for each in model[kind]]
        assert len(set(names)) == len(names)


def test_it_stands_in_the_documentation() -> None:
    text = documents()[f"semantic/{FILE_NAME}"]
    assert yaml.safe_load(text) == semantic_document()


def test_every_kpi_is_a_metric_with_both_names() -> None:
    metrics = {metric["name"]: metric for metric in _model(semantic_document())["metrics"]}
    assert set(metrics) == set(CATALOGUE)
    for code, kpi in CATALOGUE.items():
        names = {kpi.name_en, kpi.name_fr}
        assert set(metrics[code]["ai_context"]["synonyms"]) == names
        assert kpi.formula in metrics[code]["description"]


def test_a_company_has_its_own_dimensions_kpis_and_schema() -> None:
    document = semantic_document(load_project(DEMO), database="analytics.cx")
    tables = {table["name"]: table for table in _model(document)["datasets"]}
    assert tables["kpi_value"]["source"] == "analytics.cx.kpi_value"
    fields = {field["name"]: field for field in tables["kpi_value"]["fields"]}
    assert fields["region"]["dimension"] == {"is_time": False}
    assert fields["period_start"]["dimension"] == {"is_time": True}
    assert "dimension" not in fields["value"]
    metrics = {metric["name"]: metric for metric in _model(document)["metrics"]}
    assert _aggregation(metrics["web_share"]) == "ratio_of_sums"
    assert _aggregation(metrics["nps_latest"]) == "none"  # an answer may lose its place
    assert _aggregation(metrics["support_cost_total"]) == "sum"


def test_every_column_and_key_is_there(
    of_company: dict[str, Any], warehouse: duckdb.DuckDBPyConnection
) -> None:
    for table in of_company["datasets"]:
        parts = ", ".join(
            field["expression"]["dialects"][0]["expression"] for field in table["fields"]
        )
        found = warehouse.execute(f"SELECT {parts} FROM {table['name']} LIMIT 0")  # noqa: S608
        assert [column[0] for column in found.description] == [
            field["name"] for field in table["fields"]
        ]


def test_every_relationship_leads_to_one_row(
    of_company: dict[str, Any], warehouse: duckdb.DuckDBPyConnection
) -> None:
    keys = {table["name"]: table["primary_key"] for table in of_company["datasets"]}
    for link in of_company["relationships"]:
        assert link["to_columns"] == keys[link["to"]]
        met = " AND ".join(
            f'a."{one}" = b."{other}"'
            for one, other in zip(link["from_columns"], link["to_columns"], strict=True)
        )
        lost = warehouse.execute(
            f"SELECT count(*) FROM {link['from']} a ANTI JOIN {link['to']} b ON {met} "  # noqa: S608
            f'WHERE a."{link["from_columns"][0]}" IS NOT NULL'
        ).fetchall()
        assert lost == [(0,)], link["name"]


def test_every_metric_is_the_published_value_where_one_row_is_chosen(
    of_company: dict[str, Any], warehouse: duckdb.DuckDBPyConnection
) -> None:
    keys = "kpi_code, period_grain, period_start, segment_set, segment_key"
    for code, expression in _expressions(of_company).items():
        rows = warehouse.execute(
            f"SELECT any_value(value), {expression} FROM kpi_value "  # noqa: S608
            f"WHERE kpi_code = ? GROUP BY {keys}",
            [code],
        ).fetchall()
        for published, computed in rows:
            assert computed == (published if published is None else pytest.approx(published)), code


def test_additive_metrics_of_days_are_those_of_the_month_and_no_other_is_told(
    of_company: dict[str, Any], warehouse: duckdb.DuckDBPyConnection
) -> None:
    compared = 0
    for metric in of_company["metrics"]:
        expression = metric["expression"]["dialects"][0]["expression"]
        rows = warehouse.execute(
            f"""
            WITH days AS (
              SELECT date_trunc('month', period_start) AS period_start, segment_set, segment_key,
                     {expression} AS computed, count(*) AS days
              FROM kpi_value WHERE kpi_code = $code AND period_grain = 'day' GROUP BY 1, 2, 3)
            SELECT computed, value FROM days
            JOIN kpi_value USING (period_start, segment_set, segment_key)
            WHERE kpi_code = $code AND period_grain = 'month' AND days > 1
            """,  # noqa: S608  expressions of the model
            {"code": metric["name"]},
        ).fetchall()
        is_additive = _aggregation(metric) != "none"
        for computed, published in rows:
            assert computed == (pytest.approx(published) if is_additive else None)
            compared += is_additive
    assert compared > 0


def test_no_column_name_is_reserved_unless_it_is_quoted() -> None:
    assert stamped(KPI_VALUE).columns[-1].name == "publish_id"
    tables = {table["name"]: table for table in _model(semantic_document())["datasets"]}
    fields = {field["name"]: field for field in tables["clv_assumption"]["fields"]}
    assert fields["check"]["expression"]["dialects"][0]["expression"] == '"check"'


def test_the_command_writes_the_company_s(
    loaded_once: Company, invoke: Barometer, tmp_path: Path
) -> None:
    path = tmp_path / "new" / FILE_NAME
    result = invoke(loaded_once, "semantic", "--output", str(path))
    assert result.exit_code == 0
    assert str(path) in result.stdout
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert document == semantic_document(load_project(loaded_once.config))


def test_a_file_that_cannot_be_written_is_told(
    loaded_once: Company, invoke: Barometer, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    result = invoke(loaded_once, "semantic", "--output", str(tmp_path / "taken" / FILE_NAME))
    assert result.exit_code == 1
    assert "mend" in result.output
