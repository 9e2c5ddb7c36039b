"""Checking a suite before any data is read.

Belongs here: :func:`check_suite`, which names every expectation that cannot be evaluated and why.
Does not belong here: the data; importing Great Expectations.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.gx_polars.conditions import ROW_LEVEL_EXPECTATIONS, unexpected_condition
from assets.gx_polars.errors import GxPolarsError
from assets.gx_polars.expectation_kinds import (
    BOUNDED,
    COMPARED,
    NUMERIC,
    OF_A_SET,
    SUPPORTED_EXPECTATIONS,
    TEXT,
)
from assets.gx_polars.row_conditions import rows_selected
from assets.gx_polars.type_expectations import TYPE_EXPECTATIONS, expected_types, is_known_type
from assets.gx_polars.values import comparable_groups

ExpectationLike = Any
"""An expectation or configuration of Great Expectations, or a mapping of ``type``, ``kwargs``."""


@dataclass(frozen=True)
class Problem:
    """One expectation that cannot be evaluated.

    Attributes:
        index: The place of the expectation in the suite, from zero.
        expectation_type: Its type.
        column: The column or columns that it is about, if any.
        message: What was found, what is allowed, and the mend.
    """

    index: int
    expectation_type: str
    column: str | None
    message: str

    def __str__(self) -> str:
        about = f" on column {self.column!r}" if self.column else ""
        return f"expectation {self.index} ({self.expectation_type}{about}): {self.message}"


def type_and_kwargs(expectation: ExpectationLike) -> tuple[str, dict[str, Any]]:
    """The type and the arguments of an expectation in any of its forms.

    Raises:
        GxPolarsError: If it is none of them.
    """
    if isinstance(expectation, Mapping):
        name = expectation.get("type") or expectation.get("expectation_type")
        kwargs = expectation.get("kwargs")
    else:
        configuration = getattr(expectation, "configuration", expectation)
        name, kwargs = getattr(configuration, "type", None), getattr(configuration, "kwargs", None)
    if not isinstance(name, str) or not isinstance(kwargs, Mapping | None):
        raise GxPolarsError(
            f"{expectation!r} is no expectation; allowed are objects of Great Expectations and"
            ' mappings such as {"type": "expect_…", "kwargs": {…}}. Write it so.'
        )
    return name, dict(kwargs or {})


def check_suite(
    expectations: Iterable[ExpectationLike],
    schema: Mapping[str, Any],
    *,
    tables: Sequence[str] = (),
) -> list[Problem]:
    """Find every expectation that cannot be evaluated on a table of this schema.

    Args:
        expectations: The suite.
        schema: Column names and Polars dtypes.
        tables: The names of the other tables that expectations may refer to.

    Returns:
        The problems, in the order of the suite; empty if the suite is sound.
    """
    polars_schema = pl.Schema(schema)
    given = [type_and_kwargs(expectation) for expectation in expectations]
    messages: dict[int, str] = {}
    conditions: dict[int, pl.Expr] = {}
    for index, (expectation_type, kwargs) in enumerate(given):
        message = _problem(expectation_type, kwargs, polars_schema, tables=tables)
        try:
            condition = None if message else _condition(expectation_type, kwargs)
        except GxPolarsError as error:
            message, condition = str(error), None
        if message is not None:
            messages[index] = message
        elif condition is not None:
            conditions[index] = condition
    messages |= _unevaluable(conditions, polars_schema)
    return [
        Problem(index, given[index][0], ", ".join(_columns(given[index][1])) or None, message)
        for index, message in sorted(messages.items())
    ]


def _problem(
    expectation_type: str, kwargs: dict[str, Any], schema: pl.Schema, *, tables: Sequence[str]
) -> str | None:
    if expectation_type not in SUPPORTED_EXPECTATIONS:
        return (
            "is not supported on Polars; supported are"
            f" {', '.join(sorted(SUPPORTED_EXPECTATIONS))}. Choose one of these."
        )
    if expectation_type != "expect_column_to_exist":
        unknown = [column for column in _columns(kwargs) if column not in schema]
        if unknown:
            return (
                f"column {unknown[0]!r} does not exist; the table has {schema.names()}."
                " Correct the name."
            )
    checks: tuple[Callable[[], str | None], ...] = (
        lambda: _bad_mostly(kwargs),
        lambda: _bad_bounds(expectation_type, kwargs),
        lambda: _bad_type_names(expectation_type, kwargs),
        lambda: _bad_dtype(expectation_type, kwargs, schema),
        lambda: _bad_values(expectation_type, kwargs, schema),
        lambda: _bad_distribution(expectation_type, kwargs),
        lambda: _bad_table(expectation_type, kwargs, tables),
        lambda: _unheeded_condition(expectation_type, kwargs),
    )
    return next((found for check in checks if (found := check()) is not None), None)


def _columns(kwargs: Mapping[str, Any]) -> list[str]:
    named = [kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs]
    listed = kwargs.get("column_list")
    return [str(c) for c in [*named, *(listed if isinstance(listed, list | tuple) else ())]]


def _bad_mostly(kwargs: Mapping[str, Any]) -> str | None:
    mostly = kwargs.get("mostly", 1)
    if isinstance(mostly, int | float) and 0 <= mostly <= 1:
        return None
    return f"mostly is {mostly!r}; allowed is a share from 0 to 1. Correct it."


def _bad_bounds(expectation_type: str, kwargs: Mapping[str, Any]) -> str | None:
    if expectation_type not in BOUNDED:
        return None
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    try:
        if low is None or high is None or low <= high:
            return None
    except TypeError:
        return f"min_value {low!r} and max_value {high!r} cannot be compared. Write both alike."
    return f"min_value {low!r} is greater than max_value {high!r}. Swap or correct them."


def _bad_type_names(expectation_type: str, kwargs: Mapping[str, Any]) -> str | None:
    if expectation_type not in TYPE_EXPECTATIONS:
        return None
    unknown = [n for n in expected_types(expectation_type, kwargs) or () if not is_known_type(n)]
    if not unknown:
        return None
    return (
        f"type {unknown[0]!r} is unknown; allowed are Polars' dtypes (Int64, String, Date, …),"
        " Python's (int, str, …) and NumPy's (int64, …). Name one of these."
    )


def _bad_dtype(expectation_type: str, kwargs: Mapping[str, Any], schema: pl.Schema) -> str | None:
    dtypes = {column: schema[column] for column in _columns(kwargs) if column in schema}
    if expectation_type in NUMERIC or "bins" in (kwargs.get("partition_object") or {}):
        # the mean of booleans is a share and the median of dates a date, but neither is a number
        wrong = [c for c, dtype in dtypes.items() if not dtype.is_numeric()]
        needed = "a number"
    elif expectation_type in TEXT:
        wrong = [c for c, dtype in dtypes.items() if not _is_text(dtype)]
        needed = "a text"
    else:
        return None
    if not wrong:
        return None
    return f"column {wrong[0]!r} is {dtypes[wrong[0]]}; allowed is {needed}. Convert the column."


def _is_text(dtype: pl.DataType) -> bool:
    return dtype == pl.String or isinstance(dtype, pl.Categorical | pl.Enum | pl.Null)


def _bad_values(expectation_type: str, kwargs: Mapping[str, Any], schema: pl.Schema) -> str | None:
    """A bound or a member of a set that no value of the column can be compared with."""
    if expectation_type in COMPARED:
        values = [kwargs.get("min_value"), kwargs.get("max_value")]
    elif expectation_type in OF_A_SET or expectation_type.endswith("be_in_set"):
        values = kwargs.get("value_set") or []
        if isinstance(values, str | bytes | Mapping):
            return f"value_set is {values!r}; allowed is a list of values. Write it as a list."
    else:
        return None
    column = kwargs.get("column")
    if column is None or schema[column] == pl.Null:
        return None
    probe = pl.DataFrame(schema={column: schema[column]})
    for value in values:
        groups = comparable_groups([value])
        if value is not None and not any(probe.select(g.selector).width for g in groups):
            return (
                f"column {column!r} is {schema[column]}, which cannot be compared with {value!r}"
                f" ({type(value).__name__}). Write the value as the column's type (dates and times"
                " as ISO 8601)."
            )
    return None


def _bad_distribution(expectation_type: str, kwargs: Mapping[str, Any]) -> str | None:
    if expectation_type == "expect_column_quantile_values_to_be_between":
        ranges = kwargs.get("quantile_ranges") or {}
        quantiles, bounds = ranges.get("quantiles"), ranges.get("value_ranges")
        if not quantiles or bounds is None or len(quantiles) != len(bounds):
            return (
                f"quantile_ranges is {ranges!r}; allowed are as many value_ranges as quantiles."
                " Complete it."
            )
        if any(not 0 <= q <= 1 for q in quantiles):
            return f"quantiles are {quantiles!r}; allowed are numbers from 0 to 1. Correct them."
        if any(None not in pair and pair[0] > pair[1] for pair in bounds):
            return f"value_ranges are {bounds!r}; allowed is lower <= upper. Swap or correct them."
    is_divergence = expectation_type == "expect_column_kl_divergence_to_be_less_than"
    if is_divergence and not kwargs.get("partition_object"):
        return (
            "partition_object is missing, so that the column would be compared with itself; allowed"
            " are values or bins with their weights. Add it."
        )
    return None


def _bad_table(
    expectation_type: str, kwargs: Mapping[str, Any], tables: Sequence[str]
) -> str | None:
    other = kwargs.get("other_table_name")
    if expectation_type != "expect_table_row_count_to_equal_other_table" or other in tables:
        return None
    return f"table {other!r} is unknown; known are {sorted(tables)}. Pass it in `tables`."


def _unheeded_condition(expectation_type: str, kwargs: Mapping[str, Any]) -> str | None:
    if expectation_type != "expect_column_pair_values_to_be_in_set":
        return None
    if not kwargs.get("row_condition"):
        return None
    return (
        "Great Expectations drops row_condition of this expectation before any engine sees it."
        " Use expect_compound_columns_to_be_unique or filter the frame."
    )


def _condition(expectation_type: str, kwargs: Mapping[str, Any]) -> pl.Expr | None:
    """The condition that the expectation puts on rows, if any.

    Raises:
        GxPolarsError: If its arguments allow none.
    """
    if expectation_type in ROW_LEVEL_EXPECTATIONS:
        return unexpected_condition(expectation_type, kwargs)
    return rows_selected(kwargs)


def _unevaluable(conditions: Mapping[int, pl.Expr], schema: pl.Schema) -> dict[int, str]:
    """What evaluating the conditions on no rows at all complains about."""
    nothing = pl.DataFrame(schema=schema)
    try:
        nothing.select(condition.alias(str(index)) for index, condition in conditions.items())
    except pl.exceptions.PolarsError:
        return {
            index: f"cannot be evaluated on the table's dtypes: {complaint}."
            for index, condition in conditions.items()
            if (complaint := _complaint(nothing, condition)) is not None
        }
    return {}


def _complaint(nothing: pl.DataFrame, condition: pl.Expr) -> str | None:
    try:
        nothing.select(condition.alias("condition"))
    except pl.exceptions.PolarsError as error:
        return str(error).splitlines()[0]
    return None
