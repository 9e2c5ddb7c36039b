"""Expectations on the type of a column, which the schema alone answers.

Belongs here: which names of types a suite may use and which Polars dtypes they mean.
Does not belong here: conversions, importing Great Expectations.

A Polars column has one type, so these are properties of the table, not of its rows. Great
Expectations decides them by asking which of its own engines it runs on, so that ``validate``
answers them itself.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import polars as pl

TYPE_EXPECTATIONS: Final = frozenset(
    {
        "expect_column_values_to_be_of_type",
        "expect_column_values_to_be_in_type_list",
        "expect_column_type_to_be",
    }
)

_FAMILIES: Final[Mapping[str, Callable[[pl.DataType], bool]]] = {
    # Python
    "int": lambda dtype: dtype.is_integer(),
    "float": lambda dtype: dtype.is_float(),
    "str": lambda dtype: dtype == pl.String or isinstance(dtype, pl.Categorical | pl.Enum),
    "bool": lambda dtype: dtype == pl.Boolean,
    "bytes": lambda dtype: dtype == pl.Binary,
    "timedelta": lambda dtype: dtype == pl.Duration,
    "list": lambda dtype: isinstance(dtype, pl.List | pl.Array),
    "dict": lambda dtype: isinstance(dtype, pl.Struct),
    # NumPy and pandas
    "number": lambda dtype: dtype.is_numeric(),
    "integer": lambda dtype: dtype.is_integer(),
    "floating": lambda dtype: dtype.is_float(),
    "bool_": lambda dtype: dtype == pl.Boolean,
    "str_": lambda dtype: dtype == pl.String,
    "string": lambda dtype: dtype == pl.String,
    "datetime64": lambda dtype: dtype == pl.Datetime,
    "timedelta64": lambda dtype: dtype == pl.Duration,
    "category": lambda dtype: isinstance(dtype, pl.Categorical | pl.Enum),
}
_DTYPES: Final[Mapping[str, type[pl.DataType]]] = {
    name.lower(): dtype
    for name, dtype in vars(pl).items()
    if isinstance(dtype, type) and issubclass(dtype, pl.DataType) and dtype is not pl.DataType
}


def is_known_type(name: str) -> bool:
    """Whether the name is a type of Polars (``Int64``), Python (``int``) or NumPy (``int64``)."""
    key = _family(name)
    return key in _FAMILIES or key in _DTYPES


def is_of_type(dtype: pl.DataType, name: str) -> bool:
    """Whether a column of this dtype is of the named type.

    A name with parameters (``Decimal(precision=18, scale=2)``) must match in full, one without
    them matches whatever the parameters.
    """
    if "(" in name:
        return str(dtype).replace(" ", "") == name.replace(" ", "")
    key = _family(name)
    if key in _FAMILIES and _FAMILIES[key](dtype):
        return True
    return key in _DTYPES and dtype.base_type() is _DTYPES[key]


def expected_types(expectation_type: str, kwargs: Mapping[str, Any]) -> list[str] | None:
    """The names of the types that the expectation allows; ``None`` if it allows any."""
    if expectation_type == "expect_column_values_to_be_in_type_list":
        types = kwargs.get("type_list")
        return None if types is None else [str(name) for name in types]
    name = kwargs.get("type_")
    return None if name is None else [str(name)]


def _family(name: str) -> str:
    return re.split(r"[(\[]", name, maxsplit=1)[0].strip().lower()
