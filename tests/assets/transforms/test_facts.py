"""Facts: days in the company's zone, product segments of orders, what stays unresolved."""

import datetime as dt

import polars as pl
import pytest

from assets.transforms.dimensions import product_dimensions
from assets.transforms.facts import Cut, FactFrame, Lookups, lead_fact
from assets.transforms.facts_interaction import interaction_fact
from assets.transforms.facts_order import order_fact
from assets.transforms.money import Rates
from tests.assets.kpi.histories import at, frame

PARIS = Cut({}, "Europe/Paris", Rates("EUR"), ("canceled",))
PRODUCTS = [
    {"product_id": "p1", "category": "toys"},
    {"product_id": "p2", "category": "books"},
    {"product_id": "p3", "category": "toys"},
    {"product_id": "p4", "category": None},
]


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-03-31 21:59:59", dt.date(2026, 3, 31)),
        ("2026-03-31 22:00:00", dt.date(2026, 4, 1)),
        ("2026-01-31 22:59:59", dt.date(2026, 1, 31)),
        ("2026-01-31 23:00:00", dt.date(2026, 2, 1)),
        ("2026-10-25 00:30:00", dt.date(2026, 10, 25)),
        ("2026-10-25 22:59:59", dt.date(2026, 10, 25)),  # a day of 25 hours
        ("2026-10-25 23:00:00", dt.date(2026, 10, 26)),
    ],
)
def test_days_are_cut_in_the_company_s_zone(instant: str, day: dt.date) -> None:
    row = {"lead_id": "1", "created_at": at(instant), "outcome": "open"}
    fact = lead_fact({"crm_lead": frame("crm_lead", [row]).lazy()}, Lookups(), PARIS)
    assert fact.rows["created_on"].to_list() == [day]


def test_durations_across_a_clock_change_are_true_time() -> None:
    row = {"interaction_id": "1", "opened_at": at("2026-03-28 23:00"),
           "resolved_at": at("2026-03-29 23:00")}  # fmt: skip
    fact = interaction_fact(
        {"crm_interaction": frame("crm_interaction", [row]).lazy()}, Lookups(), PARIS
    )
    assert fact.rows["resolution_seconds"].to_list() == [86_400]


def orders(lines: list[tuple[str, str | None, float | None]]) -> FactFrame:
    """Two orders of 100 and a third without lines, with lines of (order, product, net)."""
    rows = [{"order_id": f"o{i}", "ordered_at": at("2026-01-05"), "net_amount": 100.0}
            for i in (1, 2, 3)]  # fmt: skip
    details = [
        {"order_id": order, "line_number": number, "product_id": product, "net_amount": net}
        for number, (order, product, net) in enumerate(lines)
    ]
    cut = Cut({"product_category": "product"}, "Europe/Paris", Rates("EUR"))
    products = product_dimensions(frame("erp_product", PRODUCTS).lazy(), ["product_category"])
    tables = {
        "erp_order": frame("erp_order", rows),
        "erp_order_line": frame("erp_order_line", details),
    }
    return order_fact({k: v.lazy() for k, v in tables.items()}, Lookups(products=products), cut)


def test_an_order_counts_once_in_each_segment_of_its_lines() -> None:
    fact = orders([("o1", "p1", 30.0), ("o1", "p3", 20.0), ("o1", "p2", 50.0), ("o2", "p1", 100.0)])
    found = fact.rows.select(
        pl.col("product_category").cast(pl.String), pl.col("net_fixed") // 10_000
    )
    assert sorted(found.rows(), key=str) == [
        ("books", 50), ("toys", 100), ("toys", 50), (None, 100),
    ]  # fmt: skip


def test_lines_of_unknown_products_are_kept_and_reported() -> None:
    fact = orders([("o1", "p9", 30.0), ("o1", "p4", 20.0), ("o1", None, 50.0)])
    unknown = fact.rows.filter(pl.col("product_category").is_null())
    assert sorted(net // 10_000 for net in unknown["net_fixed"]) == [100, 100, 100]
    assert fact.unresolved["erp_product"].rows() == [("p9",)]


def test_a_line_without_amount_leaves_its_segment_without_one() -> None:
    fact = orders([("o1", "p1", None), ("o1", "p3", 20.0), ("o1", "p2", 50.0)])
    found = dict(fact.rows.select(pl.col("product_category").cast(pl.String), "net_fixed").rows())
    assert (found["toys"], found["books"]) == (None, 500_000)
