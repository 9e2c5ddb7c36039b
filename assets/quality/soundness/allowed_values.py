"""Sets of allowed values against what else a column's expectations ask for.

Belongs here: judging the values of a set one by one, without data. Does not belong here: ranges and
pairs of columns (`assets.quality.soundness.contradictions`).
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from assets.gx_polars.conditions import unexpected_condition
from assets.quality.soundness.ranges import comparable
from assets.quality.soundness.stated import Stated, against

_ALLOWING = frozenset(
    {
        "expect_column_values_to_be_in_set",
        "expect_column_distinct_values_to_be_in_set",
        "expect_column_distinct_values_to_equal_set",
    }
)
_REQUIRING = frozenset(
    {
        "expect_column_distinct_values_to_contain_set",
        "expect_column_distinct_values_to_equal_set",
    }
)
_JUDGING_ONE_VALUE = frozenset(
    {
        "expect_column_value_lengths_to_be_between",
        "expect_column_value_lengths_to_equal",
        "expect_column_values_to_be_between",
        "expect_column_values_to_be_dateutil_parseable",
        "expect_column_values_to_be_json_parseable",
        "expect_column_values_to_match_regex",
        "expect_column_values_to_match_regex_list",
        "expect_column_values_to_match_strftime_format",
        "expect_column_values_to_not_be_in_set",
        "expect_column_values_to_not_match_regex",
        "expect_column_values_to_not_match_regex_list",
    }
)


def impossible_sets(column: str, rules: Sequence[Stated], dtype: pl.DataType) -> Iterator[str]:
    """Sets of allowed values that leave nothing, and values that are asked for but not allowed.

    Args:
        column: Column that the expectations are about.
        rules: Expectations that hold for every record.
        dtype: Type of the column.
    """
    allowing = [each for each in rules if each.type in _ALLOWING]
    allowed: list[Any] | None = [True, False] if dtype == pl.Boolean else None
    for rule in allowing:
        members = _members(rule, dtype)
        if not members:
            given = rule.kwargs.get("value_set")
            yield (
                f"{rule.where}: value_set is {given!r}, of which a column of {dtype} can hold "
                f"nothing; allowed are values of its type. Correct it: {rule.mend}."
            )
            return
        left = members if allowed is None else [value for value in allowed if value in members]
        if not left:
            one = next((each for each in allowing if _disjoint(each, rule, dtype)), allowing[0])
            yield against(one, rule, _set(one), _set(rule), "sets with a value in common")
            return
        allowed = left
    if allowed is None:
        return
    yield from _nothing_passes(column, allowed, rules, dtype)
    for rule in rules:
        yield from _asked_but_not_allowed(rule, allowed, dtype)


def _members(rule: Stated, dtype: pl.DataType) -> list[Any]:
    """The values of a set that a column can hold, as they compare."""
    read = [comparable(value, dtype) for value in rule.kwargs.get("value_set") or ()]
    known = [value for value in read if value is not None]
    return [value for value in known if value % 1 == 0] if dtype.is_integer() else known


def _disjoint(one: Stated, other: Stated, dtype: pl.DataType) -> bool:
    members = _members(one, dtype)
    return not any(value in members for value in _members(other, dtype))


def _column_of(values: list[Any], dtype: pl.DataType) -> pl.Series:
    """The values as the column holds them; null for what it cannot hold."""
    is_date = dtype == pl.Date
    held = [v.date() if is_date and isinstance(v, dt.datetime) else v for v in values]
    return pl.Series(held, dtype=dtype, strict=False)


def _set(rule: Stated) -> str:
    return f"value_set {list(rule.kwargs.get('value_set') or ())!r}"


def _nothing_passes(
    column: str, allowed: list[Any], rules: Sequence[Stated], dtype: pl.DataType
) -> Iterator[str]:
    """Allowed values that all fail what else is expected of every value."""
    judges = [each for each in rules if each.type in _JUDGING_ONE_VALUE]
    if not judges:
        return
    frame = pl.DataFrame({column: _column_of(allowed, dtype)})
    refused = frame.select(
        unexpected_condition(each.type, each.kwargs).alias(str(i)) for i, each in enumerate(judges)
    )
    shown = ", ".join(map(str, allowed))
    for i, rule in enumerate(judges):
        if refused[str(i)].all():
            yield (
                f"{rule.where}: none of the allowed values meets it; allowed are {shown}. "
                f"Correct it, or allow a value that does: {rule.mend}."
            )
            return
    if refused.select(pl.any_horizontal(pl.all()).all()).item():
        places = "; ".join(each.where for each in judges)
        yield (
            f"{judges[-1].where}: no allowed value of {column!r} meets all of {places}; allowed "
            f"are {shown}. Correct one of them: {judges[-1].mend}."
        )


def _asked_but_not_allowed(rule: Stated, allowed: list[Any], dtype: pl.DataType) -> Iterator[str]:
    asked, shown = _members(rule, dtype), ", ".join(map(str, allowed))
    lacking = [value for value in asked if value not in allowed]
    if rule.type in _REQUIRING and lacking:
        yield (
            f"{rule.where}: asks for {lacking[0]!r}, which is not allowed; allowed are {shown}. "
            f"Correct it: {rule.mend}."
        )
    is_common = rule.type == "expect_column_most_common_value_to_be_in_set"
    if is_common and len(lacking) == len(asked):
        yield (
            f"{rule.where}: {_set(rule)} holds no allowed value; allowed are {shown}. "
            f"Correct it: {rule.mend}."
        )
    low = rule.kwargs.get("min_value")
    if rule.type == "expect_column_unique_value_count_to_be_between" and (low or 0) > len(allowed):
        yield (
            f"{rule.where}: asks for {low} different values, and {len(allowed)} are allowed: "
            f"{shown}. Correct min_value: {rule.mend}."
        )
