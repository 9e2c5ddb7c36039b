"""The arguments told without Great Expectations are those that it takes."""

from typing import Any

import pytest

from assets.gx_polars.expectation_kinds import SUPPORTED_EXPECTATIONS
from assets.gx_polars.great_expectations_api import ExpectationConfiguration
from assets.quality.soundness.arguments import ARGUMENTS, argument_problem


@pytest.fixture(scope="module")
def fields() -> dict[str, dict[str, bool]]:
    """Expectation → its own arguments in Great Expectations → whether it must have them."""
    from great_expectations.expectations.expectation import Expectation
    from great_expectations.expectations.registry import get_expectation_impl

    common = {*Expectation.__fields__, "batch_id", "library_metadata"}
    return {
        name: {
            key: bool(field.required)
            for key, field in get_expectation_impl(name).__fields__.items()
            if key not in common
        }
        for name in SUPPORTED_EXPECTATIONS
    }


def test_every_supported_expectation_has_its_arguments(fields: dict[str, dict[str, bool]]) -> None:
    assert set(ARGUMENTS) == SUPPORTED_EXPECTATIONS
    for name, (must, may) in ARGUMENTS.items():
        assert must | may == set(fields[name]), name
        assert must == {key for key, is_required in fields[name].items() if is_required}, name


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("expect_column_values_to_be_between", {"column": "a", "min_value": 1}),
        (
            "expect_column_values_to_be_between",
            {"column": "a", "min_value": "2026-01-01", "strict_min": True, "mostly": 0.9},
        ),
        ("expect_column_values_to_be_in_set", {"column": "a", "value_set": ["b"]}),
        ("expect_table_row_count_to_be_between", {"max_value": 9}),
        (
            "expect_column_value_z_scores_to_be_less_than",
            {"column": "a", "threshold": 3, "double_sided": True},
        ),
        (
            "expect_column_quantile_values_to_be_between",
            {"column": "a", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[1, 2]]}},
        ),
        (
            "expect_column_pair_values_a_to_be_greater_than_b",
            {"column_A": "a", "column_B": "b", "or_equal": True, "ignore_row_if": "neither"},
        ),
    ],
)
def test_what_passes_here_passes_there(name: str, kwargs: dict[str, Any]) -> None:
    assert argument_problem(name, kwargs) is None
    assert ExpectationConfiguration(type=name, kwargs=kwargs).to_domain_obj() is not None


@pytest.mark.parametrize(
    ("name", "kwargs", "message"),
    [
        (
            "expect_column_values_to_be_between",
            {"column": "a", "minimum": 1},
            "takes no argument 'minimum'",
        ),
        ("expect_column_values_to_be_in_set", {"column": "a"}, "lacks the argument 'value_set'"),
        (
            "expect_column_values_to_be_in_set",
            {"column": "a", "value_set": "b"},
            "value_set is 'b'; allowed is a list",
        ),
        (
            "expect_column_value_z_scores_to_be_less_than",
            {"column": "a", "threshold": 3},
            "lacks the argument 'double_sided'",
        ),
        (
            "expect_column_mean_to_be_between",
            {"column": "a", "min_value": "b"},
            "min_value is 'b'; allowed is a number",
        ),
        (
            "expect_column_values_to_match_regex_list",
            {"column": "a", "regex_list": ["b"], "match_on": 1},
            "match_on is 1; allowed is a text",
        ),
        (
            "expect_column_values_to_be_unique",
            {"column": 7},
            "column is 7; allowed is a text",
        ),
    ],
)
def test_what_is_told_here_is_refused_there(
    name: str, kwargs: dict[str, Any], message: str
) -> None:
    problem = argument_problem(name, kwargs)
    assert problem is not None
    assert message in problem
    with pytest.raises(ValueError, match="validation error"):
        ExpectationConfiguration(type=name, kwargs=kwargs).to_domain_obj()


def test_an_aggregate_without_bounds_expects_nothing() -> None:
    problem = argument_problem("expect_column_mean_to_be_between", {"column": "a"})
    assert problem is not None
    assert "has neither min_value nor max_value" in problem
