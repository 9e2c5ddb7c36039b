"""Measures on the fact `interaction`: times in calendar and business hours, handling, cost, shares.

Expressions only.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import narwhals as nw

from assets.transforms.measures import Measure
from schemas.config.kpis import KpiConfig
from schemas.table import MONEY_SCALE


def service_measures(config: KpiConfig) -> Iterator[Measure]:
    """Every measure on interactions.

    Those in business time read columns that the fact has only where business hours are configured.
    """
    response, resolution = nw.col("first_response_seconds"), nw.col("resolution_seconds")
    not_answered = {"no_first_response": response.is_null()}
    is_resolved = ~nw.col("resolved_on").is_null()
    yield from _times("first_response", response, "opened_on", reasons=not_answered)
    yield from _times("resolution", resolution, "resolved_on", concerns=is_resolved)
    yield _handle_time()
    yield _own_cost(is_resolved)
    yield _first_contact_resolution(config, is_resolved)
    reopened = nw.col("reopen_count")
    yield Measure(
        code="reopened",
        fact="interaction",
        shape="share",
        day="resolved_on",
        concerns=is_resolved,
        reasons={"no_reopen_count": reopened.is_null()},
        x=reopened > 0,
    )


def _times(
    name: str,
    calendar: nw.Expr,
    day: str,
    *,
    concerns: nw.Expr | None = None,
    reasons: Mapping[str, nw.Expr] | None = None,
) -> Iterator[Measure]:
    """A duration in calendar seconds, and the same in business seconds."""
    excluded = {**(reasons or {}), "negative_duration": calendar < 0}
    business = nw.col(f"{name}_business_seconds")
    outside = {**excluded, "outside_clock": business.is_null()}
    for code, seconds, why in (
        (f"{name}_time", calendar, excluded),
        (f"{name}_business_time", business, outside),
    ):
        yield Measure(
            code=code,
            fact="interaction",
            shape="mean",
            day=day,
            concerns=concerns,
            reasons=why,
            x=seconds,
            is_fixed=True,
            has_histogram=True,
        )


def _handle_time() -> Measure:
    handling = nw.col("handle_seconds")
    return Measure(
        code="handle_time",
        fact="interaction",
        shape="mean",
        day="opened_on",
        concerns=None,
        reasons={
            "no_handle_time": handling.is_null(),
            "negative_duration": handling < 0,
            # nobody talked or wrote anything up: given up by the customer, or not taken yet
            "not_handled": handling == 0,
        },
        x=handling,
        is_fixed=True,
    )


def _own_cost(is_resolved: nw.Expr) -> Measure:
    cost = nw.col("cost_fixed")
    return Measure(
        code="interaction_cost",
        fact="interaction",
        shape="mean",
        day="resolved_on",
        concerns=is_resolved,
        reasons={"no_cost": cost.is_null()},
        x=cost,
        is_fixed=True,
        decimals=MONEY_SCALE,
    )


def _first_contact_resolution(config: KpiConfig, is_resolved: nw.Expr) -> Measure:
    variant = config.first_contact_resolution.variant
    reasons, is_first = _FIRST_CONTACT[variant]()
    return Measure(
        code="first_contact_resolution",
        fact="interaction",
        shape="share",
        day="resolved_on",
        concerns=is_resolved,
        reasons=reasons,
        x=is_first,
    )


def _by_flag() -> tuple[Mapping[str, nw.Expr], nw.Expr]:
    flag = nw.col("resolved_on_first_contact")
    return {"no_flag": flag.is_null()}, flag


def _by_contact_count() -> tuple[Mapping[str, nw.Expr], nw.Expr]:
    contacts = nw.col("contact_count")
    is_first = (contacts == 1) & (nw.col("reopen_count").fill_null(0) == 0)
    return {"no_contacts": contacts.is_null()}, is_first


def _by_window() -> tuple[Mapping[str, nw.Expr], nw.Expr]:
    reasons = {
        "no_account": ~nw.col("has_account"),
        # what was resolved before it was opened does not say what came after
        "negative_duration": nw.col("resolution_seconds") < 0,
        "window_open": nw.col("is_window_open"),
    }
    return reasons, ~nw.col("is_repeated")


_FIRST_CONTACT: Final = {
    "flag": _by_flag,
    "contact_count": _by_contact_count,
    "window": _by_window,
}
"""Variant → why a resolution does not count, and whether it was at first contact."""
