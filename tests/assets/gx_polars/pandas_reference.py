"""Great Expectations' own pandas engine, as the reference that the Polars engine is compared with.

Belongs here: running a suite through pandas and bringing the results of both engines to one form.
Does not belong here: tests.
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl

from assets.gx_polars.great_expectations_api import (
    ExpectationConfiguration,
    ExpectationValidationResult,
    Validator,
)
from assets.gx_polars.validation import validate

COMPARED = (
    "element_count",
    "unexpected_count",
    "unexpected_percent",
    "missing_count",
    "missing_percent",
    "unexpected_percent_total",
    "unexpected_percent_nonmissing",
    "partial_unexpected_list",
    "partial_unexpected_index_list",
    "observed_value",
)


def to_pandas(frame: pl.DataFrame) -> pd.DataFrame:
    """The frame as a user of pandas would have it: NumPy numbers, objects for the rest."""
    columns = {}
    for name, series in frame.to_dict(as_series=True).items():
        values = series.to_list()
        if series.dtype.is_float() or (series.dtype.is_integer() and series.null_count()):
            values = pd.Series(values, dtype="float64")
        elif series.dtype.is_integer():
            values = pd.Series(values, dtype="int64")
        elif series.dtype == pl.Datetime:
            values = pd.Series(values, dtype="datetime64[us]")
        elif series.dtype == pl.Boolean and not series.null_count():
            values = pd.Series(values, dtype="bool")
        else:
            values = pd.Series(values, dtype="object")
        columns[name] = values
    return pd.DataFrame(columns)


class _QuietValidator(Validator):
    def _determine_progress_bars(self) -> bool:
        return False


def pandas_results(frame: pl.DataFrame, suite: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The results of a suite by the pandas engine, in its order."""
    from great_expectations.execution_engine import PandasExecutionEngine

    with warnings.catch_warnings():
        # GX's pandas engine and its string conditions warn; that is not what is tested
        warnings.simplefilter("ignore")
        engine = PandasExecutionEngine(batch_data_dict={"batch": to_pandas(frame)})
        configurations = [
            ExpectationConfiguration(
                type=expectation["type"], kwargs=dict(expectation["kwargs"]), id=str(index)
            )
            for index, expectation in enumerate(suite)
        ]
        results = _QuietValidator(execution_engine=engine).graph_validate(
            configurations=configurations, runtime_configuration={"result_format": "SUMMARY"}
        )
    return sorted(results, key=lambda result: int(result.expectation_config.id))


def polars_results(
    frame: pl.DataFrame, suite: Sequence[Mapping[str, Any]], *, is_nan_missing: bool = True
) -> list[Any]:
    """The results of a suite by the Polars engine, NaN counting as missing as in pandas."""
    return validate(frame, suite, result_format="SUMMARY", is_nan_missing=is_nan_missing)


def raised(result: ExpectationValidationResult) -> str | None:
    """The message of the exception that evaluating the expectation raised, if any."""
    info = result.exception_info
    if "raised_exception" in info:
        return info["exception_message"] if info["raised_exception"] else None
    return str(next(iter(info.values()))["exception_message"]) if info else None


def comparable(result: ExpectationValidationResult) -> dict[str, Any]:
    """The success and the figures of a result in the form that both engines share."""
    figures = {key: plain(result.result[key]) for key in COMPARED if key in result.result}
    return {"success": bool(result.success), **figures}


def plain(value: Any) -> Any:
    """A value without its library: NumPy and pandas scalars as Python's, missing ones as None."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None if value is pd.NaT else value
    # the engines add in different orders
    return None if math.isnan(value) else float(f"{value:.12g}")
