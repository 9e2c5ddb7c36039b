"""From orders to recency, frequency, age and mean value; what is left out is counted."""

import datetime as dt
import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.transforms.clv.summary import CustomerSummaries, summarise
from tests.assets.transforms.clv import cdnow

D = dt.date
SCHEMA = {
    "account_id": pl.String,
    "ordered_on": pl.Date,
    "amount": pl.Float64,
    "is_return": pl.Boolean,
}
Row = tuple[str | None, D | None, float | None, bool | None]


def orders(*rows: Row) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=SCHEMA, orient="row")


def summary(*rows: Row, days_per_unit: int = 1) -> CustomerSummaries:
    return summarise(orders(*rows), end_on=D(2026, 1, 31), days_per_unit=days_per_unit)


def counts(frame: pl.LazyFrame) -> dict[str, int]:
    return dict(frame.collect().rows())


def test_orders_of_a_day_are_one_purchase_and_the_first_has_no_part_in_the_mean() -> None:
    found = summary(
        ("a", D(2026, 1, 1), 100.0, False),
        ("a", D(2026, 1, 8), 10.0, None),
        ("a", D(2026, 1, 8), 5.0, False),
        ("a", D(2026, 1, 22), 25.0, False),
        ("b", D(2026, 1, 31), 9.0, False),
        days_per_unit=7,
    )
    right = pl.DataFrame(
        {
            "account_id": ["a", "b"],
            "first_on": [D(2026, 1, 1), D(2026, 1, 31)],
            "frequency": [2, 0],
            "recency": [3.0, 0.0],
            "age": [30 / 7, 0.0],
            "valued_frequency": [2, 0],
            "mean_value": [20.0, None],
        }
    )
    assert_frame_equal(found.customers.collect(), right)
    assert counts(found.excluded_orders) == {}
    assert counts(found.excluded_values) == {}


def test_orders_that_are_no_purchases_are_counted() -> None:
    found = summary(
        (None, D(2026, 1, 2), 1.0, False),
        ("a", None, 1.0, False),
        ("a", D(2026, 2, 1), 1.0, False),
        ("a", D(2026, 1, 3), -1.0, False),
        ("a", D(2026, 1, 3), None, True),
        ("a", D(2026, 1, 4), 1.0, False),
    )
    assert counts(found.excluded_orders) == {
        "after_end": 1, "no_account": 1, "no_day": 1, "return": 2,
    }  # fmt: skip
    assert found.customers.collect()["frequency"].to_list() == [0]


@pytest.mark.parametrize(
    ("amounts", "reason"),
    [
        ([float("nan")], "value_unknown"),
        ([float("inf")], "value_unknown"),
        ([None], "value_unknown"),
        ([None, 7.0], "value_unknown"),
        ([0.0], "value_not_positive"),
    ],
)
def test_a_purchase_without_a_value_counts_in_the_frequency_only(
    amounts: list[float | None], reason: str
) -> None:
    found = summary(
        ("a", D(2026, 1, 1), float("nan"), False),
        *[("a", D(2026, 1, 2), amount, False) for amount in amounts],
        ("a", D(2026, 1, 3), 4.0, False),
    )
    assert counts(found.excluded_values) == {reason: 1}
    row = found.customers.select("frequency", "valued_frequency", "mean_value").collect().row(0)
    assert row == (2, 1, 4.0)


def test_no_orders_give_no_customers() -> None:
    assert summary().customers.collect().height == 0


def test_decimal_amounts_are_summed_exactly() -> None:
    frame = orders(
        ("a", D(2026, 1, 1), 1.0, False), *[("a", D(2026, 1, 2), 0.1, False)] * 3
    ).with_columns(pl.col("amount").cast(pl.Decimal(38, 4)))
    assert summarise(frame, end_on=D(2026, 1, 31)).customers.collect()["mean_value"].item() == 0.3


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_rows_does_not_matter_and_every_order_has_its_place(seed: int) -> None:
    draw = random.Random(seed)
    rows: list[Row] = [
        (
            draw.choice(["a", "b", "c", None]),
            draw.choice([None, *[D(2026, 1, 1) + dt.timedelta(draw.randrange(40))] * 9]),
            draw.choice([None, 0.0, -3.0, draw.random() * 100, draw.random() * 1e9]),
            draw.choice([None, False, True]),
        )
        for _ in range(60)
    ]
    once = summary(*rows)
    draw.shuffle(rows)
    again = summary(*rows)
    assert_frame_equal(once.customers.collect(), again.customers.collect(), check_exact=True)
    left_out = sum(counts(once.excluded_orders).values())
    days = once.customers.select((pl.col("frequency") + 1).sum()).collect().item()
    assert days <= len(rows) - left_out


def test_cdnow() -> None:
    found = cdnow.customers()
    assert (found.height, found.filter(pl.col("frequency") > 0).height) == (2357, 946)
    # first rows of the published spreadsheet
    assert found.head(3).select(
        "frequency",
        pl.col("recency", "age").round(2),
        pl.col("mean_value").round(2, mode="half_away_from_zero"),
    ).rows() == [(2, 30.43, 38.86, 22.35), (1, 1.71, 38.86, 11.77), (0, 0.0, 38.86, None)]
