"""Contracts of the extract, a few columns named and the others left empty."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import polars as pl

from assets.transforms.money import Rates
from assets.transforms.populations.extract_contracts import contract_rows
from tests.assets.kpi.histories import frame, project

RATES = Rates(
    "EUR",
    pl.DataFrame(
        {"currency": ["USD"], "rate_date": [dt.date(2026, 1, 2)], "rate": [0.5]},
    ),
)


def extracted(*contracts: Mapping[str, Any]) -> pl.DataFrame:
    """Rows of the extract from rows of crm_contract; a subscription where no kind is named."""
    rows = [
        {"contract_id": f"c{number}", "kind": "subscription", "recurring_unit": "month", **one}
        for number, one in enumerate(contracts)
    ]
    return contract_rows({"crm_contract": frame("crm_contract", rows).lazy()}, project(), RATES)
