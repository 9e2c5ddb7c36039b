"""Of several rows of a key in one extract the latest is kept, and the others are counted."""

import datetime as dt
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.transforms.superseding import latest_rows

DAY = dt.date(2024, 3, 1)
NEXT = dt.date(2024, 3, 2)
SCHEMA = {
    "key": pl.String,
    "by": pl.Float64,
    "_source_file": pl.String,
    "_row_number": pl.Int64,
    "_logical_date": pl.Date,
}


def frame(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """Rows of (key, by, file, row number, date)."""
    return pl.DataFrame([*rows], schema=SCHEMA, orient="row")


def test_without_repeated_keys_nothing_changes() -> None:
    rows = frame(("a", 2.0, "f", 1, DAY), ("b", 1.0, "f", 2, DAY), ("a", 0.0, "f", 1, NEXT))
    kept, superseded = latest_rows(rows, ["key"], order=["by"])
    assert_frame_equal(kept, rows)
    assert superseded == {}


def test_the_greatest_order_is_the_latest() -> None:
    rows = frame(
        ("a", 10.0, "f", 1, DAY), ("b", 0.0, "f", 2, DAY), ("a", 9.0, "f", 3, DAY),
        ("a", None, "f", 4, DAY),
    )  # fmt: skip
    kept, superseded = latest_rows(rows, ["key"], order=["by"])
    assert_frame_equal(kept, rows.head(2))
    assert superseded == {DAY: 2}


def test_ties_go_to_the_later_file_and_row() -> None:
    rows = frame(("a", 1.0, "g", 1, DAY), ("a", 1.0, "f", 9, DAY), ("a", 1.0, "f", 10, DAY))
    assert latest_rows(rows, ["key"], order=["by"])[0]["_source_file"].to_list() == ["g"]
    same_file = rows.slice(1)
    assert latest_rows(same_file, ["key"], order=[])[0]["_row_number"].to_list() == [10]


def test_null_is_a_value_of_a_key() -> None:
    rows = frame((None, 1.0, "f", 1, DAY), (None, 2.0, "f", 2, DAY), ("a", 1.0, "f", 3, DAY))
    kept, superseded = latest_rows(rows, ["key"], order=["by"])
    assert kept["_row_number"].to_list() == [2, 3]
    assert superseded == {DAY: 1}


def test_dates_are_apart() -> None:
    rows = frame(*[("a", 1.0, "f", n, date) for date in (DAY, NEXT) for n in (1, 2, 3)])
    kept, superseded = latest_rows(rows, ["key"], order=["by"])
    assert kept.select("_logical_date", "_row_number").rows() == [(DAY, 3), (NEXT, 3)]
    assert superseded == {DAY: 2, NEXT: 2}


def test_no_rows() -> None:
    kept, superseded = latest_rows(frame(), ["key"], order=["by"])
    assert_frame_equal(kept, frame())
    assert superseded == {}


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", None]),
        st.sampled_from([None, 1.0, 2.0]),
        st.sampled_from(["f", "g"]),
        st.sampled_from([DAY, NEXT]),
    ),
    max_size=12,
)


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_one_row_a_key_and_none_lost(drawn: list[tuple[Any, ...]]) -> None:
    numbered = [(k, by, file, n, date) for n, (k, by, file, date) in enumerate(drawn)]
    best: dict[Any, tuple[Any, ...]] = {}
    for row in sorted(numbered, key=lambda r: (r[1] or 0.0, r[2], r[3])):
        best[row[4], row[0]] = row
    kept, superseded = latest_rows(frame(*numbered), ["key"], order=["by"])
    assert sorted(kept["_row_number"]) == sorted(row[3] for row in best.values())
    assert kept["_row_number"].is_sorted()
    assert kept.height + sum(superseded.values()) == len(numbered)
