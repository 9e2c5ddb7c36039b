"""Orders against the sum of their lines."""

from decimal import Decimal
from typing import Any

import pytest

from assets.quality.outcomes import Month, Outcome
from assets.quality.totals import has_totals, judge_totals
from schemas.config.quality import Totals
from tests.assets.history.builder import Row, line, order
from tests.assets.quality.lakes import project, records

MARCH = Month("erp_order", "2026-03")


def order_of(name: str, amount: str | None, **given: Any) -> Row:
    exact = None if amount is None else Decimal(amount)
    return order(name, "2026-03-05T12:00:00") | {"net_amount": exact} | given


def line_of(name: str, number: int, amount: str | None) -> Row:
    return line(name, number) | {"net_amount": None if amount is None else Decimal(amount)}


def totals(orders: list[Row], lines: list[Row], **limits: Any) -> Outcome:
    tables = (("erp_order", orders), ("erp_order_line", lines))
    first, second = (records(table, rows).lazy() for table, rows in tables)
    return judge_totals(first, second, MARCH, Totals(**limits))


def test_orders_that_are_the_sum_of_their_lines_pass() -> None:
    orders = [order_of("1", "0.3"), order_of("2", "-5")]
    lines = [line_of("1", 1, "0.1"), line_of("1", 2, "0.2"), line_of("2", 1, "-5")]

    found = totals(orders, lines, tolerance_amount=0)

    assert (found["status"], found["observed"], found["rows_checked"]) == ("passed", 0.0, 2)
    assert found["mend"] == ""


@pytest.mark.parametrize(
    ("total", "tolerance", "differs"),
    [
        ("10.01", 0.01, 0),
        ("9.99", 0.01, 0),
        ("10.0101", 0.01, 1),
        ("10.0001", 0, 1),
        ("10.0001", 0.00005, 1),
        ("0", 1e300, 0),
    ],
)
def test_a_difference_within_the_tolerance_is_none(
    total: str, tolerance: float, differs: int
) -> None:
    found = totals([order_of("1", total)], [line_of("1", 1, "10")], tolerance_amount=tolerance)

    assert found["rows_unexpected"] == differs


def test_what_differs_is_told_with_what_to_do() -> None:
    orders = [order_of("1", "10"), order_of("2", "10"), order_of("3", "7")]
    lines = [line_of("1", 1, "10"), line_of("2", 1, "12")]

    found = totals(orders, lines)

    assert (found["status"], found["observed"], found["upper_limit"]) == ("warn", 0.5, 0.01)
    assert found["message"] == (
        "1 of 2 (50 %) orders differ from the sum of their lines by more than 0.01; 1 have no lines"
    )
    assert "quality.tables.erp_order.totals.tolerance_amount" in found["mend"]
    assert totals(orders, lines, error_above=0.4)["status"] == "error"


def test_what_lacks_an_amount_is_not_compared() -> None:
    orders = [order_of("1", None), order_of("2", "5"), order_of("3", "5")]
    lines = [line_of("1", 1, "10"), line_of("2", 1, "5"), line_of("2", 2, None)]

    found = totals(orders, lines)

    assert (found["status"], found["rows_checked"], found["observed"]) == ("skipped", 0, None)
    assert found["message"].startswith("no order with an amount")


def test_of_a_return_the_signs_may_differ() -> None:
    lines = [line_of("1", 1, "-5")]

    is_return, is_none = (
        totals([order_of("1", "5", is_return=flag)], lines) for flag in (True, None)
    )

    assert (is_return["status"], is_none["status"]) == ("passed", "warn")


def test_it_takes_orders_and_lines_with_amounts() -> None:
    assert has_totals(project("erp_order", "erp_order_line"))
    assert not has_totals(project("erp_order"))
