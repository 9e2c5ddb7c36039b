from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from assets.gx_polars import validation
from assets.gx_polars.great_expectations_api import ExpectationConfiguration, get_expectation_impl
from assets.gx_polars.suite_check import check_suite
from assets.gx_polars.validation import SuiteError, validate
from tests.assets.gx_polars.aggregate_strategies import AGGREGATE
from tests.assets.gx_polars.odd_frames import odd_frame, row_level_kwargs
from tests.assets.gx_polars.pandas_reference import pandas_results, raised
from tests.assets.gx_polars.strategies import ROW_LEVEL, Arguments, frames, suites

NAN = float("nan")
FRAME = pl.DataFrame({"x": [1, 2, 3], "s": ["a", "b", "b"]})
AGGREGATES = {
    **{
        f"expect_column_{name}_to_be_between": {"min_value": 0, "max_value": 1}
        for name in (
            "min", "max", "mean", "median", "sum", "stdev", "unique_value_count",
            "proportion_of_unique_values", "proportion_of_non_null_values",
        )
    },
    **{
        f"expect_column_{name}": {"value_set": [1, "a"]}
        for name in (
            "distinct_values_to_be_in_set",
            "distinct_values_to_equal_set",
            "distinct_values_to_contain_set",
            "most_common_value_to_be_in_set",
        )
    },
    "expect_column_quantile_values_to_be_between": {
        "quantile_ranges": {"quantiles": [0.0, 0.5, 1.0], "value_ranges": [[0, 1]] * 3}
    },
    "expect_column_kl_divergence_to_be_less_than": {
        "partition_object": {"bins": [0, 1, 2], "weights": [0.5, 0.5]},
        "threshold": 1.0,
    },
}  # fmt: skip


def test_results_come_in_the_order_of_the_suite_with_their_severity() -> None:
    suite: list[dict[str, Any]] = [
        {"type": "expect_column_values_to_be_of_type", "kwargs": {"column": "x", "type_": "str"}},
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "s"},
         "severity": "warning", "meta": {"rule": "s-1"}},
        {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 3}},
    ]  # fmt: skip
    results = validate(FRAME, suite)
    configurations = [result.expectation_config for result in results]
    assert [configuration.type for configuration in configurations] == [e["type"] for e in suite]
    assert [result.success for result in results] == [False, False, True]
    assert configurations[1].severity == "warning"
    assert configurations[1].meta == {"rule": "s-1"}
    assert configurations[1].kwargs["column"] == "s"


def test_expectation_objects_and_configurations_are_taken() -> None:
    from assets.gx_polars.great_expectations_api import (
        ExpectationConfiguration,
        great_expectations,
    )

    objects = [
        great_expectations.expectations.ExpectColumnValuesToBeBetween(
            column="x", min_value=1, max_value=2, mostly=0.6, severity="info"
        ),
        ExpectationConfiguration(type="expect_column_to_exist", kwargs={"column": "x"}),
    ]
    results = validate(FRAME, objects)
    assert [result.success for result in results] == [True, True]
    assert results[0].expectation_config.severity == "info"


def test_results_show_no_data_unless_asked() -> None:
    suite = [
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "s", "value_set": ["a"]}}
    ]
    [result] = validate(FRAME, suite)
    assert "b" not in {str(value) for value in result.result.values()}
    assert not any("list" in key for key in result.result)
    assert result.result["unexpected_count"] == 2


def test_mostly_is_a_share_of_the_values_present() -> None:
    frame = pl.DataFrame({"x": [1, 1, 9, None]})
    for mostly, is_met in [(0.6, True), (0.7, False)]:
        kwargs = {"column": "x", "max_value": 5, "mostly": mostly}
        suite = [{"type": "expect_column_values_to_be_between", "kwargs": kwargs}]
        [result] = validate(frame, suite)
        assert result.success is is_met


def test_a_bad_suite_is_refused_before_any_data_is_read() -> None:
    def unreadable() -> pl.LazyFrame:
        return FRAME.lazy().map_batches(
            lambda _: pytest.fail("data were read"), schema=FRAME.schema
        )

    suite = [
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "nope"}},
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "x"}},
    ]
    with pytest.raises(SuiteError, match=r"(?s)'nope' does not exist.*both missing"):
        validate(unreadable(), suite)


def test_what_great_expectations_refuses_is_an_error_of_the_suite() -> None:
    suite = [{"type": "expect_column_to_exist", "kwargs": {"column": "x", "colour": "red"}}]
    with pytest.raises(SuiteError, match="colour"):
        validate(FRAME, suite)


@pytest.mark.parametrize("is_nan_missing", [True, False])
@pytest.mark.parametrize("height", [0, 1, 3])
def test_no_data_make_an_evaluation_raise(height: int, *, is_nan_missing: bool) -> None:
    frame = odd_frame()
    columns = [c for c in frame.columns if not c.startswith(("list", "struct"))]
    every = [
        {"type": name, "kwargs": {"column": column, **kwargs}}
        for name, kwargs in AGGREGATES.items()
        for column in columns
    ]
    for name in (
        "expect_column_values_to_be_unique",
        "expect_column_values_to_be_between",
        "expect_column_values_to_be_increasing",
        "expect_column_values_to_be_in_set",
        "expect_column_values_to_match_regex",
        "expect_column_value_z_scores_to_be_less_than",
        "expect_column_values_to_be_dateutil_parseable",
    ):
        every += [{"type": name, "kwargs": k} for k in row_level_kwargs(name, columns)]
    suite = [e for e in every if not check_suite([e], frame.schema)]
    assert len(suite) > 100
    results = validate(
        frame.head(height), suite, result_format="COMPLETE", is_nan_missing=is_nan_missing
    )
    assert [raised(r) for r in results if raised(r) is not None] == []


@pytest.mark.parametrize(
    ("values", "expectation", "ours", "theirs"),
    [
        # NaN is a value here and missing in pandas
        ([1.0, NAN], {"type": "expect_column_values_to_not_be_null", "kwargs": {}}, True, False),
        ([1.0, NAN], {"type": "expect_column_values_to_be_between", "kwargs": {"min_value": 0}},
         False, True),
        ([1.0, NAN], {"type": "expect_column_max_to_be_between", "kwargs": {"max_value": 2}},
         False, True),
        ([1.0, NAN], {"type": "expect_column_mean_to_be_between", "kwargs": {"max_value": 2}},
         False, True),
        # `$` is the end of the text here and may be followed by a line break in Python
        (["a\n"], {"type": "expect_column_values_to_match_regex", "kwargs": {"regex": "a$"}},
         False, True),
        # a sum of integers is exact here and wraps around in pandas
        ([2**62, 2**62], {"type": "expect_column_sum_to_be_between", "kwargs": {"min_value": 0}},
         True, False),
    ],
)  # fmt: skip
def test_the_deliberate_differences_to_pandas(
    values: list[Any], expectation: dict[str, Any], *, ours: bool, theirs: bool
) -> None:
    frame = pl.DataFrame({"x": values})
    suite = [{"type": expectation["type"], "kwargs": {"column": "x", **expectation["kwargs"]}}]
    assert [bool(result.success) for result in validate(frame, suite)] == [ours]
    assert [bool(result.success) for result in pandas_results(frame, suite)] == [theirs]


SUITE: list[dict[str, Any]] = [
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "x", "max_value": 2},
     "severity": "info", "meta": {"rule": "x-1"}},
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "s", "mostly": 0.3}},
    {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["x", "s"]}},
    {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "x", "max_value": 2}},
    {"type": "expect_table_columns_to_match_set", "kwargs": {"column_set": ["s", "x"]}},
]  # fmt: skip


@pytest.mark.parametrize("result_format", ["BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE"])
def test_results_are_those_of_great_expectations_own_validator(
    result_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = validate(FRAME, SUITE, result_format=result_format)

    def fails(*_: object) -> None:
        raise RuntimeError("the short way is closed")

    monkeypatch.setattr(validation, "_evaluated", fails)
    long = validate(FRAME, SUITE, result_format=result_format)
    assert [result.to_json_dict() for result in short] == [r.to_json_dict() for r in long]


@pytest.mark.parametrize("kinds", [ROW_LEVEL, AGGREGATE])
def test_no_sound_data_need_great_expectations_own_validator(
    kinds: dict[str, Arguments], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        pytest.fail("the graph of metrics was built")

    monkeypatch.setattr(validation, "_graph_results", fails)

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(frames(), suites(kinds))
    def results_come(frame: pl.DataFrame, suite: list[dict[str, Any]]) -> None:
        assert len(validate(frame, suite)) == len(suite)

    results_come()


def test_a_source_that_fails_is_a_result() -> None:
    def unreadable(_: pl.DataFrame) -> pl.DataFrame:
        raise OSError("the disk is gone")

    frame = FRAME.lazy().map_batches(unreadable, schema=FRAME.schema)
    for result in validate(frame, SUITE[:2]):
        assert result.success is False
        assert "the disk is gone" in str(raised(result))


def test_the_variants_of_expectations_are_known_to_nobody_else() -> None:
    before = get_expectation_impl("expect_column_values_to_be_unique")
    validate(FRAME, SUITE)
    assert get_expectation_impl("expect_column_values_to_be_unique") is before
    [result, *_] = validate(FRAME, SUITE)
    assert type(result.expectation_config) is ExpectationConfiguration
