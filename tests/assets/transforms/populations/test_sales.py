"""Buyers: hand-computed figures, and equality with meeting every account in every period."""

import datetime as dt
import random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.populations.sales import (
    buyer_states,
    buyer_to_date_states,
    cross_buyer_states,
)
from tests.assets.transforms.populations.asked import D, asked, periods_of, versions

ORIGIN = D(2026, 1, 1)
SALE = {
    "account_id": pl.String, "starts_on": pl.Date, "is_sale": pl.Boolean,
    "net_fixed": pl.Int64, "has_rate": pl.Boolean,
}  # fmt: skip
PURCHASE = {"account_id": pl.String, "starts_on": pl.Date, "product_id": pl.String}
PRODUCTS = pl.DataFrame(
    {
        "product_id": ["p1", "p2", "p3", "q1", "n"],
        "category": ["x"] * 5,
        "family": ["p", "p", "p", "q", None],
    },
    schema_overrides={"category": pl.Categorical, "family": pl.Categorical},
)
JANUARY = periods_of("month", ORIGIN, ORIGIN, as_of=D(2026, 1, 31))
Sale = tuple[str | None, D, bool, int | None, bool]


def day(number: int) -> D:
    return ORIGIN + dt.timedelta(days=number)


def sales(*rows: Sale) -> dict[str, pl.LazyFrame]:
    """The extract `sale`."""
    return {"sale": pl.LazyFrame(rows, schema=SALE, orient="row")}


def purchases(*rows: tuple[str | None, D, str | None]) -> dict[str, pl.LazyFrame]:
    """The extract `purchase`."""
    return {"purchase": pl.LazyFrame(rows, schema=PURCHASE, orient="row")}


def test_a_buyer_of_two_orders_bought_again() -> None:
    found = buyer_states(
        sales(
            ("twice", day(0), True, 60_000, True), ("twice", day(0), True, 40_000, True),
            ("once", day(30), True, 50_000, True), ("once", day(31), True, 9, True),
            ("back", day(2), True, 30_000, True), ("back", day(3), False, -10_000, True),
            ("only back", day(4), False, -10_000, True),
            ("no amount", day(5), True, None, True), ("no rate", day(6), True, None, False),
            (None, day(7), True, 10_000, True), (None, day(8), False, -10_000, True),
        ),
        asked(JANUARY, versions(("twice", None, day(10), "DE"), ("twice", day(10), None, "FR"))),
    )  # fmt: skip
    columns = ("measure", "segment_key", "n", "x", "xx")
    assert found.state.select(columns).sort(columns).rows() == [
        # twice, once and back: 10, 5 and 2
        ("customer_revenue", "(unknown)", 2, 70_000, 2_900_000_000),
        ("customer_revenue", "FR", 1, 100_000, 10_000_000_000),
        ("customer_revenue", "all", 3, 170_000, 12_900_000_000),
        ("repeat_purchase", "(unknown)", 4, 0, None),
        ("repeat_purchase", "FR", 1, 1, None),
        ("repeat_purchase", "all", 5, 1, None),
    ]
    total = found.exclusion.filter(pl.col("segment_set") == "total")
    columns = ("measure", "reason", "count")
    assert total.select(columns).sort(columns).rows() == [
        ("customer_revenue", "no_account", 2),
        ("customer_revenue", "no_amount", 1),
        ("customer_revenue", "no_rate", 1),
        ("customer_revenue", "no_sale", 1),
        ("repeat_purchase", "no_account", 1),
    ]
    unknown = found.exclusion.filter(pl.col("segment_key") == "(unknown)").select(columns)
    assert unknown.sort(columns).rows() == total.select(columns).sort(columns).rows()


def test_to_date_counts_every_order_there_is() -> None:
    extracts = sales(
        ("a", day(-500), True, 1, True), ("a", day(3), True, 1, True),
        ("b", day(-10), True, 1, True), ("b", day(31), True, 1, True),
        ("c", day(-3), False, 1, True), (None, day(-9), True, 1, True),
    )  # fmt: skip
    months = periods_of("month", D(2025, 12, 1), D(2026, 2, 1), as_of=D(2026, 2, 5))
    found = buyer_to_date_states(extracts, asked(months))
    assert found.state.select("n", "x").rows() == [(2, 0), (2, 1), (2, 2)]
    assert found.exclusion.select("reason", "count").rows() == [("no_account", 1)] * 3


def test_families_count_as_long_as_the_window_has_them() -> None:
    extracts = purchases(
        ("a", day(0), "p1"), ("a", day(4), "q1"),  # two families from the 4th to the 9th day
        ("b", day(3), "p1"), ("b", day(3), "p2"), ("b", day(4), "n"), ("b", day(5), "?"),
        ("c", day(2), "n"), (None, day(1), "p1"),
    )  # fmt: skip
    days = periods_of("day", day(3), day(14), as_of=day(14))
    wanted = asked(days, products=PRODUCTS, cross_sell={"window_days": 10})
    found = cross_buyer_states(extracts, wanted)
    assert found.state.select("n", "x").rows() == [
        (2, 0), (2, 1), (2, 1), (2, 1), (2, 1), (2, 1), (2, 1), (2, 0), (2, 0), (2, 0), (1, 0),
    ]  # fmt: skip
    strange = found.exclusion.filter(pl.col("reason") == "no_family")
    assert strange["count"].to_list() == [1, 2, 3, 3, 3, 3, 3, 3, 3, 2, 2, 1]
    nameless = found.exclusion.filter(pl.col("reason") == "no_account")
    assert nameless["period_start"].to_list() == [day(number) for number in range(3, 11)]


def test_a_window_that_begins_before_the_first_purchase_is_left_out() -> None:
    extracts = purchases(("a", day(0), "p1"))
    days = periods_of("day", day(0), day(9), as_of=day(9))
    wanted = asked(days, products=PRODUCTS, since=day(0), cross_sell={"window_days": 10})
    found = cross_buyer_states(extracts, wanted)
    assert found.state.select("period_start", "n").rows() == [(day(9), 1)]
    assert set(found.exclusion["reason"]) == {"look_back_incomplete"}
    assert found.exclusion["period_start"].to_list() == [day(number) for number in range(9)]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from(["day", "week", "month", "rolling_12m"]),
    st.sampled_from([1, 7, 40]),
)
def test_equals_meeting_every_account(seed: int, grain: str, window: int) -> None:
    draw = random.Random(seed)
    rows = [
        (f"a{draw.randrange(6)}", day(draw.randrange(-60, 60)),
         draw.choice(["p1", "p2", "q1", "n", None]))
        for _ in range(50)
    ]  # fmt: skip
    families = dict(PRODUCTS.select("product_id", "family").rows())
    periods = periods_of(grain, day(-400), day(50), as_of=day(50))
    wanted = asked(periods, products=PRODUCTS, cross_sell={"window_days": window})
    crossing: dict[D, list[int]] = {}
    again: dict[D, list[int]] = {}
    to_date: dict[D, list[int]] = {}
    for start, end in periods.frame().rows():
        for account in {row[0] for row in rows}:
            days = [bought for owner, bought, _ in rows if owner == account]
            held = {
                families[product]
                for owner, bought, product in rows
                if owner == account
                and product in families
                and end - dt.timedelta(days=window) < bought <= end
            } - {None}
            for into, number in (
                (crossing, len(held)),
                (again, sum(start <= bought <= end for bought in days)),
                (to_date, sum(bought <= end for bought in days)),
            ):
                if number:
                    found = into.setdefault(start, [0, 0])
                    found[0] += 1
                    found[1] += number > 1
    extracts = sales(*[(owner, bought, True, 1, True) for owner, bought, _ in rows])
    for states, right in (
        (cross_buyer_states(purchases(*rows), wanted), crossing),
        (buyer_states(extracts, wanted), again),
        (buyer_to_date_states(extracts, wanted), to_date),
    ):
        own = states.state.filter(pl.col("measure") != "customer_revenue")
        counts = {row[0]: list(row[1:]) for row in own.select("period_start", "n", "x").rows()}
        assert counts == right
