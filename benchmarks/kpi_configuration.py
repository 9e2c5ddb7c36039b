"""The configuration of the benchmark of the KPIs: every KPI, nine segment sets, business hours.

As a document, like `benchmarks.configuration`. Its sources are never pulled: the history is written
straight into the lake by `benchmarks.kpi_history`.
"""

from collections.abc import Sequence
from typing import Any

from schemas.config.periods import CALENDAR_GRAINS
from schemas.registry import TABLES

CROSS_SELL_DAYS = 90
INACTIVITY_DAYS = 30
OFFICE = "09:00-18:00"

SEGMENT_SETS: dict[str, list[str]] = {
    "by_region": ["region"],
    "by_tier": ["tier"],
    "by_acquisition": ["acquisition_channel"],
    "by_kind": ["account_kind"],
    "by_region_tier": ["region", "tier"],
    "by_tier_channel": ["tier", "channel"],
    "by_category": ["product_category"],
    "by_touchpoint": ["touchpoint"],
}

FED = (
    "crm_account", "crm_lead", "crm_contract", "crm_interaction", "erp_order", "erp_order_line",
    "erp_product", "erp_cost", "erp_employee", "erp_training", "erp_fx_rate", "survey",
    "survey_question", "survey_invitation", "survey_response", "survey_answer",
)  # fmt: skip

NOT_BY_HAND = (
    "clv_historical", "clv_historical_margin", "clv_simple", "clv_basket", "clv_predicted",
)  # fmt: skip
"""KPIs that the script does not compute: those of lifetime value, measured by themselves."""


def kpi_configuration(
    codes: Sequence[str] | None = None, *, calendar: Sequence[str] = CALENDAR_GRAINS
) -> dict[str, Any]:
    """A `barometer.yaml` as a document.

    Args:
        codes: KPIs to compute; all by default.
        calendar: Calendar periods to compute; all by default.
    """
    tables = {
        name: {"columns": {column.name: column.name for column in TABLES[name].columns}}
        for name in FED
    }
    source = {
        "system": "crm",
        "files": {"root": "extracts", "path": "{date}.csv", "format": "csv"},
        "mode": "incremental",
        "tables": tables,
    }
    weekdays = {name: [OFFICE] for name in ("mon", "tue", "wed", "thu", "fri")}
    return {
        "version": 1,
        "company": {"name": "Benchmark", "time_zone": "Europe/Paris", "currency": "EUR"},
        "start_date": "2021-01-01",
        "privacy": {"pii_key": "benchmark"},
        "sources": {"all": source},
        "segment_sets": SEGMENT_SETS,
        "kpis": {
            "codes": None if codes is None else list(codes),
            "periods": {"calendar": list(calendar)},
            "churn": {"inactivity_days": INACTIVITY_DAYS},
            "cross_sell": {"window_days": CROSS_SELL_DAYS},
            "business_time": {"calendars": {"office": {"hours": weekdays}}, "default": "office"},
        },
    }
