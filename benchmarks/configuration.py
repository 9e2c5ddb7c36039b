"""The company's configuration that reads the extracts of `benchmarks.extracts`.

As a document: what is measured is the pipeline as its users run it, from a `barometer.yaml`.
"""

from pathlib import Path
from typing import Any

INACTIVITY_DAYS = 30
ZONE = "Europe/Paris"
CURRENCY = "EUR"

CODES = (
    "nps", "nps_promoter_share", "nps_passive_share", "nps_detractor_share", "csat", "csat_mean",
    "ces_mean", "ces_top_share", "ces_net", "average_transaction_value", "churn_rate",
    "retention_rate",
)  # fmt: skip
"""KPIs that the bare script computes, too."""

SEGMENT_SETS: dict[str, list[str]] = {
    "by_region": ["region"],
    "by_tier": ["tier"],
    "by_touchpoint": ["touchpoint"],
    "by_category": ["product_category"],
    "by_region_tier": ["region", "tier"],
}

_TABLES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "accounts": (
        "crm",
        "crm_account",
        ("account_id", "kind", "email", "region", "tier", "created_at"),
    ),
    "products": ("erp", "erp_product", ("product_id", "category")),
    "orders": (
        "erp",
        "erp_order",
        (
            "order_id", "account_id", "ordered_at", "status", "channel", "currency", "net_amount",
            "tax_amount", "is_return",
        ),
    ),
    "order_lines": (
        "erp",
        "erp_order_line",
        ("order_id", "line_number", "product_id", "quantity", "net_amount", "unit_cost"),
    ),
    "surveys": ("survey", "survey", ("survey_id", "kind", "audience", "touchpoint")),
    "questions": (
        "survey",
        "survey_question",
        (
            "survey_id", "question_id", "metric", "scale_min", "scale_max", "higher_is_better",
            "na_codes",
        ),
    ),
    "responses": (
        "survey",
        "survey_response",
        (
            "response_id", "survey_id", "account_id", "responded_at", "touchpoint", "channel",
            "product_id", "language",
        ),
    ),
    "answers": ("survey", "survey_answer", ("response_id", "question_id", "score", "text")),
}  # fmt: skip
"""Source → system, canonical table, columns (named alike in both)."""

_SNAPSHOTS = frozenset({"products", "surveys", "questions"})


def configuration(extracts: Path, *, start: str, accounts: str) -> dict[str, Any]:
    """A `barometer.yaml` as a document.

    Args:
        extracts: Folder of the extracts.
        start: First day, ISO 8601.
        accounts: Folder of the accounts' files, which begin with the whole table on that day.
    """
    folders = dict.fromkeys(_TABLES, "") | {"accounts": accounts}
    sources = {
        name: {
            "system": system,
            "files": {
                "root": str(extracts),
                "path": f"{folders[name] or name}/{{date}}.csv",
                "format": "csv",
            },
            "mode": "snapshot" if name in _SNAPSHOTS else "incremental",
            "on_missing": "skip" if name in _SNAPSHOTS else "fail",
            "tables": {table: {"columns": {column: column for column in columns}}},
        }
        for name, (system, table, columns) in _TABLES.items()
    }
    return {
        "version": 1,
        "company": {"name": "Benchmark", "time_zone": ZONE, "currency": CURRENCY},
        "start_date": start,
        "privacy": {"pii_key": "benchmark"},
        "sources": sources,
        "segment_sets": SEGMENT_SETS,
        "kpis": {
            "codes": list(CODES),
            "churn": {"inactivity_days": INACTIVITY_DAYS},
            "periods": {"rolling": []},  # the script has the five grains of the calendar
        },
    }
