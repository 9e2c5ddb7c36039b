"""Plain shapes for benchmarks: one CSV a day and table, canonical headers, ISO texts.

Also the configuration that reads them, so that a benchmark needs no file of its own.
"""

from pathlib import Path
from typing import Any

from demo.plan import CURRENCY, ZONE
from demo.settings import Settings
from demo.shapes import Field, Form, Layout, Source, local, text, utc
from demo.sources import SOURCES
from schemas.registry import TABLES

SNAPSHOTS = frozenset(
    {"erp_product", "erp_employee", "survey", "survey_question", "crm_initiative"}
)
NOT_DAILY = SNAPSHOTS | {
    "erp_training", "crm_initiative_member", "survey_benchmark", "crm_lead",
}  # fmt: skip
RARE_STREAMS = frozenset({"survey_kano", "survey_employees"})
FORMS: dict[str, Form] = {"instant": utc, "date": local("%Y-%m-%d")}
PLAIN_KINDS = frozenset(
    {"late", "restated", "moved_month", "orphan", "orphan_parent", "exact_duplicate", "missing_id"}
)
NOT_TOLD = frozenset({"custom"})
"""Canonical columns that no stream has."""


def plain_sources() -> tuple[Source, ...]:
    """One source a stream and table; wide surveys come as responses and long answers."""
    found: dict[str, Source] = {}
    for source in SOURCES:
        for table in source.tables:
            name = source.name
            if len(source.tables) > 1:
                name = f"{source.name}_{'answers' if table == 'survey_answer' else 'responses'}"
            found[name] = _plain(source, name, table)
    return tuple(found.values())


def _plain(source: Source, name: str, table: str) -> Source:
    is_answers = table == "survey_answer"
    columns = [c for c in TABLES[table].columns if c.name not in NOT_TOLD]
    kept = tuple(
        fault
        for fault in source.faults
        if fault.kind in PLAIN_KINDS and (len(source.tables) == 1 or not is_answers)
    )
    return Source(
        name=name,
        stream=source.stream,
        tables=(table,),
        path=f"{name}/{{date}}.csv",
        layout=Layout("csv"),
        fields=tuple(Field(c.name, c.name, FORMS.get(c.type, text)) for c in columns),
        faults=kept,
        answers="long" if is_answers else "none",
    )


def plain_configuration(settings: Settings, out: Path) -> dict[str, Any]:
    """barometer.yaml for plain extracts, as a document."""
    sources = {
        source.name: {
            "system": TABLES[source.tables[0]].domain,
            "files": {"root": str(out), "path": source.path, "format": "csv"},
            "mode": "snapshot" if source.tables[0] in SNAPSHOTS else "incremental",
            "on_missing": "skip" if _is_rare(source) else "fail",
            "tables": {
                source.tables[0]: {"columns": {field.raw: field.raw for field in source.fields}}
            },
        }
        for source in plain_sources()
        if settings.wants(*source.tables)
    }
    return {
        "version": 1,
        "company": {"name": "Plain demo", "time_zone": ZONE, "currency": CURRENCY},
        "start_date": settings.start.isoformat(),
        "privacy": {"pii_key": "${BAROMETER_PII_KEY:-demo-key-change-me}"},
        "sources": sources,
        "segment_sets": {"by_region": ["region"], "by_tier": ["tier"]},
    }


def _is_rare(source: Source) -> bool:
    return source.tables[0] in NOT_DAILY or source.stream in RARE_STREAMS
