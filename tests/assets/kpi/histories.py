"""Histories written straight into a lake, and configurations to compute KPIs of them with.

Rows are dictionaries of canonical columns; what a test does not name is null.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from assets.lake.layout import ALL, Lake
from schemas.config.project import Project
from schemas.registry import canonical

UTC = dt.UTC
VALIDITY = {"_closed_on": pl.Date(), "_valid_from": pl.Date(), "_valid_to": pl.Date()}
CHANGES = pl.Schema(
    {
        "sequence": pl.Int64,
        "key": pl.String,
        "affected_from": pl.Date,
        "affected_to": pl.Date,
        "is_new": pl.Boolean,
    }
)
Rows = Iterable[Any]
"""Mappings of column → value."""

_CONSTANT = {
    "crm_account": ("account_id",),
    "crm_lead": ("lead_id", "created_at", "outcome"),
    "crm_contract": ("contract_id", "account_id", "starts_on"),
    "crm_interaction": ("interaction_id", "opened_at"),
    "erp_order": ("order_id", "ordered_at"),
    "erp_order_line": ("order_id", "line_number"),
    "erp_product": ("product_id",),
    "erp_fx_rate": ("rate_date", "currency", "rate"),
    "survey": ("survey_id", "kind", "audience"),
    "survey_question": ("survey_id", "question_id", "metric"),
    "survey_response": ("response_id", "survey_id", "responded_at", "invitation_id"),
    "survey_answer": ("response_id", "question_id"),
}
_ON_REQUEST = {
    "survey_invitation": ("invitation_id", "survey_id", "sent_at", "delivered_at"),
}
"""Tables that are fed only where a test names them."""


def frame(table: str, rows: Rows) -> pl.DataFrame:
    """Rows of a history table, absent columns null."""
    schema = {**canonical(table).polars_schema(), **VALIDITY}
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def write_month(lake: Lake, table: str, month: str, rows: Rows | pl.DataFrame) -> None:
    """Replace one history month."""
    data = rows if isinstance(rows, pl.DataFrame) else frame(table, rows)
    slot = lake.history(table, month)
    with slot.replace("test") as draft:
        data.write_parquet(draft.path("data.parquet"))


def write_dimension(
    lake: Lake, table: str, rows: Rows, changes: Iterable[tuple[Any, ...]] = ()
) -> None:
    """Replace a dimension table; `changes` are log rows (key, from, to, is_new) of this write."""
    slot = lake.history(table, ALL)
    receipt = slot.receipt()
    number = int(receipt.facts["sequence"]) if receipt else 0
    path = slot.path("changes.parquet")
    log = pl.read_parquet(path) if path else CHANGES.to_frame()
    if receipt is None:
        changes = [(None, None, None, False)]
    added = [(number + 1, *change) for change in changes]
    log = pl.concat([log, pl.DataFrame(added, schema=CHANGES, orient="row")])
    with slot.replace("test") as draft:
        frame(table, rows).write_parquet(draft.path("data.parquet"))
        log.write_parquet(draft.path("changes.parquet"))
        draft.facts["sequence"] = number + (1 if added else 0)


def project(tables: Iterable[str] | None = None, **settings: Mapping[str, Any]) -> Project:
    """A configuration that feeds the given tables (all that KPIs read, by default)."""
    fed = {
        name: {"columns": {column: column for column in columns}}
        for name, columns in {**_CONSTANT, **_ON_REQUEST}.items()
        if name in (_CONSTANT if tables is None else tables)
    }
    company = {"name": "Test", "time_zone": "Europe/Paris", "currency": "EUR"}
    source = {
        "system": "crm",
        "files": {"root": "extracts", "path": "x-{date}.csv", "format": "csv"},
        "mode": "incremental",
        "tables": fed,
    }
    document = {
        "version": 1,
        "company": {**company, **settings.pop("company", {})},
        "start_date": "2025-01-01",
        "sources": {"all": source},
        **settings,
    }
    return Project.model_validate(document)


def at(text: str) -> dt.datetime:
    """An instant in UTC from `2026-01-31 23:30`."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=UTC)
