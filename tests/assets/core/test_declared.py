"""Surveys that barometer.yaml declares are rows like those of an extract."""

from typing import Any

import pytest

from assets.core.conservation import partition_counts, total
from assets.core.declared import SOURCE, declared_rows
from assets.core.references import question_scales
from schemas.registry import canonical
from tests.assets.core.company import START, Company

SURVEYS: dict[str, Any] = {
    "s": {
        "kind": "relational",
        "touchpoint": "store",
        "questions": {
            "nps": {"metric": "nps", "scale": [0, 10], "na_codes": [99, 12345678, 0.5]},
            "why": {"metric": "nps_reason", "text": "Why?"},
        },
    },
    "t": {"name": "T", "kind": "transactional", "audience": "employee", "questions": {}},
}


@pytest.fixture
def declared(company: Company) -> Company:
    company.source("orders", {})
    company.document["surveys"] = SURVEYS
    return company


def test_rows_of_surveys(declared: Company) -> None:
    rows = declared_rows(declared.project, "survey")
    assert rows.schema == canonical("survey").polars_schema()
    names = ["survey_id", "name", "kind", "audience", "touchpoint", "_row_number"]
    assert rows.select(names).rows() == [
        ("s", "s", "relational", "customer", "store", 1),
        ("t", "T", "transactional", "employee", None, 2),
    ]


def test_rows_of_questions(declared: Company) -> None:
    rows = declared_rows(declared.project, "survey_question")
    names = ["survey_id", "question_id", "metric", "scale_min", "scale_max", "na_codes", "text"]
    assert rows.select(names).rows() == [
        ("s", "nps", "nps", 0.0, 10.0, "99|12345678|0.5", None),
        ("s", "why", "nps_reason", None, None, None, "Why?"),
    ]
    assert set(rows["_source"]) == {SOURCE}


def test_they_are_a_partition_of_the_first_day(declared: Company) -> None:
    assert declared.build("survey_question", SOURCE, 5) == [START]
    assert declared.counts("survey_question", SOURCE) == (2, 0, 2, 2, 0, 0)
    assert declared.build("survey_question", SOURCE, 6) == []
    codes = question_scales(declared.lake, [(SOURCE, START)])["na_scores"].to_list()
    assert codes == [[99.0, 12345678.0, 0.5], []]


def test_a_changed_declaration_builds_anew(declared: Company) -> None:
    declared.build("survey", SOURCE)
    declared.document["surveys"] = SURVEYS | {"t": {**SURVEYS["t"], "name": "U"}}
    assert declared.build("survey", SOURCE) == [START]
    assert declared.accepted("survey", SOURCE)["name"].to_list() == ["s", "U"]


def test_nothing_is_declared_without_surveys(company: Company) -> None:
    company.source("orders", {})
    assert declared_rows(company.project, "survey").is_empty()


def test_counts_of_every_partition(declared: Company) -> None:
    columns = {"survey_id": "id", "kind": {"value": "relational"}, "audience": "who"}
    declared.source("surveys", {"survey": {"columns": columns}})
    for number in (1, 0):
        declared.deliver("surveys", number, "id,who\na,customer\nb,nobody\n")
    declared.build("survey", "surveys", 0, 1)
    declared.build("survey", SOURCE)
    found = [
        (each.source, each.facts["accepted"]) for each in partition_counts(declared.lake, "survey")
    ]
    assert found == [(SOURCE, 2), ("surveys", 1), ("surveys", 1)]
    assert total(declared.lake, "survey", "quarantined") == 2
    assert total(declared.lake, "survey_answer", "accepted") == 0
