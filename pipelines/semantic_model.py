"""The published tables as a semantic model of Apache Ossie (Open Semantic Interchange) 0.1.1.

Belongs here: what of a contract or a KPI becomes which key of the format. Does not belong here:
what a column means or how a KPI is computed, which is told by `schemas`.

The document is valid under the draft of 0.2.0 too, but for its version.
https://github.com/apache/ossie/blob/main/core-spec/spec.md
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from assets.transforms.published import kpi_rows
from pipelines.metric_sql import metric_expression, overlapping_sets
from schemas.config.kpis import KpiConfig
from schemas.config.project import Project
from schemas.history_tables import TABLES as HISTORY
from schemas.history_tables import history_tables
from schemas.kpis.catalogue import CATALOGUE, Published, published_kpis
from schemas.operations import TABLES as OPERATIONS
from schemas.publish_stamp import stamped
from schemas.quality import TABLES as QUALITY
from schemas.table import Column, ColumnType, Table
from schemas.warehouse import TABLES as WAREHOUSE
from schemas.warehouse import warehouse_tables

VERSION: Final = "0.1.1"
"""Version of the format."""
FILE_NAME: Final = "cx_barometer.ossie.yaml"
DATABASE: Final = "cx_barometer.main"
"""Where the tables stand in the embedded warehouse: database and schema."""

_MODEL = "cx_barometer"
_DIALECT = "ANSI_SQL"
_VENDOR = "COMMON"
_RESERVED = frozenset({"check"})
"""Column names that standard SQL reserves: they are quoted."""
_MEASURED: frozenset[ColumnType] = frozenset({"integer", "number", "decimal"})
_INSTRUCTIONS = """\
Filter period_grain to one length of period and segment_set to one segment set: kpi_value holds \
every length and every cut beside each other. Never sum, average or recompute the column value; \
use the metrics, which divide sums and are null where rows do not add up. is_complete says whether \
a period has ended; suppression, why a value is withheld: it is not zero. A change counts where \
is_significant is true. Metrics of KPIs that are not additive are null unless a single row is \
selected: choose the published period and segment instead.\
"""
_EXAMPLES = (
    "How did the Net Promoter Score move last month, and is it significant?",
    "Which segments are worst, with enough answers?",
    "What was restated since last week, and why?",
    "Which KPIs are on target?",
)


@dataclass(frozen=True, slots=True)
class _Link:
    """A reference from one table to the key of another."""

    table: str
    target: str
    columns: tuple[str, ...] = ()
    """Columns where they are not named like the target's key."""


_LINKS: Final = (
    *(
        _Link(table, target)
        for table in ("kpi_value", "kpi_exclusion", "kpi_value_history", "kpi_restatement")
        for target in ("dim_kpi", "dim_period", "dim_segment")
    ),
    _Link("kpi_value_history", "run_log"),
    _Link("kpi_restatement", "run_log"),
    _Link("clv_assumption", "dim_kpi"),
    _Link("clv_assumption", "dim_period"),
    _Link("dim_kpi", "kpi_inventory", ("catalogue_code",)),
    _Link("data_quality_result", "data_quality_waiver"),
    _Link("quarantine_summary", "source_status"),
)


def semantic_document(
    project: Project | None = None, *, database: str = DATABASE
) -> dict[str, Any]:
    """The semantic model, keys in the order of the format's specification.

    Args:
        project: Company whose dimensions, KPIs and names are told; without one the tables as they
            are for every company, and every KPI of the catalogue.
        database: Database and schema that the tables stand in.
    """
    if project is None:
        tables = (*WAREHOUSE, *HISTORY, *OPERATIONS, *QUALITY)
        config, overlapping = KpiConfig(), None
        published = tuple(Published(kpi.code, kpi, "none") for kpi in CATALOGUE.values())
    else:
        tables = (*warehouse_tables(project), *history_tables(project), *OPERATIONS, *QUALITY)
        config, published = project.kpis, published_kpis(project)
        overlapping = overlapping_sets(project)
    by_name = {table.name: table for table in tables}
    company = f" of {project.company.name}" if project else ""
    model = {
        "name": _MODEL,
        "description": f"Customer experience{company}: KPIs by period and segment.",
        "ai_context": {"instructions": _INSTRUCTIONS, "examples": list(_EXAMPLES)},
        "datasets": [_dataset(table, database) for table in tables],
        "relationships": [_relationship(link, by_name) for link in _LINKS],
        "metrics": list(_metrics(published, config, overlapping)),
    }
    return {"version": VERSION, "semantic_model": [model]}


def _dataset(table: Table, database: str) -> dict[str, Any]:
    return {
        "name": table.name,
        "source": f"{database}.{table.name}",
        "primary_key": list(table.key),
        "description": table.description,
        "fields": [_field(column) for column in stamped(table).all_columns],
    }


def _field(column: Column) -> dict[str, Any]:
    name = f'"{column.name}"' if column.name in _RESERVED else column.name
    found: dict[str, Any] = {"name": column.name, "expression": _expression(name)}
    if column.type not in _MEASURED:
        found["dimension"] = {"is_time": column.type in {"date", "instant"}}
    found["description"] = column.description
    more = {"unit": column.unit, "allowed": list(column.allowed)}
    said = {key: value for key, value in more.items() if value}
    if said:
        found["custom_extensions"] = [_extension(said)]
    return found


def _relationship(link: _Link, tables: Mapping[str, Table]) -> dict[str, Any]:
    key = tables[link.target].key
    return {
        "name": f"{link.table}_to_{link.target}",
        "from": link.table,
        "to": link.target,
        "from_columns": list(link.columns or key),
        "to_columns": list(key),
    }


def _metrics(
    published: tuple[Published, ...], config: KpiConfig, overlapping: Collection[str] | None
) -> Iterator[dict[str, Any]]:
    rows = kpi_rows(published, config).to_dicts()
    by_code = {one.code: one for one in published}
    for row in rows:
        one = by_code[row["kpi_code"]]
        is_sum = one.kpi.estimator == "sum"
        rule = ("sum" if is_sum else "ratio_of_sums") if row["is_additive"] else "none"
        note = {
            "none": "Not additive: null unless a single published row is selected.",
            "sum": "Additive within one length of period and one segment set.",
            "ratio_of_sums": "A ratio of sums, within one length of period and one segment set.",
        }[rule]
        names = dict.fromkeys((row["name_en"], row["name_fr"]))
        said = ("name_en", "name_fr", "family", "department", "unit", "direction", "is_additive")
        yield {
            "name": one.code,
            "expression": _expression(
                metric_expression(one, is_additive=row["is_additive"], overlapping=overlapping)
            ),
            "description": f"{row['name_en']}. {row['formula']}. {note}",
            "ai_context": {"synonyms": list(names)},
            "custom_extensions": [
                _extension({name: row[name] for name in said} | {"aggregation": rule})
            ],
        }


def _expression(text: str) -> dict[str, Any]:
    return {"dialects": [{"dialect": _DIALECT, "expression": text}]}


def _extension(data: Mapping[str, object]) -> dict[str, str]:
    return {"vendor_name": _VENDOR, "data": json.dumps(data, ensure_ascii=False)}
