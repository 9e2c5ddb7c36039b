"""A contract is written once, and contradicts itself never."""

import polars as pl
import pytest

from schemas.errors import ContractError
from schemas.table import POLARS_TYPES, SQL_TYPES, Column, Expectation, Table

COLUMNS = (
    Column("code", "text", "Code.", nullable=False, allowed=("a", "b")),
    Column("n", "integer", "Count.", minimum=0, maximum=9),
    Column("at", "instant", "When."),
)


def table(**given: object) -> Table:
    defaults = {
        "name": "t", "domain": "crm", "description": "One row per t.", "columns": COLUMNS,
        "key": ("code",),
    }  # fmt: skip
    return Table(**defaults | given)  # type: ignore[arg-type]


def test_every_type_has_a_polars_and_an_sql_form() -> None:
    assert set(POLARS_TYPES) == set(SQL_TYPES)


def test_the_schema_is_in_contract_order() -> None:
    schema = {"code": pl.String(), "n": pl.Int64(), "at": pl.Datetime("us", "UTC")}
    assert table().polars_schema(lineage=False) == pl.Schema(schema)
    assert table().polars_schema().names()[:3] == list(schema)


def test_canonical_tables_carry_lineage_and_published_ones_do_not() -> None:
    lineage = ["_source", "_source_file", "_row_number", "_logical_date"]
    assert table().polars_schema().names()[3:] == lineage
    assert table(domain="warehouse").polars_schema().names() == ["code", "n", "at"]


def test_expectations_come_from_the_columns_then_from_the_rules() -> None:
    rule = Expectation("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "n"})
    assert table(rules=(rule,)).row_expectations() == (
        Expectation("expect_column_values_to_not_be_null", {"column": "code"}),
        Expectation(
            "expect_column_values_to_be_in_set", {"column": "code", "value_set": ["a", "b"]}
        ),
        Expectation(
            "expect_column_values_to_be_between",
            {"column": "n", "min_value": 0, "max_value": 9},
        ),
        rule,
    )


def test_a_column_by_its_name() -> None:
    assert table().column("n") is COLUMNS[1]
    assert table().column("_row_number").type == "integer"
    with pytest.raises(ContractError, match="table t: no column 'x'") as caught:
        table().column("x")
    assert "'code', 'n', 'at', '_source'" in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"columns": (*COLUMNS, COLUMNS[0])},
        {"key": ("code", "x")},
        {"event": "x"},
        {"parent": ("other", ("x",))},
    ],
)
def test_a_contract_that_contradicts_itself_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ContractError, match="table t: "):
        table(**given)
