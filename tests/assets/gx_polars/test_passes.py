"""Tables too large for their values to be held: the same results, in more passes."""

import random
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.gx_polars.engine import PolarsExecutionEngine
from assets.gx_polars.validation import validate, validate_with
from tests.assets.gx_polars.aggregate_strategies import AGGREGATE
from tests.assets.gx_polars.pandas_reference import comparable, raised
from tests.assets.gx_polars.strategies import ROW_LEVEL, frames, suites

MODEST = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
QUANTILES = [0.0, 0.01, 0.25, 0.5, 0.75, 0.999, 1.0]


def unique(column: str, **kwargs: object) -> dict[str, Any]:
    return {"type": "expect_column_values_to_be_unique", "kwargs": {"column": column, **kwargs}}


def compound(*columns: str) -> dict[str, Any]:
    return {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": columns}}


def quantiles(column: str, method: str = "nearest") -> dict[str, Any]:
    ranges = {"quantiles": QUANTILES, "value_ranges": [[None, None]] * len(QUANTILES)}
    kwargs = {"column": column, "quantile_ranges": ranges, "allow_relative_error": method}
    return {"type": "expect_column_quantile_values_to_be_between", "kwargs": kwargs}


def median(column: str) -> dict[str, Any]:
    return {"type": "expect_column_median_to_be_between", "kwargs": {"column": column}}


def distinct(column: str) -> dict[str, Any]:
    return {"type": "expect_column_unique_value_count_to_be_between", "kwargs": {"column": column}}


def z_scores(column: str) -> dict[str, Any]:
    kwargs = {"column": column, "threshold": 2, "double_sided": True}
    return {"type": "expect_column_value_z_scores_to_be_less_than", "kwargs": kwargs}


@MODEST
@given(
    frame=frames(),
    suite=suites({**ROW_LEVEL, **AGGREGATE}),
    limit=st.integers(1, 3),
    is_nan_missing=st.booleans(),
)
def test_results_do_not_depend_on_how_many_rows_are_held(
    frame: pl.DataFrame, suite: list[dict[str, Any]], limit: int, *, is_nan_missing: bool
) -> None:
    held, split = (
        validate(
            frame,
            suite,
            result_format="SUMMARY",
            is_nan_missing=is_nan_missing,
            max_rows_held=rows,
        )
        for rows in (None, limit)
    )
    assert [raised(result) for result in split] == [None] * len(suite)
    assert [comparable(result) for result in split] == [comparable(result) for result in held]


@pytest.mark.parametrize("order", ["sorted", "shuffled", "periodic", "ties", "alike"])
@pytest.mark.parametrize("dtype", [pl.Int64, pl.Float64, pl.Decimal(18, 2), pl.UInt64])
def test_quantiles_are_exact_in_any_order(order: str, dtype: pl.DataType) -> None:
    size = 120_001
    values = {
        "sorted": range(size),
        "shuffled": random.Random(7).sample(range(size), size),
        # every second row, which is what a sample of every second row sees, is zero
        "periodic": [0 if i % 2 == 0 else i for i in range(size)],
        "ties": [i % 11 for i in range(size)],
        "alike": [5] * size,
    }[order]
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.Int64).cast(dtype)})
    suite = [quantiles("x", "lower"), quantiles("x"), quantiles("x", "linear"), median("x")]
    if isinstance(dtype, pl.Decimal):
        suite = [suite[0], suite[1], suite[3]]
    held, split = (validate(frame, suite, max_rows_held=rows) for rows in (None, 60_000))
    assert [comparable(result) for result in split] == [comparable(result) for result in held]


def test_a_median_of_an_even_number_of_values_lies_between_two() -> None:
    frame = pl.DataFrame({"x": [4, 1, 3, 2], "m": [Decimal("0.10"), None, Decimal("0.20"), None]})
    results = validate(frame, [median("x"), median("m")], max_rows_held=2)
    assert [result.result["observed_value"] for result in results] == [2.5, pytest.approx(0.15)]


def test_values_in_strict_order_are_unique_without_comparing_all() -> None:
    engine = PolarsExecutionEngine(pl.DataFrame({"id": range(100)}), max_rows_held=10)
    [result] = validate_with(engine, [unique("id")])
    assert result.success
    assert engine.pass_count == 2


def test_uniqueness_takes_a_query_a_part() -> None:
    frame = pl.DataFrame({"id": [*range(50, 100), *range(50)], "s": [str(i) for i in range(100)]})
    engine = PolarsExecutionEngine(frame.lazy(), max_rows_held=25)
    results = validate_with(engine, [unique("id"), compound("id", "s")])
    assert all(result.success for result in results)
    # the order of the ids and four parts, four parts of the pairs, the number of rows of the table
    assert engine.pass_count == 10


def test_duplicates_are_counted_by_part() -> None:
    values = [*range(90), *range(10)]
    frame = pl.DataFrame({"id": values, "s": [str(value) for value in values]})
    for column in ("id", "s"):
        [result] = validate(frame, [unique(column)], max_rows_held=25)
        assert result.result["unexpected_count"] == 20
        assert result.result["element_count"] == 100
    [result] = validate(frame, [compound("id", "s")], max_rows_held=25)
    assert result.result["unexpected_count"] == 20


def test_few_distinct_values_are_counted_in_two_queries() -> None:
    frame = pl.DataFrame({"channel": ["web", "email", None, "phone"] * 10_000})
    engine = PolarsExecutionEngine(frame, max_rows_held=10_000)
    [result] = validate_with(engine, [distinct("channel")])
    assert result.result["observed_value"] == 3
    assert engine.pass_count == 2


def test_scores_and_quantiles_take_two_queries_each() -> None:
    frame = pl.DataFrame({"x": [*range(999), 100_000]})
    engine = PolarsExecutionEngine(frame, max_rows_held=100)
    scores, middle = validate_with(engine, [z_scores("x"), median("x")])
    assert scores.result["unexpected_count"] == 1
    assert middle.result["observed_value"] == 499.5
    assert engine.pass_count == 5  # one for all that needs no query of its own


def test_a_table_that_is_held_takes_one_pass() -> None:
    frame = pl.DataFrame({"id": [3, 1, 2], "x": [1.0, 2.0, None]})
    suite = [unique("id"), compound("id", "x"), median("x"), quantiles("x"), distinct("x"),
             z_scores("x")]  # fmt: skip
    engine = PolarsExecutionEngine(frame.lazy(), max_rows_held=3)
    assert all(result.success for result in validate_with(engine, suite))
    assert engine.pass_count == 1
