import datetime as dt
import subprocess
import sys
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from assets.gx_polars.conditions import ROW_LEVEL_EXPECTATIONS, unexpected_condition
from assets.gx_polars.errors import InvalidKwargsError, UnsupportedExpectationError
from tests.assets.gx_polars.odd_frames import odd_frame, row_level_kwargs

NAN = float("nan")


def unexpected(frame: pl.DataFrame, expectation_type: str, **kwargs: object) -> list[bool]:
    return frame.select(unexpected_condition(expectation_type, kwargs)).to_series().to_list()


@pytest.mark.parametrize(
    ("expectation", "values", "kwargs", "expected"),
    [
        ("values_to_not_be_null", [1, None], {}, [False, True]),
        ("values_to_be_null", [1, None], {}, [True, False]),
        ("values_to_be_unique", [1, 2, 1, None, None], {}, [True, False, True, False, False]),
        ("values_to_be_between", [1, 5, None], {"min_value": 1, "max_value": 4}, [0, 1, 0]),
        ("values_to_be_between", [1, 2], {"min_value": 1, "strict_min": True}, [1, 0]),
        ("values_to_be_between", [1, 2], {"max_value": 2, "strict_max": True}, [0, 1]),
        ("values_to_be_between", [1, 2], {"min_value": 1.5}, [1, 0]),
        ("values_to_be_between", ["a", "c"], {"max_value": "b"}, [0, 1]),
        ("values_to_be_in_set", ["a", "c", None], {"value_set": ["a", "b"]}, [0, 1, 0]),
        ("values_to_be_in_set", [1, 2], {"value_set": []}, [1, 1]),
        ("values_to_be_in_set", [1, 2], {"value_set": None}, [0, 0]),
        ("values_to_be_in_set", [True, False], {"value_set": [True]}, [0, 1]),
        ("values_to_not_be_in_set", ["a", "c", None], {"value_set": ["a", None]}, [1, 0, 0]),
        ("values_to_match_regex", ["a1", "b", None], {"regex": r"\d$"}, [0, 1, 0]),
        ("values_to_not_match_regex", ["a1", "b", None], {"regex": r"\d$"}, [1, 0, 0]),
        ("values_to_match_regex_list", ["a", "b", "c"], {"regex_list": ["a", "b"]}, [0, 0, 1]),
        (
            "values_to_match_regex_list",
            ["ab", "a"],
            {"regex_list": ["a", "b"], "match_on": "all"},
            [0, 1],
        ),
        ("values_to_not_match_regex_list", ["a", "c"], {"regex_list": ["a", "b"]}, [1, 0]),
        ("value_lengths_to_be_between", ["ü", "abc"], {"min_value": 1, "max_value": 2}, [0, 1]),
        ("value_lengths_to_equal", ["🙂", "ab", None], {"value": 1}, [0, 1, 0]),
        ("values_to_be_increasing", [1, None, 1, 0], {}, [0, 0, 0, 1]),
        ("values_to_be_increasing", [1, None, 1, 2], {"strictly": True}, [0, 0, 1, 0]),
        ("values_to_be_decreasing", [2, None, 1, 3], {}, [0, 0, 0, 1]),
        ("values_to_be_dateutil_parseable", ["5 Jan 2024", "x", None], {}, [0, 1, 0]),
        ("values_to_be_json_parseable", ['{"a": 1}', "{", None], {}, [0, 1, 0]),
        (
            "values_to_match_strftime_format",
            ["2024-01-05", "2024-1-5", "2024-02-30", None],
            {"strftime_format": "%Y-%m-%d"},
            [0, 0, 1, 0],
        ),
        ("value_z_scores_to_be_less_than", [1, 1, 1, 1, 9], {"threshold": 1.5}, [0, 0, 0, 0, 1]),
        ("value_z_scores_to_be_less_than", [3, 3, 3], {"threshold": 1}, [0, 0, 0]),
    ],
)
def test_a_column_expectation_finds_its_rows(
    expectation: str, values: list[Any], kwargs: dict[str, Any], expected: list[bool]
) -> None:
    frame = pl.DataFrame({"x": values})
    found = unexpected(frame, f"expect_column_{expectation}", column="x", **kwargs)
    assert found == [bool(row) for row in expected]


@pytest.mark.parametrize(
    ("expectation", "kwargs", "expected"),
    [
        ("column_pair_values_to_be_equal", {}, [0, 1, 1, 0]),
        ("column_pair_values_to_be_equal", {"ignore_row_if": "neither"}, [0, 1, 1, 1]),
        (
            "column_pair_values_to_be_equal",
            {"ignore_row_if": "either_value_is_missing"},
            [0, 1, 0, 0],
        ),
        ("column_pair_values_a_to_be_greater_than_b", {}, [1, 0, 1, 0]),
        ("column_pair_values_a_to_be_greater_than_b", {"or_equal": True}, [0, 0, 1, 0]),
        ("column_pair_values_to_be_in_set", {"value_pairs_set": [(1, 1), (3, None)]}, [0, 1, 0, 0]),
        ("column_pair_values_to_be_in_set", {"value_pairs_set": None}, [0, 0, 0, 0]),
    ],
)
def test_a_pair_expectation_finds_its_rows(
    expectation: str, kwargs: dict[str, Any], expected: list[bool]
) -> None:
    frame = pl.DataFrame({"a": [1, 2, 3, None], "b": [1, 1, None, None]})
    found = unexpected(frame, f"expect_{expectation}", column_A="a", column_B="b", **kwargs)
    assert found == [bool(row) for row in expected]


@pytest.mark.parametrize(
    ("expectation", "kwargs", "expected"),
    [
        ("compound_columns_to_be_unique", {}, [1, 1, 0, 0, 0]),
        ("compound_columns_to_be_unique", {"ignore_row_if": "never"}, [1, 1, 0, 1, 1]),
        ("multicolumn_sum_to_equal", {"sum_total": 2}, [0, 0, 1, 0, 0]),
        ("multicolumn_values_to_be_equal", {}, [0, 0, 1, 0, 0]),
        ("select_column_values_to_be_unique_within_record", {}, [1, 1, 0, 0, 0]),
    ],
)
def test_a_list_expectation_finds_its_rows(
    expectation: str, kwargs: dict[str, Any], expected: list[bool]
) -> None:
    frame = pl.DataFrame({"a": [1, 1, 1, None, None], "b": [1, 1, 2, None, None]})
    found = unexpected(frame, f"expect_{expectation}", column_list=["a", "b"], **kwargs)
    assert found == [bool(row) for row in expected]


def test_integers_are_summed_without_wrapping_around() -> None:
    frame = pl.DataFrame({"a": [2**63 - 1], "b": [1]})
    kwargs = {"column_list": ["a", "b"], "sum_total": -(2**63)}
    assert unexpected(frame, "expect_multicolumn_sum_to_equal", **kwargs) == [True]


@pytest.mark.parametrize(
    ("expectation", "kwargs"),
    [
        ("values_to_be_between", {"min_value": 0}),
        ("values_to_be_between", {"max_value": 10**9}),
        ("values_to_be_in_set", {"value_set": [1.0, 2.0]}),
        ("values_to_be_increasing", {}),
        ("values_to_be_decreasing", {}),
        ("value_z_scores_to_be_less_than", {"threshold": 3}),
    ],
)
def test_nan_meets_no_expectation(expectation: str, kwargs: dict[str, Any]) -> None:
    frame = pl.DataFrame({"x": [1.0, NAN]})
    assert unexpected(frame, f"expect_column_{expectation}", column="x", **kwargs) == [False, True]


def test_nan_is_a_value_and_not_missing() -> None:
    frame = pl.DataFrame({"x": [NAN, NAN, None]})
    assert unexpected(frame, "expect_column_values_to_not_be_null", column="x") == [0, 0, 1]
    assert unexpected(frame, "expect_column_values_to_be_unique", column="x") == [1, 1, 0]
    kwargs = {"column": "x", "value_set": [NAN]}
    assert unexpected(frame, "expect_column_values_to_be_in_set", **kwargs) == [0, 0, 0]


@pytest.mark.parametrize("expectation", ["values_to_be_equal", "values_a_to_be_greater_than_b"])
def test_nan_compares_with_nothing(expectation: str) -> None:
    frame = pl.DataFrame({"a": [NAN, NAN, 1.0], "b": [NAN, 0.0, NAN]})
    found = unexpected(frame, f"expect_column_pair_{expectation}", column_A="a", column_B="b")
    assert found == [True, True, True]


def test_rows_outside_the_row_condition_are_not_looked_at() -> None:
    frame = pl.DataFrame({"x": [1, 1, 5, 2], "keep": [True, False, False, True]})
    condition = {
        "column": "x",
        "row_condition": {
            "type": "comparison",
            "column": {"name": "keep"},
            "operator": "==",
            "parameter": True,
        },
    }
    for expectation in (
        "expect_column_values_to_be_unique",
        "expect_column_values_to_be_increasing",
    ):
        assert unexpected(frame, expectation, **condition) == [False] * 4
    assert unexpected(frame, "expect_column_values_to_be_null", **condition) == [1, 0, 0, 1]
    pair = {**condition, "column_list": ["x", "y"]}
    frame = frame.with_columns(y=1)
    assert unexpected(frame, "expect_compound_columns_to_be_unique", **pair) == [False] * 4


def test_a_column_may_be_called_like_a_pattern() -> None:
    frame = pl.DataFrame({"^.*$": [1, None], "other": [1, 1]})
    assert unexpected(frame, "expect_column_values_to_not_be_null", column="^.*$") == [0, 1]


@pytest.mark.parametrize("expectation_type", sorted(ROW_LEVEL_EXPECTATIONS))
@pytest.mark.parametrize("height", [0, 1, 3])
def test_a_condition_is_as_long_as_any_frame_and_never_null(
    expectation_type: str, height: int
) -> None:
    frame = odd_frame().head(height)
    for kwargs in row_level_kwargs(expectation_type, frame.columns):
        try:
            found = frame.select(unexpected_condition(expectation_type, kwargs)).to_series()
        except pl.exceptions.PolarsError:
            # comparing columns of types without a comparison: `check_suite` reports it
            assert "column" not in kwargs
            continue
        assert (found.dtype, len(found), found.null_count()) == (pl.Boolean, height, 0), kwargs


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({}, "both missing"),
        ({"min_value": 3, "max_value": 1}, "greater than max_value"),
        ({"min_value": 3, "max_value": "a"}, "cannot be compared with each other"),
    ],
)
def test_impossible_bounds_are_refused(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidKwargsError, match=message):
        unexpected_condition("expect_column_values_to_be_between", {"column": "x", **kwargs})


@pytest.mark.parametrize("pattern", ["(", r"(?=a)b", r"(a)\1"])
def test_a_pattern_that_polars_cannot_compile_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidKwargsError, match="Rust's regex"):
        unexpected_condition(
            "expect_column_values_to_match_regex", {"column": "x", "regex": pattern}
        )


def test_an_expectation_on_the_whole_table_has_no_condition() -> None:
    with pytest.raises(UnsupportedExpectationError, match="expect_column_mean_to_be_between"):
        unexpected_condition("expect_column_mean_to_be_between", {"column": "x"})


def test_conditions_do_not_import_great_expectations() -> None:
    code = (
        "import sys; import assets.gx_polars.conditions, assets.gx_polars.suite_check;"
        "sys.exit('great_expectations' in sys.modules or 'pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_decimals_dates_and_zones_compare_by_value() -> None:
    frame = pl.DataFrame(
        {
            "amount": [Decimal("1.10"), Decimal("1.09")],
            "day": [dt.date(2024, 1, 5), dt.date(2024, 1, 4)],
            "at": pl.Series(["2024-01-05T00:30", "2024-01-04T23:30"]).str.to_datetime(
                time_zone="Europe/Berlin"
            ),
        }
    )
    for column, low in [
        ("amount", 1.1),
        ("amount", Decimal("1.1")),
        ("day", "2024-01-05"),
        ("day", "2024-01-04T12:00"),
        ("at", "2024-01-05"),
        ("at", "2024-01-04T23:30:00Z"),
        ("at", dt.datetime(2024, 1, 4, 23, 30, tzinfo=dt.UTC)),
    ]:
        kwargs = {"column": column, "min_value": low}
        found = unexpected(frame, "expect_column_values_to_be_between", **kwargs)
        assert found == [False, True], (column, low)


@pytest.mark.parametrize("value", [1e-300, 1e300, 2**200, Decimal("1e-40"), float("inf")])
def test_numbers_beyond_a_dtype_admit_nothing_and_break_nothing(value: float) -> None:
    frame = pl.DataFrame({"i": [1], "m": [Decimal("1.5")], "f": [1.5]})
    for column in frame.columns:
        kwargs = {"column": column, "value_set": [value]}
        assert unexpected(frame, "expect_column_values_to_be_in_set", **kwargs) == [True]
        found = unexpected(
            frame, "expect_column_values_to_be_between", column=column, min_value=value
        )
        assert found == [value > 1.5]
