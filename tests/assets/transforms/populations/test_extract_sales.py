"""The extracts of sales: what is a sale, on which day, for how much."""

import datetime as dt
from typing import Any

import polars as pl

from assets.transforms.money import Rates
from assets.transforms.populations.extract_sales import purchase_rows, sale_rows
from tests.assets.kpi.histories import at, frame, project

D = dt.date
ORDERS: list[dict[str, Any]] = [
    {"order_id": "1", "account_id": "a", "ordered_at": at("2026-01-01 23:30"), "net_amount": 10},
    {"order_id": "2", "account_id": "b", "ordered_at": at("2026-01-01"), "is_return": True,
     "net_amount": 4, "currency": "EUR"},
    {"order_id": "3", "account_id": "c", "ordered_at": at("2026-01-01"), "status": " Canceled ",
     "net_amount": 4},
    {"order_id": "4", "account_id": None, "ordered_at": at("2026-01-01"), "net_amount": None},
    {"order_id": "5", "account_id": "a", "ordered_at": at("2026-01-03"), "net_amount": 3,
     "currency": "usd"},
    {"order_id": "6", "account_id": "a", "ordered_at": at("2026-01-03"), "net_amount": 3,
     "currency": "CHF"},
]  # fmt: skip
LINES: list[dict[str, Any]] = [
    {"order_id": "1", "line_number": 1, "product_id": "p", "quantity": 2.0, "unit_cost": 1.25},
    {"order_id": "1", "line_number": 2, "product_id": "p", "quantity": 1.0, "unit_cost": 0.5},
    {"order_id": "2", "line_number": 1, "product_id": "q", "quantity": -1.0, "unit_cost": 1.5},
    {"order_id": "3", "line_number": 1, "product_id": "q", "quantity": 1.0, "unit_cost": 1.5},
    {"order_id": "4", "line_number": 1, "product_id": None, "quantity": 1.0, "unit_cost": None},
    {"order_id": "4", "line_number": 2, "product_id": "q", "quantity": 1.0, "unit_cost": 2.0},
    {"order_id": "5", "line_number": 1, "product_id": "p", "quantity": 1.0, "unit_cost": 2.0},
]
TABLES = {
    "erp_order": frame("erp_order", ORDERS).lazy(),
    "erp_order_line": frame("erp_order_line", LINES).lazy(),
}
RATES = Rates(
    "EUR", pl.DataFrame({"currency": ["USD"], "rate_date": [D(2026, 1, 1)], "rate": [0.5]})
)


def test_orders_are_sales_or_returns_in_the_reporting_currency() -> None:
    found = sale_rows(TABLES, project(), RATES)
    assert found.select(
        "order_id", "account_id", "starts_on", "is_sale", "net_fixed", "cost_fixed", "has_rate"
    ).sort("order_id").rows() == [
        # half past eleven in the evening in UTC is the next day in Paris
        ("1", "a", D(2026, 1, 2), True, 100_000, 30_000, True),
        ("2", "b", D(2026, 1, 1), False, -40_000, -15_000, True),
        ("4", None, D(2026, 1, 1), True, None, None, True),
        ("5", "a", D(2026, 1, 3), True, 15_000, 10_000, True),
        ("6", "a", D(2026, 1, 3), True, None, None, False),
    ]
    assert found["last_on"].equals(found["starts_on"])
    assert found.schema["net_fixed"] == found.schema["cost_fixed"] == pl.Int64


def test_purchases_are_the_products_of_sales_each_once_a_day() -> None:
    found = purchase_rows(TABLES, project(), RATES)
    assert found.sort("starts_on", "product_id", nulls_last=True).rows() == [
        (None, D(2026, 1, 1), D(2026, 1, 1), "q"),
        (None, D(2026, 1, 1), D(2026, 1, 1), None),
        ("a", D(2026, 1, 2), D(2026, 1, 2), "p"),
        ("a", D(2026, 1, 3), D(2026, 1, 3), "p"),
    ]
