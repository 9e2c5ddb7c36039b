"""Margins, returns and deliveries from orders and their lines: what counts, what does not."""

import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.dimensions import product_dimensions
from assets.transforms.facts import Cut, Lookups
from assets.transforms.facts_order import order_fact
from assets.transforms.measures_catalogue import all_measures
from assets.transforms.money import Rates
from assets.transforms.segments import TOTAL, SegmentSet
from assets.transforms.states import compute_states
from assets.transforms.values import Settled, settle
from schemas.config.kpis import KpiConfig
from schemas.kpis.catalogue import CATALOGUE, Published
from tests.assets.kpi.histories import at, frame
from tests.assets.transforms.rolled import roll_up

MEASURES = {one.code: one for one in all_measures(KpiConfig())}
BY_CATEGORY = SegmentSet("category", ("product_category",))
PRODUCTS = [{"product_id": name, "category": name.rstrip("0123456789")} for name in
            ("toy1", "toy2", "book1")]  # fmt: skip
ORDER = {"ordered_at": at("2026-03-10 12:00"), "net_amount": 100.0, "is_return": False}
LINE = {"product_id": "toy1", "quantity": 1.0, "unit_cost": 60.0, "net_amount": 100.0}
RATE = {"currency": ["USD"], "rate_date": [dt.date(2026, 3, 9)], "rate": [0.5]}
RATES = Rates("EUR", pl.DataFrame(RATE))
Row = dict[str, Any]


def settled(orders: list[Row], lines: list[Row], *codes: str, by: SegmentSet = TOTAL) -> Settled:
    """KPIs of orders `o0`, `o1`, …, each row on top of `ORDER`; lines of `LINE` likewise."""
    tables = {
        "erp_order": [{**ORDER, "order_id": f"o{i}", **row} for i, row in enumerate(orders)],
        "erp_order_line": [{**LINE, "line_number": i, **row} for i, row in enumerate(lines)],
    }
    cut = Cut(dict.fromkeys(by.dimensions, "product"), "Europe/Paris", RATES, ("canceled",))
    products = product_dimensions(frame("erp_product", PRODUCTS).lazy(), by.dimensions)
    lookups = Lookups(products=products if by.dimensions else None)
    fact = order_fact({k: frame(k, v).lazy() for k, v in tables.items()}, lookups, cut)
    published = [Published(code, CATALOGUE[code], "none") for code in codes]
    measures = [MEASURES[one.state] for one in published]
    states = compute_states(fact.wide, measures, [by], dimensions=by.columns)
    rolled = roll_up(
        states.state.lazy(), states.exclusion.lazy(), states.histogram.lazy(),
        grain="month", year=2026,
    )  # fmt: skip
    return settle(rolled, published, MEASURES, confidence=0.95, targets={})


def row(found: Settled, code: str) -> Row:
    return found.value.row(by_predicate=pl.col("kpi_code") == code, named=True)


def reasons(found: Settled, code: str) -> dict[str, int]:
    return dict(found.exclusion.filter(kpi_code=code).select("reason", "count").rows())


MARGINS = ("margin_per_transaction", "margin_rate")


def test_margins_of_two_sales() -> None:
    found = settled(
        [{}, {"net_amount": 50.0}],
        [
            {"order_id": "o0", "quantity": 2.0, "unit_cost": 20.25},
            {"order_id": "o0", "quantity": 0.5, "unit_cost": 19.0},
            {"order_id": "o1", "unit_cost": 25.0},
        ],
        *MARGINS,
    )
    margin, rate = (row(found, code) for code in MARGINS)
    assert (margin["value"], margin["numerator"], margin["denominator"]) == (37.5, 75.0, 2.0)
    assert (rate["value"], rate["numerator"], rate["denominator"]) == (50.0, 75.0, 150.0)
    # n counts orders, not the currency of the denominator
    assert (margin["n"], rate["n"]) == (2, 2)
    assert rate["method_id"] == "margin_rate.v2:linearised_t"


@pytest.mark.parametrize(("net", "quantity"), [(-40.0, -1.0), (40.0, 1.0), (-40.0, 1.0)])
def test_a_return_gives_revenue_and_cost_back(net: float, quantity: float) -> None:
    """Whichever sign its source gives the amount and the quantity."""
    found = settled(
        [{}, {"net_amount": net, "is_return": True}],
        [{"order_id": "o0"}, {"order_id": "o1", "quantity": quantity, "unit_cost": 30.0}],
        *MARGINS,
    )
    margin, rate = (row(found, code) for code in MARGINS)
    assert (margin["value"], margin["n"]) == (30.0, 1)
    assert (rate["value"], rate["denominator"], rate["n"]) == (50.0, 60.0, 2)


def test_without_positive_revenue_there_is_no_margin_rate() -> None:
    found = settled([{"is_return": True}], [{"order_id": "o0"}], *MARGINS)
    assert [row(found, code)["value"] for code in MARGINS] == [None, None]
    assert row(found, "margin_rate")["numerator"] == -40.0


@pytest.mark.parametrize("code", MARGINS)
def test_orders_without_a_margin_are_counted_by_reason(code: str) -> None:
    nan, inf = float("nan"), float("inf")
    found = settled(
        [{}, {}, {}, {}, {}, {}, {"net_amount": None}, {"currency": "JPY"}, {"status": "Canceled"}],
        [
            {"order_id": "o0"},
            {"order_id": "o2", "unit_cost": None},
            {"order_id": "o2"},  # one line without cost, and the order's is unknown
            {"order_id": "o3", "quantity": None},
            {"order_id": "o4", "quantity": nan},
            {"order_id": "o5", "quantity": inf},
            *[{"order_id": f"o{i}"} for i in (6, 7, 8)],
        ],
        code,
    )
    assert row(found, code)["n"] == 1
    assert reasons(found, code) == {
        "no_lines": 1, "no_cost": 4, "no_amount": 1, "no_rate": 1, "cancelled": 1,
    }  # fmt: skip
    assert row(found, code)["excluded"] == 8


def test_a_cost_beyond_all_numbers_is_unknown() -> None:
    found = settled([{}], [{"order_id": "o0", "quantity": 1e300}], "margin_rate")
    assert reasons(found, "margin_rate") == {"no_cost": 1}


def test_under_product_dimensions_margins_are_those_of_the_segment_s_lines() -> None:
    found = settled(
        [{}, {}],
        [
            {"order_id": "o0", "net_amount": 70.0, "unit_cost": 35.0},
            {"order_id": "o0", "net_amount": 10.0, "unit_cost": 5.0, "product_id": "toy2"},
            {"order_id": "o0", "net_amount": 20.0, "unit_cost": None, "product_id": "book1"},
        ],
        "margin_rate",
        by=BY_CATEGORY,
    )
    values = found.value.select("segment_key", "value", "numerator").rows()
    assert values == [("toy", 50.0, 40.0)]
    kept = found.exclusion.select("segment_key", "reason", "count").rows()
    assert sorted(kept) == [("(unknown)", "no_lines", 1), ("book", "no_cost", 1)]


@given(
    lines=st.lists(
        st.tuples(st.integers(0, 5), st.integers(-40, 40), st.integers(0, 99_999)), min_size=1
    )
)
@settings(max_examples=25, deadline=None)
def test_the_margin_s_numerator_is_exact(lines: list[tuple[int, int, int]]) -> None:
    """Net minus cost in whole 10⁻⁴, over orders that have lines; quantities are in quarters."""
    rows = [
        {"order_id": f"o{order}", "quantity": quarters / 4, "unit_cost": cents / 100}
        for order, quarters, cents in lines
    ]
    found = row(settled([{}] * 6, rows, "margin_per_transaction"), "margin_per_transaction")
    sold = len({order for order, _, _ in lines})
    cost = sum(quarters * 25 * cents for _, quarters, cents in lines)
    assert found["n"] == sold
    assert found["numerator"] == pytest.approx((sold * 1_000_000 - cost) / 10_000, abs=1e-9)


def test_returns_are_counted_against_orders_that_are_none() -> None:
    found = settled(
        [{}, {}, {"net_amount": None}, {"currency": "JPY"}, {"is_return": True},
         {"is_return": None}, {"is_return": True, "status": "canceled"}],
        [],
        "return_rate",
    )  # fmt: skip
    rate = row(found, "return_rate")
    assert (rate["value"], rate["numerator"], rate["denominator"]) == (25.0, 1.0, 4.0)
    assert (rate["n"], rate["method_id"]) == (5, "return_rate.v1:wilson_odds")
    assert reasons(found, "return_rate") == {"no_return_flag": 1, "cancelled": 1}


def test_the_interval_of_a_return_rate_is_wilson_s_in_odds() -> None:
    """Wilson for 1 of 5 at 95 %: 0.036224 … 0.624465."""
    found = row(settled([{}] * 4 + [{"is_return": True}], [], "return_rate"), "return_rate")
    assert found["ci_low"] == pytest.approx(100 * 0.036224 / (1 - 0.036224), rel=1e-4)
    assert found["ci_high"] == pytest.approx(100 * 0.624465 / (1 - 0.624465), rel=1e-4)


def test_no_return_yet_is_not_certainty_of_none() -> None:
    found = row(settled([{}] * 20, [], "return_rate"), "return_rate")
    assert (found["value"], found["ci_low"]) == (0.0, 0.0)
    assert found["ci_high"] > 10


def test_returns_without_an_order_have_no_rate() -> None:
    found = row(settled([{"is_return": True}], [], "return_rate"), "return_rate")
    assert (found["value"], found["ci_high"], found["numerator"]) == (None, None, 1.0)


def test_more_returns_than_orders_are_more_than_all() -> None:
    found = settled([{}, *[{"is_return": True}] * 3], [], "return_rate")
    assert row(found, "return_rate")["value"] == 300.0


def test_a_source_that_never_tells_returns_has_no_return_rate() -> None:
    found = settled([{"is_return": None}] * 3, [], "return_rate")
    assert found.value.height == 0
    assert reasons(found, "return_rate") == {"no_return_flag": 3}


@pytest.mark.parametrize(
    ("delivered", "promised", "is_on_time"),
    [
        ("2026-03-14 09:00", "2026-03-15 00:00", True),
        # a promise without a time of day is its midnight, and holds until the day is over
        ("2026-03-15 16:00", "2026-03-14 23:00", True),
        ("2026-03-15 22:59", "2026-03-14 23:00", True),
        ("2026-03-15 23:00", "2026-03-14 23:00", False),
        ("2026-03-16 09:00", "2026-03-15 12:00", False),
    ],
)
def test_on_time_is_by_the_day_promised(delivered: str, promised: str, *, is_on_time: bool) -> None:
    order = {"delivered_at": at(delivered), "promised_at": at(promised)}
    found = row(settled([order], [], "on_time_delivery_rate"), "on_time_delivery_rate")
    assert found["value"] == (100.0 if is_on_time else 0.0)


def test_what_is_not_delivered_or_comes_back_is_no_delivery() -> None:
    promised = {"promised_at": at("2026-03-12")}
    early = {**promised, "delivered_at": at("2026-03-11")}
    found = settled(
        [early, {**promised, "delivered_at": at("2026-03-20")}, promised,
         {**early, "is_return": True}, {**early, "promised_at": None},
         {**early, "status": "canceled"}, {**early, "delivered_at": at("2026-03-09")}],
        [],
        "on_time_delivery_rate",
    )  # fmt: skip
    rate = row(found, "on_time_delivery_rate")
    assert (rate["value"], rate["numerator"], rate["n"]) == (50.0, 1.0, 2)
    assert reasons(found, "on_time_delivery_rate") == {
        "cancelled": 1, "no_promise": 1, "delivered_before_ordered": 1,
    }  # fmt: skip


def test_a_delivery_counts_in_the_month_it_is_made_in() -> None:
    late = {"delivered_at": at("2026-04-02"), "promised_at": at("2026-03-20")}
    found = settled([late, {"is_return": True}], [], "on_time_delivery_rate", "return_rate")
    starts = dict(found.value.select("kpi_code", pl.col("period_start").dt.month()).rows())
    assert starts == {"on_time_delivery_rate": 4, "return_rate": 3}


def test_a_foreign_order_counts_at_the_rate_of_its_day() -> None:
    """At 0.5 a dollar: revenue of 50 and cost of 10.00005 twice, each line rounded by itself."""
    found = settled(
        [{}, {"currency": "usd"}],
        [
            {"order_id": "o0"},
            {"order_id": "o1", "unit_cost": 20.0001},
            {"order_id": "o1", "unit_cost": 20.0001},
        ],
        "average_transaction_value",
        *MARGINS,
    )
    value, margin, rate = (row(found, code) for code in ("average_transaction_value", *MARGINS))
    assert (value["value"], value["n"]) == (75.0, 2)
    # 100 - 60 + 50 - 2 * 10.0001
    assert margin["numerator"] == 69.9998
    assert rate["denominator"] == 150.0
    assert found.exclusion.is_empty()


def test_lines_of_a_foreign_order_are_in_its_currency_in_every_segment() -> None:
    found = settled(
        [{"currency": "USD", "net_amount": 300.0}],
        [
            {"order_id": "o0", "product_id": "toy1", "net_amount": 100.0, "unit_cost": 40.0},
            {"order_id": "o0", "product_id": "book1", "net_amount": 200.0, "unit_cost": 50.0},
        ],
        "margin_per_transaction",
        by=BY_CATEGORY,
    )
    assert dict(found.value.select("segment_key", "value").rows()) == {"toy": 30.0, "book": 75.0}
