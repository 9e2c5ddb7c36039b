"""Which arguments an expectation takes, told without importing Great Expectations.

Belongs here: the names of the arguments of every supported expectation, and the kinds of value
that they take. Does not belong here: whether they fit a table (`assets.gx_polars.suite_check`) or
each other (`contradictions`). A test compares the names with those of Great Expectations.

Importing Great Expectations takes seconds; a misspelt argument is to be told when definitions load.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from assets.gx_polars.expectation_kinds import BOUNDED, COMPARED

_ROWS = frozenset({"row_condition", "condition_parser"})
_BOUNDS = frozenset({"min_value", "max_value"})
_STRICT = frozenset({*_BOUNDS, "strict_min", "strict_max"})
_OF_COLUMN = frozenset({"column"})
_OF_PAIR = frozenset({"column_A", "column_B"})
_OF_COLUMNS = frozenset({"column_list"})
_BY_ROW = _ROWS | {"mostly"}
_BY_RECORD = _BY_ROW | {"ignore_row_if"}

Arguments = tuple[frozenset[str], frozenset[str]]


def _takes(must: frozenset[str], may: frozenset[str], *more: str) -> Arguments:
    """Arguments that must be given and that may be; those of `more` that end in `?` may be."""
    asked = {name for name in more if not name.endswith("?")}
    left = {name.removesuffix("?") for name in more if name.endswith("?")}
    return must | asked, may | left


ARGUMENTS: Mapping[str, Arguments] = {
    "expect_column_distinct_values_to_be_in_set": _takes(_OF_COLUMN, _ROWS, "value_set"),
    "expect_column_distinct_values_to_contain_set": _takes(_OF_COLUMN, _ROWS, "value_set"),
    "expect_column_distinct_values_to_equal_set": _takes(_OF_COLUMN, _ROWS, "value_set"),
    "expect_column_kl_divergence_to_be_less_than": _takes(
        _OF_COLUMN, _ROWS | _BOUNDS, "partition_object?", "threshold?", "internal_weight_holdout?",
        "tail_weight_holdout?", "bucketize_data?",
    ),
    "expect_column_max_to_be_between": _takes(_OF_COLUMN, _ROWS | _STRICT),
    "expect_column_mean_to_be_between": _takes(_OF_COLUMN, _ROWS | _STRICT),
    "expect_column_median_to_be_between": _takes(_OF_COLUMN, _ROWS | _STRICT),
    "expect_column_min_to_be_between": _takes(_OF_COLUMN, _ROWS | _STRICT),
    "expect_column_most_common_value_to_be_in_set": _takes(
        _OF_COLUMN, _ROWS, "value_set", "ties_okay?"
    ),
    "expect_column_pair_values_a_to_be_greater_than_b": _takes(_OF_PAIR, _BY_RECORD, "or_equal?"),
    "expect_column_pair_values_to_be_equal": _takes(_OF_PAIR, _BY_RECORD),
    "expect_column_pair_values_to_be_in_set": _takes(_OF_PAIR, _BY_RECORD, "value_pairs_set"),
    "expect_column_proportion_of_non_null_values_to_be_between": _takes(
        _OF_COLUMN, _ROWS | _STRICT
    ),
    "expect_column_proportion_of_unique_values_to_be_between": _takes(_OF_COLUMN, _ROWS | _STRICT),
    "expect_column_quantile_values_to_be_between": _takes(
        _OF_COLUMN, _ROWS, "quantile_ranges", "allow_relative_error?"
    ),
    "expect_column_stdev_to_be_between": _takes(_OF_COLUMN, _ROWS | _STRICT),
    "expect_column_sum_to_be_between": _takes(_OF_COLUMN, _ROWS | _STRICT),
    "expect_column_to_exist": _takes(_OF_COLUMN, frozenset({"column_index"})),
    "expect_column_type_to_be": _takes(_OF_COLUMN, frozenset(), "type_"),
    "expect_column_unique_value_count_to_be_between": _takes(_OF_COLUMN, _ROWS | _STRICT),
    "expect_column_value_lengths_to_be_between": _takes(_OF_COLUMN, _BY_ROW | _STRICT),
    "expect_column_value_lengths_to_equal": _takes(_OF_COLUMN, _BY_ROW, "value"),
    "expect_column_value_z_scores_to_be_less_than": _takes(
        _OF_COLUMN, _BY_ROW, "threshold", "double_sided"
    ),
    "expect_column_values_to_be_between": _takes(_OF_COLUMN, _BY_ROW | _STRICT),
    "expect_column_values_to_be_dateutil_parseable": _takes(_OF_COLUMN, _BY_ROW),
    "expect_column_values_to_be_decreasing": _takes(_OF_COLUMN, _BY_ROW, "strictly?"),
    "expect_column_values_to_be_in_set": _takes(_OF_COLUMN, _BY_ROW, "value_set"),
    "expect_column_values_to_be_in_type_list": _takes(_OF_COLUMN, _BY_ROW, "type_list?"),
    "expect_column_values_to_be_increasing": _takes(_OF_COLUMN, _BY_ROW, "strictly?"),
    "expect_column_values_to_be_json_parseable": _takes(_OF_COLUMN, _BY_ROW),
    "expect_column_values_to_be_null": _takes(_OF_COLUMN, _BY_ROW),
    "expect_column_values_to_be_of_type": _takes(_OF_COLUMN, _BY_ROW, "type_"),
    "expect_column_values_to_be_unique": _takes(_OF_COLUMN, _BY_ROW),
    "expect_column_values_to_match_regex": _takes(_OF_COLUMN, _BY_ROW, "regex?"),
    "expect_column_values_to_match_regex_list": _takes(
        _OF_COLUMN, _BY_ROW, "regex_list", "match_on?"
    ),
    "expect_column_values_to_match_strftime_format": _takes(_OF_COLUMN, _BY_ROW, "strftime_format"),
    "expect_column_values_to_not_be_in_set": _takes(_OF_COLUMN, _BY_ROW, "value_set"),
    "expect_column_values_to_not_be_null": _takes(_OF_COLUMN, _BY_ROW),
    "expect_column_values_to_not_match_regex": _takes(_OF_COLUMN, _BY_ROW, "regex"),
    "expect_column_values_to_not_match_regex_list": _takes(_OF_COLUMN, _BY_ROW, "regex_list"),
    "expect_compound_columns_to_be_unique": _takes(_OF_COLUMNS, _BY_RECORD),
    "expect_multicolumn_sum_to_equal": _takes(_OF_COLUMNS, _BY_RECORD, "sum_total"),
    "expect_multicolumn_values_to_be_equal": _takes(_OF_COLUMNS, _BY_RECORD),
    "expect_select_column_values_to_be_unique_within_record": _takes(_OF_COLUMNS, _BY_RECORD),
    "expect_table_column_count_to_be_between": _takes(frozenset(), _BOUNDS),
    "expect_table_column_count_to_equal": _takes(frozenset(), frozenset(), "value"),
    "expect_table_columns_to_match_ordered_list": _takes(frozenset(), frozenset(), "column_list?"),
    "expect_table_columns_to_match_set": _takes(
        frozenset(), frozenset(), "column_set?", "exact_match?"
    ),
    "expect_table_row_count_to_be_between": _takes(frozenset(), _ROWS | _STRICT),
    "expect_table_row_count_to_equal": _takes(frozenset(), _ROWS, "value"),
    "expect_table_row_count_to_equal_other_table": _takes(frozenset(), _ROWS, "other_table_name"),
}  # fmt: skip
"""Expectation → arguments that it must have, and that it may have."""


def _is_number(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and not (isinstance(value, float) and math.isnan(value))


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset)


_KINDS: tuple[tuple[str, Callable[[Any], bool], frozenset[str]], ...] = (
    (
        "true or false",
        lambda value: isinstance(value, bool),
        frozenset({
            "strict_min", "strict_max", "or_equal", "strictly", "ties_okay", "exact_match",
            "double_sided", "bucketize_data",
        }),
    ),
    ("a number", _is_number, frozenset({"value", "threshold", "sum_total", "mostly"})),
    ("a list", _is_list, frozenset({
        "value_set", "regex_list", "type_list", "column_list", "column_set", "value_pairs_set",
    })),
    ("a text", lambda value: isinstance(value, str), frozenset({
        "column", "column_A", "column_B", "regex", "type_", "strftime_format", "other_table_name",
        "condition_parser", "ignore_row_if", "match_on",
    })),
    ("keys with values", lambda value: isinstance(value, Mapping), frozenset({
        "partition_object", "quantile_ranges",
    })),
)  # fmt: skip


def argument_problem(expectation_type: str, kwargs: Mapping[str, Any]) -> str | None:
    """What Great Expectations would refuse of the arguments of a supported expectation.

    Returns:
        What was found, what is allowed, and the mend; None if the arguments are right in
        themselves.
    """
    must, may = ARGUMENTS[expectation_type]
    unknown = sorted(str(name) for name in kwargs if name not in must | may)
    if unknown:
        allowed = ", ".join(sorted(must | may)) or "none"
        return f"takes no argument {unknown[0]!r}; allowed: {allowed}. Correct the name or drop it."
    missing = sorted(name for name in must if kwargs.get(name) is None)
    if missing:
        return f"lacks the argument {missing[0]!r}; it must have {', '.join(sorted(must))}. Add it."
    for kind, fits, names in _KINDS:
        for name in sorted(names & kwargs.keys()):
            value = kwargs[name]
            if value is not None and not fits(value):
                return f"{name} is {value!r}; allowed is {kind}. Correct it."
    return _bounds_problem(expectation_type, kwargs)


def _bounds_problem(expectation_type: str, kwargs: Mapping[str, Any]) -> str | None:
    names = sorted(_BOUNDS & (kwargs.keys() | ARGUMENTS[expectation_type][1]))
    given = {name: kwargs[name] for name in names if kwargs.get(name) is not None}
    if expectation_type in BOUNDED and not given:
        return "has neither min_value nor max_value, so that it expects nothing. Add a bound."
    if expectation_type in COMPARED:
        return None
    for name, value in given.items():
        if not _is_number(value):
            return f"{name} is {value!r}; allowed is a number. Correct it."
    return None
