"""Validating a frame against a suite.

Belongs here: :func:`validate`, the package's entrance, and the forms in which it takes
expectations.
Does not belong here: the engine, the conditions. Importing this module imports Great Expectations.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from assets.gx_polars.engine import BATCH_ID, PolarsExecutionEngine
from assets.gx_polars.errors import GxPolarsError
from assets.gx_polars.great_expectations_api import (
    ExpectationConfiguration,
    ExpectationValidationResult,
    FailureSeverity,
    Validator,
)
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

    Returns:
        One result an expectation, in the order given.

    Raises:
        SuiteError: If ``check_suite`` finds a problem. Whatever the data hold is a result.
    """
    given = list(expectations)
    engine = PolarsExecutionEngine(frame, tables=tables, is_nan_missing=is_nan_missing)
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
    for configuration in configurations:
        _check_by_great_expectations(configuration)
    results = {
        index: _type_result(configuration, schema)
        for index, configuration in enumerate(configurations)
        if configuration.type in TYPE_EXPECTATIONS
    }
    results |= _graph_results(engine, configurations, result_format)
    for index, expectation in enumerate(expectations):
        evaluated = results[index].expectation_config
        if evaluated is not None:
            evaluated.id = getattr(expectation, "id", None)  # type: ignore[assignment] # GX's own default is None
            evaluated.kwargs.pop("batch_id", None)
    return [results[index] for index in range(len(configurations))]


def _check_by_great_expectations(configuration: ExpectationConfiguration) -> None:
    """Let Great Expectations check the arguments against its own model of the expectation.

    Raises:
        SuiteError: If it refuses them.
    """
    try:
        configuration.to_domain_obj()
    except ValueError as error:
        reason = "; ".join(line.strip() for line in str(error).splitlines())
        raise SuiteError(
            f"expectation {configuration.id} ({configuration.type}): Great Expectations refuses its"
            f" arguments {configuration.kwargs}: {reason}. Correct them."
        ) from error


def _graph_results(
    engine: PolarsExecutionEngine,
    configurations: Sequence[ExpectationConfiguration],
    result_format: str | Mapping[str, Any],
) -> dict[int, ExpectationValidationResult]:
    asked = [c for c in configurations if c.type not in TYPE_EXPECTATIONS]
    if not asked:
        return {}
    wanted = dict(result_format) if isinstance(result_format, Mapping) else result_format
    # GX divides by the number of values, which of an empty column is zero: NaN, not a warning
    with np.errstate(divide="ignore", invalid="ignore"):
        found = _QuietValidator(execution_engine=engine).graph_validate(
            configurations=asked, runtime_configuration={"result_format": wanted}
        )
    # Great Expectations puts results of failed computations first
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
