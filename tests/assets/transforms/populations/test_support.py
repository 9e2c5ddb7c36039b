"""Contacts and support costs of active customers, by hand; extracts from their tables."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest

from assets.transforms.money import Rates
from assets.transforms.populations.extract_support import (
    contact_rows,
    opinion_rows,
    support_cost_rows,
)
from assets.transforms.populations.population import PopulationStates
from assets.transforms.populations.support import SUPPORT, support_states
from assets.transforms.segments import TOTAL
from tests.assets.kpi.histories import at, frame, project
from tests.assets.kpi.support_company import support_project
from tests.assets.transforms.populations.asking import BY_COUNTRY, asking, left_out, sums

D = dt.date
JANUARY, FEBRUARY = (D(2026, 1, 1), D(2026, 1, 31)), (D(2026, 2, 1), D(2026, 2, 28))
LONG_AGO = D(2025, 1, 1)
EUROS = Rates("EUR")
SALE = {"account_id": pl.String, "starts_on": pl.Date, "is_sale": pl.Boolean}
CONTACT = {
    "account_id": pl.String,
    "starts_on": pl.Date,
    "contacts": pl.Int64,
    "cost_fixed": pl.Int64,
    "uncosted": pl.Int64,
}
COST = {"starts_on": pl.Date, "cost_fixed": pl.Int64}
OPINION = {"account_id": pl.String, "starts_on": pl.Date, "category": pl.String}
Rows = list[tuple[Any, ...]]


def counted(
    sales: Rows,
    contacts: Sequence[tuple[Any, ...]] = (),
    *,
    costs: Rows | None = None,
    opinions: Rows | None = None,
    first_sale_on: dt.date = LONG_AGO,
    **kpis: Any,
) -> PopulationStates:
    """January and February 2026, in total and by country; a sale lasts ten days."""
    tables: dict[str, Any] = {"sale": (SALE, [(*sale, True) for sale in sales])}
    tables["contact"] = (CONTACT, list(contacts))
    if costs is not None:
        tables["support_cost"] = (COST, costs)
    if opinions is not None:
        tables["opinion"] = (OPINION, opinions)
    extracts = {
        name: pl.LazyFrame(rows, schema=schema, orient="row")
        for name, (schema, rows) in tables.items()
    }
    config = {"churn": {"inactivity_days": 10}, **kpis}
    request = asking(
        [JANUARY, FEBRUARY],
        sets=(TOTAL, BY_COUNTRY),
        kpis=config,
        firsts={"sale": first_sale_on},
    )
    return support_states(extracts, request)


def test_contacts_are_shared_by_all_active_customers() -> None:
    """Of a, b and c in January a made three contacts and b one; c made none."""
    sales = [("a", D(2026, 1, 5)), ("b", D(2026, 1, 5)), ("c", D(2026, 1, 5))]
    contacts = [("a", D(2026, 1, 1), 2, 0, 0), ("a", D(2026, 1, 31), 1, 0, 0),
                ("b", D(2026, 1, 9), 1, 0, 0)]  # fmt: skip
    found = sums(counted(sales, contacts), "contact_rate")
    start = JANUARY[0]
    assert found[start, "all"] == (3, 4, 10)
    assert found[start, "FR"] == (1, 3, 9)
    # b's country is that of the end of January; nobody knows c
    assert found[start, "DE"] == (1, 1, 1)
    assert found[start, "(unknown)"] == (1, 0, 0)


@pytest.mark.parametrize(
    ("sold_on", "is_active"),
    [
        (D(2025, 12, 21), False),  # the last day that it is a customer's is the 31st
        (D(2025, 12, 22), True),
        (D(2026, 1, 31), True),
        (D(2026, 2, 1), False),
    ],
)
def test_active_is_who_is_a_customer_at_the_start_or_becomes_one(
    sold_on: dt.date, *, is_active: bool
) -> None:
    found = sums(counted([("a", sold_on)]), "contact_rate")
    assert ((JANUARY[0], "all") in found) == is_active


def test_who_comes_back_in_a_period_is_one_customer() -> None:
    found = sums(counted([("a", D(2026, 1, 2)), ("a", D(2026, 1, 30))]), "contact_rate")
    assert {key: n for key, (n, *_) in found.items() if key[1] == "all"} == {
        (JANUARY[0], "all"): 1, (FEBRUARY[0], "all"): 1,
    }  # fmt: skip


def test_contacts_of_others_are_left_out_and_counted() -> None:
    contacts = [("b", D(2026, 1, 5), 2, 0, 0), (None, D(2026, 1, 6), 3, 0, 0),
                ("a", D(2026, 1, 7), 1, 0, 0)]  # fmt: skip
    found = counted([("a", D(2026, 1, 5))], contacts)
    assert sums(found, "contact_rate")[JANUARY[0], "all"] == (1, 1, 1)
    assert left_out(found, "contact_rate") == {
        (JANUARY[0], "all", "not_active"): 2,
        (JANUARY[0], "all", "no_account"): 3,
        (JANUARY[0], "DE", "not_active"): 2,
        (JANUARY[0], "(unknown)", "no_account"): 3,
    }


def test_periods_whose_look_back_is_not_whole_are_left_out() -> None:
    sales = [("a", D(2026, 1, 25)), ("b", D(2026, 1, 30))]
    found = counted(sales, first_sale_on=D(2025, 12, 23))
    assert (JANUARY[0], "all") not in sums(found, "contact_rate")
    assert left_out(found, "contact_rate")[JANUARY[0], "all", "look_back_incomplete"] == 2
    assert sums(found, "contact_rate")[FEBRUARY[0], "all"] == (2, 0, 0)


def test_customers_under_contract_are_known_from_a_day_on() -> None:
    term = [("a", D(2025, 6, 1), D(2026, 12, 31)), ("b", D(2025, 6, 1), D(2026, 2, 10))]
    kinds = {"account_id": pl.String, "starts_on": pl.Date, "last_on": pl.Date}
    extracts = {
        "contract": pl.LazyFrame(term, schema=kinds, orient="row"),
        "contact": pl.LazyFrame([("a", D(2026, 2, 3), 1, 0, 0)], schema=CONTACT, orient="row"),
    }
    kpis = {"churn": {"basis": "contracts"}, "known_from": {"crm_contract": JANUARY[1]}}
    found = support_states(extracts, asking([JANUARY, FEBRUARY], kpis=kpis))
    assert sums(found, "contact_rate") == {(FEBRUARY[0], "all"): (2, 1, 1)}
    assert left_out(found, "contact_rate") == {(JANUARY[0], "all", "look_back_incomplete"): 2}


def test_the_ledger_is_shared_by_all_customers_of_the_company() -> None:
    """20 and 4 of the ledger, 0.5 of a customer's contacts and 1 of another's."""
    sales = [("a", D(2026, 1, 5)), ("b", D(2026, 1, 5))]
    contacts = [("a", D(2026, 1, 6), 2, 5_000, 1), (None, D(2026, 1, 6), 1, 10_000, 0)]
    costs = [(D(2026, 1, 31), 200_000), (D(2026, 1, 1), 40_000), (D(2026, 1, 1), None)]
    found = counted(sales, contacts, costs=costs)
    assert sums(found, "support_cost_per_customer")[JANUARY[0], "all"] == (2, 255_000, 20_000)
    assert left_out(found, "support_cost_per_customer") == {
        (JANUARY[0], "all", "no_rate"): 1, (JANUARY[0], "all", "no_cost"): 1,
    }  # fmt: skip
    assert set(found.state.filter(measure="support_cost_per_customer")["segment_set"]) == {"total"}
    alone = {"include_interaction_cost": False}
    found = counted(sales, contacts, costs=costs, support_cost=alone)
    assert sums(found, "support_cost_per_customer")[JANUARY[0], "all"] == (2, 240_000, 20_000)
    assert left_out(found, "support_cost_per_customer") == {(JANUARY[0], "all", "no_rate"): 1}


def test_costs_go_by_the_last_opinion_up_to_the_end_of_the_period() -> None:
    sales = [("a", D(2026, 1, 25)), ("b", D(2026, 1, 25)), ("c", D(2026, 1, 25))]
    contacts = [("a", D(2026, 1, 6), 2, 30_000, 0), ("b", D(2026, 1, 7), 3, 5_000, 2),
                ("a", D(2026, 2, 6), 1, 70_000, 0), ("c", D(2026, 1, 6), 1, 90_000, 0)]  # fmt: skip
    opinions = [("a", D(2025, 3, 1), "promoter"), ("b", D(2026, 1, 31), "promoter"),
                ("a", D(2026, 2, 28), "detractor"), ("d", D(2026, 1, 1), "promoter")]  # fmt: skip
    found = counted(sales, contacts, opinions=opinions)
    # c never answered; d is no customer
    assert sums(found, "support_cost_per_promoter") == {
        (JANUARY[0], "all"): (2, 35_000, 925_000_000),
        (JANUARY[0], "FR"): (1, 30_000, 900_000_000),
        (JANUARY[0], "DE"): (1, 5_000, 25_000_000),
        (FEBRUARY[0], "all"): (1, 0, 0),
        (FEBRUARY[0], "(unknown)"): (1, 0, 0),
    }
    assert sums(found, "support_cost_per_detractor") == {
        (FEBRUARY[0], "all"): (1, 70_000, 4_900_000_000),
        (FEBRUARY[0], "FR"): (1, 70_000, 4_900_000_000),
    }
    assert sums(found, "support_cost_per_passive") == {}
    assert left_out(found, "support_cost_per_promoter")[JANUARY[0], "all", "no_cost"] == 2


def test_contacts_are_extracted_by_account_and_day() -> None:
    rows = [
        {"interaction_id": "1", "account_id": "a", "opened_at": at("2026-01-05 23:30"), "cost": 2},
        {"interaction_id": "2", "account_id": "a", "opened_at": at("2026-01-06 10:00")},
        {"interaction_id": "3", "account_id": None, "opened_at": at("2026-01-06 10:00"), "cost": 1},
    ]
    tables = {"crm_interaction": frame("crm_interaction", rows).lazy()}
    day = D(2026, 1, 6)
    assert contact_rows(tables, project(), EUROS).rows() == [
        (None, day, day, 1, 10_000, 0), ("a", day, day, 2, 20_000, 1),
    ]  # fmt: skip


def test_the_ledger_is_extracted_in_the_reporting_currency() -> None:
    rows = [
        {"cost_id": "1", "incurred_on": D(2026, 1, 5), "kind": "Support", "amount": 10},
        {"cost_id": "2", "incurred_on": D(2026, 1, 5), "kind": "support", "amount": 10,
         "currency": "usd"},
        {"cost_id": "3", "incurred_on": D(2026, 1, 4), "kind": "support", "amount": 10,
         "currency": "JPY"},
        {"cost_id": "4", "incurred_on": D(2026, 1, 5), "kind": "quality", "amount": 10},
    ]  # fmt: skip
    known = {"currency": ["USD"], "rate_date": [D(2026, 1, 2)], "rate": [0.9]}
    rates = Rates("EUR", pl.DataFrame(known))
    found = support_cost_rows({"erp_cost": frame("erp_cost", rows).lazy()}, project(), rates)
    assert found.select("cost_id", "starts_on", "cost_fixed").rows() == [
        ("3", D(2026, 1, 4), None), ("1", D(2026, 1, 5), 100_000), ("2", D(2026, 1, 5), 90_000),
    ]  # fmt: skip


def test_the_last_answer_of_a_day_is_the_opinion() -> None:
    """One that does not count in the NPS is none, and employees have no opinion here."""
    answers = [
        ("r1", "a", "s", "2026-01-05 08:00", 3), ("r2", "a", "s", "2026-01-05 09:00", 8),
        ("r3", "a", "s", "2026-01-05 10:00", 11), ("r4", "a", "s", "2026-01-06 10:00", 9),
        ("r5", "b", "s", "2026-01-06 10:00", 6), ("r6", None, "s", "2026-01-06 10:00", 6),
        ("r7", "c", "staff", "2026-01-06 10:00", 6),
    ]  # fmt: skip
    surveys = [{"survey_id": "s", "kind": "relational", "audience": "customer"},
               {"survey_id": "staff", "kind": "relational", "audience": "employee"}]  # fmt: skip
    scale = {"question_id": "q", "metric": "nps", "scale_min": 0.0, "scale_max": 10.0}
    tables = {
        "survey": surveys,
        "survey_question": [{**scale, "survey_id": one["survey_id"]} for one in surveys],
        "survey_response": [
            {"response_id": response, "account_id": account, "survey_id": survey,
             "responded_at": at(moment)}
            for response, account, survey, moment, _ in answers
        ],
        "survey_answer": [
            {"response_id": response, "question_id": "q", "score": float(score)}
            for response, *_, score in answers
        ],
    }  # fmt: skip
    lazy = {name: frame(name, rows).lazy() for name, rows in tables.items()}
    found = opinion_rows(lazy, project(), EUROS)
    assert found.drop("last_on").rows() == [
        ("a", D(2026, 1, 5), "passive"), ("a", D(2026, 1, 6), "promoter"),
        ("b", D(2026, 1, 6), "detractor"),
    ]  # fmt: skip


def test_extracts_are_those_that_are_fed() -> None:
    everything = ("contact", "support_cost", "opinion")
    assert SUPPORT.extracts(support_project("orders")) == ("sale", *everything)
    assert SUPPORT.extracts(support_project("contracts")) == ("contract", *everything)
    sales_only = project(["erp_order", "erp_order_line"])
    assert SUPPORT.extracts(sales_only) == ("sale",)
