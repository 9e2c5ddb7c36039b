"""Lookups find their rows in the raw partition of the same day."""

from decimal import Decimal
from typing import Any

import pytest

from schemas.errors import MappingError
from tests.assets.core.company import Company

LOOKUP = {"source": "payments", "match": "order", "take": "paid", "aggregate": "sum"}
ORDERS: dict[str, Any] = {
    "columns": {
        "order_id": "id",
        "ordered_at": {"value": "2024-03-01"},
        "net_amount": {"from": "id", "lookup": LOOKUP},
    }
}


@pytest.fixture
def paid(company: Company) -> Company:
    company.source("orders", {"erp_order": ORDERS})
    company.source("payments", {}, on_missing="skip")
    for number in range(2):
        company.deliver("orders", number, "id\na\nb\n")
    return company


def amounts(company: Company, number: int = 0) -> list[Decimal | None]:
    return company.accepted("erp_order", "orders", number)["net_amount"].to_list()


def test_rows_of_the_same_day(paid: Company) -> None:
    paid.deliver("payments", 0, "order,paid\na,0.1\na,0.2\n")
    paid.deliver("payments", 1, "order,paid\na,5\nb,6\n")
    paid.build("erp_order", "orders", 0, 1)
    assert amounts(paid, 0) == [Decimal("0.3"), None]
    assert amounts(paid, 1) == [Decimal(5), Decimal(6)]


def test_a_day_that_may_lack_the_other_extract(paid: Company) -> None:
    paid.pull("payments", 0)
    paid.build("erp_order", "orders", 0)
    assert amounts(paid) == [None, None]


def test_late_rows_build_anew(paid: Company) -> None:
    paid.pull("payments", 0)
    paid.build("erp_order", "orders", 0)
    paid.deliver("payments", 0, "order,paid\na,1\n")
    assert paid.build("erp_order", "orders", 0)
    assert amounts(paid) == [Decimal(1), None]
    assert not paid.build("erp_order", "orders", 0)


def test_an_extract_that_was_never_pulled_is_no_empty_one(paid: Company) -> None:
    with pytest.raises(MappingError, match="no raw partition of payments"):
        paid.build("erp_order", "orders", 0)


def test_a_column_that_the_other_extract_lacks(paid: Company) -> None:
    paid.deliver("payments", 0, "order,amount\na,1\n")
    with pytest.raises(MappingError, match=r"net_amount\.lookup\.take asks payments for 'paid'"):
        paid.build("erp_order", "orders", 0)
