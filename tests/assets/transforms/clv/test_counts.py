"""Grouping of equal histories, and rows that cannot be."""

import numpy as np
import polars as pl
import pytest

from assets.transforms.clv.counts import inner, purchase_counts, value_counts

NAN = float("nan")


def test_equal_histories_are_one_and_in_order() -> None:
    frame = pl.LazyFrame(
        {"frequency": [1, 0, 1, 0], "recency": [3.0, 0, 3.0, 0], "age": [5.0, 2, 5.0, 1]}
    )
    found = purchase_counts(frame)
    assert found.frequency.tolist() == [0, 0, 1]
    assert found.age.tolist() == [1, 2, 5]
    assert found.customers.tolist() == [1, 1, 2]
    assert (found.total, found.repeaters, dict(found.excluded)) == (4, 2, {})


def test_rows_may_stand_for_several_customers() -> None:
    frame = pl.LazyFrame(
        {"frequency": [1, 1], "recency": [3, 3], "age": [5, 5], "customers": [10, 5]}
    )
    assert purchase_counts(frame).customers.tolist() == [15]


@pytest.mark.parametrize(
    ("x", "t_x", "age", "reason"),
    [
        (None, 1.0, 2.0, "missing"),
        (1.0, NAN, 2.0, "missing"),
        (1.0, 1.0, float("inf"), "missing"),
        (-1.0, 1.0, 2.0, "negative"),
        (1.0, -1.0, 2.0, "negative"),
        (0.0, 0.0, -2.0, "negative"),
        (1.5, 1.0, 2.0, "frequency_not_whole"),
        (1.0, 3.0, 2.0, "recency_after_age"),
        (0.0, 1.0, 2.0, "recency_does_not_match_frequency"),
        (2.0, 0.0, 2.0, "recency_does_not_match_frequency"),
    ],
)
def test_impossible_histories_are_counted(
    x: float | None, t_x: float, age: float, reason: str
) -> None:
    frame = pl.LazyFrame(
        {"frequency": [x, 1.0], "recency": [t_x, 1.0], "age": [age, 2.0]}, strict=False
    )
    found = purchase_counts(frame)
    assert dict(found.excluded) == {reason: 1}
    assert found.total == 1


def test_values_that_cannot_be_are_counted_and_customers_without_any_are_none() -> None:
    frame = pl.LazyFrame(
        {
            "valued_frequency": [0.0, 0.0, 1.0, 1.0, 1.0, None, 2.0],
            "mean_value": [None, 5.0, NAN, 0.0, -1.0, 3.0, 3.0],
        }
    )
    found = value_counts(frame)
    assert dict(found.excluded) == {"mean_value_not_positive": 2, "missing": 2}
    assert found.total == 1


def test_no_rows_give_no_histories() -> None:
    frame = pl.LazyFrame(schema=dict.fromkeys(("frequency", "recency", "age"), pl.Float64))
    assert purchase_counts(frame).total == 0


def test_inner_product() -> None:
    assert inner(np.array([1.0, 2.0]), np.array([3.0, 4.0])) == 11.0
