import datetime as dt
from typing import Any

import polars as pl
import pytest

from assets.gx_polars.errors import GxPolarsError
from assets.gx_polars.suite_check import SUPPORTED_EXPECTATIONS, check_suite

SCHEMA = {
    "id": pl.Int64,
    "score": pl.Float64,
    "email": pl.String,
    "day": pl.Date,
    "at": pl.Datetime("us"),
    "zoned": pl.Datetime("us", "UTC"),
    "tags": pl.List(pl.Int64),
}


def problem(name: str, **kwargs: object) -> str | None:
    found = check_suite([{"type": f"expect_{name}", "kwargs": kwargs}], SCHEMA)
    return str(found[0]) if found else None


@pytest.mark.parametrize(
    ("name", "kwargs", "message"),
    [
        ("column_values_to_be_magic", {"column": "id"}, "is not supported on Polars"),
        ("column_values_to_not_be_null", {"column": "nope"}, "column 'nope' does not exist"),
        ("column_values_to_be_between", {"column": "id"}, "both missing"),
        (
            "column_values_to_be_between",
            {"column": "id", "min_value": 5, "max_value": 1},
            "min_value 5 is greater than max_value 1",
        ),
        (
            "column_mean_to_be_between",
            {"column": "id", "min_value": 5, "max_value": 1},
            "min_value 5 is greater",
        ),
        ("column_mean_to_be_between", {"column": "email", "max_value": 1}, "allowed is a number"),
        ("column_values_to_be_between", {"column": "id", "max_value": "x"}, "cannot be compared"),
        ("column_values_to_be_between", {"column": "day", "max_value": "soon"}, "ISO 8601"),
        (
            "column_values_to_be_between",
            {"column": "at", "max_value": dt.datetime(2024, 1, 1, tzinfo=dt.UTC)},
            "cannot be compared",
        ),
        ("column_values_to_be_in_set", {"column": "id", "value_set": ["a"]}, "cannot be compared"),
        ("column_values_to_be_in_set", {"column": "email", "value_set": "a"}, "Write it as a list"),
        ("column_values_to_match_regex", {"column": "email", "regex": "("}, "not understood"),
        ("column_values_to_match_regex", {"column": "email", "regex": "(?=a)"}, "look-around"),
        ("column_values_to_match_regex", {"column": "id", "regex": "a"}, "allowed is a text"),
        ("column_values_to_match_regex_list", {"column": "email", "regex_list": []}, "at least"),
        ("column_value_z_scores_to_be_less_than", {"column": "id"}, "threshold is None"),
        ("column_values_to_be_of_type", {"column": "id", "type_": "Integr"}, "'Integr' is unknown"),
        ("column_values_to_be_unique", {"column": "id", "mostly": 1.5}, "a share from 0 to 1"),
        ("compound_columns_to_be_unique", {"column_list": ["id"]}, "at least two columns"),
        ("column_pair_values_to_be_equal", {"column_A": "id"}, "column_B is None"),
        (
            "column_pair_values_to_be_equal",
            {"column_A": "id", "column_B": "email"},
            "cannot be evaluated on the table's dtypes",
        ),
        (
            "column_pair_values_to_be_equal",
            {"column_A": "id", "column_B": "score", "ignore_row_if": "never"},
            "ignore_row_if is 'never'",
        ),
        ("multicolumn_sum_to_equal", {"column_list": ["id", "email"], "sum_total": 1}, "a number"),
        (
            "column_quantile_values_to_be_between",
            {"column": "id", "quantile_ranges": {"quantiles": [0.5], "value_ranges": []}},
            "as many value_ranges",
        ),
        (
            "column_quantile_values_to_be_between",
            {"column": "id", "quantile_ranges": {"quantiles": [5], "value_ranges": [[0, 1]]}},
            "numbers from 0 to 1",
        ),
        ("column_kl_divergence_to_be_less_than", {"column": "id"}, "partition_object is missing"),
        ("table_row_count_to_equal_other_table", {"other_table_name": "x"}, "table 'x' is unknown"),
        (
            "column_values_to_be_unique",
            {"column": "id", "row_condition": "id > 1"},
            "condition_parser None",
        ),
        (
            "column_mean_to_be_between",
            {"column": "id", "max_value": 1, "row_condition": "nope > 1",
             "condition_parser": "pandas"},
            "cannot be evaluated",
        ),
        (
            "column_pair_values_to_be_in_set",
            {"column_A": "id", "column_B": "id", "value_pairs_set": [], "row_condition": "id > 1",
             "condition_parser": "pandas"},
            "drops row_condition",
        ),
    ],
)  # fmt: skip
def test_a_bad_expectation_is_named_with_its_mend(
    name: str, kwargs: dict[str, Any], message: str
) -> None:
    found = problem(name, **kwargs)
    assert found is not None
    assert message in found
    assert f"expect_{name}" in found
    assert found.endswith(".")


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("column_values_to_be_between", {"column": "day", "min_value": "2024-01-01"}),
        ("column_values_to_be_between", {"column": "zoned", "min_value": "2024-01-01T00:00Z"}),
        ("column_values_to_be_between", {"column": "zoned", "min_value": "2024-01-01"}),
        ("column_values_to_be_in_set", {"column": "score", "value_set": [1, 2.5, None]}),
        ("column_to_exist", {"column": "nope"}),
        ("column_values_to_not_be_null", {"column": "tags"}),
        ("column_values_to_be_of_type", {"column": "tags", "type_": "List(Int64)"}),
    ],
)
def test_a_sound_expectation_has_no_problem(name: str, kwargs: dict[str, Any]) -> None:
    assert problem(name, **kwargs) is None


def test_problems_tell_the_place_in_the_suite() -> None:
    suite = [
        {"type": "expect_column_to_exist", "kwargs": {"column": "id"}},
        {"expectation_type": "expect_column_values_to_be_null", "kwargs": {"column": "nope"}},
    ]
    [found] = check_suite(suite, SCHEMA)
    assert (found.index, found.column) == (1, "nope")


def test_something_that_is_no_expectation_is_refused() -> None:
    with pytest.raises(GxPolarsError, match="is no expectation"):
        check_suite([42], SCHEMA)


def test_every_supported_expectation_exists_in_great_expectations() -> None:
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    from assets.gx_polars.great_expectations_api import great_expectations

    assert great_expectations is not None
    assert set(list_registered_expectation_implementations()) >= SUPPORTED_EXPECTATIONS
