"""The test company with a cost ledger, rates of exchange, and money in several currencies."""

import datetime as dt
import random
from typing import Any

from assets.lake.layout import Lake
from schemas.config.project import Project
from tests.assets.kpi.company import DAYS, FIRST, Company, company
from tests.assets.kpi.histories import project, write_dimension, write_month

MAX_AGE_DAYS = 4
INACTIVITY_DAYS = 9
AS_OF = dt.date(2026, 2, 5)
CURRENCIES = ["EUR", None, "USD", "usd ", "GBP", "JPY"]
SETS = {
    "country": ["country"],
    "who": ["age_band", "custom.vip"],
    "touch": ["touchpoint"],
    "place": ["department", "touchpoint"],
}
_FED = {
    "crm_account": ("account_id",),
    "crm_contract": ("contract_id", "account_id", "starts_on"),
    "crm_interaction": ("interaction_id", "account_id", "opened_at", "cost"),
    "erp_cost": ("cost_id", "incurred_on", "kind", "amount"),
    "erp_fx_rate": ("rate_date", "currency", "rate"),
    "erp_order": ("order_id", "ordered_at"),
    "erp_order_line": ("order_id", "line_number"),
    "survey": ("survey_id", "kind", "audience"),
    "survey_question": ("survey_id", "question_id", "metric"),
    "survey_response": ("response_id", "survey_id", "responded_at"),
    "survey_answer": ("response_id", "question_id"),
}


def support_project(basis: str = "orders", **kpis: Any) -> Project:
    """A configuration that publishes everything on money and support."""
    fed = {
        name: {"columns": {column: column for column in columns}} for name, columns in _FED.items()
    }
    files = {"root": "extracts", "path": "x-{date}.csv", "format": "csv"}
    source = {"system": "crm", "files": files, "mode": "incremental", "tables": fed}
    churn = {"basis": basis, "inactivity_days": INACTIVITY_DAYS}
    config = {"churn": churn, "exchange": {"max_age_days": MAX_AGE_DAYS}, **kpis}
    return project(sources={"all": source}, segment_sets=SETS, kpis=config)


def support_company(seed: int) -> Company:
    """Draw the company; orders, costs and contacts are in several currencies and departments."""
    made, draw = company(seed), random.Random(seed)
    for row in made.tables["erp_order"]:
        row["currency"] = draw.choice(CURRENCIES)
    for row in made.tables["crm_interaction"]:
        row["department"] = draw.choice(["sales", "help", None])
        row["touchpoint"] = draw.choice(["web", None])
    made.tables["erp_cost"] = [_cost(draw, number) for number in range(150)]
    made.tables["erp_fx_rate"] = _rates(draw)
    made.tables["crm_contract"] = [_contract(draw, number) for number in range(30)]
    return made


def write_support(lake: Lake, made: Company) -> None:
    """Write every table into a lake."""
    made.write(lake)
    write_dimension(lake, "erp_fx_rate", made.tables["erp_fx_rate"])
    for table, day in (("erp_cost", "incurred_on"), ("crm_contract", "starts_on")):
        months: dict[str, list[dict[str, Any]]] = {}
        for row in made.tables[table]:
            months.setdefault(row[day].strftime("%Y-%m"), []).append(row)
        for month, rows in months.items():
            write_month(lake, table, month, rows)


def _day(draw: random.Random) -> dt.date:
    return FIRST.date() + dt.timedelta(days=draw.randrange(DAYS))


def _cost(draw: random.Random, number: int) -> dict[str, Any]:
    return {
        "cost_id": f"c{number}",
        "incurred_on": _day(draw),
        "kind": draw.choice(["support", "Support ", "quality", "outsourcing"]),
        "department": draw.choice(["sales", "help", None]),
        "touchpoint": draw.choice(["web", "store", None]),
        "amount": draw.randrange(-50_000, 2_000_000) / 10_000,
        "currency": draw.choice(CURRENCIES),
    }


def _rates(draw: random.Random) -> list[dict[str, Any]]:
    """Dollars on working days but for two weeks in December, pounds now and then, no yen."""
    rates = []
    for number in range(-3, DAYS + 10):
        day = FIRST.date() + dt.timedelta(days=number)
        is_gap = dt.date(2025, 12, 14) <= day <= dt.date(2025, 12, 27)
        if day.isoweekday() <= 5 and not is_gap:
            rate = round(draw.uniform(0.8, 0.95), 6)
            rates.append({"rate_date": day, "currency": "USD", "rate": rate})
        if draw.random() < 0.2:
            rate = round(draw.uniform(1.1, 1.2), 4)
            rates.append({"rate_date": day, "currency": "gbp", "rate": rate})
    return rates


def _contract(draw: random.Random, number: int) -> dict[str, Any]:
    starts_on = _day(draw)
    length = draw.choice([None, 5, 20, 40])
    ends_on = None if length is None else starts_on + dt.timedelta(days=length)
    cancelled_on = starts_on + dt.timedelta(days=draw.choice([0, 3, 30]))
    return {
        "contract_id": f"k{number}",
        "account_id": f"a{draw.randrange(22)}",
        "starts_on": starts_on,
        "ends_on": ends_on,
        "cancelled_on": cancelled_on if draw.random() < 0.3 else None,
    }
