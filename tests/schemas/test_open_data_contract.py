"""Every contract is a valid document of the standard that says all that the contract says."""

import importlib.resources
import json
from typing import Any

import jsonschema
import pytest
import yaml

from schemas.config.project import Project
from schemas.open_data_contract import contract_document, file_name, to_yaml
from schemas.open_data_quality import dimension, plain
from schemas.operations import TABLES as OPERATIONS
from schemas.quality import TABLES as QUALITY
from schemas.registry import TABLES
from schemas.table import Column, Expectation, Table
from schemas.warehouse import TABLES as WAREHOUSE
from schemas.warehouse import warehouse_tables

ALL = {table.name: table for table in (*TABLES.values(), *WAREHOUSE, *OPERATIONS, *QUALITY)}
CHECK = Expectation(
    "expect_column_mean_to_be_between",
    {"column": "amount", "min_value": 1, "max_value": None},
    severity="warn",
    mend="Look at the currency.",
)
RULE = Expectation(
    "expect_column_pair_values_a_to_be_greater_than_b",
    {"column_A": "ends_on", "column_B": "starts_on", "or_equal": True},
)
SALE = Table(
    name="sale",
    domain="erp",
    description="One row per sale.",
    key=("sale_id",),
    event="starts_on",
    columns=(
        Column("sale_id", "text", "Sale.", nullable=False),
        Column("name", "text", "Buyer.", pii="identity"),
        Column("state", "text", "State.", allowed=("open", "won"), is_segment=True),
        Column("amount", "decimal", "Amount.", unit="currency", minimum=0, maximum=9.5),
        Column("starts_on", "date", "First day."),
        Column("ends_on", "date", "Last day."),
        Column("account_id", "text", "Account.", reference="crm_account.account_id"),
        Column("earlier_id", "text", "Sale before.", reference="sale.sale_id"),
        Column("more", "map", "More."),
    ),
    rules=(RULE,),
    checks=(CHECK,),
)


@pytest.fixture(scope="module")
def validator() -> Any:
    """The standard's own JSON schema, as the package of its Python models ships it."""
    package = importlib.resources.files("open_data_contract_standard")
    schema = json.loads((package / "schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft201909Validator.check_schema(schema)
    return jsonschema.Draft201909Validator(schema)


def project(**given: Any) -> Project:
    files = {"root": ".", "path": "a.csv", "format": "csv"}
    document: dict[str, Any] = {
        "version": 1,
        "company": {"name": "Nord", "time_zone": "Europe/Oslo", "currency": "NOK"},
        "start_date": "2026-01-01",
        "sources": {"a": {"system": "crm", "files": files, "mode": "snapshot"}},
        "segment_sets": {"by_region": ["region", "custom.store"]},
    }
    return Project.model_validate(document | given)


def properties(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in document["schema"][0]["properties"]}


def rules(document: dict[str, Any]) -> list[dict[str, Any]]:
    holders = [*properties(document).values(), document["schema"][0]]
    return [rule for holder in holders for rule in holder.get("quality", [])]


def implementations(document: dict[str, Any]) -> list[str]:
    custom = [rule for rule in rules(document) if rule["type"] == "custom"]
    assert all(rule["engine"] == "greatExpectations" for rule in custom)
    return sorted(json.dumps(rule["implementation"], sort_keys=True) for rule in custom)


def expected(expectations: tuple[Expectation, ...]) -> list[str]:
    return sorted(
        json.dumps({"type": each.type, "kwargs": plain(each.kwargs)}, sort_keys=True)
        for each in expectations
    )


@pytest.mark.parametrize("name", ALL)
def test_every_contract_is_valid_by_the_standards_json_schema(name: str, validator: Any) -> None:
    document = yaml.safe_load(to_yaml(contract_document(ALL[name])))
    assert [error.message for error in validator.iter_errors(document)] == []


def test_the_json_schema_refuses_what_is_no_contract(validator: Any) -> None:
    document = contract_document(SALE)
    document["schema"][0]["properties"][0]["primary"] = True
    del document["id"]
    assert len(list(validator.iter_errors(document))) >= 2


@pytest.mark.parametrize("name", ["crm_account", "kpi_value", "data_quality_result"])
def test_the_standards_python_models_read_a_contract(name: str) -> None:
    from open_data_contract_standard.model import OpenDataContractStandard

    read = OpenDataContractStandard.from_string(to_yaml(contract_document(ALL[name])))
    assert read.schema_ is not None
    columns = read.schema_[0].properties
    assert columns is not None
    assert [each.name for each in columns] == [column.name for column in ALL[name].all_columns]
    assert read.apiVersion == "v3.2.0"


@pytest.mark.parametrize("name", ALL)
def test_a_contract_says_all_of_its_table(name: str) -> None:
    table = ALL[name]
    document = yaml.safe_load(to_yaml(contract_document(table)))
    found = properties(document)
    assert list(found) == [column.name for column in table.all_columns]
    for column in table.all_columns:
        said = found[column.name]
        assert said["required"] is not column.nullable
        assert said["description"] == column.description
        assert [each["value"] for each in said.get("enum", [])] == list(column.allowed)
        assert ("pii" in said.get("tags", [])) is (column.pii is not None)
        assert ("segment" in said.get("tags", [])) is column.is_segment
        assert bool(said.get("relationships")) is (column.reference is not None)
    positions = {n: p["primaryKeyPosition"] for n, p in found.items() if p.get("primaryKey")}
    assert tuple(sorted(positions, key=positions.__getitem__)) == table.key
    assert implementations(document) == expected((*table.row_expectations(), *table.checks))


@pytest.mark.parametrize("name", ALL)
def test_every_reference_leads_to_a_column_of_a_contract(name: str) -> None:
    for said in properties(contract_document(ALL[name])).values():
        for relationship in said.get("relationships", []):
            file, _, path = relationship["to"].rpartition("#/")
            _, target, _, column = path.split("/")
            assert file == ("" if target == name else file_name(target))
            assert column in {each.name for each in ALL[target].all_columns}


def test_ids_differ_by_table_and_company_and_never_change() -> None:
    ids = [contract_document(table)["id"] for table in ALL.values()]
    assert len(set(ids)) == len(ALL)
    assert contract_document(ALL["crm_account"])["id"] == "a5fb5e38-1389-5921-9f28-1abe93aeb8a2"
    assert contract_document(SALE, project())["id"] != contract_document(SALE)["id"]


def test_text_is_stable_and_ends_in_a_line_feed() -> None:
    text = to_yaml(contract_document(SALE))
    assert text == to_yaml(contract_document(SALE))
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert yaml.safe_load(text) == contract_document(SALE)
    assert "&id" not in text


def test_columns_carry_types_bounds_units_and_personal_data() -> None:
    found = properties(contract_document(SALE))
    assert found["sale_id"]["unique"] is True
    assert found["amount"]["logicalTypeOptions"] == {"minimum": 0, "maximum": 9.5}
    assert found["amount"]["physicalType"] == "DECIMAL(38, 4)"
    assert found["amount"]["customProperties"] == [{"property": "unit", "value": "currency"}]
    assert found["starts_on"]["logicalType"] == "date"
    assert found["name"]["classification"] == "confidential"
    assert found["name"]["tags"] == ["pii", "pii_identity"]
    assert found["more"]["map"]["value"] == {"logicalType": "string"}
    assert found["earlier_id"]["relationships"] == [
        {"type": "foreignKey", "to": "schema/sale/properties/sale_id"}
    ]


def test_rules_say_dimension_severity_impact_and_mend() -> None:
    found = {rule["name"]: rule for rule in rules(contract_document(SALE))}
    mean = found["column_mean_to_be_between"]
    assert mean["dimension"] == "accuracy"
    assert mean["severity"] == "warning"
    assert mean["businessImpact"] == "It is shown and published; nothing is blocked."
    assert mean["customProperties"] == [{"property": "mend", "value": "Look at the currency."}]
    pair = found["column_pair_values_a_to_be_greater_than_b"]
    assert pair["dimension"] == "consistency"
    assert pair["businessImpact"] == "A record that does not meet it is put into quarantine."
    assert found["column_values_to_be_in_set"]["description"] == (
        "Expect column values to be in set: value_set open, won."
    )


@pytest.mark.parametrize(
    ("expectation", "name"),
    [
        ("expect_column_values_to_not_be_null", "completeness"),
        ("expect_column_values_to_be_unique", "uniqueness"),
        ("expect_column_values_to_be_increasing", "consistency"),
        ("expect_table_row_count_to_equal_other_table", "consistency"),
        ("expect_table_row_count_to_be_between", "coverage"),
        ("expect_column_sum_to_be_between", "accuracy"),
        ("expect_column_values_to_match_regex", "conformity"),
    ],
)
def test_expectations_measure_a_dimension_of_the_standard(expectation: str, name: str) -> None:
    assert dimension(expectation) == name


def test_a_compound_key_is_a_rule_of_the_library_unless_a_check_says_it() -> None:
    def compound(*checks: Expectation, **given: Any) -> list[dict[str, Any]]:
        columns = (Column("a", "text", "A."), Column("b", "text", "B."))
        defaults: dict[str, Any] = {"name": "t", "domain": "crm", "description": "One row per t."}
        table = Table(**defaults, columns=columns, checks=checks, **given)
        return [r for r in rules(contract_document(table)) if r["type"] == "library"]

    (rule,) = compound(key=("a", "b"))
    assert (rule["metric"], rule["mustBe"]) == ("duplicateValues", 0)
    assert rule["arguments"] == {"properties": ["a", "b"]}
    unique = Expectation("expect_compound_columns_to_be_unique", {"column_list": ["b", "a"]})
    assert compound(unique, key=("a", "b")) == []
    assert compound(key=("a",)) == []
    assert compound(key=("a", "b"), history="versions") == []


def test_a_company_adds_its_name_owner_schedule_dimensions_and_expectations(
    validator: Any,
) -> None:
    own = {"type": "expect_column_values_to_match_regex", "severity": "error", "mend": "Ask."}
    own |= {"kwargs": {"column": "plan", "regex": "^[A-Z]+$"}}
    company = project(
        owner="team:insight",
        schedule={"cron": "0 5 * * *", "deadline": "30 7 * * *"},
        quality={"tables": {"crm_account": {"expectations": [own]}}},
    )
    (value,) = (table for table in warehouse_tables(company) if table.name == "kpi_value")
    documents = [contract_document(table, company) for table in (value, TABLES["crm_account"])]
    for document in documents:
        assert list(validator.iter_errors(document)) == []
        assert document["tenant"] == "Nord"
        assert document["team"] == {"name": "insight"}
        levels = {level["property"]: level["value"] for level in document["slaProperties"]}
        assert levels == {"frequency": "0 5 * * *", "timeOfAvailability": "30 7 * * *"}
    assert {"region", "custom_store"} <= set(properties(documents[0]))
    rule = properties(documents[1])["plan"]["quality"][-1]
    assert rule["implementation"] == {"type": own["type"], "kwargs": own["kwargs"]}
    assert rule["businessImpact"] == "Publish is blocked until it is mended or waived."


def test_an_owner_by_e_mail_is_a_member() -> None:
    document = contract_document(SALE, project(owner="data@example.com"))
    assert document["team"] == {"members": [{"username": "data@example.com", "role": "Owner"}]}


def test_without_a_company_nothing_is_promised_in_its_name() -> None:
    assert {"tenant", "team", "slaProperties"}.isdisjoint(contract_document(SALE))
