"""What a KPI's `method_id` says of its configuration, beside version, interval and weights.

Two figures of one code that were computed by different rules must not look alike. Nothing here
knows how anything is computed.
"""

import hashlib
from collections.abc import Iterator, Sequence

from schemas.config.calendar import BusinessTime
from schemas.config.kpis import KpiConfig
from schemas.kpis.kpi import Kpi

_DIGEST_LENGTH = 8
_OF_CONTRACTS = {"nrr", "grr", "upsell", "renewal"}
_OF_EMPLOYEES = {"employee_turnover", "training_cost"}
_WITH_SUPPORT_COST = {"support_cost", "support_cost_per_contact", "support_cost_per_customer"}


def method_options(
    kpi: Kpi, config: KpiConfig, *, dedupe_days: int = 0, survey_kinds: Sequence[str] = ()
) -> str:
    """The rules that a KPI is computed by under a configuration: `+variant=window,days=7`.

    Args:
        kpi: Entry of the catalogue.
        config: The configuration.
        dedupe_days: Days in which a person's next answer takes the place of an answer.
        survey_kinds: Kinds of survey whose answers count; none for all.
    """
    found = [f"dedupe={dedupe_days}d"] if dedupe_days else []
    found += [f"kinds={','.join(survey_kinds)}"] if survey_kinds else []
    return "".join(f"+{option}" for option in (*found, *_options(kpi, config)))


def _options(kpi: Kpi, config: KpiConfig) -> Iterator[str]:
    if kpi.measure == "first_contact_resolution":
        first = config.first_contact_resolution
        days = f",days={first.window_days}" if first.variant == "window" else ""
        yield f"variant={first.variant}{days}"
    if kpi.measure == "survey_response":
        yield f"window={config.response_window_days}d"
    if kpi.measure == "csat" and config.csat_top_boxes != KpiConfig().csat_top_boxes:
        boxes = sorted(config.csat_top_boxes.items())
        yield "boxes=" + ",".join(f"{points}/{count}" for points, count in boxes)
    if kpi.measure in _WITH_SUPPORT_COST and not config.support_cost.include_interaction_cost:
        yield "own_cost=no"
    if kpi.has_customer_basis:
        is_orders = config.churn.basis == "orders"
        days = f",days={config.churn.inactivity_days}" if is_orders else ""
        yield f"basis={config.churn.basis}{days}"
    yield from _known_from_options(kpi, config)
    yield from _lifetime_options(kpi, config)
    if kpi.needs_business_time and config.business_time is not None:
        yield f"hours={_digest(config.business_time)}"


def _known_from_options(kpi: Kpi, config: KpiConfig) -> Iterator[str]:
    is_by_contracts = kpi.has_customer_basis and config.churn.basis == "contracts"
    day = None
    if kpi.measure in _OF_EMPLOYEES:
        day = config.known_from.erp_employee
    elif kpi.measure in _OF_CONTRACTS or is_by_contracts:
        day = config.known_from.crm_contract
    if day is not None:
        yield f"known_from={day}"


def _lifetime_options(kpi: Kpi, config: KpiConfig) -> Iterator[str]:
    lifetime = config.lifetime
    if kpi.measure in {"clv_simple", "clv_basket"}:
        yield f"lifespan={lifetime.lifespan},days={config.churn.inactivity_days}"
    if kpi.measure == "clv_predicted":
        is_orders = config.churn.basis == "orders"
        renewal = "" if is_orders else f",renewal={lifetime.renewal_months}m"
        yield f"horizon={lifetime.horizon_months}m,rate={lifetime.annual_discount_rate}{renewal}"


def _digest(hours: BusinessTime) -> str:
    """Short fingerprint of business hours: too many to write out, and a change must show."""
    text = hours.model_dump_json().encode()
    return hashlib.sha256(text).hexdigest()[:_DIGEST_LENGTH]
