"""Expectations of one table that no record can meet together.

Belongs here: comparing expectations with each other, without data. Does not belong here: what is
wrong with one expectation alone (`arguments`, `assets.gx_polars.suite_check`).

Only what must hold of every record is compared: an expectation with `row_condition`, or with
`mostly` below 1, leaves room for another.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import polars as pl

from assets.gx_polars.expectation_kinds import BOUNDED
from assets.quality.soundness.allowed_values import impossible_sets
from assets.quality.soundness.ranges import Range, comparable, empty_between
from assets.quality.soundness.stated import Stated, against

VALUES = "values"

_LENGTHS = frozenset(
    {"expect_column_value_lengths_to_be_between", "expect_column_value_lengths_to_equal"}
)
_ROW_COUNTS = frozenset({"expect_table_row_count_to_be_between", "expect_table_row_count_to_equal"})
_WITHIN_VALUES = frozenset(
    f"expect_column_{name}_to_be_between" for name in ("min", "max", "mean", "median")
)
_PROPORTION = "expect_column_proportion_of_non_null_values_to_be_between"
_NULL_RULES = {
    "expect_column_values_to_not_be_null": 1,
    "expect_column_values_to_be_null": 0,
}
_NATURAL: Mapping[str, tuple[int, int | None]] = {
    "lengths": (0, None),
    "row count": (0, None),
    _PROPORTION: (0, 1),
    "expect_column_proportion_of_unique_values_to_be_between": (0, 1),
    "expect_column_unique_value_count_to_be_between": (0, None),
    "expect_column_stdev_to_be_between": (0, None),
    "expect_table_column_count_to_be_between": (0, None),
}
"""Quantity → what it can be at all."""
_WHOLE = frozenset({"lengths", "row count", "expect_column_unique_value_count_to_be_between"})
_GREATER = "expect_column_pair_values_a_to_be_greater_than_b"
_EQUAL = "expect_column_pair_values_to_be_equal"


def contradictions(stated: Sequence[Stated], schema: pl.Schema) -> Iterator[str]:
    """Every group of expectations that nothing but an empty table meets.

    Args:
        stated: Expectations that are each sound in themselves, in order of their statement; of
            two that contradict each other the later is told to give way.
        schema: Columns of the table.
    """
    firm = [each for each in stated if each.is_firm]
    by_column: dict[str, list[Stated]] = {}
    for each in firm:
        by_column.setdefault(str(each.kwargs.get("column", "")), []).append(each)
    values = {}
    for column, rules in by_column.items():
        dtype = schema.get(column, pl.Null())
        ranges = _ranges(rules, dtype)
        values[column] = ranges.get(VALUES, [])
        yield from _excluding_ranges(ranges, dtype)
        if column in schema:
            yield from impossible_sets(column, rules, dtype)
            yield from _opposite_patterns(rules)
    yield from _opposite_pairs([each for each in firm if each.type in {_GREATER, _EQUAL}], values)


def _ranges(rules: Iterable[Stated], dtype: pl.DataType) -> dict[str, list[Range[Stated]]]:
    """Quantity → what each expectation leaves of it."""
    found: dict[str, list[Range[Stated]]] = {}
    for rule in rules:
        kwargs, quantity = rule.kwargs, _quantity(rule.type)
        if rule.type in _NULL_RULES:
            share = _NULL_RULES[rule.type]
            found.setdefault(_PROPORTION, []).append(Range(share, share, source=rule))
        if quantity is None:
            continue
        low, high = (kwargs.get("value"),) * 2 if "value" in kwargs else _bounds(kwargs)
        is_of_values = quantity == VALUES or rule.type in _WITHIN_VALUES
        kind = dtype if is_of_values else pl.Float64()
        low, high = comparable(low, kind), comparable(high, kind)
        strict_min, strict_max = bool(kwargs.get("strict_min")), bool(kwargs.get("strict_max"))
        found.setdefault(quantity, []).append(Range(low, high, strict_min, strict_max, rule))
    return found


def _quantity(expectation_type: str) -> str | None:
    """What the bounds of an expectation are about; None if it has none."""
    if expectation_type == "expect_column_values_to_be_between":
        return VALUES
    if expectation_type in _LENGTHS:
        return "lengths"
    if expectation_type in _ROW_COUNTS:
        return "row count"
    return expectation_type if expectation_type in BOUNDED else None


def _bounds(kwargs: Mapping[str, Any]) -> tuple[Any, Any]:
    return kwargs.get("min_value"), kwargs.get("max_value")


def _excluding_ranges(
    ranges: Mapping[str, list[Range[Stated]]], dtype: pl.DataType
) -> Iterator[str]:
    values = ranges.get(VALUES, [])
    is_within_itself = True
    for quantity, given in ranges.items():
        is_statistic = quantity in _WITHIN_VALUES
        natural = Range[Stated](*_NATURAL[quantity]) if quantity in _NATURAL else None
        others = values if is_statistic and is_within_itself else []
        is_whole = quantity in _WHOLE or (quantity == VALUES and dtype.is_integer())
        pair = empty_between([*filter(None, [natural]), *others, *given], is_whole=is_whole)
        if pair:
            is_within_itself = is_within_itself and quantity != VALUES
            yield _exclusion(*pair)
    least = ranges.get("expect_column_min_to_be_between", [])
    most = ranges.get("expect_column_max_to_be_between", [])
    floors = [Range(each.low, None, each.is_low_strict, source=each.source) for each in least]
    ceilings = [
        Range(None, each.high, is_high_strict=each.is_high_strict, source=each.source)
        for each in most
    ]
    pair = empty_between([*floors, *ceilings])
    if pair:
        yield _exclusion(*pair)


def _exclusion(floor: Range[Stated], ceiling: Range[Stated]) -> str:
    first, second = floor.source, ceiling.source
    if first is None and second is not None:
        return _beyond(second, ceiling, f"; possible is {floor}")
    if first is not None and second is None:
        return _beyond(first, floor, f"; possible is {ceiling}")
    if first is not None and second is not None and first is not second:
        return against(first, second, f"{floor}", f"{ceiling}", "ranges that overlap")
    return _beyond(first, floor, "") if first is not None else ""


def _beyond(rule: Stated, given: Range[Stated], reason: str) -> str:
    return f"{rule.where}: nothing is {given}{reason}. Correct the bounds: {rule.mend}."


def _opposite_patterns(rules: Sequence[Stated]) -> Iterator[str]:
    """A pattern that every value must match and none may."""
    asked = {
        str(each.kwargs.get("regex")): each
        for each in rules
        if each.type == "expect_column_values_to_match_regex"
    }
    for rule in rules:
        pattern = str(rule.kwargs.get("regex"))
        if rule.type == "expect_column_values_to_not_match_regex" and pattern in asked:
            one = f"regex {pattern!r}"
            yield against(asked[pattern], rule, one, one, "different patterns")


def _opposite_pairs(
    pairs: Sequence[Stated], values: Mapping[str, list[Range[Stated]]]
) -> Iterator[str]:
    """Two columns whose order is asked for both ways, or that their ranges exclude."""
    for first, second in combinations(pairs, 2):
        columns, others = _pair(first), _pair(second)
        is_strict = any(
            e.type == _GREATER and not e.kwargs.get("or_equal") for e in (first, second)
        )
        is_same_way = columns == others and {first.type, second.type} != {_GREATER, _EQUAL}
        if is_strict and sorted(columns) == sorted(others) and not is_same_way:
            yield against(first, second, _order(first), _order(second), "orders that agree")
    for rule in pairs:
        yield from _out_of_order(rule, values)


def _out_of_order(rule: Stated, values: Mapping[str, list[Range[Stated]]]) -> Iterator[str]:
    """The range of a column that lies wholly below that of the one it is to exceed."""
    greater, less = _pair(rule)
    is_strict = rule.type == _GREATER and not rule.kwargs.get("or_equal")
    for high, low in [(greater, less), (less, greater)][: 2 if rule.type == _EQUAL else 1]:
        floors = [
            Range(each.low, None, each.is_low_strict or is_strict, source=each.source)
            for each in values.get(low, [])
        ]
        ceilings = [
            Range(None, each.high, is_high_strict=each.is_high_strict, source=each.source)
            for each in values.get(high, [])
        ]
        pair = empty_between([*floors, *ceilings])
        if pair:
            floor, ceiling = pair
            yield (
                f"{rule.where}: {low!r} is never below {floor.low} and {high!r} never above "
                f"{ceiling.high}, so that no record meets it. Correct the ranges or the "
                f"order: {rule.mend}."
            )
            return


def _pair(rule: Stated) -> tuple[str, str]:
    return str(rule.kwargs.get("column_A")), str(rule.kwargs.get("column_B"))


def _order(rule: Stated) -> str:
    sign = "=" if rule.type == _EQUAL else "≥" if rule.kwargs.get("or_equal") else ">"
    return f"{rule.kwargs.get('column_A')} {sign} {rule.kwargs.get('column_B')}"
