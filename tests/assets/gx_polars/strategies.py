"""Random frames, and random arguments for every supported expectation.

Belongs here: Hypothesis strategies.
Does not belong here: tests.
"""

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import polars as pl
from hypothesis import strategies as st

Arguments = st.SearchStrategy[dict[str, Any]]

SCHEMA = {
    "i": pl.Int64,
    "j": pl.Int64,
    "f": pl.Float64,
    "g": pl.Float64,
    "s": pl.String,
    "t": pl.String,
    "d": pl.Date,
    "e": pl.Date,
    "m": pl.Decimal(18, 2),
    "at": pl.Datetime("us"),
}
INTS = st.integers(-3, 5)
FLOATS = st.one_of(
    st.sampled_from([0.0, 1.0, 1.5, -2.25, 3.0, float("nan")]),
    st.floats(-1e6, 1e6, allow_nan=False),
)
TEXTS = st.one_of(
    st.sampled_from(["", "a", "ab", "ünï", "🙂", "A1", "2024-01-05", "05/01/2024", " ", "12"]),
    st.text(max_size=4).filter(lambda text: not text.endswith("\n")),
)
DATES = st.dates(dt.date(2023, 12, 28), dt.date(2024, 1, 5))
DECIMALS = st.decimals(-3, 5, places=2)
INSTANTS = st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 4))  # noqa: DTZ001 - naive
VALUES = {
    "i": INTS, "j": INTS, "f": FLOATS, "g": FLOATS, "s": TEXTS, "t": TEXTS,
    "d": DATES, "e": DATES, "m": DECIMALS, "at": INSTANTS,
}  # fmt: skip


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    """Small frames with nulls, NaN, no rows, unicode, decimals, dates."""
    height = draw(st.integers(0, 7))
    share = draw(st.sampled_from(["none", "some", "all"]))
    data = {}
    for name, values in VALUES.items():
        cells = values if share == "none" else st.none() if share == "all" else st.none() | values
        data[name] = draw(st.lists(cells, min_size=height, max_size=height))
    return pl.DataFrame(data, schema=SCHEMA)


def is_number_or_other(value: object) -> bool:
    """Whether the value is anything but NaN, which is neither a bound nor a member of a set."""
    return not (isinstance(value, float) and math.isnan(value))


def bounds(column: str) -> Arguments:
    """A lower and an upper bound, one of them possibly missing, of the column's type."""
    values = VALUES[column].filter(is_number_or_other)

    def ordered(pair: tuple[Any, Any]) -> dict[str, Any]:
        low, high = sorted(pair)
        return {"min_value": low, "max_value": high}

    both = st.tuples(values, values).map(ordered)
    return st.one_of(
        both,
        values.map(lambda value: {"min_value": value}),
        values.map(lambda value: {"max_value": value}),
    )


def fixed(**kwargs: object) -> Arguments:
    """Always the same arguments."""
    return st.just(kwargs)


def merged(*parts: Arguments) -> Arguments:
    """Several parts of the arguments together."""
    return st.tuples(*parts).map(lambda dicts: {k: v for one in dicts for k, v in one.items()})


STRICTNESS = st.fixed_dictionaries(
    {}, optional={"strict_min": st.booleans(), "strict_max": st.booleans()}
)
MOSTLY = st.fixed_dictionaries({}, optional={"mostly": st.sampled_from([0.0, 0.3, 0.5, 1.0])})
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "row_condition": st.sampled_from(
            [
                {"type": "comparison", "column": {"name": "j"}, "operator": ">", "parameter": 0},
                {"type": "nullity", "column": {"name": "s"}, "is_null": False},
                {
                    "type": "or",
                    "conditions": [
                        {
                            "type": "comparison",
                            "column": {"name": "s"},
                            "operator": "IN",
                            "parameter": ["a", "ab"],
                        },
                        {
                            "type": "comparison",
                            "column": {"name": "j"},
                            "operator": "!=",
                            "parameter": 1,
                        },
                    ],
                },
                {"type": "pass_through", "pass_through_filter": "j > 0 and not i == 2"},
            ]
        )
    },
)
COMMON = merged(MOSTLY, CONDITIONS)


def any_column(names: str, part: Callable[[str], Arguments] | None = None) -> Arguments:
    """Arguments for one of the columns; ``part`` makes those that depend on the column."""
    return st.sampled_from(list(names.split())).flatmap(
        lambda name: merged(fixed(column=name), part(name) if part else fixed(), COMMON)
    )


def value_sets(column: str) -> Arguments:
    """A set of values of the column's type."""
    values = VALUES[column].filter(is_number_or_other)
    return st.lists(values, min_size=1, max_size=4).map(lambda vs: {"value_set": vs})


def length_bounds(_column: str) -> Arguments:
    """Bounds of a number of characters."""
    return merged(
        st.sampled_from([{"min_value": 1}, {"max_value": 2}, {"min_value": 1, "max_value": 3}]),
        STRICTNESS,
    )


PATTERNS = st.sampled_from(["^a", "[0-9]", "b$", "^.{2}$", r"\d{4}", "ü", "", "^$", r"^\w+$"])
PAIRS = {"column_A": "i", "column_B": "j"}
PAIR_IGNORES = st.fixed_dictionaries(
    {},
    optional={
        "ignore_row_if": st.sampled_from(
            ["both_values_are_missing", "either_value_is_missing", "neither"]
        )
    },
)
LIST_IGNORES = st.fixed_dictionaries(
    {},
    optional={
        "ignore_row_if": st.sampled_from(
            ["all_values_are_missing", "any_value_is_missing", "never"]
        )
    },
)


def _pair(first: str, second: str) -> dict[str, str]:
    return {"column_A": first, "column_B": second}


COLUMN_PAIRS = st.sampled_from(
    [_pair(*names) for names in [("i", "j"), ("f", "g"), ("s", "t"), ("d", "e")]]
)
ORDERED_PAIRS = st.sampled_from([_pair(*names) for names in [("i", "j"), ("f", "g"), ("i", "f")]])
COLUMN_LISTS = st.sampled_from(
    [["i", "j"], ["s", "t"], ["i", "s", "d"], ["f", "g"], ["m", "i"]]
).map(lambda columns: {"column_list": columns})

NAMES = "i f s d m at"
ROW_LEVEL: dict[str, Arguments] = {
    "expect_column_values_to_not_be_null": any_column(NAMES),
    "expect_column_values_to_be_null": any_column(NAMES),
    "expect_column_values_to_be_unique": any_column(NAMES),
    "expect_column_values_to_be_in_set": any_column("i f s d m at", value_sets),
    "expect_column_values_to_not_be_in_set": any_column("i f s d m at", value_sets),
    "expect_column_values_to_be_between": any_column(
        "i f d at", lambda name: merged(bounds(name), STRICTNESS)
    ),
    "expect_column_values_to_match_regex": any_column(
        "s t", lambda _: PATTERNS.map(lambda p: {"regex": p})
    ),
    "expect_column_values_to_not_match_regex": any_column(
        "s t", lambda _: PATTERNS.map(lambda p: {"regex": p})
    ),
    "expect_column_values_to_match_regex_list": any_column(
        "s t",
        lambda _: merged(
            st.lists(PATTERNS, min_size=1, max_size=3).map(lambda ps: {"regex_list": ps}),
            st.sampled_from([{}, {"match_on": "any"}, {"match_on": "all"}]),
        ),
    ),
    "expect_column_values_to_not_match_regex_list": any_column(
        "s t",
        lambda _: st.lists(PATTERNS, min_size=1, max_size=3).map(lambda ps: {"regex_list": ps}),
    ),
    "expect_column_value_lengths_to_be_between": any_column("s t", length_bounds),
    "expect_column_value_lengths_to_equal": any_column(
        "s t", lambda _: st.integers(0, 4).map(lambda n: {"value": n})
    ),
    "expect_column_values_to_be_increasing": any_column(
        "i f at", lambda _: st.booleans().map(lambda b: {"strictly": b})
    ),
    "expect_column_values_to_be_decreasing": any_column(
        "i f at", lambda _: st.booleans().map(lambda b: {"strictly": b})
    ),
    "expect_column_values_to_be_dateutil_parseable": any_column("s t"),
    "expect_column_values_to_be_json_parseable": any_column("s t"),
    "expect_column_values_to_match_strftime_format": any_column(
        "s t",
        lambda _: st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%H", "%Y"]).map(
            lambda f: {"strftime_format": f}
        ),
    ),
    "expect_column_value_z_scores_to_be_less_than": any_column(
        "i f",
        lambda _: merged(
            st.sampled_from([0.5, 1.0, 1.5]).map(lambda x: {"threshold": x}),
            st.booleans().map(lambda b: {"double_sided": b}),
        ),
    ),
    "expect_column_pair_values_to_be_equal": merged(COLUMN_PAIRS, PAIR_IGNORES, COMMON),
    "expect_column_pair_values_a_to_be_greater_than_b": merged(
        ORDERED_PAIRS, PAIR_IGNORES, COMMON, st.booleans().map(lambda b: {"or_equal": b})
    ),
    "expect_column_pair_values_to_be_in_set": merged(
        fixed(**PAIRS),
        PAIR_IGNORES,
        MOSTLY,
        st.lists(st.tuples(st.none() | INTS, st.none() | INTS), min_size=1, max_size=5).map(
            lambda pairs: {"value_pairs_set": pairs}
        ),
    ),
    "expect_compound_columns_to_be_unique": merged(COLUMN_LISTS, LIST_IGNORES, COMMON),
    "expect_multicolumn_sum_to_equal": merged(
        st.sampled_from([["i", "j"], ["f", "g"]]).map(lambda c: {"column_list": c}),
        LIST_IGNORES,
        COMMON,
        st.integers(-2, 4).map(lambda n: {"sum_total": n}),
    ),
    "expect_multicolumn_values_to_be_equal": merged(
        st.sampled_from([["i", "j"], ["s", "t"], ["f", "g"]]).map(lambda c: {"column_list": c}),
        LIST_IGNORES,
        COMMON,
    ),
    "expect_select_column_values_to_be_unique_within_record": merged(
        st.sampled_from([["i", "j"], ["s", "t"], ["d", "e"]]).map(lambda c: {"column_list": c}),
        LIST_IGNORES,
        COMMON,
    ),
}


@st.composite
def suites(draw: st.DrawFn, arguments: dict[str, Arguments]) -> list[dict[str, Any]]:
    """One expectation of every type, with random arguments."""
    return [{"type": name, "kwargs": draw(kwargs)} for name, kwargs in arguments.items()]
