"""What new customers sign, by hand."""

import datetime as dt
from typing import Any

import polars as pl

from assets.transforms.populations.population import PopulationStates
from assets.transforms.populations.signings import signing_states
from assets.transforms.segments import TOTAL, SegmentSet
from tests.assets.kpi.histories import at
from tests.assets.transforms.populations.asking import (
    BY_COUNTRY,
    VERSIONS,
    asking,
    left_out,
    sums,
)
from tests.assets.transforms.populations.contract_frames import extracted

D = dt.date
JAN, FEB = D(2026, 1, 1), D(2026, 2, 1)
PERIODS = [(JAN, D(2026, 1, 31)), (FEB, D(2026, 2, 28))]
UNIT = 10_000


def contract(account: str | None, value: float | None, signed: str, **more: Any) -> dict[str, Any]:
    day = dt.date.fromisoformat(signed)
    return {"account_id": account, "value": value, "signed_at": at(f"{signed} 12:00"),
            "starts_on": day + dt.timedelta(days=45), **more}  # fmt: skip


def states(*contracts: dict[str, Any], **options: Any) -> PopulationStates:
    found = extracted(*contracts)
    return signing_states({"contract": found.lazy()}, asking(PERIODS, **options))


def test_all_contracts_that_new_customers_sign_in_the_period() -> None:
    found = states(
        contract("new", 100, "2026-01-05"),
        contract("new", 50, "2026-01-31"),
        contract("new", 999, "2026-02-01"),
        contract("other", 30, "2026-01-10"),
        contract("old", 999, "2025-12-31"),
        contract("old", 999, "2026-01-10"),
    )
    assert sums(found, "contract_value") == {
        (JAN, "all"): (2, 180 * UNIT, (150**2 + 30**2) * UNIT**2)
    }


def test_what_does_not_count() -> None:
    found = states(
        contract("a", 100, "2026-01-05"),
        contract("a", None, "2026-01-06"),
        contract("b", 100, "2026-01-05", currency="GBP"),
        contract("c", 100, "2026-01-05", cancelled_on=D(2026, 1, 20)),
        contract(None, 100, "2026-01-05"),
        contract("c", 70, "2026-02-05"),
    )
    assert sums(found, "contract_value") == {(FEB, "all"): (1, 70 * UNIT, (70 * UNIT) ** 2)}
    assert left_out(found, "contract_value") == {
        (JAN, "all", "no_amount"): 1, (JAN, "all", "no_rate"): 1,
        (JAN, "all", "never_in_force"): 1, (JAN, "all", "no_account"): 1,
    }  # fmt: skip


def test_the_plan_of_a_contract_is_not_its_accounts() -> None:
    accounts = VERSIONS.with_columns(plan=pl.lit("gold"))
    found = states(
        contract("a", 100, "2026-01-05", plan="pro"),
        contract(None, 100, "2026-01-05", plan="pro"),
        sets=[SegmentSet("plan", ("plan",))],
        versions=accounts,
    )
    assert sums(found, "contract_value")[JAN, "gold"][0] == 1
    assert left_out(found, "contract_value") == {(JAN, "(unknown)", "no_account"): 1}


def test_segments_are_those_of_the_first_signing() -> None:
    found = states(
        contract("b", 100, "2026-01-31"),
        contract("stranger", 100, "2026-02-01"),
        contract(None, 1, "2026-02-01"),
        sets=[TOTAL, BY_COUNTRY],
    )
    assert {key: value[0] for key, value in sums(found, "contract_value").items()} == {
        (JAN, "all"): 1, (JAN, "DE"): 1, (FEB, "all"): 1, (FEB, "(unknown)"): 1,
    }  # fmt: skip
    assert left_out(found, "contract_value")[FEB, "(unknown)", "no_account"] == 1
