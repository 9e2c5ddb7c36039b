"""Churn and reactivation: published figures, and equality with a count of every account."""

import datetime as dt
import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.money import Rates
from assets.transforms.populations.customers import churn_states, reactivation_states
from assets.transforms.populations.extract_contracts import contract_rows
from assets.transforms.populations.population import PopulationStates
from assets.transforms.segments import TOTAL
from assets.transforms.spells import spells_from_contracts
from tests.assets.kpi.histories import frame, project
from tests.assets.transforms.populations.asked import D, asked, periods_of, versions
from tests.assets.transforms.populations.asking import asking, left_out, sums

ORIGIN = D(2026, 1, 1)
GRAINS = ("day", "week", "month", "quarter", "rolling_28d", "rolling_12m")
SALE = {"account_id": pl.String, "starts_on": pl.Date, "is_sale": pl.Boolean}
FOUND = ("period_start", "segment_set", "segment_key", "n", "x")


def day(number: int) -> D:
    return ORIGIN + dt.timedelta(days=number)


def sales(rows: list[tuple[str | None, D]]) -> dict[str, pl.LazyFrame]:
    """The extract `sale` of some sales."""
    known = [(*row, True) for row in rows]
    return {"sale": pl.LazyFrame(known, schema=SALE, orient="row")}


def counts(found: PopulationStates) -> dict[tuple[D, str, str], list[int]]:
    return {row[:3]: list(row[3:]) for row in found.state.select(FOUND).rows()}


def drawn_versions(draw: random.Random) -> pl.DataFrame:
    rows: list[tuple[str, D | None, D | None, str | None]] = []
    for number in range(8):
        cut = day(draw.randrange(0, 60))
        rows += [(f"a{number}", None, cut, draw.choice(["FR", "DE", None]))]
        rows += [(f"a{number}", cut, None, draw.choice(["FR", "DE", None]))]
    return versions(*rows)


def country(table: pl.DataFrame, account: str, on: D) -> str:
    own = table.filter(pl.col("account_id") == account)
    for begin, until, value in own.select("holds_from", "holds_until", "country").rows():
        if (begin is None or begin <= on) and (until is None or on < until):
            return value or "(unknown)"
    return "(unknown)"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([5, 20, 45]), st.sampled_from(GRAINS))
def test_equals_counting_every_account(seed: int, inactivity: int, grain: str) -> None:
    draw = random.Random(seed)
    rows = [(f"a{draw.randrange(10)}", day(draw.randrange(-60, 120))) for _ in range(60)]
    table = drawn_versions(draw)
    periods = periods_of(grain, day(-280), day(100), as_of=day(100))
    wanted = asked(periods, table, churn={"inactivity_days": inactivity})
    churn: dict[tuple[D, str, str], list[int]] = {}
    reactivation: dict[tuple[D, str, str], list[int]] = {}
    reach, one = dt.timedelta(days=inactivity), dt.timedelta(days=1)

    def add(into: dict[tuple[D, str, str], list[int]], start: D, where: str, *, is_x: bool) -> None:
        for key in (("total", "all"), ("country", where)):
            found = into.setdefault((start, *key), [0, 0])
            found[0] += 1
            found[1] += is_x

    for start, end in periods.frame().rows():
        for account in {account for account, _ in rows}:
            days = [bought for owner, bought in rows if owner == account]
            test = end + one
            if any(start - reach <= bought < start for bought in days):
                is_lost = not any(test - reach <= bought < test for bought in days)
                add(churn, start, country(table, account, start), is_x=is_lost)
            elif min(days) < start:
                is_back = any(start <= bought <= end for bought in days)
                add(reactivation, start, country(table, account, end), is_x=is_back)
    assert counts(churn_states(sales(rows), wanted)) == churn
    assert counts(reactivation_states(sales(rows), wanted)) == reactivation


def test_10000_customers_1200_joined_700_lost_is_7_percent() -> None:
    old = [(f"c{i}", day(-20)) for i in range(10_000)]
    kept = [(f"c{i}", day(10)) for i in range(9_300)]
    joined = [(f"n{i}", day(12)) for i in range(1_200)]
    january = periods_of("month", ORIGIN, ORIGIN, as_of=day(30))
    found = churn_states(sales(old + kept + joined), asked(january, churn={"inactivity_days": 30}))
    assert found.state.select("period_start", "n", "x").rows() == [(ORIGIN, 10_000, 700)]


def test_of_3_lost_before_1_comes_back() -> None:
    rows = [
        ("back", day(-100)), ("back", day(0)),  # lost since the 80th day, back on the first
        ("away", day(-100)),
        ("gone", day(-95)), ("gone", day(31)),  # back a period later
        ("kept", day(-5)), ("new", day(3)),
    ]  # fmt: skip
    january = periods_of("month", ORIGIN, ORIGIN, as_of=day(60))
    found = reactivation_states(sales(rows), asked(january, churn={"inactivity_days": 20}))
    assert found.state.select("n", "x").rows() == [(3, 1)]


def test_customers_of_an_incomplete_look_back_are_left_out() -> None:
    rows: list[tuple[str | None, D]] = [("a", day(9)), (None, day(40))]
    months = periods_of("month", ORIGIN, D(2026, 3, 1), as_of=D(2026, 3, 31))
    wanted = asked(months, since=day(9), churn={"inactivity_days": 40})
    found = churn_states(sales(rows), wanted)
    # February begins before 40 days of orders are known; on the first of March a is lost
    assert found.state.height == 0
    assert found.exclusion.select("period_start", "reason", "count").rows() == [
        (D(2026, 2, 1), "look_back_incomplete", 1),
        (D(2026, 2, 1), "no_account", 1),
    ]


def contracts(*rows: dict[str, object]) -> dict[str, pl.LazyFrame]:
    """The extract `contract` of rows of crm_contract."""
    tables = {"crm_contract": frame("crm_contract", rows).lazy()}
    return {"contract": contract_rows(tables, project(), Rates("EUR")).lazy()}


@pytest.mark.parametrize(
    ("ends_on", "cancelled_on", "lost_in"),
    [
        (D(2026, 1, 31), None, 2),  # in force on the last day of January: lost in February
        (D(2026, 1, 30), None, 1),
        (None, D(2026, 2, 1), 2),  # cancelled from the first of February
        (D(2026, 12, 31), D(2026, 1, 15), 1),
        (None, None, None),
    ],
)
def test_a_contract_is_lost_on_the_first_day_out_of_force(
    ends_on: D | None, cancelled_on: D | None, lost_in: int | None
) -> None:
    row = {"contract_id": "k", "account_id": "a", "starts_on": D(2025, 6, 1),
           "ends_on": ends_on, "cancelled_on": cancelled_on}  # fmt: skip
    months = periods_of("month", ORIGIN, D(2026, 3, 1), as_of=D(2026, 3, 31))
    found = churn_states(contracts(row), asked(months, churn={"basis": "contracts"}))
    lost = found.state.filter(pl.col("x") > 0)["period_start"].dt.month().to_list()
    assert lost == ([lost_in] if lost_in else [])


def test_a_renewal_the_next_day_is_no_loss() -> None:
    rows = [
        {"contract_id": "1", "account_id": "a", "starts_on": D(2025, 1, 1),
         "ends_on": D(2026, 1, 15)},
        {"contract_id": "2", "account_id": "a", "starts_on": D(2026, 1, 16)},
    ]  # fmt: skip
    assert spells_from_contracts(contracts(*rows)["contract"]).height == 1


def test_contracts_of_nobody_and_those_never_in_force_are_counted() -> None:
    rows = [
        {"contract_id": "1", "account_id": "a", "starts_on": D(2026, 1, 5),
         "cancelled_on": D(2026, 1, 5)},
        {"contract_id": "2", "account_id": None, "starts_on": D(2026, 1, 6)},
        {"contract_id": "3", "account_id": "b", "starts_on": D(2025, 12, 6)},
    ]  # fmt: skip
    january = periods_of("month", ORIGIN, ORIGIN, as_of=D(2026, 1, 31))
    wanted = asked(january, versions(("b", None, None, "FR")), churn={"basis": "contracts"})
    found = churn_states(contracts(*rows), wanted)
    assert counts(found) == {
        (ORIGIN, "total", "all"): [1, 0],
        (ORIGIN, "country", "FR"): [1, 0],
    }
    columns = ("segment_set", "segment_key", "reason", "count")
    assert found.exclusion.select(columns).sort(columns).rows() == [
        ("country", "(unknown)", "never_in_force", 1),
        ("country", "(unknown)", "no_account", 1),
        (TOTAL.name, "all", "never_in_force", 1),
        (TOTAL.name, "all", "no_account", 1),
    ]


LOST_AND_BACK = (
    {"contract_id": "1", "account_id": "a", "starts_on": D(2025, 1, 1), "ends_on": D(2026, 1, 15)},
    {"contract_id": "2", "account_id": "a", "starts_on": D(2026, 2, 20)},
    {"contract_id": "3", "account_id": "b", "starts_on": D(2025, 12, 6)},
    {"contract_id": "4", "account_id": None, "starts_on": D(2026, 1, 6)},
)


def known_from(on: D, basis: str = "contracts") -> dict[str, object]:
    return {"churn": {"basis": basis, "inactivity_days": 20}, "known_from": {"crm_contract": on}}


def test_customers_under_contract_before_it_is_known_who_left_are_left_out() -> None:
    months = periods_of("month", ORIGIN, D(2026, 3, 1), as_of=D(2026, 3, 31))
    extracts = contracts(*LOST_AND_BACK)
    wanted = asking(list(months.frame().iter_rows()), kpis=known_from(D(2026, 2, 1)))
    found = churn_states(extracts, wanted)
    assert sums(found, "churn") == {
        (D(2026, 2, 1), "all"): (1, 0), (D(2026, 3, 1), "all"): (2, 0),
    }  # fmt: skip
    assert left_out(found, "churn") == {
        (ORIGIN, "all", "look_back_incomplete"): 2, (ORIGIN, "all", "no_account"): 1,
    }  # fmt: skip
    assert sums(reactivation_states(extracts, wanted), "reactivation") == {
        (D(2026, 2, 1), "all"): (1, 1),
    }  # fmt: skip
    later = asking(list(months.frame().iter_rows()), kpis=known_from(D(2026, 2, 2)))
    back = reactivation_states(extracts, later)
    assert not sums(back, "reactivation")
    assert left_out(back, "reactivation")[D(2026, 2, 1), "all", "look_back_incomplete"] == 1


def test_customers_with_orders_are_known_by_their_orders() -> None:
    rows: list[tuple[str | None, D]] = [("a", day(-10)), ("b", day(-40)), ("b", day(3))]
    january = asking([(ORIGIN, day(30))], kpis=known_from(D(2030, 1, 1), "orders"))
    assert sums(churn_states(sales(rows), january), "churn") == {(ORIGIN, "all"): (1, 1)}
    assert sums(reactivation_states(sales(rows), january), "reactivation") == {
        (ORIGIN, "all"): (1, 1)
    }
