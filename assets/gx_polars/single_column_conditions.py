"""The row-level expectations on one column.

Belongs here: the condition "this row is unexpected" of each expectation on a single column.
Does not belong here: how bounds and sets are compared with a dtype (``values.py``), texts that only
Python can parse (``parsing.py``).

Every builder takes the expectation's arguments and the rows it is about (``None`` for all). Most
conditions judge each row alone and can ignore the rows; those that look at other rows
(duplicates, order, spread) blank out the values of the rest first.
"""

from collections.abc import Callable, Mapping
from typing import Final

import polars as pl
import polars.selectors as cs

from assets.gx_polars.arguments import (
    Kwargs,
    bounds_of,
    column_of,
    pattern_of,
    patterns_of,
    value_set_of,
)
from assets.gx_polars.errors import InvalidKwargsError
from assets.gx_polars.parsing import is_dateutil_parseable, is_json_parseable, matches_strftime
from assets.gx_polars.values import TEXT_DTYPES, Dtypes, is_member, is_within, named, on_dtypes

Rows = pl.Expr | None

# Polars does not write durations as text
_COMPARABLE_AS_TEXT = (
    TEXT_DTYPES | cs.numeric() | cs.boolean() | cs.date() | cs.datetime() | cs.time()
)


def not_null(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Missing values; NaN is not missing."""
    return named(column_of(kwargs)).is_null()


def null(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Values that are not missing."""
    return named(column_of(kwargs)).is_not_null()


def unique(kwargs: Kwargs, rows: Rows) -> pl.Expr:
    """Every occurrence of a value that occurs twice or more; NaN equals NaN."""
    value = _within(named(column_of(kwargs)), rows)
    return value.is_duplicated() & value.is_not_null()


def between(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Values outside the bounds."""
    column = column_of(kwargs)
    low, high = bounds_of(kwargs)
    admitted = is_within(
        column,
        low,
        high,
        is_low_strict=bool(kwargs.get("strict_min")),
        is_high_strict=bool(kwargs.get("strict_max")),
    )
    return _unless(column, admitted)


def in_set(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Values outside the set; none if no set is given, as in Great Expectations."""
    column, values = column_of(kwargs), value_set_of(kwargs)
    return _nowhere(column) if values is None else _unless(column, is_member(column, values))


def not_in_set(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Values of the set; none if no set is given, as in Great Expectations."""
    column, values = column_of(kwargs), value_set_of(kwargs)
    return _nowhere(column) if values is None else is_member(column, values)


def match_regex(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Values in which the pattern is not found."""
    return _unless_text(kwargs, _found(pattern_of(kwargs.get("regex"))))


def not_match_regex(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Values in which the pattern is found."""
    return _where_text(kwargs, _found(pattern_of(kwargs.get("regex"))))


def match_regex_list(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Values in which none (``match_on="all"``: not all) of the patterns is found."""
    found = [_found(pattern) for pattern in patterns_of(kwargs)]
    match kwargs.get("match_on") or "any":
        case "any":
            return _unless_text(kwargs, lambda x: pl.any_horizontal([f(x) for f in found]))
        case "all":
            return _unless_text(kwargs, lambda x: pl.all_horizontal([f(x) for f in found]))
        case other:
            raise InvalidKwargsError(
                f"match_on is {other!r} for column {column_of(kwargs)!r}; allowed are 'any' and"
                " 'all'. Choose one."
            )


def not_match_regex_list(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Values in which one of the patterns is found."""
    found = [_found(pattern) for pattern in patterns_of(kwargs)]
    return _where_text(kwargs, lambda x: pl.any_horizontal([f(x) for f in found]))


def value_lengths_between(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Texts whose number of characters (code points) is outside the bounds."""
    low, high = bounds_of(kwargs)
    is_low_strict, is_high_strict = bool(kwargs.get("strict_min")), bool(kwargs.get("strict_max"))

    def admitted(text: pl.Expr) -> pl.Expr:
        length, conditions = text.str.len_chars(), []
        if low is not None:
            conditions.append(length > low if is_low_strict else length >= low)
        if high is not None:
            conditions.append(length < high if is_high_strict else length <= high)
        return pl.all_horizontal(conditions)

    return _unless_text(kwargs, admitted)


def value_lengths_equal(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Texts whose number of characters (code points) differs."""
    length = kwargs.get("value")
    if not isinstance(length, int | float):
        raise InvalidKwargsError(
            f"value is {length!r} for column {column_of(kwargs)!r}; allowed is a number of"
            " characters. Add it."
        )
    return _unless_text(kwargs, lambda text: text.str.len_chars() == length)


def increasing(kwargs: Kwargs, rows: Rows) -> pl.Expr:
    """Values smaller (``strictly``: not greater) than the one before; missing ones are skipped."""
    if kwargs.get("strictly"):
        return _out_of_order(kwargs, rows, lambda value, before: value <= before)
    return _out_of_order(kwargs, rows, lambda value, before: value < before)


def decreasing(kwargs: Kwargs, rows: Rows) -> pl.Expr:
    """Values greater (``strictly``: not smaller) than the one before; missing ones are skipped."""
    if kwargs.get("strictly"):
        return _out_of_order(kwargs, rows, lambda value, before: value >= before)
    return _out_of_order(kwargs, rows, lambda value, before: value > before)


def dateutil_parseable(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Texts that dateutil cannot read as a date."""
    return _unless_text(kwargs, is_dateutil_parseable, TEXT_DTYPES)


def json_parseable(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Texts that are not JSON."""
    return _unless_text(kwargs, is_json_parseable, TEXT_DTYPES)


def match_strftime_format(kwargs: Kwargs, _rows: Rows) -> pl.Expr:
    """Texts that ``strptime`` cannot read by the format."""
    strftime_format = kwargs.get("strftime_format")
    if not isinstance(strftime_format, str) or not strftime_format:
        raise InvalidKwargsError(
            f"strftime_format is {strftime_format!r} for column {column_of(kwargs)!r}; allowed is a"
            " format such as '%Y-%m-%d'. Add it."
        )
    return _unless_text(kwargs, lambda text: matches_strftime(text, strftime_format), TEXT_DTYPES)


def z_scores_less_than(kwargs: Kwargs, rows: Rows) -> pl.Expr:
    """Values further from the mean than ``threshold`` sample standard deviations.

    Where the deviation is zero or undefined nothing is unexpected but NaN.
    """
    return is_far_from_mean(kwargs, rows)


def is_far_from_mean(
    kwargs: Kwargs,
    rows: Rows,
    *,
    mean: pl.Expr | None = None,
    deviation: pl.Expr | None = None,
) -> pl.Expr:
    """The condition of :func:`z_scores_less_than`, where the mean and deviation may be known."""
    threshold = kwargs.get("threshold")
    if not isinstance(threshold, int | float) or isinstance(threshold, bool):
        raise InvalidKwargsError(
            f"threshold is {threshold!r} for column {column_of(kwargs)!r}; allowed is a number of"
            " standard deviations. Add it."
        )
    is_double_sided = kwargs.get("double_sided", True)

    def is_far(selected: pl.Expr) -> pl.Expr:
        value = selected.cast(pl.Float64)
        known = _within(value, rows).fill_nan(None)
        centre = known.mean() if mean is None else mean
        score = (known - centre) / (known.std() if deviation is None else deviation)
        distance, limit = (score.abs(), abs(threshold)) if is_double_sided else (score, threshold)
        return value.is_nan() | (score.is_not_nan() & (distance >= limit))

    return on_dtypes(column_of(kwargs), [(cs.numeric(), is_far)])


BUILDERS: Final[Mapping[str, Callable[[Kwargs, Rows], pl.Expr]]] = {
    "expect_column_values_to_not_be_null": not_null,
    "expect_column_values_to_be_null": null,
    "expect_column_values_to_be_unique": unique,
    "expect_column_values_to_be_between": between,
    "expect_column_values_to_be_in_set": in_set,
    "expect_column_values_to_not_be_in_set": not_in_set,
    "expect_column_values_to_match_regex": match_regex,
    "expect_column_values_to_not_match_regex": not_match_regex,
    "expect_column_values_to_match_regex_list": match_regex_list,
    "expect_column_values_to_not_match_regex_list": not_match_regex_list,
    "expect_column_value_lengths_to_be_between": value_lengths_between,
    "expect_column_value_lengths_to_equal": value_lengths_equal,
    "expect_column_values_to_be_increasing": increasing,
    "expect_column_values_to_be_decreasing": decreasing,
    "expect_column_values_to_be_dateutil_parseable": dateutil_parseable,
    "expect_column_values_to_be_json_parseable": json_parseable,
    "expect_column_values_to_match_strftime_format": match_strftime_format,
    "expect_column_value_z_scores_to_be_less_than": z_scores_less_than,
}


def _within(value: pl.Expr, rows: Rows) -> pl.Expr:
    """The values of the rows looked at; null elsewhere."""
    return value if rows is None else pl.when(rows).then(value)


def _nowhere(column: str) -> pl.Expr:
    # false on every row; a literal would be one row long
    return named(column).is_null().is_null()


def _unless(column: str, admitted: pl.Expr) -> pl.Expr:
    return named(column).is_not_null() & ~admitted


def _unless_text(
    kwargs: Kwargs, admitted: Callable[[pl.Expr], pl.Expr], dtypes: Dtypes = _COMPARABLE_AS_TEXT
) -> pl.Expr:
    return _unless(column_of(kwargs), _where_text(kwargs, admitted, dtypes))


def _where_text(
    kwargs: Kwargs, condition: Callable[[pl.Expr], pl.Expr], dtypes: Dtypes = _COMPARABLE_AS_TEXT
) -> pl.Expr:
    branches = [(dtypes, lambda selected: condition(selected.cast(pl.String)))]
    return on_dtypes(column_of(kwargs), branches)


def _found(pattern: str) -> Callable[[pl.Expr], pl.Expr]:
    return lambda text: text.str.contains(pattern)


def _out_of_order(
    kwargs: Kwargs, rows: Rows, is_wrong: Callable[[pl.Expr, pl.Expr], pl.Expr]
) -> pl.Expr:
    def compared(known: pl.Expr) -> pl.Expr:
        return is_wrong(known, known.forward_fill().shift(1))

    branches = [
        (cs.float(), lambda x: x.is_nan() | compared(_within(x, rows).fill_nan(None))),
        (TEXT_DTYPES, lambda x: compared(_within(x, rows).cast(pl.String))),
        (cs.numeric() - cs.float(), lambda x: compared(_within(x, rows))),
        (cs.temporal() | cs.boolean(), lambda x: compared(_within(x, rows))),
    ]
    return on_dtypes(column_of(kwargs), branches)
