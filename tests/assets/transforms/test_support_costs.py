"""Support costs from the ledger and from interactions: sums and quotients without an interval."""

import datetime as dt
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.transforms.facts import Cut, Lookups
from assets.transforms.facts_cost import cost_fact
from assets.transforms.facts_interaction import interaction_fact
from assets.transforms.measures import Measure, summed
from assets.transforms.measures_cost import cost_measures
from assets.transforms.money import Rates
from assets.transforms.segments import TOTAL, SegmentSet
from assets.transforms.states import States, compute_states, merge_states
from assets.transforms.values import Rolled, Settled, settle
from schemas.config.kpis import KpiConfig
from schemas.kpis.catalogue import CATALOGUE, Published
from tests.assets.kpi.histories import at, frame

DAY = dt.date(2026, 3, 10)
ENTRY = {"incurred_on": DAY, "kind": "support", "amount": 10}
BY_DEPARTMENT = SegmentSet("department", ("department",))
CUT = Cut(
    {"department": "event"},
    "Europe/Paris",
    Rates("EUR", pl.DataFrame({"currency": ["USD"], "rate_date": [DAY], "rate": [0.5]})),
)
LEDGER = [one for one in cost_measures(KpiConfig()) if one.fact == "cost"]
Rows = list[dict[str, Any]]


def states(entries: Rows, interactions: Rows, config: KpiConfig, by: SegmentSet) -> States:
    ledger = [{**ENTRY, "cost_id": f"c{i}", **row} for i, row in enumerate(entries)]
    opened = {"opened_at": at("2026-03-10 12:00")}
    contacts = [{**opened, "interaction_id": f"i{i}", **row} for i, row in enumerate(interactions)]
    tables = {
        "erp_cost": frame("erp_cost", ledger).lazy(),
        "crm_interaction": frame("crm_interaction", contacts).lazy(),
    }
    facts = {
        "cost": cost_fact(tables, Lookups(), CUT).wide,
        "interaction": interaction_fact(tables, Lookups(), CUT).wide,
    }
    measures = list(cost_measures(config))
    return merge_states(
        [
            compute_states(
                rows, [one for one in measures if one.fact == fact], [by], dimensions=by.columns
            )
            for fact, rows in facts.items()
        ]
    )


def settled(
    entries: Rows,
    interactions: Rows,
    *,
    config: KpiConfig | None = None,
    by: SegmentSet = TOTAL,
) -> Settled:
    """Both KPIs of a day of entries and interactions."""
    asked = config or KpiConfig()
    found = states(entries, interactions, asked, by)
    keys = ["measure", "segment_set", "segment_key"]
    start = pl.col("event_day").alias("period_start")
    sums = pl.col("n", "x", "y", "z", "xx", "xy", "yy").cast(pl.Int128).sum()
    rolled = Rolled(
        found.state.group_by(*keys, start, "stratum").agg(sums).cast({"n": pl.Int64}),
        found.exclusion.group_by(*keys, start, "reason").agg(pl.col("count").sum()),
        found.histogram.select(*keys, start, "bucket", "n"),
    )
    published = [
        Published(code, CATALOGUE[code], "none")
        for code in ("support_cost_total", "support_cost_per_contact")
    ]
    measures = {one.code: one for one in cost_measures(asked)}
    return settle(rolled, published, measures, confidence=0.95, targets={})


def row(found: Settled, code: str, key: str = "all") -> dict[str, Any]:
    return found.value.row(
        by_predicate=(pl.col("kpi_code") == code) & (pl.col("segment_key") == key), named=True
    )


def reasons(found: Settled, code: str) -> dict[str, int]:
    return dict(found.exclusion.filter(kpi_code=code).select("reason", "count").rows())


def test_the_total_is_the_ledger_and_the_interactions_own_cost() -> None:
    entries = [{"amount": 100}, {"amount": 40, "currency": "USD"}, {"amount": -5}]
    found = settled(entries, [{"cost": 2.5}, {"cost": 0.25}, {"cost": None}])
    total = row(found, "support_cost_total")
    # 100 + 40 * 0.5 - 5 + 2.5 + 0.25
    assert (total["value"], total["numerator"], total["n"]) == (117.75, 117.75, 5)
    assert (total["denominator"], total["ci_low"], total["ci_high"]) == (None, None, None)
    assert (total["centre"], total["variance"]) == (None, None)
    assert total["method_id"] == "support_cost_total.v1:none"
    assert reasons(found, "support_cost_total") == {"no_cost": 1}


def test_a_contact_without_a_cost_of_its_own_is_a_contact() -> None:
    found = settled([{"amount": 100}], [{"cost": 5}, {"cost": None}, {"cost": None}, {"cost": 0}])
    each = row(found, "support_cost_per_contact")
    assert (each["value"], each["numerator"], each["denominator"]) == (26.25, 105.0, 4.0)
    assert (each["n"], each["ci_low"], each["ci_high"]) == (4, None, None)
    assert reasons(found, "support_cost_per_contact") == {}


def test_without_contacts_there_is_no_cost_of_one() -> None:
    found = settled([{"amount": 100}], [])
    each = row(found, "support_cost_per_contact")
    assert (each["value"], each["numerator"], each["n"]) == (None, 100.0, 0)


def test_other_kinds_are_no_support_and_names_are_compared_in_lower_case() -> None:
    entries = [{"kind": kind} for kind in ("Support ", "SUPPORT", "quality", "training")]
    assert row(settled(entries, []), "support_cost_total")["value"] == 20.0
    config = KpiConfig.model_validate({"support_cost": {"kinds": ["Quality", "training"]}})
    assert row(settled(entries, [], config=config), "support_cost_total")["n"] == 2


def test_an_entry_without_a_rate_is_excluded_from_both() -> None:
    found = settled([{"amount": 7}, {"amount": 9, "currency": "JPY"}], [{"cost": 1}])
    for code, value in (("support_cost_total", 8.0), ("support_cost_per_contact", 8.0)):
        assert row(found, code)["value"] == value
        assert reasons(found, code) == {"no_rate": 1}


def test_costs_that_the_ledger_holds_already_are_not_counted_twice() -> None:
    config = KpiConfig.model_validate({"support_cost": {"include_interaction_cost": False}})
    found = settled([{"amount": 100}], [{"cost": 5}, {"cost": 20}], config=config)
    assert row(found, "support_cost_total")["value"] == 100.0
    assert row(found, "support_cost_total")["excluded"] == 0
    assert row(found, "support_cost_per_contact")["value"] == 50.0


def test_departments_share_out_the_whole_cost() -> None:
    entries = [{"department": "help", "amount": 30}, {"department": None, "amount": 12}]
    contacts = [{"department": "help", "cost": 3}, {"department": "shop", "cost": 4}]
    found = settled(entries, contacts, by=BY_DEPARTMENT)
    code = "support_cost_total"
    values = {key: row(found, code, key)["value"] for key in ("help", "shop", "(unknown)")}
    assert values == {"help": 33.0, "shop": 4.0, "(unknown)": 12.0}


@pytest.mark.parametrize("measure", LEDGER, ids=lambda one: one.code)
def test_sums_are_the_same_on_duckdb(measure: Measure) -> None:
    fact = pl.DataFrame(
        {
            "incurred_on": [DAY, DAY, DAY],
            "kind": ["support", "support", "quality"],
            "amount_fixed": [Decimal(10**17), None, Decimal(-3)],
            "has_rate": [True, False, True],
            "department": ["a", None, "b"],
        },
        schema_overrides={"amount_fixed": pl.Decimal(38, 0)},
    )
    right = summed(fact.lazy(), measure, ["department"]).collect()
    with duckdb.connect() as connection:
        relation: Any = connection.from_arrow(fact.to_arrow())
        found_on: Any = summed(relation, measure, ["department"])
        found = pl.DataFrame(found_on.to_arrow_table())
    texts = [one.with_columns(pl.all().cast(pl.String)) for one in (found, right)]
    assert right.height == 2
    assert_frame_equal(texts[0].select(right.columns), texts[1], check_row_order=False)
