"""A company of contracts and employees with every oddity that their KPIs must survive."""

import datetime as dt
import random
from typing import Any

from assets.lake.layout import Lake
from schemas.config.project import Project
from tests.assets.kpi.company import Table
from tests.assets.kpi.histories import UTC, project, write_dimension, write_month

FIRST = dt.date(2025, 1, 1)
LAST = dt.date(2026, 1, 25)
ACCOUNTS = 25
_FED = {
    "erp_employee": ("employee_id", "hired_on", "left_on"),
    "erp_training": ("training_id", "held_on"),
    "erp_fx_rate": ("rate_date", "currency", "rate"),
}
"""Tables besides those that any project of the tests feeds."""

_MONTHLY = {"crm_contract": "starts_on", "erp_training": "held_on"}
_BASE = ("crm_account", "crm_contract", "erp_product")


def staffed_project(**settings: Any) -> Project:
    """A configuration that feeds contracts, employees, training and rates."""
    document = project(_BASE, **settings).model_dump(mode="json", exclude_unset=True)
    document["sources"]["all"]["tables"] |= {
        name: {"columns": {column: column for column in columns}} for name, columns in _FED.items()
    }
    return Project.model_validate(document)


def staffed(seed: int, *, size: int = 120) -> dict[str, Table]:
    """Draw the rows of every table.

    Args:
        seed: Same seed, same rows.
        size: Number of contracts and of employees each.
    """
    draw = random.Random(seed)
    contracts = [_contract(draw, number) for number in range(size)]
    for one in contracts:
        if draw.random() < 0.3:
            one["renewed_from"] = f"c{draw.randrange(size + 2)}"
    contracts += [_renewal(draw, one) for one in contracts if one["ends_on"]]
    return {
        "crm_account": _accounts(draw),
        "crm_contract": contracts,
        "erp_product": [
            {"product_id": f"p{number}", "family": draw.choice(["toys", "books", None])}
            for number in range(4)
        ],
        "erp_employee": [_employee(draw, number) for number in range(size)],
        "erp_training": [_session(draw, number, size) for number in range(size)],
        "erp_fx_rate": [
            {"rate_date": FIRST + dt.timedelta(days=day), "currency": "USD",
             "rate": draw.randrange(8000, 9999) / 10_000}
            for day in range(0, 400, 3)
            if draw.random() < 0.7
        ],
    }  # fmt: skip


def write(tables: dict[str, Table], lake: Lake) -> None:
    """Write every table into a lake."""
    for name, rows in tables.items():
        if name not in _MONTHLY:
            write_dimension(lake, name, rows)
            continue
        months: dict[str, Table] = {}
        for row in rows:
            months.setdefault(row[_MONTHLY[name]].strftime("%Y-%m"), []).append(row)
        for month, found in months.items():
            write_month(lake, name, month, found)


def _day(draw: random.Random, first: int = -200, last: int = 380) -> dt.date:
    return FIRST + dt.timedelta(days=draw.randrange(first, last))


def _accounts(draw: random.Random) -> Table:
    rows: Table = []
    for number in range(ACCOUNTS):
        begins = [None, *sorted({_day(draw, 0) for _ in range(draw.choice([0, 1, 2]))})]
        for at, begin in enumerate(begins):
            rows.append(
                {
                    "account_id": f"a{number}",
                    "country": draw.choice(["FR", "DE", None]),
                    "region": draw.choice(["north", "south", None]),
                    "plan": draw.choice(["gold", None]),
                    "_valid_from": begin,
                    "_valid_to": begins[at + 1] if at + 1 < len(begins) else None,
                }
            )
    return rows


def _account_id(draw: random.Random) -> str | None:
    return draw.choice([*[f"a{number}" for number in range(ACCOUNTS)], "missing", None])


def _contract(draw: random.Random, number: int) -> dict[str, Any]:
    starts_on = _day(draw)
    ends_on = starts_on + dt.timedelta(days=draw.randrange(-5, 250))
    signed = dt.datetime.combine(starts_on, dt.time(), UTC) - dt.timedelta(
        hours=draw.randrange(-200, 1500)
    )
    is_cancelled, is_missed = draw.random() < 0.15, draw.random() < 0.1
    return {
        "contract_id": f"c{number}",
        "account_id": _account_id(draw),
        "product_id": draw.choice(["p0", "p1", "p2", "p9", None]),
        "plan": draw.choice(["basic", "Plus", "pro", "other", None]),
        "kind": draw.choice(["subscription", "subscription", "contract", None]),
        "signed_at": signed if draw.random() < 0.9 else None,
        "starts_on": starts_on,
        "ends_on": ends_on if draw.random() < 0.7 else None,
        "cancelled_on": _day(draw, 0) if is_cancelled else None,
        "_closed_on": _day(draw, 0) if is_missed else None,
        "renewed_from": None,
        "value": None if draw.random() < 0.05 else draw.randrange(1, 10**7) / 100,
        "recurring_amount": None if draw.random() < 0.1 else draw.randrange(1, 10**6) / 10_000,
        "recurring_unit": draw.choice(["month", "month", "quarter", "year", "year", None]),
        "currency": draw.choice(["EUR", "EUR", "usd", None, None, "GBP" if number < 9 else None]),
    }


def _renewal(draw: random.Random, one: dict[str, Any]) -> dict[str, Any]:
    """A contract that begins about when another one ends, of the same account and product."""
    starts_on = one["ends_on"] + dt.timedelta(days=draw.choice([-40, -20, -1, 0, 1, 1, 20, 21, 60]))
    return {
        **one,
        "contract_id": f"{one['contract_id']}r",
        "starts_on": starts_on,
        "ends_on": draw.choice([None, starts_on + dt.timedelta(days=draw.randrange(100))]),
        "plan": draw.choice(["basic", "plus", "PRO"]),
        "cancelled_on": None,
        "_closed_on": None,
        "renewed_from": draw.choice([None, None, one["contract_id"]]),
        "recurring_amount": draw.randrange(1, 10**6) / 10_000,
    }


def _employee(draw: random.Random, number: int) -> dict[str, Any]:
    hired_on = _day(draw)
    return {
        "employee_id": f"e{number}",
        "department": draw.choice(["sales", "it", "it", None]),
        "region": draw.choice(["north", "south", None]),
        "hired_on": hired_on,
        "left_on": draw.choice([None, hired_on + dt.timedelta(days=draw.randrange(-3, 300))]),
        "_closed_on": _day(draw, 200) if draw.random() < 0.05 else None,
    }


def _session(draw: random.Random, number: int, employees: int) -> dict[str, Any]:
    return {
        "training_id": f"t{number}",
        "employee_id": draw.choice([f"e{draw.randrange(employees + 5)}", None, "ghost"]),
        "held_on": _day(draw, 40, 390),
        "cost": None if draw.random() < 0.1 else draw.randrange(0, 10**7) / 10_000,
        "currency": draw.choice(["EUR", "USD", None, "GBP"]),
    }
