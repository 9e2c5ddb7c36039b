"""A company that is followed for more than a year: what its customers bought and signed."""

import random
from datetime import date, timedelta

from assets.lake.layout import Lake
from tests.assets.kpi.company import FIRST, Company, Table, company
from tests.assets.kpi.histories import write_month

STRETCH = 6
FAMILIES = ["sea", "sea", "land", "land", None, "air"]
SETTINGS = {
    "segment_sets": {"country": ["country"], "who": ["age_band", "custom.vip"]},
    "company": {"fiscal": {"kind": "months", "first_month": 2}},
}
CODES = [
    "churn_rate", "retention_rate", "reactivation_rate", "repeat_purchase_rate",
    "repeat_purchase_rate_to_date", "revenue_per_customer", "cross_sell_rate",
]  # fmt: skip


def customers_company(seed: int, *, size: int = 150) -> Company:
    """Draw a company whose days are as many times as long.

    Args:
        seed: Same seed, same rows.
        size: Number of orders.
    """
    made, draw, first = company(seed, size=size), random.Random(seed), FIRST.date()
    for row in made.tables["erp_order"]:
        row["ordered_at"] = FIRST + (row["ordered_at"] - FIRST) * STRETCH
    for row in made.tables["crm_account"]:
        for bound in ("_valid_from", "_valid_to"):
            if row[bound]:
                row[bound] = first + (row[bound] - first) * STRETCH
    for row, family in zip(made.tables["erp_product"], FAMILIES, strict=True):
        row["family"] = family
    made.tables["crm_contract"] = [_contract(draw, number, first) for number in range(size // 3)]
    return made


def write(made: Company, lake: Lake) -> None:
    """Write the company's tables into a lake, contracts too."""
    made.write(lake)
    for month, rows in contracts_by_month(made).items():
        write_month(lake, "crm_contract", month, rows)


def contracts_by_month(made: Company) -> dict[str, Table]:
    """Contracts by history month."""
    months: dict[str, Table] = {}
    for row in made.tables["crm_contract"]:
        months.setdefault(row["starts_on"].strftime("%Y-%m"), []).append(row)
    return months


def _contract(draw: random.Random, number: int, first: date) -> dict[str, object]:
    starts = first + timedelta(days=draw.randrange(400))
    ends = starts + timedelta(days=draw.randrange(30, 200))
    cancelled = starts + timedelta(days=draw.randrange(100))
    return {
        "contract_id": f"k{number}",
        "account_id": draw.choice([*[f"a{i}" for i in range(20)], "missing"]),
        "starts_on": starts,
        "ends_on": ends if draw.random() < 0.8 else None,
        "cancelled_on": cancelled if draw.random() < 0.2 else None,
    }
