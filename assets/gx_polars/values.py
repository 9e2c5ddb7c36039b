"""How the values written in a suite (bounds, sets) are read against a column of any dtype.

Belongs here: one :class:`Reading` a group of dtypes, which says which Python values can be compared
with that group and how; :func:`is_within` and :func:`is_member`, built from these.
Does not belong here: what an expectation means (``conditions.py``), anything of Great Expectations.

The dtype of a column is not known when a condition is written, so every condition carries one
branch a dtype group, chosen by a Polars selector. A branch whose selector matches nothing vanishes
when the query is resolved. A value that cannot be compared with a column's dtype admits no row;
``suite_check.check_suite`` reports it before any data is read.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

import polars as pl
import polars.selectors as cs

_LARGEST_INT128 = 2**127 - 1
_DECIMAL_PLACES = 18
_FEW = 8
_DECIMAL_LIMIT = Decimal(10) ** (38 - _DECIMAL_PLACES)
_INT64_RANGE = range(-(2**63), 2**63)


SuiteValue: TypeAlias = Any
"""A bound or a member of a set as a suite holds it: a number, a text, a date, …"""
Dtypes: TypeAlias = Any
"""A Polars selector of dtypes (its class is not public)."""


class Reading(NamedTuple):
    """How one group of dtypes reads the values of a suite.

    Attributes:
        name: What the group holds, as error texts name it.
        selector: The dtypes of the group.
        read: The value as the group compares it, or ``None`` if it cannot be compared.
        view: The column as it is compared.
        dtype: The dtype of a set of read values.
    """

    name: str
    selector: Dtypes
    read: Callable[[SuiteValue], SuiteValue | None]
    view: Callable[[pl.Expr], pl.Expr]
    dtype: Callable[[list[SuiteValue]], pl.DataType | type[pl.DataType]]


def named(column: str) -> pl.Expr:
    """The column of exactly this name (``pl.col`` would read ``^a.*$`` or ``*`` as a pattern)."""
    return cs.by_name(column).as_expr()


def on_dtypes(
    column: str, branches: Iterable[tuple[Dtypes, Callable[[pl.Expr], pl.Expr]]]
) -> pl.Expr:
    """A boolean expression whose branch is chosen by the column's dtype.

    It is as long as the frame, never null, and false where the value is missing.

    Args:
        column: The column's name.
        branches: Pairs of a selector and the condition for dtypes that it selects.
    """
    parts = [build((cs.by_name(column) & selector).as_expr()) for selector, build in branches]
    # of parts whose selectors match nothing, `any_horizontal` makes a single `False`
    condition = pl.any_horizontal(parts or [pl.lit(False)]).fill_null(False)
    return named(column).is_not_null() & condition


def is_within(
    column: str,
    low: SuiteValue,
    high: SuiteValue,
    *,
    is_low_strict: bool = False,
    is_high_strict: bool = False,
) -> pl.Expr:
    """True where the value lies between the bounds; false for null, NaN and foreign dtypes."""

    def branch(reading: Reading) -> tuple[Dtypes, Callable[[pl.Expr], pl.Expr]] | None:
        lowest, highest = reading.read(low), reading.read(high)
        if (low is not None and lowest is None) or (high is not None and highest is None):
            return None

        def build(selected: pl.Expr) -> pl.Expr:
            value = reading.view(selected)
            condition: pl.Expr | None = None
            if low is not None:
                condition = value > lowest if is_low_strict else value >= lowest
            if high is not None:
                upper = value < highest if is_high_strict else value <= highest
                condition = upper if condition is None else condition & upper
            condition = pl.lit(True) if condition is None else condition
            # Polars sorts NaN above every number, so an open upper bound would admit it
            return condition & selected.is_not_nan() if reading is FLOATS else condition

        return reading.selector, build

    return on_dtypes(column, [b for r in ORDERED_READINGS if (b := branch(r)) is not None])


def is_member(column: str, values: Iterable[SuiteValue]) -> pl.Expr:
    """True where the value is one of ``values``; false for null and for foreign dtypes.

    ``None`` in ``values`` is ignored, for a null is missing, not a member. A NaN in ``values``
    admits NaN.
    """
    given = [value for value in values if value is not None]

    def branch(reading: Reading) -> tuple[Dtypes, Callable[[pl.Expr], pl.Expr]] | None:
        read = [v for value in given if (v := reading.read(value)) is not None]
        dtype = reading.dtype(read)
        members = [v for v in read if _fits(v, dtype)]
        if reading is FLOATS and any(_is_nan(value) for value in given):
            members.append(math.nan)
        if not members:
            return None
        if reading is TEXTS and len(members) <= _FEW:
            # several times faster than looking each text up
            return reading.selector, lambda selected: pl.any_horizontal(
                [reading.view(selected) == member for member in members]
            )
        literal = pl.lit(pl.Series(members, dtype=dtype)).implode()
        return reading.selector, lambda selected: reading.view(selected).is_in(literal)

    return on_dtypes(column, [b for r in ALL_READINGS if (b := branch(r)) is not None])


def comparable_groups(values: Iterable[SuiteValue]) -> list[Reading]:
    """The dtype groups that can compare every one of ``values``."""
    given = [value for value in values if value is not None]
    return [
        r
        for r in ALL_READINGS
        if all(r.read(v) is not None or (r is FLOATS and _is_nan(v)) for v in given)
    ]


def _fits(value: SuiteValue, dtype: pl.DataType | type[pl.DataType]) -> bool:
    """Whether a set of this dtype can hold the value; one that it cannot hold equals no row."""
    if dtype.is_integer():
        return isinstance(value, int)
    if dtype == pl.Date:
        return not isinstance(value, dt.datetime)
    if dtype.is_decimal():
        return isinstance(value, Decimal)
    return True


def _is_nan(value: SuiteValue) -> bool:
    if isinstance(value, Decimal):
        return value.is_nan()
    return isinstance(value, float) and math.isnan(value)


def _is_number(value: SuiteValue) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _read_integer(value: SuiteValue) -> int | float | None:
    if not _is_number(value) or _is_nan(value):
        return None
    if abs(value) > _LARGEST_INT128:
        return math.inf if value > 0 else -math.inf
    # a bound that is not whole is small enough for a comparison of floats to be exact
    return int(value) if value == int(value) else float(value)


def _read_float(value: SuiteValue) -> float | None:
    if not _is_number(value) or _is_nan(value):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _read_decimal(value: SuiteValue) -> Decimal | float | None:
    number = _read_float(value)
    if number is None or math.isinf(number):
        return number
    # a bound of 1.1 means the decimal 1.1, not the nearest binary fraction
    decimal = value if isinstance(value, Decimal) else Decimal(str(value))
    places = -int(decimal.as_tuple().exponent)
    # what no Polars decimal of 38 digits holds is compared as a float
    return decimal if places <= _DECIMAL_PLACES and abs(decimal) < _DECIMAL_LIMIT else number


def _read_instant(value: SuiteValue) -> dt.datetime | None:
    """A date, a datetime or an ISO 8601 text as a datetime, with or without a zone."""
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, dt.datetime):
        return value
    return dt.datetime.combine(value, dt.time()) if isinstance(value, dt.date) else None


def _read_naive(value: SuiteValue) -> dt.datetime | None:
    instant = _read_instant(value)
    return instant if instant is not None and instant.tzinfo is None else None


def _read_aware(value: SuiteValue) -> dt.datetime | None:
    instant = _read_instant(value)
    if instant is None or instant.tzinfo is None:
        return None
    return instant.astimezone(dt.UTC)


def _read_date(value: SuiteValue) -> dt.date | dt.datetime | None:
    instant = _read_naive(value)
    if instant is None:
        return None
    return instant.date() if instant.time() == dt.time() else instant


def _read_time(value: SuiteValue) -> dt.time | None:
    if isinstance(value, str):
        try:
            return dt.time.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, dt.time) else None


def _only(kind: type) -> Callable[[SuiteValue], SuiteValue | None]:
    return lambda value: value if isinstance(value, kind) else None


def _integer_dtype(values: list[SuiteValue]) -> type[pl.DataType]:
    fits = all(value in _INT64_RANGE for value in values if isinstance(value, int))
    return pl.Int64 if fits else pl.Int128


def _decimal_dtype(_values: list[SuiteValue]) -> pl.DataType:
    return pl.Decimal(38, _DECIMAL_PLACES)


def _same(selected: pl.Expr) -> pl.Expr:
    return selected


TEXT_DTYPES = cs.string() | cs.categorical() | cs.enum()

INTEGERS = Reading("integers", cs.integer(), _read_integer, _same, _integer_dtype)
FLOATS = Reading("floats", cs.float(), _read_float, lambda x: x, lambda _: pl.Float64)
DECIMALS = Reading("decimals", cs.decimal(), _read_decimal, _same, _decimal_dtype)
TEXTS = Reading("texts", TEXT_DTYPES, _only(str), lambda x: x.cast(pl.String), lambda _: pl.String)
DATES = Reading("dates", cs.date(), _read_date, _same, lambda _: pl.Date)
NAIVE_DATETIMES = Reading(
    "datetimes without a zone",
    cs.datetime(time_zone=None),
    _read_naive,
    _same,
    lambda _: pl.Datetime("us"),
)
# a bound without a zone means the wall time in the column's own zone
ZONED_WALL_TIMES = Reading(
    "wall times",
    cs.datetime(time_zone="*"),
    _read_naive,
    lambda x: x.dt.replace_time_zone(None),
    lambda _: pl.Datetime("us"),
)
ZONED_INSTANTS = Reading(
    "datetimes with a zone",
    cs.datetime(time_zone="*"),
    _read_aware,
    lambda x: x.dt.convert_time_zone("UTC"),
    lambda _: pl.Datetime("us", "UTC"),
)
TIMES = Reading("times", cs.time(), _read_time, _same, lambda _: pl.Time)
DURATIONS = Reading(
    "durations", cs.duration(), _only(dt.timedelta), _same, lambda _: pl.Duration("us")
)
BOOLEANS = Reading("booleans", cs.boolean(), _only(bool), _same, lambda _: pl.Boolean)

ORDERED_READINGS = (
    INTEGERS,
    FLOATS,
    DECIMALS,
    TEXTS,
    DATES,
    NAIVE_DATETIMES,
    ZONED_WALL_TIMES,
    ZONED_INSTANTS,
    TIMES,
    DURATIONS,
)
ALL_READINGS = (*ORDERED_READINGS, BOOLEANS)
