"""A company of buyers whose lifetime values can be fitted, with every oddity of their orders."""

import datetime as dt
import random

import numpy as np

from assets.lake.layout import Lake
from tests.assets.kpi.company import PARIS, Table
from tests.assets.kpi.histories import write_dimension, write_month
from tests.assets.transforms.clv.simulated import purchase_times

FIRST = dt.date(2024, 1, 1)
LAST = dt.date(2025, 2, 20)
DAYS = (LAST - FIRST).days


def buyers(seed: int, *, size: int = 240) -> dict[str, Table]:
    """Draw the rows of every table.

    Args:
        seed: Same seed, same rows.
        size: Number of accounts.
    """
    draw, floats = random.Random(seed), np.random.default_rng(seed)
    orders: Table = []
    for number in range(size):
        first, rate = draw.randrange(DAYS // 2), floats.gamma(1.2, 1 / 50)
        scale = floats.gamma(4.0) * 10
        times = purchase_times(rate, floats.beta(0.8, 2.5), DAYS - first, floats)
        account = None if number % 60 == 0 else f"a{number}"
        for time in (0.0, *times):
            orders.append(_order(draw, len(orders), account, first + int(time), scale))
    lines = [line for one in orders for line in _lines(draw, one)]
    return {"crm_account": _accounts(draw, size), "erp_order": orders, "erp_order_line": lines}


def write(tables: dict[str, Table], lake: Lake) -> None:
    """Write every table into a lake."""
    write_dimension(lake, "crm_account", tables["crm_account"])
    for month in months(tables):
        write_month_of(tables, lake, month)


def months(tables: dict[str, Table]) -> list[str]:
    """Months that have orders, ascending."""
    return sorted({_month(one) for one in tables["erp_order"]})


def write_month_of(tables: dict[str, Table], lake: Lake, month: str) -> None:
    """Write the orders of one month with their lines."""
    orders = [one for one in tables["erp_order"] if _month(one) == month]
    ids = {one["order_id"] for one in orders}
    write_month(lake, "erp_order", month, orders)
    lines = [one for one in tables["erp_order_line"] if one["order_id"] in ids]
    write_month(lake, "erp_order_line", month, lines)


def _month(order: dict[str, object]) -> str:
    at = order["ordered_at"]
    assert isinstance(at, dt.datetime)
    return at.astimezone(PARIS).strftime("%Y-%m")


def _order(
    draw: random.Random, number: int, account: str | None, day: int, scale: float
) -> dict[str, object]:
    is_return = draw.random() < 0.08
    amount = round(scale * draw.gammavariate(4, 1), 2) + 0.01
    at = dt.datetime.combine(FIRST + dt.timedelta(days=day), dt.time(12), PARIS)
    return {
        "order_id": f"o{number}",
        "account_id": account,
        "ordered_at": at.astimezone(dt.UTC),
        "status": draw.choice(["delivered", "delivered", "delivered", "delivered", "Canceled"]),
        "currency": "USD" if draw.random() < 0.01 else draw.choice(["EUR", None]),
        "net_amount": None if draw.random() < 0.01 else -amount if is_return else amount,
        "is_return": is_return or draw.choice([False, None]),
    }


def _lines(draw: random.Random, order: dict[str, object]) -> Table:
    return [
        {
            "order_id": order["order_id"],
            "line_number": number,
            "quantity": draw.choice([1.0, 2.0, 0.5]),
            "unit_cost": None if draw.random() < 0.01 else draw.randrange(1, 3000) / 100,
        }
        for number in range(draw.choice([1, 1, 2]))
    ]


def _accounts(draw: random.Random, size: int) -> Table:
    """Accounts, some of which move; those of the last two orders are not known."""
    rows: Table = []
    for number in range(1, size - 2):
        moved = FIRST + dt.timedelta(days=draw.randrange(DAYS))
        for begin, until in ((None, moved), (moved, None)):
            rows.append(
                {
                    "account_id": f"a{number}",
                    "country": draw.choice(["FR", "DE", "DE", None]),
                    "custom": draw.choice([None, '{"vip":"yes"}']),
                    "_valid_from": begin,
                    "_valid_to": until,
                }
            )
    return rows
