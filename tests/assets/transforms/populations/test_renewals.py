"""Contracts that come up for renewal, by hand."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from assets.transforms.populations.population import PopulationStates
from assets.transforms.populations.renewals import renewal_states
from assets.transforms.segments import TOTAL, SegmentSet
from tests.assets.transforms.populations.asking import BY_COUNTRY, asking, left_out, sums
from tests.assets.transforms.populations.contract_frames import extracted

D = dt.date
JAN, FEB = D(2026, 1, 1), D(2026, 2, 1)
PERIODS = [(JAN, D(2026, 1, 31)), (FEB, D(2026, 2, 28))]
DUE = {"account_id": "a", "product_id": "p", "starts_on": D(2025, 2, 1), "ends_on": D(2026, 1, 31)}


def states(*contracts: dict[str, Any], **options: Any) -> PopulationStates:
    found = extracted(*contracts)
    options = {"as_of": D(2026, 6, 30), **options}
    return renewal_states({"contract": found.lazy()}, asking(PERIODS, **options))


@pytest.mark.parametrize(
    ("other", "is_renewed"),
    [
        ({"starts_on": D(2026, 2, 1)}, True),
        ({"starts_on": D(2026, 3, 2)}, True),  # the 30th day of grace
        ({"starts_on": D(2026, 3, 3)}, False),
        ({"starts_on": D(2026, 1, 1)}, True),  # the 30th day before
        ({"starts_on": D(2025, 12, 31)}, False),
        ({"starts_on": D(2026, 2, 1), "account_id": "b"}, False),
        ({"starts_on": D(2026, 2, 1), "account_id": None}, False),
        ({"starts_on": D(2026, 2, 1), "product_id": "q"}, False),
        ({"starts_on": D(2026, 2, 1), "product_id": None}, False),
        ({"starts_on": D(2026, 2, 1), "renewed_from": "x"}, False),
        ({"starts_on": D(2026, 2, 1), "product_id": "q", "renewed_from": "c0"}, True),
        ({"starts_on": D(2026, 3, 3), "renewed_from": "c0"}, False),
        ({"starts_on": D(2025, 6, 1), "renewed_from": "c0"}, True),
        ({"starts_on": D(2025, 6, 1), "renewed_from": "c0", "ends_on": D(2026, 1, 31)}, False),
        ({"starts_on": D(2026, 2, 1), "cancelled_on": D(2026, 2, 1)}, False),
        ({"starts_on": D(2026, 1, 10), "ends_on": D(2026, 1, 31)}, False),
    ],
)
def test_what_renews_a_contract(
    other: dict[str, Any], is_renewed: bool  # noqa: FBT001
) -> None:  # fmt: skip
    found = states(DUE, {"account_id": "a", "product_id": "p", **other})
    expected = 1 if other.get("ends_on") is None else 2  # the other one comes up as well
    assert sums(found, "renewal") == {(JAN, "all"): (expected, int(is_renewed))}


def test_two_contracts_without_a_product_have_the_same() -> None:
    own = {**DUE, "product_id": None}
    found = states(own, {"account_id": "a", "starts_on": D(2026, 2, 1)})
    assert sums(found, "renewal") == {(JAN, "all"): (1, 1)}


def test_open_until_the_grace_has_passed_renewed_or_not() -> None:
    contracts = (
        DUE,
        {"account_id": "a", "product_id": "p", "starts_on": D(2026, 2, 1)},
        {**DUE, "account_id": "b"},
    )
    found = states(*contracts, as_of=D(2026, 3, 1))
    assert not sums(found, "renewal")
    assert left_out(found, "renewal") == {(JAN, "all", "grace_open"): 2}
    later = states(*contracts, as_of=D(2026, 3, 2))
    assert sums(later, "renewal") == {(JAN, "all"): (2, 1)}
    short = states(*contracts, as_of=D(2026, 3, 1), kpis={"contracts": {"renewal_grace_days": 10}})
    assert sums(short, "renewal") == {(JAN, "all"): (2, 1)}
    # without a last loaded day it is the last of the periods' ends
    assert left_out(states(*contracts, as_of=None), "renewal") == {(JAN, "all", "grace_open"): 2}


def test_what_does_not_count() -> None:
    found = states(
        DUE,
        {**DUE, "cancelled_on": D(2026, 1, 31)},
        {**DUE, "cancelled_on": D(2026, 2, 1)},
        {**DUE, "cancelled_on": D(2025, 2, 1)},
        {**DUE, "account_id": None},
        {**DUE, "ends_on": None},
    )
    assert sums(found, "renewal") == {(JAN, "all"): (2, 0)}
    assert left_out(found, "renewal") == {
        (JAN, "all", "left_early"): 1, (JAN, "all", "never_in_force"): 1,
        (JAN, "all", "no_account"): 1,
    }  # fmt: skip


def test_segments_of_the_contract_the_account_and_the_product() -> None:
    products = pl.DataFrame(
        {"product_id": ["p"], "category": ["toys"], "family": ["f"]},
        schema_overrides={"category": pl.Categorical, "family": pl.Categorical},
    )
    sets = [
        TOTAL, BY_COUNTRY, SegmentSet("plan", ("plan",)),
        SegmentSet("mixed", ("product_category", "plan", "country")),
    ]  # fmt: skip
    found = states(
        {**DUE, "plan": "pro"},
        {**DUE, "account_id": "b", "ends_on": D(2026, 1, 20), "product_id": "?"},
        {**DUE, "account_id": "b", "ends_on": D(2026, 2, 20), "plan": "pro"},
        {**DUE, "account_id": None},
        sets=sets,
        products=products,
    )
    assert {key: value[0] for key, value in sums(found, "renewal").items()} == {
        (JAN, "all"): 2, (JAN, "FR"): 1, (JAN, "DE"): 1, (JAN, "pro"): 1,
        (JAN, "(unknown)"): 1, (JAN, "toys|pro|FR"): 1, (JAN, "(unknown)|(unknown)|DE"): 1,
        (FEB, "all"): 1, (FEB, "(unknown)"): 1, (FEB, "pro"): 1, (FEB, "toys|pro|(unknown)"): 1,
    }  # fmt: skip
    assert left_out(found, "renewal")[JAN, "toys|(unknown)|(unknown)", "no_account"] == 1


def test_what_came_up_before_it_is_known_who_ended_is_left_out() -> None:
    contracts = (
        DUE,
        {**DUE, "cancelled_on": D(2026, 1, 31)},
        {**DUE, "ends_on": D(2026, 2, 10)},
        {"account_id": "a", "product_id": "p", "starts_on": D(2026, 2, 11)},
    )
    found = states(*contracts, kpis={"known_from": {"crm_contract": D(2026, 1, 2)}})
    assert sums(found, "renewal") == {(FEB, "all"): (1, 1)}
    assert left_out(found, "renewal") == {
        (JAN, "all", "left_early"): 1, (JAN, "all", "look_back_incomplete"): 1,
    }  # fmt: skip
    whole = states(*contracts, kpis={"known_from": {"crm_contract": JAN}})
    assert sums(whole, "renewal") == {(JAN, "all"): (1, 1), (FEB, "all"): (1, 1)}
