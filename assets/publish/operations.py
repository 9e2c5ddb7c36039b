"""Rows of the published tables about the pipeline itself: sources, quarantine, inventory."""

import datetime as dt
from collections.abc import Mapping

import polars as pl

from assets.core.conservation import partition_counts
from assets.lake.layout import Lake
from schemas.config.project import Project
from schemas.kpis.catalogue import CATALOGUE, input_columns, input_tables
from schemas.operations import KPI_INVENTORY, QUARANTINE_SUMMARY, SOURCE_STATUS


def source_status(lake: Lake, project: Project, *, as_of: dt.date) -> pl.DataFrame:
    """Rows of `source_status`; a source is stale when its latest extract is too old."""
    rows = []
    for name, source in project.sources.items():
        receipts = {date: lake.raw(name, date).receipt() for date in lake.raw_dates(name)}
        loaded = {d: r for d, r in receipts.items() if r and "data.parquet" in r.files}
        last = max(loaded, default=None)
        is_fixed = not source.files.is_dated
        is_old = last is None or (as_of - last).days > source.stale_after_days
        rows.append(
            {
                "source": name,
                "system": source.system,
                "mode": source.mode,
                "dates_loaded": len(loaded),
                "dates_absent": len(receipts) - len(loaded),
                "first_loaded_on": min(loaded, default=None),
                "last_loaded_on": last,
                "rows_raw": sum(receipt.facts["rows"] for receipt in loaded.values()),
                "is_stale": is_old and not (is_fixed and last is not None),
            }
        )
    return pl.DataFrame(rows, schema=SOURCE_STATUS.polars_schema())


def quarantine_summary(lake: Lake, project: Project) -> pl.DataFrame:
    """Rows of `quarantine_summary`, counted by the core partitions themselves."""
    rows = [
        {
            "table_name": counts.table,
            "source": counts.source,
            "logical_date": counts.date,
            "column_name": reason.partition(": ")[0],
            "expectation": reason.partition(": ")[2],
            "rows": number,
        }
        for table in project.fed_tables()
        for counts in partition_counts(lake, table)
        for reason, number in counts.facts["reasons"].items()
    ]
    return pl.DataFrame(rows, schema=QUARANTINE_SUMMARY.polars_schema())


def kpi_inventory(project: Project, status: pl.DataFrame) -> pl.DataFrame:
    """Rows of `kpi_inventory`: every KPI of the catalogue, available, stale or missing."""
    by_source = {row["source"]: row for row in status.to_dicts()}
    rows = []
    for kpi in CATALOGUE.values():
        tables = input_tables(kpi, project.kpis)
        missing = [name for name in input_columns(kpi, project.kpis) if not _is_fed(project, name)]
        sources = [name for table in tables for name in project.feeds(table)]
        stale = sorted({name for name in sources if by_source[name]["is_stale"]})
        rows.append(
            {
                "kpi_code": kpi.code,
                "department": kpi.department,
                "status": "missing" if missing else "stale" if stale else "available",
                "missing_inputs": ", ".join(missing) or None,
                "stale_sources": ", ".join(stale) or None,
                "last_loaded_on": None if missing else _common_date(sources, by_source),
            }
        )
    return pl.DataFrame(rows, schema=KPI_INVENTORY.polars_schema())


def _is_fed(project: Project, name: str) -> bool:
    """Whether some source, or the configuration itself, fills a canonical `table.column`."""
    table, _, column = name.partition(".")
    if project.surveys and table in {"survey", "survey_question"}:
        return True
    mappings = project.feeds(table).values()
    cells = {"question_id", "score", "choice", "text"}
    return any(column in m.columns or (m.unpivot and column in cells) for m in mappings)


def _common_date(sources: list[str], by_source: Mapping[str, Mapping[str, object]]) -> object:
    dates = [by_source[name]["last_loaded_on"] for name in sources]
    return None if None in dates or not dates else min(dates)  # type: ignore[type-var]
