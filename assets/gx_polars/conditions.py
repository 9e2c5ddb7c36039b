"""When a row is unexpected: one Polars condition a row-level expectation.

Belongs here: :func:`unexpected_condition`, the single definition that drives both the results of
Great Expectations on Polars and the quarantine of rows; the meaning of every row-level expectation.
Does not belong here: counts and other aggregates (``metrics/``), importing Great Expectations
(it takes seconds; this module is imported wherever rows are filtered).

Nulls are as in Great Expectations: a missing value is unexpected to nothing but
``expect_column_values_to_not_be_null``; of rows with several columns, ``ignore_row_if`` decides.
NaN is a value, not a missing one, and a value that meets no expectation: no bound, no order and no
comparison admits it (it is a member of a set only if the set holds NaN).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import polars as pl

from assets.gx_polars import multicolumn_conditions, single_column_conditions
from assets.gx_polars.errors import UnsupportedExpectationError
from assets.gx_polars.row_conditions import rows_selected

_BUILDERS: Final[Mapping[str, Callable[[Mapping[str, Any], pl.Expr | None], pl.Expr]]] = {
    **single_column_conditions.BUILDERS,
    **multicolumn_conditions.BUILDERS,
}

ROW_LEVEL_EXPECTATIONS: Final = frozenset(_BUILDERS)
"""The expectation types that :func:`unexpected_condition` knows."""


def unexpected_condition(expectation_type: str, kwargs: Mapping[str, Any]) -> pl.Expr:
    """The rows that a row-level expectation finds unexpected.

    The expression needs no schema: it adapts to the dtypes of the frame that it is evaluated on.
    ``row_condition`` is honoured, with rows outside it neither unexpected nor looked at (a
    duplicate of a row outside is no duplicate). ``mostly`` is not: it is a share of the table, not
    a property of a row.

    Args:
        expectation_type: For instance ``expect_column_values_to_be_between``.
        kwargs: The expectation's arguments as Great Expectations names them; unknown ones
            (``mostly``, ``batch_id``, ``result_format``) are ignored.

    Returns:
        A boolean expression, as long as the frame and never null.

    Raises:
        UnsupportedExpectationError: If the type is not one of ``ROW_LEVEL_EXPECTATIONS``.
        InvalidKwargsError: If the arguments are impossible or of the wrong type.
        InvalidRowConditionError: If the row condition cannot be read.
    """
    builder = _BUILDERS.get(expectation_type)
    if builder is None:
        raise UnsupportedExpectationError(
            f"{expectation_type} is no row-level expectation; allowed are"
            f" {', '.join(sorted(ROW_LEVEL_EXPECTATIONS))}. Check the name, or check the table as a"
            " whole with validate()."
        )
    rows = rows_selected(kwargs)
    condition = builder(kwargs, rows)
    return condition if rows is None else rows & condition


def considered_condition(kwargs: Mapping[str, Any]) -> pl.Expr:
    """The rows that count as elements of an expectation on several columns.

    Rows outside ``row_condition`` and rows dropped by ``ignore_row_if`` are not considered.

    Args:
        kwargs: The expectation's arguments, with ``column_A`` and ``column_B`` or ``column_list``.

    Returns:
        A boolean expression, never null.
    """
    rows = rows_selected(kwargs)
    considered = multicolumn_conditions.is_considered(kwargs)
    return considered if rows is None else rows & considered
