"""Reading the arguments of row-level expectations.

Belongs here: taking one argument out of ``kwargs`` and refusing it where it makes no sense.
Does not belong here: what the expectation means, how values compare with a dtype (``values.py``).
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import polars as pl

from assets.gx_polars.errors import InvalidKwargsError
from assets.gx_polars.values import SuiteValue

Kwargs: TypeAlias = Mapping[str, Any]

_FEWEST_COLUMNS = 2


def column_of(kwargs: Kwargs) -> str:
    """The name of the column that an expectation is about.

    Raises:
        InvalidKwargsError: If it names none.
    """
    column = kwargs.get("column")
    if not isinstance(column, str) or not column:
        raise InvalidKwargsError(f"column is {column!r}; allowed is the name of a column. Add it.")
    return column


def columns_of(kwargs: Kwargs) -> list[str]:
    """The names of the columns that an expectation compares.

    Raises:
        InvalidKwargsError: If they are not two names, or a list of at least two different ones.
    """
    if "column_list" in kwargs:
        columns = kwargs["column_list"]
        if isinstance(columns, str) or len(columns) < _FEWEST_COLUMNS:
            raise InvalidKwargsError(
                f"column_list is {columns!r}; allowed is a list of at least two columns. Add them."
            )
        if len(set(columns)) != len(columns):
            raise InvalidKwargsError(
                f"column_list is {columns!r}; allowed is each column once. Drop the repetition."
            )
        return [str(column) for column in columns]
    pair = [kwargs.get("column_A"), kwargs.get("column_B")]
    if not all(isinstance(column, str) and column for column in pair):
        raise InvalidKwargsError(
            f"column_A is {pair[0]!r} and column_B is {pair[1]!r}; allowed are two names of"
            " columns. Add them."
        )
    return [str(column) for column in pair]


def bounds_of(kwargs: Kwargs) -> tuple[SuiteValue, SuiteValue]:
    """The bounds of an expectation.

    Raises:
        InvalidKwargsError: If there is none, or the lower exceeds the upper.
    """
    column, low, high = column_of(kwargs), kwargs.get("min_value"), kwargs.get("max_value")
    if low is None and high is None:
        raise InvalidKwargsError(
            f"min_value and max_value are both missing for column {column!r}; allowed is one or"
            " both. Add a bound or drop the expectation."
        )
    try:
        is_reversed = low is not None and high is not None and low > high
    except TypeError as error:
        raise InvalidKwargsError(
            f"min_value {low!r} and max_value {high!r} for column {column!r} cannot be compared"
            " with each other; allowed are two values of one kind. Write both alike."
        ) from error
    if is_reversed:
        raise InvalidKwargsError(
            f"min_value {low!r} is greater than max_value {high!r} for column {column!r};"
            " allowed is min_value <= max_value. Swap or correct them."
        )
    return low, high


def value_set_of(kwargs: Kwargs) -> Sequence[SuiteValue] | None:
    """The members of the set, or ``None`` if no set is given.

    Raises:
        InvalidKwargsError: If it is a text or a mapping.
    """
    values = kwargs.get("value_set")
    if values is None:
        return None
    if isinstance(values, str | bytes | Mapping):
        raise InvalidKwargsError(
            f"value_set is {values!r} for column {column_of(kwargs)!r}; allowed is a list of"
            " values. Write it as a list."
        )
    return list(values)


def patterns_of(kwargs: Kwargs) -> list[str]:
    """The regular expressions of a list.

    Raises:
        InvalidKwargsError: If there are none, or one is not understood.
    """
    patterns = kwargs.get("regex_list")
    if isinstance(patterns, str) or not patterns:
        raise InvalidKwargsError(
            f"regex_list is {patterns!r} for column {column_of(kwargs)!r}; allowed is a list of at"
            " least one regular expression. Add one."
        )
    return [pattern_of(pattern) for pattern in patterns]


def pattern_of(pattern: object) -> str:
    """The pattern, if the engine that Polars uses can compile it.

    Raises:
        InvalidKwargsError: If it is no regular expression or uses look-around or back-references.
    """
    if not isinstance(pattern, str):
        raise InvalidKwargsError(
            f"regex is {pattern!r}; allowed is a regular expression as text. Add it."
        )
    _refuse_unknown_syntax(pattern)
    return pattern


@lru_cache(maxsize=1024)
def _refuse_unknown_syntax(pattern: str) -> None:
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError as error:
        reason = re.sub(r"\s+", " ", str(error)).strip()
        raise InvalidKwargsError(
            f"regex {pattern!r} is not understood: {reason}. Allowed is the syntax of Rust's regex"
            " (no look-around, no back-references). Rewrite it, or split it into a list of"
            " patterns that must and must not match."
        ) from error
