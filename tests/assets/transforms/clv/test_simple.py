"""Historical, simple and basket CLV on figures worked out by hand."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.transforms.clv.simple import (
    Lifespan,
    historical_values,
    lifetime_terms,
    with_relationship,
)

D = dt.date
AS_OF = D(2026, 12, 31)
MONEY = pl.Decimal(38, 4)
SCHEMA = {
    "account_id": pl.String,
    "ordered_on": pl.Date,
    "amount": MONEY,
    "cost_amount": MONEY,
    "is_return": pl.Boolean,
}
Row = tuple[str | None, D | None, str | None, str | None, bool | None]


def orders(*rows: Row) -> pl.LazyFrame:
    texts = SCHEMA | {"amount": pl.String, "cost_amount": pl.String}
    frame = pl.LazyFrame(rows, schema=texts, orient="row")
    return frame.with_columns(pl.col("amount", "cost_amount").cast(MONEY))


def money(*values: str | None) -> pl.Series:
    return pl.Series([None if value is None else Decimal(value) for value in values], dtype=MONEY)


def test_history_adds_up_revenue_margin_and_returns() -> None:
    rows: list[Row] = [
        ("a", D(2026, 1, 1), "100", "60", False),
        ("a", D(2026, 3, 1), "50.10", "30", None),
        ("a", D(2026, 3, 9), "-20", "-12", True),
        ("b", D(2026, 2, 1), "10", None, False),
        ("c", D(2026, 2, 1), None, "3", False),
        ("d", D(2026, 2, 1), "-5", "-3", None),
        ("a", D(2027, 1, 1), "7", "1", False),
        (None, D(2026, 1, 1), "7", "1", False),
        ("a", None, "7", "1", False),
    ]
    found = historical_values(orders(*rows), as_of=AS_OF).collect()
    right = pl.DataFrame(
        {
            "account_id": ["a", "b", "c", "d"],
            "first_on": [D(2026, 1, 1), D(2026, 2, 1), D(2026, 2, 1), None],
            "last_on": [D(2026, 3, 1), D(2026, 2, 1), D(2026, 2, 1), None],
            "sales": [2, 1, 1, 0],
            "returns": [1, 0, 0, 1],
            "sales_amount": money("150.10", "10", None, "0"),
            "revenue_amount": money("130.10", "10", None, "-5"),
            "margin_amount": money("52.10", None, None, "-2"),
            "orders_without_amount": [0, 0, 1, 0],
            "orders_without_cost": [0, 1, 0, 0],
        }
    )
    assert_frame_equal(found, right)


@pytest.mark.parametrize(
    ("last_on", "active_days", "is_lost"),
    [
        (D(2026, 12, 31), 364, False),
        (D(2026, 10, 3), 364, False),  # 89 days ago: the last day of being a customer is to come
        (D(2026, 10, 2), 364, True),
        (D(2026, 6, 1), 241, True),
        (D(2026, 1, 1), 90, True),
    ],
)
def test_a_customer_is_lost_after_the_inactivity_days(
    last_on: D, active_days: int, *, is_lost: bool
) -> None:
    frame = pl.LazyFrame({"first_on": [D(2026, 1, 1)], "last_on": [last_on]})
    found = with_relationship(frame, as_of=AS_OF, inactivity_days=90).collect()
    assert found.select("active_days", "is_lost").row(0) == (active_days, is_lost)


def relationships() -> pl.LazyFrame:
    """Four customers; together 1,000 of revenue in 4 years, one lost in all and one this year."""
    return pl.LazyFrame(
        {
            "region": ["N", "N", "S", "S"],
            "revenue": [400, 100, 300, 200],
            "active_days": [730, 365, 365, 0],
            "is_lost": [False, True, False, False],
            "was_customer": [True, True, True, False],
            "was_lost": [False, True, False, False],
        }
    )


def value(terms: pl.LazyFrame, by: list[str]) -> dict[str, float | None]:
    """Ratio of the sums of each group."""
    keys = by or [pl.lit("all").alias("region")]
    x, y = pl.col("x").sum(), pl.col("y").sum()
    return dict(terms.group_by(keys).agg(pl.when(y > 0).then(x / y)).collect().rows())


@pytest.mark.parametrize(
    ("lifespan", "by", "right"),
    [
        # revenue a year 500/3, three years of being a customer for one lost
        ("observed", ["region"], {"N": 500.0, "S": None}),
        ("observed", [], {"all": 1000.0}),
        # churn one of two: a life of two years
        ("churn", ["region"], {"N": 1000 / 3, "S": None}),
        ("churn", [], {"all": 1000 / 4 * 3}),
    ],
)
def test_value_a_year_times_lifespan(
    lifespan: Lifespan, by: list[str], right: dict[str, float | None]
) -> None:
    terms = lifetime_terms(relationships(), by, amount="revenue", lifespan=lifespan)
    assert value(terms, by) == pytest.approx(right)


def test_terms_by_churn_are_the_slopes_of_the_value() -> None:
    """With one customer weighted a little more the value moves by (x - value·y)/Σy."""
    rows = relationships().collect()
    terms = lifetime_terms(rows.lazy(), [], amount="revenue", lifespan="churn").collect()
    lost = terms["y"].sum()
    centre = terms["x"].sum() / lost

    def product(weights: list[float]) -> float:
        w = pl.Series(weights)
        revenue, days, start, gone = (
            (rows[name].cast(pl.Float64) * w).sum()
            for name in ("revenue", "active_days", "was_customer", "was_lost")
        )
        return revenue / (days / 365) * start / gone

    for number in range(4):
        weights = [1.0] * 4
        weights[number] += 1e-6
        slope = (product(weights) - product([1.0] * 4)) / 1e-6
        assert (terms["x"][number] - centre * terms["y"][number]) / lost == pytest.approx(
            slope, rel=1e-4, abs=1e-6
        )


def test_customers_of_a_day_have_no_value_a_year() -> None:
    rows = relationships().with_columns(active_days=0, was_lost=False)
    terms = lifetime_terms(rows, [], amount="revenue", lifespan="churn").collect()
    assert terms.select("x", "y").sum().row(0) == (0.0, 0.0)
