"""The whole configuration: what hangs together, and what is refused."""

import copy
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.config.project import Project
from schemas.registry import TABLES

FILES = {"root": "/files", "path": "{date}.csv", "format": "csv"}
MINIMAL: dict[str, Any] = {
    "version": 1,
    "company": {"name": "C", "time_zone": "Europe/Paris", "currency": "EUR"},
    "start_date": "2024-03-01",
    "sources": {
        "leads": {
            "system": "crm",
            "mode": "incremental",
            "files": FILES,
            "tables": {
                "crm_lead": {
                    "columns": {"lead_id": "id", "created_at": "at", "outcome": {"value": "open"}}
                }
            },
        }
    },
}
SURVEYS = {"s": {"kind": "relational", "questions": {"q": {"metric": "nps", "scale": [0, 10]}}}}


def project(**given: Any) -> Project:
    return Project.model_validate(MINIMAL | given)


def with_table(table: str, mapping: dict[str, Any]) -> dict[str, Any]:
    document = copy.deepcopy(MINIMAL)
    document["sources"]["leads"]["tables"][table] = mapping
    return document


def test_which_sources_feed_which_tables() -> None:
    found = project()
    assert list(found.feeds("crm_lead")) == ["leads"]
    assert found.feeds("erp_order") == {}
    assert found.fed_tables() == ("crm_lead",)


def test_declared_surveys_are_fed_in_registry_order() -> None:
    found = project(surveys=SURVEYS)
    assert found.fed_tables() == ("crm_lead", "survey", "survey_question")
    assert [name for name in TABLES if name in found.fed_tables()] == list(found.fed_tables())


def test_secrets_are_not_shown() -> None:
    assert "hush" not in repr(project(privacy={"pii_key": "hush"}))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"version": 2}, "Input should be 1"),
        ({"sources": {}}, "at least 1 item"),
        ({"sources": {"Leads": MINIMAL["sources"]["leads"]}}, "lower-case"),
        ({"sources": {"configuration": MINIMAL["sources"]["leads"]}}, "another name"),
        ({"company": {**MINIMAL["company"], "time_zone": "Paris"}}, "not an IANA time zone"),
        ({"company": {**MINIMAL["company"], "currency": "euro"}}, "pattern"),
        ({"owner": "nobody"}, "pattern"),
        ({"segment_sets": {"total": ["country"]}}, "always there"),
        ({"segment_sets": {"a": []}}, "one dimension or more"),
        ({"segment_sets": {"a": ["country", "country"]}}, "each once"),
        ({"segment_sets": {"a": ["planet"]}}, "no dimension 'planet'"),
        ({"surveys": {"s": {"kind": "other", "questions": {}}}}, "relational"),
        ({"surveys": {"s": {"kind": "relational", "questions": {"q": {"metric": "x"}}}}}, "nps"),
        (
            {"surveys": {"s": {**SURVEYS["s"], "questions": {
                "q": {"metric": "nps", "scale": [10, 0]}}}}},
            "ascends",
        ),
        ({"colour": "red"}, "not permitted"),
    ],
)  # fmt: skip
def test_what_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        project(**given)


LEAD = MINIMAL["sources"]["leads"]["tables"]["crm_lead"]


@pytest.mark.parametrize(
    ("table", "mapping", "message"),
    [
        ("crm_leads", LEAD, "no canonical table 'crm_leads'"),
        ("crm_lead", {"columns": {**LEAD["columns"], "colour": "c"}}, "no column colour"),
        ("crm_lead", {"columns": {"lead_id": "id"}}, "mandatory column created_at, outcome"),
        ("crm_lead", {**LEAD, "custom": {"a": "b"}}, "only crm_account has custom"),
        ("crm_lead", {**LEAD, "unpivot": {"scores": {"a": "b"}}}, "only survey_answer"),
        ("survey_answer", {"columns": {"response_id": "id"}}, "mandatory column question_id"),
    ],
)
def test_mappings_that_are_refused(table: str, mapping: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Project.model_validate(with_table(table, mapping))


def test_an_unpivot_gives_the_question() -> None:
    mapping = {"columns": {"response_id": "id"}, "unpivot": {"scores": {"a": "b"}}}
    found = Project.model_validate(with_table("survey_answer", mapping))
    assert "survey_answer" in found.fed_tables()


@pytest.mark.parametrize("group", ["columns", "custom"])
def test_lookups_name_a_source_that_there_is(group: str) -> None:
    lookup = {"from": "id", "lookup": {"source": "plans", "match": "m", "take": "t"}}
    mapping: dict[str, Any] = {"columns": {"account_id": "id"}, "custom": {}}
    mapping[group] = {**mapping[group], "plan": lookup}
    with pytest.raises(ValidationError, match="no source 'plans'; allowed: leads"):
        Project.model_validate(with_table("crm_account", mapping))
