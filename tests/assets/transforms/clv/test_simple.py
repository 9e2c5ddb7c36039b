"""Historical, simple and basket CLV on figures worked out by hand."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.transforms.clv.simple import (
    historical_values,
    simple_values,
    unattributed_orders,
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
    left_out = unattributed_orders(orders(*rows), as_of=AS_OF).collect()
    assert left_out.rows() == [("after_end", 1), ("no_account", 1), ("no_day", 1)]


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
    return pl.LazyFrame(
        {
            "region": ["N", "N", "S", "S", "S"],
            "sales": [4, 2, 3, 0, 1],
            "sales_amount": money("400", "140", "90", "0", None),
            "revenue_amount": money("380", "140", "90", "-5", None),
            "margin_amount": money("190", "70", "45", "-5", None),
            "active_days": [730, 365, 365, None, 10],
            "is_lost": [False, True, False, None, False],
        }
    )


def test_simple_and_basket_from_observed_lifespans() -> None:
    found = simple_values(relationships(), ["region"]).collect()
    right = pl.DataFrame(
        {
            "region": ["N", "S"],
            "customers": [2, 1],
            "customers_lost": [1, 0],
            "customers_excluded": [0, 2],
            "average_basket": [90.0, 30.0],
            "purchases_per_year": [2.0, 3.0],
            "customer_value": [520 / 3, 90.0],
            "margin_rate": [0.5, 0.5],
            "lifespan_years": [3.0, None],
            "lifespan_method": ["observed", "observed"],
            "clv_simple": [520.0, None],
            "clv_basket": [540.0, None],
        }
    )
    assert_frame_equal(found, right)


def test_lifespan_is_one_over_churn() -> None:
    churn = pl.LazyFrame(
        {"region": ["N", "S"], "churn_rate": [0.25, 0.0], "period_days": [365, 365]}
    )
    found = simple_values(relationships(), ["region"], churn=churn).collect()
    shown = found.select("region", "lifespan_years", "lifespan_method", "clv_basket").rows()
    assert shown == [("N", 4.0, "churn", 720.0), ("S", None, "churn", None)]


def test_all_customers_together() -> None:
    monthly = pl.LazyFrame({"churn_rate": [0.1], "period_days": [36.5]})
    found = simple_values(relationships(), churn=monthly).collect()
    assert found.select("customers", "customers_excluded", "lifespan_years").rows() == [(3, 2, 1.0)]
    assert found["clv_simple"].item() == pytest.approx(610 / 4)


def test_no_customers_have_no_value() -> None:
    found = simple_values(relationships().clear()).collect()
    assert found["clv_simple"].drop_nulls().len() == 0
