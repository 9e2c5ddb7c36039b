"""A frame of unusual contents, and arguments for every expectation on any of its columns.

Belongs here: what shows that no data make an evaluation raise.
Does not belong here: tests.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any

import polars as pl


def odd_frame() -> pl.DataFrame:
    """Three rows of every kind of dtype, with nulls, NaN, infinities and extremes."""
    instants = [dt.datetime(1, 1, 1), None, dt.datetime(9999, 12, 31)]  # noqa: DTZ001 - naive
    return pl.DataFrame(
        {
            "nothing": pl.Series([None, None, None], dtype=pl.Null),
            "int8": pl.Series([-128, None, 127], dtype=pl.Int8),
            "int64": pl.Series([-(2**63), 0, 2**63 - 1], dtype=pl.Int64),
            "uint64": pl.Series([0, None, 2**64 - 1], dtype=pl.UInt64),
            "int128": pl.Series([-(2**100), None, 2**100], dtype=pl.Int128),
            "float32": pl.Series([float("nan"), float("inf"), None], dtype=pl.Float32),
            "float64": pl.Series([float("-inf"), float("nan"), 0.1], dtype=pl.Float64),
            "decimal": pl.Series(
                [Decimal("-0.01"), None, Decimal("1e15")], dtype=pl.Decimal(18, 2)
            ),
            "text": ["", None, "ünï\n🙂\x00"],
            "category": pl.Series(["a", None, "b"], dtype=pl.Categorical),
            "enum": pl.Series(["a", None, "b"], dtype=pl.Enum(["a", "b"])),
            "flag": [True, None, False],
            "bytes": [b"\xff", None, b""],
            "day": [dt.date(1, 1, 1), None, dt.date(9999, 12, 31)],
            "instant": pl.Series(instants, dtype=pl.Datetime("us")),
            "zoned": pl.Series([dt.datetime(2024, 3, 31, 1, tzinfo=dt.UTC), None, None]),
            "time": [dt.time(0), None, dt.time(23, 59, 59)],
            "span": [dt.timedelta(0), None, dt.timedelta(days=-1)],
            "list": [[1], None, []],
            "struct": [{"a": 1}, None, {"a": None}],
        }
    )


_COLUMN_KWARGS: dict[str, dict[str, Any]] = {
    "expect_column_values_to_be_between": {"min_value": 0, "max_value": 5},
    "expect_column_values_to_be_in_set": {"value_set": [1, 1.5, "a", True, dt.date(2024, 1, 1)]},
    "expect_column_values_to_not_be_in_set": {"value_set": [1, "a", dt.time(1)]},
    "expect_column_values_to_match_regex": {"regex": "a"},
    "expect_column_values_to_not_match_regex": {"regex": "a"},
    "expect_column_values_to_match_regex_list": {"regex_list": ["a", "b"]},
    "expect_column_values_to_not_match_regex_list": {"regex_list": ["a", "b"]},
    "expect_column_value_lengths_to_be_between": {"min_value": 1},
    "expect_column_value_lengths_to_equal": {"value": 1},
    "expect_column_values_to_match_strftime_format": {"strftime_format": "%Y-%m-%d"},
    "expect_column_value_z_scores_to_be_less_than": {"threshold": 1, "double_sided": True},
}


def row_level_kwargs(expectation_type: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Arguments of a row-level expectation for every column, or for every two of them."""
    if expectation_type.startswith(("expect_column_value", "expect_column_values")):
        for column in columns:
            yield {"column": column, **_COLUMN_KWARGS.get(expectation_type, {})}
        return
    extra: dict[str, Any] = {}
    if expectation_type == "expect_multicolumn_sum_to_equal":
        extra = {"sum_total": 1}
    if expectation_type == "expect_column_pair_values_to_be_in_set":
        extra = {"value_pairs_set": [(1, 1), (None, "a")]}
    for first, second in combinations(columns, 2):
        if expectation_type.startswith("expect_column_pair"):
            yield {"column_A": first, "column_B": second, **extra}
        else:
            yield {"column_list": [first, second], **extra}
