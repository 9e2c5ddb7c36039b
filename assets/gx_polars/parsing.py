"""Checks that no Polars expression can make, evaluated by Python once a distinct value.

Belongs here: whether a text is a date to dateutil, to ``strptime`` or valid JSON.
Does not belong here: anything that Polars can evaluate itself.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Final

import polars as pl

# `strptime` directives that Polars reads alike, given the text has exactly these digits;
# looser texts ("1/2/2024") are left to Python
_STRICT_DIGITS: Final = {
    "%Y": r"[1-9]\d{3}",
    "%m": r"\d{2}",
    "%d": r"\d{2}",
    "%H": r"\d{2}",
    "%M": r"[0-5]\d",
    "%S": r"[0-5]\d",
}
_PLAIN_PUNCTUATION: Final = frozenset("-/:.T, _")


def is_dateutil_parseable(text: pl.Expr) -> pl.Expr:
    """Whether ``dateutil.parser.parse`` reads the text; never true for null."""
    return _distinct(text, _dateutil_reads)


def is_json_parseable(text: pl.Expr) -> pl.Expr:
    """Whether the text is JSON; never true for null."""
    return _distinct(text, _json_reads)


def matches_strftime(text: pl.Expr, strftime_format: str) -> pl.Expr:
    """Whether ``datetime.strptime`` reads the text by the format; never true for null."""
    pattern = _strict_pattern(strftime_format)

    def reads(value: str) -> bool:
        try:
            datetime.strptime(value, strftime_format)  # noqa: DTZ007 - only whether it parses
        except ValueError:
            return False
        return True

    def evaluate(texts: pl.Series) -> pl.Series:
        if pattern is None:
            return _by_distinct_value(texts, reads)
        # Polars and Python agree wherever Polars reads strictly written digits; the rest is rare
        parsed = texts.str.strptime(
            pl.Datetime("us") if "%H" in strftime_format else pl.Date, strftime_format, strict=False
        )
        is_read = texts.str.contains(pattern) & parsed.is_not_null()
        is_doubtful = texts.is_not_null() & ~is_read
        if not is_doubtful.any():
            return is_read
        return is_read | _by_distinct_value(texts.filter(is_doubtful), reads, among=texts)

    return text.map_batches(evaluate, return_dtype=pl.Boolean, is_elementwise=True)


def _strict_pattern(strftime_format: str) -> str | None:
    """A pattern of texts that Polars' own parser may judge, or ``None`` if there is none."""
    pattern, directives, rest = "", [], strftime_format
    while rest:
        token, rest = (rest[:2], rest[2:]) if rest[0] == "%" else (rest[0], rest[1:])
        if token in _STRICT_DIGITS:
            directives.append(token)
            pattern += _STRICT_DIGITS[token]
        elif token in _PLAIN_PUNCTUATION:
            pattern += "[" + token + "]"
        else:
            return None
    found = set(directives)
    is_date = {"%Y", "%m", "%d"} <= found and len(found) == len(directives)
    is_readable_time = found.isdisjoint({"%H", "%M", "%S"}) or {"%H", "%M"} <= found
    return rf"^{pattern}\z" if is_date and is_readable_time else None


def _distinct(text: pl.Expr, reads: Callable[[str], bool]) -> pl.Expr:
    return text.map_batches(
        lambda texts: _by_distinct_value(texts, reads),
        return_dtype=pl.Boolean,
        is_elementwise=True,
    )


def _by_distinct_value(
    texts: pl.Series, reads: Callable[[str], bool], among: pl.Series | None = None
) -> pl.Series:
    """Which of ``among`` (by default ``texts``) are readable, each distinct text asked once."""
    readable = [value for value in texts.drop_nulls().unique() if reads(value)]
    members = pl.Series(readable, dtype=pl.String)
    return (texts if among is None else among).is_in(members.implode())


def _dateutil_reads(value: str) -> bool:
    from dateutil.parser import parse  # type: ignore[import-untyped] # has no stubs

    try:
        parse(value)
    except (ValueError, OverflowError):
        return False
    return True


def _json_reads(value: str) -> bool:
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return False
    return True
