"""Validating a frame against a suite.

Belongs here: :func:`validate`, the package's entrance, and the forms in which it takes
expectations.
Does not belong here: the engine, the conditions. Importing this module imports Great Expectations.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from assets.gx_polars.engine import BATCH_ID, MAX_ROWS_HELD, PolarsExecutionEngine
from assets.gx_polars.errors import GxPolarsError
from assets.gx_polars.great_expectations_api import (
    Expectation,
    ExpectationConfiguration,
    ExpectationValidationResult,
    FailureSeverity,
    Validator,
)
from assets.gx_polars.remembering import plain_configuration, remembering
from assets.gx_polars.suite_check import ExpectationLike, check_suite, type_and_kwargs
from assets.gx_polars.type_expectations import TYPE_EXPECTATIONS, expected_types, is_of_type

COUNTS_ONLY: Final[Mapping[str, Any]] = {
    "result_format": "BASIC",
    "partial_unexpected_count": 0,
    "exclude_unexpected_values": True,
}
"""A result format that carries counts and shares but none of the data."""


class _QuietValidator(Validator):
    """A validator that draws no progress bars; without a data context GX always draws them."""

    def _determine_progress_bars(self) -> bool:
        return False


class SuiteError(GxPolarsError):
    """A suite has problems; they are listed in the message."""


def validate(
    frame: pl.LazyFrame | pl.DataFrame,
    expectations: Iterable[ExpectationLike],
    *,
    result_format: str | Mapping[str, Any] = COUNTS_ONLY,
    tables: Mapping[str, pl.LazyFrame | pl.DataFrame] | None = None,
    is_nan_missing: bool = False,
    max_rows_held: int | None = MAX_ROWS_HELD,
) -> list[ExpectationValidationResult]:
    """Validate a frame with Great Expectations, computed by Polars.

    Args:
        frame: The data, best as a scan: what no expectation needs is not read.
        expectations: Objects of ``great_expectations.expectations``, configurations, or mappings
            with ``type`` (or ``expectation_type``) and ``kwargs``, ``severity`` and ``meta`` if
            wanted.
        result_format: As in Great Expectations. The default shows no data; with ``SUMMARY`` or
            ``COMPLETE`` the results hold values of the rows found unexpected.
        tables: Other tables by name, for ``expect_table_row_count_to_equal_other_table``.
        is_nan_missing: Whether NaN counts as missing, as in pandas.
        max_rows_held: The rows up to which a pass may hold all values of a column; of larger tables
            uniqueness, quantiles and the like take more passes. ``None`` for any number.

    Returns:
        One result an expectation, in the order given.

    Raises:
        SuiteError: If ``check_suite`` finds a problem. Whatever the data hold is a result.
    """
    given = list(expectations)
    engine = PolarsExecutionEngine(
        frame, tables=tables, is_nan_missing=is_nan_missing, max_rows_held=max_rows_held
    )
    return validate_with(engine, given, result_format=result_format, tables=tuple(tables or ()))


def validate_with(
    engine: PolarsExecutionEngine,
    expectations: Sequence[ExpectationLike],
    *,
    result_format: str | Mapping[str, Any] = COUNTS_ONLY,
    tables: Sequence[str] = (),
) -> list[ExpectationValidationResult]:
    """As :func:`validate`, with an engine that holds the frame (and counts its passes)."""
    schema = engine.schema({"batch_id": BATCH_ID})
    problems = check_suite(expectations, schema, tables=tables)
    if problems:
        raise SuiteError("\n".join(str(problem) for problem in problems))
    configurations = [_configuration(e, index) for index, e in enumerate(expectations)]
    evaluable = [_evaluable(configuration) for configuration in configurations]
    results = {
        index: _type_result(configuration, schema)
        for index, configuration in enumerate(configurations)
        if configuration.type in TYPE_EXPECTATIONS
    }
    asked = {index: e for index, e in enumerate(evaluable) if index not in results}
    wanted = dict(result_format) if isinstance(result_format, Mapping) else result_format
    # GX divides by the number of values, which of an empty column is zero: NaN, not a warning
    with np.errstate(divide="ignore", invalid="ignore"):
        try:
            results |= _evaluated(engine, asked, wanted)
        except Exception:  # noqa: BLE001 - whatever fails, GX's own way makes results of it
            results |= _graph_results(engine, [configurations[index] for index in asked], wanted)
    for index, expectation in enumerate(expectations):
        evaluated = results[index].expectation_config
        if evaluated is not None:
            evaluated.id = getattr(expectation, "id", None)  # type: ignore[assignment] # GX's own default is None
            evaluated.kwargs.pop("batch_id", None)
    return [results[index] for index in range(len(configurations))]


def _evaluable(configuration: ExpectationConfiguration) -> Expectation:
    """The expectation, whose arguments Great Expectations checks against its own model of it.

    Raises:
        SuiteError: If it refuses them.
    """
    try:
        return remembering(configuration)
    except ValueError as error:
        reason = "; ".join(line.strip() for line in str(error).splitlines())
        raise SuiteError(
            f"expectation {configuration.id} ({configuration.type}): Great Expectations refuses its"
            f" arguments {configuration.kwargs}: {reason}. Correct them."
        ) from error


def _evaluated(
    engine: PolarsExecutionEngine,
    expectations: Mapping[int, Expectation],
    result_format: str | dict[str, Any],
) -> dict[int, ExpectationValidationResult]:
    """What Great Expectations' validator does, without its graph of metrics.

    No metric of this engine depends on another, so that there is no order to find; and every
    expectation is asked once what it depends on.
    """
    if not expectations:
        return {}
    runtime = {"result_format": result_format}
    metrics = engine.resolve(
        metric
        for expectation in expectations.values()
        for metric in expectation.get_validation_dependencies(
            execution_engine=engine, runtime_configuration=runtime
        ).get_metric_configurations()
    )
    results = {}
    for index, expectation in expectations.items():
        results[index] = expectation.metrics_validate(
            metrics=metrics, execution_engine=engine, runtime_configuration=dict(runtime)
        )
        results[index].expectation_config = plain_configuration(expectation)
    return results


def _graph_results(
    engine: PolarsExecutionEngine,
    configurations: Sequence[ExpectationConfiguration],
    result_format: str | dict[str, Any],
) -> dict[int, ExpectationValidationResult]:
    """The results of Great Expectations' own validator, those of failed computations among them."""
    found = _QuietValidator(execution_engine=engine).graph_validate(
        configurations=list(configurations), runtime_configuration={"result_format": result_format}
    )
    # failed computations come first
    return {
        int(result.expectation_config.id): result
        for result in found
        if result.expectation_config is not None and result.expectation_config.id is not None
    }


def _configuration(expectation: ExpectationLike, index: int) -> ExpectationConfiguration:
    """The expectation as a configuration whose id is its place in the suite."""
    expectation_type, kwargs = type_and_kwargs(expectation)
    source = expectation if isinstance(expectation, Mapping) else vars(expectation)
    return ExpectationConfiguration(
        type=expectation_type,
        kwargs=_with_condition_object(kwargs),
        meta=source.get("meta"),
        severity=FailureSeverity(source.get("severity") or "critical"),
        id=str(index),
    )


def _with_condition_object(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments without string conditions, which Great Expectations warns about."""
    condition = kwargs.get("row_condition")
    plain = {key: value for key, value in kwargs.items() if key != "condition_parser"}
    if isinstance(condition, str):
        plain["row_condition"] = {"type": "pass_through", "pass_through_filter": condition}
    return plain


def _type_result(
    configuration: ExpectationConfiguration, schema: pl.Schema
) -> ExpectationValidationResult:
    dtype = schema[configuration.kwargs["column"]]
    names = expected_types(configuration.type, configuration.kwargs)
    is_met = names is None or any(is_of_type(dtype, name) for name in names)
    return ExpectationValidationResult(
        success=is_met,
        result={"observed_value": str(dtype)},
        expectation_config=configuration,
        exception_info={
            "raised_exception": False,
            "exception_traceback": None,
            "exception_message": None,
        },
    )
