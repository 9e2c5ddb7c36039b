"""What is expected of a table: its contract, its key, the month as a whole, the company's own."""

import pytest

from assets.gx_polars.suite_check import check_suite
from assets.quality.suites import history_schema, suite
from schemas.registry import TABLES, canonical
from tests.assets.quality.lakes import project

OWN = {
    "tables": {
        "erp_order": {
            "expectations": [
                {
                    "type": "expect_column_values_to_be_between",
                    "kwargs": {"column": "net_amount", "min_value": 0},
                },
                {
                    "type": "expect_column_values_to_be_between",
                    "kwargs": {"column": "net_amount", "max_value": 1000, "mostly": 0.9},
                    "severity": "error",
                    "mend": "ask the shop",
                },
                {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}},
            ]
        }
    }
}


@pytest.mark.parametrize("name", TABLES)
def test_every_contract_can_be_evaluated(name: str) -> None:
    table = canonical(name)

    expectations = suite(table, project(name))

    assert check_suite(expectations, history_schema(table)) == []
    assert {one["severity"] for one in expectations} <= {"critical", "warning"}


@pytest.mark.parametrize("name", TABLES)
def test_subjects_name_one_expectation_each(name: str) -> None:
    subjects = [one["meta"]["subject"] for one in suite(canonical(name), project(name))]

    assert len(set(subjects)) == len(subjects)


def test_own_expectations_come_last_and_are_numbered() -> None:
    expectations = suite(canonical("erp_order"), project("erp_order", quality=OWN))

    own = [one for one in expectations if one["meta"]["origin"] == "company"]
    assert list(expectations[-3:]) == own
    assert [(one["meta"]["subject"], one["severity"], one["meta"]["mend"]) for one in own] == [
        ("expect_column_values_to_be_between net_amount", "warning", ""),
        ("expect_column_values_to_be_between net_amount #2", "critical", "ask the shop"),
        ("expect_table_row_count_to_be_between", "warning", ""),
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("erp_order", "expect_column_values_to_be_unique order_id"),
        ("erp_order_line", "expect_compound_columns_to_be_unique order_id, line_number"),
        ("crm_account", "expect_compound_columns_to_be_unique account_id, _valid_from"),
    ],
)
def test_keys_are_unique(name: str, expected: str) -> None:
    subjects = [one["meta"]["subject"] for one in suite(canonical(name), project(name))]

    assert [subject for subject in subjects if "_unique" in subject] == [expected]
