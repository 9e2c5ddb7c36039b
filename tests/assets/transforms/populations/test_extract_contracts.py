"""Contracts as populations read them: days in force, monthly amounts, rates."""

import datetime as dt

import polars as pl
import pytest

from assets.transforms.populations.extract_contracts import OPEN_END
from tests.assets.kpi.histories import at
from tests.assets.transforms.populations.contract_frames import extracted

D = dt.date
START = {"account_id": "a", "starts_on": D(2026, 1, 5)}


@pytest.mark.parametrize(
    ("columns", "last_on"),
    [
        ({}, OPEN_END),
        ({"ends_on": D(2026, 3, 31)}, D(2026, 3, 31)),
        ({"ends_on": D(2026, 3, 31), "cancelled_on": D(2026, 2, 1)}, D(2026, 1, 31)),
        ({"ends_on": D(2026, 3, 31), "cancelled_on": D(2026, 6, 1)}, D(2026, 3, 31)),
        ({"_closed_on": D(2026, 2, 1)}, D(2026, 1, 31)),
        ({"cancelled_on": D(2026, 1, 5)}, D(2026, 1, 4)),
    ],
)
def test_last_day_in_force(columns: dict[str, dt.date], last_on: dt.date) -> None:
    assert extracted({**START, **columns})["last_on"].to_list() == [last_on]


@pytest.mark.parametrize(
    ("columns", "monthly", "has_rate"),
    [
        ({"recurring_amount": 100, "recurring_unit": "month"}, 1_000_000, True),
        ({"recurring_amount": 100, "recurring_unit": "quarter"}, 333_333, True),
        ({"recurring_amount": -200, "recurring_unit": "quarter"}, -666_667, True),
        ({"recurring_amount": 0.0006, "recurring_unit": "year"}, 1, True),  # half a unit
        ({"recurring_amount": -0.0006, "recurring_unit": "year"}, -1, True),
        ({"recurring_amount": 100, "recurring_unit": None}, None, True),
        ({"recurring_amount": None}, None, True),
        ({"recurring_amount": None, "kind": "contract"}, 0, True),
        ({"recurring_amount": None, "kind": None}, None, True),
        ({"recurring_amount": 100, "kind": "contract"}, 1_000_000, True),
        ({"recurring_amount": 100, "currency": "usd"}, 500_000, True),
        ({"recurring_amount": 100, "currency": "GBP"}, None, False),
        ({"recurring_amount": 100, "currency": "USD", "starts_on": D(2026, 1, 1)}, None, False),
    ],
)
def test_monthly_amount(
    columns: dict[str, object], monthly: int | None, has_rate: bool  # noqa: FBT001
) -> None:  # fmt: skip
    found = extracted({**START, **columns}).select("monthly_fixed", "has_rate")
    assert found.rows() == [(monthly, has_rate)]


def test_signed_on_the_companys_day_or_the_first_in_force() -> None:
    found = extracted(START, {**START, "signed_at": at("2025-12-31 23:30")})
    assert found["signed_on"].to_list() == [D(2026, 1, 5), D(2026, 1, 1)]


def test_the_rate_is_that_of_the_day_of_signing() -> None:
    signed = {"signed_at": at("2026-01-01 12:00"), "value": 10, "currency": "USD"}
    later = {**signed, "signed_at": at("2026-01-09 12:00")}
    found = extracted({**START, **signed}, {**START, **later})
    assert found["value_fixed"].to_list() == [None, 50_000]


def test_a_contract_matters_from_its_signing_to_its_planned_end() -> None:
    found = extracted(
        {**START, "signed_at": at("2025-11-01 12:00"), "ends_on": D(2026, 12, 31),
         "cancelled_on": D(2026, 2, 1)}
    )  # fmt: skip
    assert found.select("reaches_from", "reaches_to").rows() == [(D(2025, 11, 1), D(2026, 12, 31))]
    assert found.schema["value_fixed"] == found.schema["monthly_fixed"] == pl.Int64
