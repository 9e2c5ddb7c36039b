"""A lookup fetches what the other extract of the same day has, or says that it cannot."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.lookups import check_lookups, lookup_columns
from schemas.config.mapping import TableMap
from schemas.errors import MappingError
from tests.assets.transforms.mapped import DAY, Cells, Mapped, raw_frame

OF_TYPE = "expect_column_values_to_be_of_type"


def looked_up(
    keys: Sequence[str | None],
    other: Sequence[Cells] | pl.LazyFrame,
    aggregate: str = "first",
    *,
    column: str = "status",
    **spec: Any,
) -> Mapped:
    lookup = {"source": "other", "match": "k", "take": "v", "aggregate": aggregate}
    columns = {
        "order_id": {"value": "o"},
        "ordered_at": {"value": "2024-03-01"},
        column: {"from": "id", "lookup": lookup, **spec},
    }
    rows = other if isinstance(other, pl.LazyFrame) else raw_frame(other)
    context = {"lookups": {"other": rows}}
    return Mapped([{"id": key} for key in keys], "erp_order", context=context, columns=columns)


def others(*values: str | None) -> list[Cells]:
    return [{"k": "a", "v": value} for value in values]


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        ("first", "30"),
        ("last", "7"),
        ("sum", "150"),
        ("min", "7"),
        ("max", "100"),
        ("count", "4"),
    ],
)
def test_several_matches(aggregate: str, expected: str) -> None:
    found = looked_up(["a", "b", None], others("30", "100", "13", None, "7"), aggregate)
    assert found.values("status") == [expected, None, None]


@pytest.mark.parametrize("aggregate", ["sum", "min", "max", "first", "last"])
def test_matches_without_a_value_give_none_and_not_0(aggregate: str) -> None:
    other = others(None, "", "-")
    found = looked_up(["a"], other, aggregate, column="net_amount", null_values="-")
    assert found.values("net_amount") == [None]
    assert found.refused() == [False]


def test_a_count_of_values_is_0_where_there_are_matches_without() -> None:
    assert looked_up(["a", "b"], others(None, ""), "count").values("status") == ["0", None]


def test_sums_are_exact() -> None:
    found = looked_up(
        ["a"], others(*["0.1"] * 10, "0.00005"), "sum", column="net_amount", multiply="10"
    )
    assert found.values("net_amount") == [Decimal("10.0005")]


def test_decimal_comma_and_thousands_marks_of_what_is_summed() -> None:
    marks = {"decimal": ",", "thousands": "."}
    found = looked_up(["a"], others("1.234,50", "0,25"), "sum", column="net_amount", **marks)
    assert found.values("net_amount") == [Decimal("1234.7500")]
    assert looked_up(["a"], others("9,5", "10,25"), "max", **marks).values("status") == ["10,25"]


def test_a_sum_with_something_unreadable_refuses_the_row() -> None:
    found = looked_up(["a"], others("1", "oops", "2"), "sum", column="net_amount")
    assert found.reasons() == [[("net_amount", OF_TYPE, "oops", None)]]


def test_least_and_greatest_of_texts() -> None:
    dates = others("2024-02-01", "2023-12-31", "2024-01-01")
    assert looked_up(["a"], dates, "min").values("status") == ["2023-12-31"]
    assert looked_up(["a"], dates, "max").values("status") == ["2024-02-01"]


def test_first_and_last_go_by_file_and_row_number() -> None:
    second = raw_frame(others("3", "4"), file="b.csv")
    first = raw_frame(others("1", "2"), file="a.csv")
    both = pl.concat([second, first])
    assert looked_up(["a"], both, "first").values("status") == ["1"]
    assert looked_up(["a"], both, "last").values("status") == ["4"]


def test_only_the_same_day_is_looked_at() -> None:
    yesterday = raw_frame(others("old"), date=DAY - dt.timedelta(days=1))
    assert looked_up(["a"], yesterday).values("status") == [None]
    both = pl.concat([yesterday, raw_frame(others("new"))])
    assert looked_up(["a"], both, "first").values("status") == ["new"]


def test_steps_before_and_after() -> None:
    found = looked_up(
        ["a", "-", "b"],
        others("x"),
        null_values="-",
        values={"x": "found"},
        if_null="nowhere",
    )
    assert found.values("status") == ["found", "nowhere", "nowhere"]


def test_no_rows_are_made() -> None:
    assert looked_up(["a", "a"], others("1", "2", "3")).rows.height == 2


@settings(max_examples=40, deadline=None)
@given(st.lists(st.decimals(-(10**9), 10**9, places=4), min_size=1, max_size=8))
def test_a_sum_is_the_sum(amounts: list[Decimal]) -> None:
    other = others(*(f"{amount:f}" for amount in amounts))
    assert looked_up(["a"], other, "sum", column="net_amount").values("net_amount") == [
        sum(amounts)
    ]


# --- what the other extract must have

MAPPING = TableMap.model_validate(
    {
        "columns": {
            "account_id": "a",
            "plan": {"from": "a", "lookup": {"source": "plans", "match": "x", "take": "y"}},
        },
        "custom": {
            "size": {"from": "a", "lookup": {"source": "plans", "match": "x", "take": "z"}},
            "area": {"from": "a", "lookup": {"source": "areas", "match": "x", "take": "y"}},
        },
    }
)


def test_columns_asked_for() -> None:
    assert lookup_columns(MAPPING) == {"areas": ["x", "y"], "plans": ["x", "y", "z"]}


def test_a_column_that_the_other_extract_lacks() -> None:
    check_lookups(MAPPING, {"plans": ["x", "y", "z", "w"], "areas": ["x", "y"]}, where="here")
    with pytest.raises(MappingError) as caught:
        check_lookups(MAPPING, {"plans": ["x", "y", "w"], "areas": ["y"]}, where="here")
    message = str(caught.value)
    assert "custom.size.lookup.take asks plans for 'z'" in message
    assert "custom.area.lookup.match asks areas for 'x'" in message
    assert "plans: x, y, w; areas: y" in message


def test_an_extract_that_was_not_pulled_is_no_extract_without_rows() -> None:
    with pytest.raises(MappingError, match="no raw partition of areas"):
        check_lookups(MAPPING, {"plans": ["x", "y", "z"]}, where="here")
    check_lookups(MAPPING, {"plans": ["x", "y", "z"], "areas": []}, where="here")
