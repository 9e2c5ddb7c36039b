"""The planted truths with their true values, for the manifest.

The values come from `demo.plan`; what chance made of them stands beside, where it can be counted.
"""

from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from demo import catalog
from demo import plan as p
from demo.clock import Ints
from demo.company import Company
from demo.initiatives import AB_TEST, BEFORE_AFTER, DIFFERENCE, PLACEBO
from demo.questionnaire import RELATIONAL
from demo.tally import Tally
from demo.world import CHANNELS, World


def truths(company: Company, tally: Tally) -> dict[str, Any]:
    """Everything planted, with its true values, and the exact figures."""
    return {
        "initiatives": _initiatives(company.world, tally),
        "nps_fall": _nps_fall(company.world),
        "kano": _kano(),
        "weak_signal": _weak_signal(company.world, tally),
        "churn": _churn(company.world),
        "lead_conversion": {
            "win_rates": p.LEAD_WIN_RATES,
            "overall": float(np.dot(list(p.LEAD_WIN_RATES.values()), p.LEAD_SHARES)),
        },
        "prices": _prices(company.world),
        "service": {
            "one_contact_share": p.ONE_CONTACT_SHARE,
            "reopen_share": p.REOPEN_SHARE,
            "first_contact_resolution": p.ONE_CONTACT_SHARE * (1 - p.REOPEN_SHARE),
            "first_response_median_minutes": p.FIRST_RESPONSE_MEDIAN_MINUTES,
        },
        "importance": p.IMPORTANCE,
        "csat_baseline": p.csat_expected(),
        "renewals": {
            "due": company.contracts.due,
            "renewed": company.contracts.renewed,
            "cancelled": company.contracts.cancelled,
        },
        "people": _people(company.world),
        "exact": tally.exact(),
    }


def _initiatives(world: World, tally: Tally) -> list[dict[str, Any]]:
    start = world.settings.date(world.plan.initiative)
    lift = p.csat_expected(p.CSAT_EFFECT) - p.csat_expected()
    common = {"starts_on": start}
    arms = {
        AB_TEST: (world.ab_arm, "ab_test", "csat", "delivery", lift, "percentage points"),
        PLACEBO: (world.placebo_arm, "ab_test", "csat", "delivery", 0.0, "percentage points"),
        DIFFERENCE: (
            world.did_arm, "diff_in_diff", "average_transaction_value", None,
            100 * p.BASKET_EFFECT, "percent of the basket",
        ),
    }  # fmt: skip
    is_old = world.created <= world.plan.initiative
    found: list[dict[str, Any]] = [
        {
            "initiative_id": key, "design": design, "kpi": kpi, "touchpoint": touchpoint,
            "effect": effect, "unit": unit, **common,
            "treated": int(((arm == 1) & is_old).sum()),
            "control": int(((arm == 0) & is_old).sum()),
            **({"realised": tally.arms[key]} if key in tally.arms else {}),
        }
        for key, (arm, design, kpi, touchpoint, effect, unit) in arms.items()
    ]  # fmt: skip
    fall = p.nps_expected(-p.NPS_FALL)["nps"] - p.nps_expected()["nps"]
    before_after = {
        "initiative_id": BEFORE_AFTER, "design": "before_after", "kpi": "nps",
        "effect": fall, "unit": "points", "region": p.FALLING_REGION,
        "starts_on": world.settings.date(world.plan.fall),
        "note": "has no effect of its own: it starts on the day the region's NPS falls",
    }  # fmt: skip
    return [*found, before_after]


def _nps_fall(world: World) -> dict[str, Any]:
    return {
        "survey": RELATIONAL,
        "region": p.FALLING_REGION,
        "from": world.settings.date(world.plan.fall),
        "before": p.nps_expected(),
        "after": p.nps_expected(-p.NPS_FALL),
    }


def _weak_signal(world: World, tally: Tally) -> dict[str, Any]:
    plan, settings = world.plan, world.settings
    return {
        "term": p.COMPLAINT_TERM,
        "region": p.FALLING_REGION,
        "rises_on": settings.date(plan.term),
        "nps_falls_on": settings.date(plan.fall),
        "share_before": p.TERM_SHARE_BEFORE,
        "share_after": p.TERM_SHARE_AFTER,
        "detractor_comments": tally.terms,
    }


def _churn(world: World) -> dict[str, Any]:
    plan = world.plan
    in_cohort = world.channel == CHANNELS.index(p.LOST_CHANNEL)
    is_old = world.created < plan.lost
    return {
        "acquisition_channel": p.LOST_CHANNEL,
        "stops_on": world.settings.date(plan.lost),
        "share": p.LOST_SHARE,
        "customers": int((in_cohort & is_old).sum()),
        "stopped_by_then": int((in_cohort & is_old & (world.stops <= plan.lost)).sum()),
        "stopped_at_the_end": int((world.stops <= plan.last).sum()),
    }


def _prices(world: World) -> dict[str, Any]:
    return {
        "family": p.PRICE_RISE_FAMILY,
        "rise": p.PRICE_RISE,
        "from": world.settings.date(world.plan.price_rise),
        "list_prices_before": _amounts(catalog.list_prices(-1, 0)),
        "list_prices_after": _amounts(catalog.list_prices(0, 0)),
    }


def _amounts(cents: Ints) -> list[str]:
    return [f"{Decimal(int(price)) / 100:.2f}" for price in cents]


def _people(world: World) -> dict[str, Any]:
    staff = catalog.employees(world, world.plan.last)
    start = world.settings.start
    was_there = pl.col("left_on").is_null() | (pl.col("left_on") >= start)
    return {
        "separations": staff.filter(pl.col("left_on") >= start).height,
        "headcount_first_day": catalog.employees(world, 0).filter(was_there).height,
        "headcount_last_day": staff.filter(pl.col("left_on").is_null()).height,
    }


def _kano() -> dict[str, Any]:
    other = (1 - p.KANO_FIDELITY) / (len(p.KANO_CLASSES) - 1)
    shares = {
        feature: {code: p.KANO_FIDELITY if code == own else other for code in "AOMIR"}
        for feature, own in p.KANO_CLASSES.items()
    }
    return {"classes": p.KANO_CLASSES, "expected_shares": shares}
