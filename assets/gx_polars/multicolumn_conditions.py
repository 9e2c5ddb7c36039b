"""The row-level expectations on a pair or a list of columns.

Belongs here: the condition "this row is unexpected" of each expectation that compares columns, and
which rows ``ignore_row_if`` leaves out.
Does not belong here: expectations on a single column (``single_column_conditions.py``).
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import combinations
from typing import Any, Final

import polars as pl
import polars.selectors as cs

from assets.gx_polars.arguments import Kwargs, columns_of
from assets.gx_polars.errors import InvalidKwargsError
from assets.gx_polars.values import is_member, named

Rows = pl.Expr | None

_PAIR_CHOICES: Final = ("both_values_are_missing", "either_value_is_missing", "neither")
_LIST_CHOICES: Final = ("all_values_are_missing", "any_value_is_missing", "never")


def is_considered(kwargs: Kwargs) -> pl.Expr:
    """The rows that ``ignore_row_if`` keeps; never null.

    Raises:
        InvalidKwargsError: If ``ignore_row_if`` is unknown.
    """
    columns = columns_of(kwargs)
    choices = _LIST_CHOICES if "column_list" in kwargs else _PAIR_CHOICES
    choice = kwargs.get("ignore_row_if") or choices[0]
    if choice not in choices:
        raise InvalidKwargsError(
            f"ignore_row_if is {choice!r} for columns {columns}; allowed are {choices}. Choose one."
        )
    if choice == choices[0]:
        return pl.any_horizontal([named(column).is_not_null() for column in columns])
    if choice == choices[1]:
        return pl.all_horizontal([named(column).is_not_null() for column in columns])
    # true on every row; a literal would be one row long
    return named(columns[0]).is_null().is_not_null()


def pair_equal(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Pairs that differ; a missing value equals nothing."""
    first, second = columns_of(kwargs)
    return _unless(kwargs, named(first) == named(second))


def pair_a_greater_than_b(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Pairs whose first is not greater (``or_equal``: is smaller) than the second."""
    first, second = columns_of(kwargs)
    if kwargs.get("or_equal"):
        return _unless(kwargs, named(first) >= named(second))
    return _unless(kwargs, named(first) > named(second))


def pair_in_set(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Pairs outside the set; ``None`` in the set stands for a missing value."""
    first, second = columns_of(kwargs)
    pairs = kwargs.get("value_pairs_set")
    if pairs is None:
        return named(first).is_null().is_null()
    partners: dict[Any, list[Any]] = {}
    try:
        for one, other in pairs:
            partners.setdefault(one, []).append(other)
    except (TypeError, ValueError) as error:
        raise InvalidKwargsError(
            f"value_pairs_set for columns {first!r} and {second!r} holds something else than pairs;"
            " allowed is a list of (a, b). Correct it."
        ) from error
    admitted = [
        _is_one_of(first, [one]) & _is_one_of(second, others) for one, others in partners.items()
    ]
    return is_considered(kwargs) & ~pl.any_horizontal(pl.lit(False), *admitted)


def compound_unique(kwargs: Kwargs, rows: Rows) -> pl.Expr:
    """Every occurrence of a combination that occurs twice or more; two nulls are alike."""
    key = [named(column) for column in columns_of(kwargs)]
    # rows outside the row condition differ from those inside by this one more part of the key
    outside = [] if rows is None else [rows.alias("_is_row_selected")]
    return is_considered(kwargs) & pl.struct(*key, *outside).is_duplicated()


def multicolumn_sum_equal(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Rows whose sum differs from ``sum_total``; a missing value makes the sum differ."""
    columns, total = columns_of(kwargs), kwargs.get("sum_total")
    if not isinstance(total, int | float | Decimal):
        raise InvalidKwargsError(
            f"sum_total is {total!r} for columns {columns}; allowed is a number. Add it."
        )
    listed = cs.by_name(*columns)
    # integers are widened, since Polars wraps around where Int64 overflows
    addends = (
        (listed & cs.integer()).as_expr().cast(pl.Int128),
        (listed - cs.integer()).as_expr(),
    )
    return _unless(kwargs, pl.sum_horizontal(*addends, ignore_nulls=False) == total)


def multicolumn_values_equal(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Rows whose values are not all the same; two missing values are the same."""
    first, *others = (named(column) for column in columns_of(kwargs))
    return _unless(kwargs, pl.all_horizontal([first.eq_missing(other) for other in others]))


def unique_within_record(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Rows in which two columns hold the same value; two missing values are the same."""
    pairs = combinations([named(column) for column in columns_of(kwargs)], 2)
    is_repeated = pl.any_horizontal([one.eq_missing(other) for one, other in pairs])
    return is_considered(kwargs) & is_repeated


BUILDERS: Final[Mapping[str, Callable[[Kwargs, Rows], pl.Expr]]] = {
    "expect_column_pair_values_to_be_equal": pair_equal,
    "expect_column_pair_values_a_to_be_greater_than_b": pair_a_greater_than_b,
    "expect_column_pair_values_to_be_in_set": pair_in_set,
    "expect_compound_columns_to_be_unique": compound_unique,
    "expect_multicolumn_sum_to_equal": multicolumn_sum_equal,
    "expect_multicolumn_values_to_be_equal": multicolumn_values_equal,
    "expect_select_column_values_to_be_unique_within_record": unique_within_record,
}


def _unless(kwargs: Kwargs, admitted: pl.Expr) -> pl.Expr:
    is_met = admitted.fill_null(False) & ~_holds_nan(columns_of(kwargs))
    return is_considered(kwargs) & ~is_met


def _holds_nan(columns: list[str]) -> pl.Expr:
    nans = (cs.by_name(*columns) & cs.float()).as_expr().is_nan()
    return pl.any_horizontal(pl.lit(False), nans).fill_null(False)


def _is_one_of(column: str, values: list[Any]) -> pl.Expr:
    member = is_member(column, values)
    return member | named(column).is_null() if None in values else member
