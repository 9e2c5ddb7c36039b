"""First-contact resolution by window: who makes contact again about the same matter."""

import datetime as dt
from typing import Any

import polars as pl

from assets.transforms.facts import Cut, Lookups
from assets.transforms.facts_interaction import interaction_fact
from assets.transforms.look_ahead import later
from assets.transforms.measures_service import service_measures
from assets.transforms.segments import TOTAL
from assets.transforms.states import compute_states
from schemas.config.kpis import KpiConfig
from tests.assets.kpi.histories import at, frame

CONFIG = KpiConfig.model_validate({"first_contact_resolution": {"variant": "window"}})
FIRST = next(one for one in service_measures(CONFIG) if one.code == "first_contact_resolution")
SOLVED = {
    "interaction_id": "x", "account_id": "a", "category": "bill",
    "opened_at": at("2026-01-05 08:00"), "resolved_at": at("2026-01-05 10:00"),
}  # fmt: skip
NEXT = {
    "interaction_id": "y", "account_id": "a", "category": "bill",
    "opened_at": at("2026-01-06 08:00"),
}  # fmt: skip


def outcome(
    *contacts: dict[str, Any], as_of: dt.date = dt.date(2026, 2, 28), **changed: Any
) -> tuple[int, int, dict[str, int]]:
    """Resolutions that count, those at first contact, and reasons of the others.

    Args:
        contacts: Interactions that are not resolved.
        as_of: Last loaded day.
        changed: Columns of the one that is.
    """
    own = frame("crm_interaction", [{**SOLVED, **changed}])
    every = pl.concat([own, frame("crm_interaction", contacts)])
    cut = Cut({}, "Europe/Paris", as_of=as_of, repeat_window_days=7)
    tables = {"crm_interaction": own.lazy(), later("crm_interaction"): every.lazy()}
    fact = interaction_fact(tables, Lookups(), cut)
    states = compute_states(fact.wide, [FIRST], [TOTAL], dimensions=[])
    reasons = dict(states.exclusion.select("reason", "count").rows())
    if states.state.is_empty():
        return 0, 0, reasons
    row = states.state.row(0, named=True)
    return row["n"], int(row["x"]), reasons


def test_nobody_made_contact_again() -> None:
    assert outcome() == (1, 1, {})


def test_a_contact_in_the_window_is_one_too_many() -> None:
    assert outcome(NEXT) == (1, 0, {})


def test_the_window_ends_with_its_last_day_in_the_time_zone() -> None:
    # 23:30 on the 12th and 00:10 on the 13th in Paris
    assert outcome({**NEXT, "opened_at": at("2026-01-12 22:30")}) == (1, 0, {})
    assert outcome({**NEXT, "opened_at": at("2026-01-12 23:10")}) == (1, 1, {})


def test_contacts_up_to_the_resolution_are_not_further_ones() -> None:
    assert outcome({**NEXT, "opened_at": at("2026-01-05 10:00")}) == (1, 1, {})
    assert outcome({**NEXT, "opened_at": at("2026-01-05 09:59")}) == (1, 1, {})


def test_another_matter_is_no_further_contact() -> None:
    for change in ({"account_id": "b"}, {"category": "order"}, {"category": None}):
        assert outcome({**NEXT, **change}) == (1, 1, {})


def test_no_category_is_a_matter_of_its_own() -> None:
    assert outcome({**NEXT, "category": None}, category=None) == (1, 0, {})
    assert outcome(NEXT, category=None) == (1, 1, {})


def test_what_cannot_be_told_is_left_out() -> None:
    assert outcome({**NEXT, "account_id": None}, account_id=None) == (0, 0, {"no_account": 1})
    early = at("2026-01-05 07:00")
    assert outcome(resolved_at=early) == (0, 0, {"negative_duration": 1})


def test_an_open_window_waits_even_where_the_answer_is_known() -> None:
    as_of = dt.date(2026, 1, 11)
    assert outcome(NEXT, as_of=as_of) == (0, 0, {"window_open": 1})
    assert outcome(NEXT, as_of=dt.date(2026, 1, 12)) == (1, 0, {})
