import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.io.plugins import register_io_source

from assets.gx_polars.conditions import unexpected_condition
from assets.gx_polars.engine import PolarsExecutionEngine
from assets.gx_polars.great_expectations_api import ExpectationConfiguration, Validator
from assets.gx_polars.validation import validate, validate_with

FRAME = pl.DataFrame(
    {"id": [1, 2, 3, 4], "channel": ["web", "web", "fax", None], "score": [9.0, 3.0, 11.0, None]}
)
SOUND: list[dict[str, Any]] = [
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}},
    {"type": "expect_column_values_to_be_increasing", "kwargs": {"column": "id"}},
    {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["id", "score"]}},
    {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "score", "max_value": 8}},
    {
        "type": "expect_column_quantile_values_to_be_between",
        "kwargs": {
            "column": "id",
            "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[1, 4]]},
        },
    },
    {"type": "expect_column_value_z_scores_to_be_less_than",
     "kwargs": {"column": "id", "threshold": 9, "double_sided": True}},
    {"type": "expect_column_values_to_be_in_set",
     "kwargs": {"column": "channel", "value_set": ["web"], "row_condition": "id < 3",
                "condition_parser": "pandas"}},
    {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 4}},
]  # fmt: skip
UNSOUND: list[dict[str, Any]] = [
    {"type": "expect_column_values_to_be_in_set",
     "kwargs": {"column": "channel", "value_set": ["web"]}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "score", "max_value": 10}},
]  # fmt: skip


@pytest.fixture
def collects(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every evaluation of a lazy frame, by the name of the function that started it."""
    seen: list[str] = []
    collect, collect_all = pl.LazyFrame.collect, pl.collect_all

    def counted(frame: pl.LazyFrame, *args: Any, **kwargs: Any) -> Any:
        seen.append("collect")
        return collect(frame, *args, **kwargs)

    def counted_all(frames: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append("collect_all")
        return collect_all(frames, *args, **kwargs)

    monkeypatch.setattr(pl.LazyFrame, "collect", counted)
    monkeypatch.setattr(pl, "collect_all", counted_all)
    return seen


@pytest.mark.parametrize("result_format", ["BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE"])
def test_a_suite_that_is_met_takes_one_pass(result_format: str, collects: list[str]) -> None:
    engine = PolarsExecutionEngine(FRAME)
    collects.clear()
    results = validate_with(engine, SOUND, result_format=result_format)
    assert [result.success for result in results] == [True] * len(SOUND)
    # `check_suite` evaluates conditions on empty frames, which are eager
    assert engine.pass_count == 1
    assert collects.count("collect_all") == 0


def test_the_passes_counted_are_the_only_reads_of_the_data() -> None:
    reads: list[int] = []

    def source(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, size: int | None
    ) -> Iterator[pl.DataFrame]:
        reads.append(1)
        frame = FRAME if predicate is None else FRAME.filter(predicate)
        yield frame.select(columns or pl.all()).head(rows or FRAME.height)

    frame = register_io_source(source, schema=FRAME.schema)
    results = validate(frame, SOUND, max_rows_held=None)
    assert all(result.success for result in results)
    assert len(reads) == 1
    reads.clear()
    # a source that does not know its number of rows is asked for it first
    assert all(result.success for result in validate(frame, SOUND))
    assert len(reads) == 2


def test_the_rows_of_a_parquet_file_are_counted_without_reading_columns(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "frame.parquet")
    scan = pl.scan_parquet(tmp_path / "frame.parquet")
    assert "PROJECT 0/3 COLUMNS" in scan.select(pl.len()).explain()
    engine = PolarsExecutionEngine(scan)
    assert all(result.success for result in validate_with(engine, SOUND))
    assert engine.pass_count == 1


def test_samples_of_unexpected_rows_take_one_pass_more(collects: list[str]) -> None:
    engine = PolarsExecutionEngine(FRAME)
    results = validate_with(engine, SOUND + UNSOUND, result_format="SUMMARY")
    assert engine.pass_count == 2
    assert collects.count("collect_all") == 1
    assert results[-2].result["partial_unexpected_list"] == ["fax"]
    assert results[-1].result["partial_unexpected_index_list"] == [2]


def test_counts_alone_take_one_pass_whatever_they_find() -> None:
    engine = PolarsExecutionEngine(FRAME)
    results = validate_with(engine, UNSOUND)
    assert engine.pass_count == 1
    assert [result.result["unexpected_count"] for result in results] == [1, 1]


def test_the_schema_alone_answers_without_a_pass() -> None:
    engine = PolarsExecutionEngine(FRAME)
    suite = [
        {"type": "expect_column_to_exist", "kwargs": {"column": "id"}},
        {"type": "expect_table_column_count_to_equal", "kwargs": {"value": 3}},
        {"type": "expect_column_values_to_be_of_type", "kwargs": {"column": "id", "type_": "int"}},
        {"type": "expect_table_columns_to_match_set", "kwargs": {"column_set": FRAME.columns}},
    ]
    assert [result.success for result in validate_with(engine, suite)] == [True] * 4
    assert engine.pass_count == 0


def test_results_and_the_filter_of_rows_are_one_definition() -> None:
    [in_set, between] = validate(FRAME, UNSOUND)
    for result, expectation in [(in_set, UNSOUND[0]), (between, UNSOUND[1])]:
        condition = unexpected_condition(expectation["type"], expectation["kwargs"])
        assert FRAME.filter(condition).height == result.result["unexpected_count"]


def test_the_index_query_finds_the_unexpected_rows() -> None:
    [result] = validate(FRAME, UNSOUND[:1], result_format="COMPLETE")
    scope = {"frame": FRAME, "unexpected_condition": unexpected_condition}
    found = eval(result.result["unexpected_index_query"], scope)  # noqa: S307 - our own text
    assert found["id"].to_list() == [3]


def test_index_columns_and_rows_are_given_on_request() -> None:
    result_format = {
        "result_format": "COMPLETE",
        "unexpected_index_column_names": ["id"],
        "include_unexpected_rows": True,
    }
    [result] = validate(FRAME, UNSOUND[:1], result_format=result_format)
    assert result.result["unexpected_index_list"] == [{"channel": "fax", "id": 3}]
    assert result.result["unexpected_rows"] == [{"id": 3, "channel": "fax", "score": 11.0}]


def test_row_counts_are_compared_with_another_table() -> None:
    suite = [
        {
            "type": "expect_table_row_count_to_equal_other_table",
            "kwargs": {"other_table_name": "other"},
        }
    ]
    for height, is_met in [(4, True), (3, False)]:
        [result] = validate(FRAME, suite, tables={"other": FRAME.head(height).lazy()})
        assert result.success is is_met


def test_the_engine_serves_great_expectations_own_validator() -> None:
    validator = Validator(execution_engine=PolarsExecutionEngine(FRAME.lazy()))
    [result] = validator.graph_validate(
        configurations=[
            ExpectationConfiguration(
                type="expect_column_values_to_not_be_null", kwargs={"column": "channel"}
            )
        ],
        runtime_configuration={"result_format": "BASIC"},
    )
    assert result.success is False
    assert result.result["unexpected_count"] == 1


def test_nothing_is_written_and_nobody_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    validate(FRAME, SOUND + UNSOUND, result_format="COMPLETE")
    assert list(tmp_path.iterdir()) == []


def test_integers_are_summed_exactly() -> None:
    frame = pl.DataFrame({"x": [2**63 - 1, 2**63 - 1]})
    suite = [{"type": "expect_column_sum_to_be_between", "kwargs": {"column": "x", "min_value": 0}}]
    [result] = validate(frame, suite)
    assert result.result["observed_value"] == 2**64 - 2
