"""The metrics of row-level expectations, all derived from ``unexpected_condition``.

Belongs here: counts of unexpected rows, the rows that count, and samples of what was unexpected.
Does not belong here: when a row is unexpected (``conditions.py`` and its parts).
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

import polars as pl

from assets.gx_polars.arguments import columns_of
from assets.gx_polars.conditions import considered_condition, unexpected_condition
from assets.gx_polars.metrics.metric import ROW_NUMBER, Extent, Metric, Raw, Request, Steps
from assets.gx_polars.metrics.uniqueness import unexpected_in_steps
from assets.gx_polars.row_conditions import rows_selected
from assets.gx_polars.single_column_conditions import is_far_from_mean
from assets.gx_polars.values import named

MAX_SAMPLE: Final = 200
"""The most unexpected values or rows that a result carries, as in Great Expectations."""

MAP_METRICS: Final[Mapping[str, str]] = {
    "column_values.nonnull": "expect_column_values_to_not_be_null",
    "column_values.null": "expect_column_values_to_be_null",
    "column_values.unique": "expect_column_values_to_be_unique",
    "column_values.between": "expect_column_values_to_be_between",
    "column_values.in_set": "expect_column_values_to_be_in_set",
    "column_values.not_in_set": "expect_column_values_to_not_be_in_set",
    "column_values.match_regex": "expect_column_values_to_match_regex",
    "column_values.not_match_regex": "expect_column_values_to_not_match_regex",
    "column_values.match_regex_list": "expect_column_values_to_match_regex_list",
    "column_values.not_match_regex_list": "expect_column_values_to_not_match_regex_list",
    "column_values.value_length.between": "expect_column_value_lengths_to_be_between",
    "column_values.value_length.equals": "expect_column_value_lengths_to_equal",
    "column_values.increasing": "expect_column_values_to_be_increasing",
    "column_values.decreasing": "expect_column_values_to_be_decreasing",
    "column_values.dateutil_parseable": "expect_column_values_to_be_dateutil_parseable",
    "column_values.json_parseable": "expect_column_values_to_be_json_parseable",
    "column_values.match_strftime_format": "expect_column_values_to_match_strftime_format",
    "column_values.z_score.under_threshold": "expect_column_value_z_scores_to_be_less_than",
    "column_pair_values.equal": "expect_column_pair_values_to_be_equal",
    "column_pair_values.a_greater_than_b": "expect_column_pair_values_a_to_be_greater_than_b",
    "column_pair_values.in_set": "expect_column_pair_values_to_be_in_set",
    "compound_columns.unique": "expect_compound_columns_to_be_unique",
    "multicolumn_sum.equal": "expect_multicolumn_sum_to_equal",
    "multicolumn_values.equal": "expect_multicolumn_values_to_be_equal",
    "select_column_values.unique.within_record": (
        "expect_select_column_values_to_be_unique_within_record"
    ),
}
"""The row-level expectation behind each map metric of Great Expectations."""


def map_metrics() -> Iterator[Metric]:
    """All metrics of all row-level expectations."""
    for name, expectation_type in MAP_METRICS.items():
        yield _unexpected_count(name, expectation_type)
        yield _sample(f"{name}.unexpected_values", expectation_type, _values_of)
        yield _sample(f"{name}.unexpected_index_list", expectation_type, _positions_of)
        yield _sample(f"{name}.unexpected_rows", expectation_type, lambda _: pl.struct(pl.all()))
        yield Metric(
            f"{name}.unexpected_index_query",
            lambda _: pl.lit(0),
            finish=partial(_query, expectation_type),
        )
        if not name.startswith("column_values."):
            yield Metric(f"{name}.filtered_row_count", _filtered_row_count)


def _unexpected_count(name: str, expectation_type: str) -> Metric:
    def exact(request: Request) -> pl.Expr:
        return unexpected_condition(expectation_type, request.kwargs).sum()

    steps = None
    if name.endswith(".unique"):
        steps = partial(unexpected_in_steps, exact)
    elif name.endswith(".z_score.under_threshold"):
        steps = partial(_far_values_in_steps, exact)
    is_blocking = name.endswith((".increasing", ".decreasing"))
    return Metric(f"{name}.unexpected_count", exact, steps=steps, is_blocking=is_blocking)


def _far_values_in_steps(
    exact: Callable[[Request], pl.Expr], request: Request, _frame: pl.LazyFrame, extent: Extent
) -> Steps:
    """How many values are far from the mean, which a table too large to be held is asked first."""
    if extent.is_held:
        return (yield exact(request))
    numbers = request.selected.cast(pl.Float64).fill_nan(None)
    spread = yield pl.struct(mean=numbers.mean(), deviation=numbers.std())
    rows = rows_selected(request.kwargs)
    mean, deviation = (pl.lit(spread[name], dtype=pl.Float64) for name in ("mean", "deviation"))
    is_far = is_far_from_mean(request.kwargs, rows, mean=mean, deviation=deviation)
    return (yield (is_far if rows is None else is_far & rows).sum())


def _filtered_row_count(request: Request) -> pl.Expr:
    return considered_condition(request.kwargs).sum()


def _sample(name: str, expectation_type: str, what: Callable[[Request], pl.Expr]) -> Metric:
    """The first unexpected values, looked for only where the first pass found some."""
    count = _unexpected_count(_map_name(expectation_type), expectation_type)

    def follow_up(found: int | None, request: Request, frame: pl.LazyFrame) -> pl.LazyFrame | None:
        size = _sample_size(request, is_list=name.endswith(("_values", "_list")))
        if not found or not size:
            return None
        condition = unexpected_condition(expectation_type, request.kwargs)
        rows = frame.with_row_index(ROW_NUMBER) if name.endswith("_index_list") else frame
        return rows.filter(condition).head(size).select(what(request).alias("sample"))

    return Metric(
        name,
        count.expression,
        finish=lambda raw, request: _python_values(raw, request, name),
        follow_up=follow_up,
        steps=count.steps,
        is_blocking=count.is_blocking,
        shares=count.name,
    )


def _map_name(expectation_type: str) -> str:
    return next(name for name, kind in MAP_METRICS.items() if kind == expectation_type)


def _sample_size(request: Request, *, is_list: bool) -> int:
    result_format = request.kwargs.get("result_format") or {}
    if is_list and result_format.get("exclude_unexpected_values"):
        return 0
    if result_format.get("result_format") == "COMPLETE":
        return MAX_SAMPLE
    return min(int(result_format.get("partial_unexpected_count", 0)), MAX_SAMPLE)


def _values_of(request: Request) -> pl.Expr:
    if "column" in request.kwargs:
        return named(request.column)
    return pl.struct([named(column) for column in columns_of(request.kwargs)])


def _positions_of(request: Request) -> pl.Expr:
    """The row's number from zero, or the key columns that the result format names."""
    keys = (request.kwargs.get("result_format") or {}).get("unexpected_index_column_names")
    if not keys:
        return pl.col(ROW_NUMBER)
    domain = [request.column] if "column" in request.kwargs else columns_of(request.kwargs)
    return pl.struct([named(name) for name in dict.fromkeys([*domain, *keys])])


def _python_values(raw: Raw, request: Request, name: str) -> list[Any]:
    if not isinstance(raw, list):
        return []
    if name.endswith(".unexpected_values") and "column_A" in request.kwargs:
        return [tuple(row.values()) for row in raw]
    return raw


def _query(expectation_type: str, _raw: Raw, request: Request) -> str | None:
    """A line of Python that finds the unexpected rows."""
    result_format = request.kwargs.get("result_format") or {}
    if result_format.get("return_unexpected_index_query") is False:
        return None
    unasked = {"result_format", "batch_id", "table"}
    kwargs = {
        key: value.dict() if hasattr(value, "dict") else value
        for key, value in request.kwargs.items()
        if key not in unasked and value is not None
    }
    return f"frame.filter(unexpected_condition({expectation_type!r}, {kwargs!r}))"
