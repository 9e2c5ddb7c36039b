"""What Dagster shows of a table comes from its contract and mapping."""

from typing import Any

import dagster as dg

from assets.metadata import column_schema, core_lineage, counts_table, same_columns
from schemas.config.project import Project
from schemas.registry import canonical
from tests.schemas.config.test_project import FILES, MINIMAL


def source(table: str, mapping: dict[str, Any]) -> dict[str, Any]:
    return {"system": "crm", "mode": "incremental", "files": FILES, "tables": {table: mapping}}


def lineage(table: str, **mapping: Any) -> dict[str, list[tuple[str, str]]]:
    """Column → (asset, column) pairs that it comes from."""
    sources = {"main": source(table, mapping), "other": {**MINIMAL["sources"]["leads"]}}
    project = Project.model_validate(MINIMAL | {"sources": sources})
    found = core_lineage(project, canonical(table)).deps_by_column
    return {
        name: [(dep.asset_key.to_user_string(), dep.column_name) for dep in deps]
        for name, deps in found.items()
    }


def test_columns_come_from_the_raw_columns_named() -> None:
    lookup = {"source": "other", "match": "m", "take": "t"}
    found = lineage(
        "crm_account",
        columns={
            "account_id": {"from": ["a", "b"]},
            "name": {"template": "{c} {d}"},
            "kind": {"value": "business"},
            "plan": {"from": "e", "lookup": lookup},
        },
        custom={"size": "f", "area": "g"},
    )
    assert found == {
        "account_id": [("raw/main", "a"), ("raw/main", "b")],
        "name": [("raw/main", "c"), ("raw/main", "d")],
        "plan": [("raw/main", "e"), ("raw/other", "t")],
        "custom": [("raw/main", "f"), ("raw/main", "g")],
    }


def test_cells_come_from_the_columns_unpivoted() -> None:
    unpivot = {"scores": {"q1": "nps"}, "texts": {"q2": "comment"}}
    columns = {"response_id": "id", "question_id": {"template": "{survey}/{_question}"}}
    assert lineage("survey_answer", columns=columns, unpivot=unpivot) == {
        "response_id": [("raw/main", "id")],
        "question_id": [("raw/main", "survey")],
        "score": [("raw/main", "q1")],
        "text": [("raw/main", "q2")],
    }


def test_columns_that_are_passed_on() -> None:
    table = canonical("erp_product")
    found = same_columns(table, "core").deps_by_column
    assert list(found) == table.polars_schema().names()
    assert found["name"] == [
        dg.TableColumnDep(asset_key=dg.AssetKey(["core", "erp_product"]), column_name="name")
    ]


def test_the_column_schema_tells_types_keys_and_personal_data() -> None:
    columns = {column.name: column for column in column_schema(canonical("crm_account")).columns}
    assert columns["account_id"].type == "VARCHAR"
    assert columns["account_id"].constraints.unique
    assert not columns["account_id"].constraints.nullable
    assert columns["email"].tags == {"pii": "contact"}
    assert columns["created_at"].type == "TIMESTAMP WITH TIME ZONE"
    assert not columns["region"].constraints.unique


def test_counts_as_a_table() -> None:
    found = counts_table({"a": {"x": 1234, "y": 0}, "b": {"y": 5}}, ["x", "y"])
    assert found.splitlines() == ["| | x | y |", "|---|---:|---:|", "| a | 1,234 | 0 |",
                                  "| b | 0 | 5 |"]  # fmt: skip
