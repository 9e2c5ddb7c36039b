"""Recurring revenue kept and grown, by hand."""

import datetime as dt
from typing import Any

import polars as pl

from assets.transforms.populations.population import PopulationStates
from assets.transforms.populations.recurring import recurring_states
from assets.transforms.segments import TOTAL
from tests.assets.transforms.populations.asking import BY_COUNTRY, asking, left_out, sums
from tests.assets.transforms.populations.contract_frames import extracted

D = dt.date
JAN, FEB = D(2026, 1, 1), D(2026, 2, 1)
PERIODS = [(JAN, D(2026, 1, 31)), (FEB, D(2026, 2, 28))]
UNIT = 10_000


def contract(account: str | None, amount: float | None, first: str, last: str | None = None,
             **more: Any) -> dict[str, Any]:  # fmt: skip
    ends = dt.date.fromisoformat(last) if last else None
    return {"account_id": account, "recurring_amount": amount, "ends_on": ends,
            "starts_on": dt.date.fromisoformat(first), **more}  # fmt: skip


def states(*contracts: dict[str, Any], **options: Any) -> PopulationStates:
    found = extracted(*contracts)
    return recurring_states({"contract": found.lazy()}, asking(PERIODS, **options))


def test_one_grows_one_shrinks_one_leaves_one_joins() -> None:
    found = states(
        contract("grows", 100, "2025-06-01", "2026-01-10"),
        contract("grows", 150, "2026-01-11"),
        contract("shrinks", 80, "2025-06-01", "2026-01-31"),
        contract("shrinks", 40, "2025-07-01"),
        contract("leaves", 60, "2025-06-01", "2026-01-15"),
        contract("joins", 500, "2026-01-01"),
    )
    # January: 100 + 120 + 60 at the start; 150 + 120 + 0 at the end, for 31 January is in force
    x, y = 270 * UNIT, 280 * UNIT
    assert sums(found, "nrr")[JAN, "all"] == (
        3, x, y, (150**2 + 120**2) * UNIT**2, (150 * 100 + 120**2) * UNIT**2,
        (100**2 + 120**2 + 60**2) * UNIT**2,
    )  # fmt: skip
    assert sums(found, "grr")[JAN, "all"][:3] == (3, 220 * UNIT, y)
    assert sums(found, "upsell")[JAN, "all"] == (3, 1)
    # February: the end of January is its start; joins is there, the 80 of shrinks are gone
    assert sums(found, "nrr")[FEB, "all"][:3] == (3, 690 * UNIT, 770 * UNIT)
    assert not left_out(found, "nrr")


def test_unknown_amounts_leave_the_customer_out() -> None:
    found = states(
        contract("a", 100, "2025-06-01"),
        contract("a", None, "2026-01-20"),
        contract("b", 100, "2025-06-01", currency="GBP"),
        contract("c", None, "2025-06-01", kind="contract"),
        contract(None, 100, "2025-06-01"),
        contract("d", 100, "2025-06-01", recurring_unit=None),
    )
    assert (JAN, "all") not in sums(found, "nrr")
    unknown = {"no_amount": 2, "no_rate": 1, "no_account": 1}
    for measure in ("nrr", "grr", "upsell"):
        assert {
            key[2]: count for key, count in left_out(found, measure).items() if key[0] == JAN
        } == unknown
    # one whose contract has nothing recurring is a customer all the same, whose amount did not rise
    assert sums(found, "upsell")[JAN, "all"] == (1, 0)


def test_a_greater_plan_is_an_upsell_whatever_the_amount() -> None:
    order = {"contracts": {"plan_order": ["Basic", "plus", "Pro"]}}
    contracts = (
        contract("a", None, "2025-06-01", "2026-01-10", plan="basic"),
        contract("a", None, "2026-01-11", plan="PRO "),
        contract("b", 100, "2025-06-01", "2026-01-10", plan="pro"),
        contract("b", 100, "2026-01-11", plan="plus"),
        contract("c", 100, "2025-06-01", "2026-01-10", plan="basic"),
        contract("c", 100, "2026-01-11", plan="other"),
    )
    found = states(*contracts, kpis=order)
    assert sums(found, "upsell")[JAN, "all"] == (3, 1)
    assert not [key for key in left_out(found, "upsell") if key[0] == JAN]
    without = states(*contracts)
    assert sums(without, "upsell")[JAN, "all"] == (2, 0)
    assert left_out(without, "upsell")[JAN, "all", "no_amount"] == 1


def test_segments_are_those_of_the_first_day() -> None:
    found = states(
        contract("a", 100, "2025-06-01"),
        contract("b", 50, "2025-06-01"),
        contract("stranger", 20, "2025-06-01"),
        contract(None, 20, "2025-06-01"),
        sets=[TOTAL, BY_COUNTRY],
    )
    start = {key: value[2] for key, value in sums(found, "nrr").items()}
    assert start == {
        (JAN, "all"): 170 * UNIT, (JAN, "FR"): 100 * UNIT, (JAN, "DE"): 50 * UNIT,
        (JAN, "(unknown)"): 20 * UNIT,
        (FEB, "all"): 170 * UNIT, (FEB, "FR"): 100 * UNIT, (FEB, "(unknown)"): 70 * UNIT,
    }  # fmt: skip
    assert left_out(found, "grr")[JAN, "(unknown)", "no_account"] == 1
    assert found.state.schema["country"] == pl.String


def test_amounts_beyond_64_bits_are_summed_exactly() -> None:
    huge = 9e13
    found = states(*[contract("a", huge, "2025-06-01") for _ in range(20)])
    assert sums(found, "nrr")[JAN, "all"][1] == 20 * int(huge) * UNIT


def test_nothing_gives_nothing() -> None:
    found = states(contract("a", 1, "2027-06-01"))
    assert (found.state.height, found.exclusion.height) == (0, 0)


def test_periods_before_it_is_known_who_ended_are_left_out() -> None:
    contracts = (
        contract("grows", 100, "2025-06-01", "2026-01-10"),
        contract("grows", 150, "2026-01-11"),
        contract("stays", 50, "2025-06-01"),
        contract("strange", None, "2025-06-01"),
        contract(None, 100, "2025-06-01"),
    )
    kpis = {"known_from": {"crm_contract": FEB}}
    found = states(*contracts, sets=[TOTAL, BY_COUNTRY], kpis=kpis)
    for measure in ("nrr", "grr", "upsell"):
        assert {key for key in sums(found, measure) if key[0] == JAN} == set()
        assert left_out(found, measure) == {
            (JAN, "all", "look_back_incomplete"): 2, (JAN, "(unknown)", "look_back_incomplete"): 2,
            (JAN, "all", "no_amount"): 1, (JAN, "(unknown)", "no_amount"): 1,
            (JAN, "all", "no_account"): 1, (JAN, "(unknown)", "no_account"): 1,
            (FEB, "all", "no_amount"): 1, (FEB, "(unknown)", "no_amount"): 1,
            (FEB, "all", "no_account"): 1, (FEB, "(unknown)", "no_account"): 1,
        }  # fmt: skip
    # all that was in force on the last of January is known, and so February is whole
    assert sums(found, "nrr")[FEB, "all"][:3] == (2, 200 * UNIT, 200 * UNIT)
    later = states(*contracts, kpis={"known_from": {"crm_contract": D(2026, 2, 2)}})
    assert not sums(later, "nrr")
