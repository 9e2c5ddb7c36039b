"""Churn: published figures, and equality with a count of every account in every period."""

import datetime as dt
import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.churn import churn_states, year_periods
from assets.transforms.segments import TOTAL, SegmentSet
from assets.transforms.spells import (
    contract_activity,
    sale_activity,
    spells_from_contracts,
    spells_from_sales,
)
from schemas.warehouse import GRAINS
from tests.assets.kpi.histories import at, frame

D = dt.date
ORIGIN = D(2026, 1, 1)
BY_COUNTRY = SegmentSet("country", ("country",))
ACTIVITY = {"account_id": pl.String, "starts_on": pl.Date}


def day(number: int) -> D:
    return ORIGIN + dt.timedelta(days=number)


def sales(rows: list[tuple[str, D]]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=ACTIVITY, orient="row")


def versions(draw: random.Random) -> pl.DataFrame:
    rows: list[tuple[str, D | None, D | None, str | None]] = []
    for number in range(8):
        cut = day(draw.randrange(0, 60))
        rows += [(f"a{number}", None, cut, draw.choice(["FR", "DE", None]))]
        rows += [(f"a{number}", cut, None, draw.choice(["FR", "DE", None]))]
    schema = {"account_id": pl.String, "holds_from": pl.Date, "holds_until": pl.Date,
              "country": pl.String}  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([5, 20, 45]), st.sampled_from(GRAINS))
def test_equals_counting_every_account(seed: int, inactivity: int, grain: str) -> None:
    draw = random.Random(seed)
    rows = [(f"a{draw.randrange(10)}", day(draw.randrange(-60, 120))) for _ in range(80)]
    table, periods = versions(draw), year_periods(2026, grain, as_of=day(100))
    spells = spells_from_sales(sales(rows), inactivity)
    found = churn_states(spells, periods, [TOTAL, BY_COUNTRY], versions=table)
    right: dict[tuple[D, str, str], list[int]] = {}
    reach = dt.timedelta(days=inactivity)
    for start, test in zip(periods.starts, periods.tests, strict=True):
        for account in {account for account, _ in rows}:
            days = [bought for owner, bought in rows if owner == account]
            if not any(start - reach <= bought < start for bought in days):
                continue
            is_lost = not any(test - reach <= bought < test for bought in days)
            for key in (("total", "all"), ("country", country(table, account, start))):
                counts = right.setdefault((start, *key), [0, 0])
                counts[0] += 1
                counts[1] += is_lost
    columns = ("period_start", "segment_set", "segment_key", "n", "x")
    assert {row[:3]: list(row[3:]) for row in found.select(columns).rows()} == right


def country(table: pl.DataFrame, account: str, start: D) -> str:
    for begin, until, value in (
        table.filter(pl.col("account_id") == account).drop("account_id").rows()
    ):
        if (begin is None or begin <= start) and (until is None or start < until):
            return value or "(unknown)"
    return "(unknown)"


def test_10000_customers_1200_joined_700_lost_is_7_percent() -> None:
    old = [(f"c{i}", day(-20)) for i in range(10_000)]
    kept = [(f"c{i}", day(10)) for i in range(9_300)]
    joined = [(f"n{i}", day(12)) for i in range(1_200)]
    spells = spells_from_sales(sales(old + kept + joined), 30)
    january = churn_states(
        spells, year_periods(2026, "month", as_of=day(30)), [TOTAL], versions=None
    )
    assert january.select("period_start", "n", "x").rows() == [(ORIGIN, 10_000, 700)]


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
    activity, _ = contract_activity(frame("crm_contract", [row]).lazy())
    periods = year_periods(2026, "month", as_of=D(2026, 3, 31))
    found = churn_states(spells_from_contracts(activity.lazy()), periods, [TOTAL], versions=None)
    lost = found.filter(pl.col("x") > 0)["period_start"].dt.month().to_list()
    assert lost == ([lost_in] if lost_in else [])


def test_a_renewal_the_next_day_is_no_loss() -> None:
    rows = [
        {"contract_id": "1", "account_id": "a", "starts_on": D(2025, 1, 1),
         "ends_on": D(2026, 1, 15)},
        {"contract_id": "2", "account_id": "a", "starts_on": D(2026, 1, 16)},
    ]  # fmt: skip
    activity, _ = contract_activity(frame("crm_contract", rows).lazy())
    assert spells_from_contracts(activity.lazy()).height == 1


def test_a_contract_missing_from_its_source_is_out_of_force() -> None:
    row = {"contract_id": "1", "account_id": "a", "starts_on": D(2025, 1, 1),
           "_closed_on": D(2026, 2, 3)}  # fmt: skip
    activity, _ = contract_activity(frame("crm_contract", [row]).lazy())
    assert activity["last_on"].to_list() == [D(2026, 2, 2)]


def test_what_is_no_activity_is_counted() -> None:
    rows = [
        {"contract_id": "1", "account_id": "a", "starts_on": D(2026, 1, 5),
         "cancelled_on": D(2026, 1, 5)},
        {"contract_id": "2", "account_id": None, "starts_on": D(2026, 1, 6)},
    ]  # fmt: skip
    activity, exclusion = contract_activity(frame("crm_contract", rows).lazy())
    assert activity.height == 0
    assert exclusion.rows() == [
        (D(2026, 1, 6), "no_account", 1),
        (D(2026, 1, 5), "never_in_force", 1),
    ]


def test_returns_and_cancelled_orders_are_no_sales() -> None:
    rows = [
        {"order_id": "1", "account_id": "a", "ordered_at": at("2026-01-01 23:30")},
        {"order_id": "2", "account_id": "b", "ordered_at": at("2026-01-01"), "is_return": True},
        {"order_id": "3", "account_id": "c", "ordered_at": at("2026-01-01"),
         "status": " Canceled "},
        {"order_id": "4", "account_id": None, "ordered_at": at("2026-01-01")},
    ]  # fmt: skip
    activity, exclusion = sale_activity(
        frame("erp_order", rows).lazy(), "Europe/Paris", ["canceled"]
    )
    assert activity.rows() == [("a", D(2026, 1, 2), D(2026, 1, 2))]
    assert exclusion.rows() == [(D(2026, 1, 1), "no_account", 1)]
