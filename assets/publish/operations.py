"""Rows of the published tables about the pipeline itself: sources, quarantine, inventory."""

import datetime as dt
from collections.abc import Mapping

import polars as pl

from assets.core.conservation import partition_counts
from assets.lake.layout import ALL, Lake
from schemas.config.project import Project
from schemas.kpis.catalogue import entries, input_columns, input_tables, published_kpis
from schemas.kpis.kpi import Kpi
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


def covered_until(values: pl.DataFrame) -> dict[str, dt.date]:
    """KPI code → last day of its last whole period with a value, any grain and segment."""
    has_value = pl.col("is_complete") & pl.col("value").is_not_null()
    found = values.filter(has_value).group_by("kpi_code").agg(pl.col("period_end").max())
    return dict(found.select("kpi_code", "period_end").rows())


def kpi_inventory(
    lake: Lake, project: Project, status: pl.DataFrame, covered: Mapping[str, dt.date]
) -> pl.DataFrame:
    """Rows of `kpi_inventory`: every KPI of the catalogue and of the company's own.

    Args:
        lake: Whose history says what surveys ask.
        project: The configuration.
        status: Rows of `source_status`.
        covered: From `covered_until`.
    """
    by_source = {row["source"]: row for row in status.to_dicts()}
    published = {one.code for one in published_kpis(project)}
    metrics = _asked(lake)
    rows = []
    for kpi in entries(project.kpis).values():
        sources = [
            name for table in input_tables(kpi, project.kpis) for name in project.feeds(table)
        ]
        missing, settings = _missing(kpi, project, metrics)
        stale = sorted({name for name in sources if by_source[name]["is_stale"]})
        is_missing = bool(missing or settings)
        rows.append(
            {
                "kpi_code": kpi.code,
                "department": kpi.department,
                "status": "missing" if is_missing else "stale" if stale else "available",
                "is_published": kpi.code in published,
                "missing_inputs": ", ".join(missing) or None,
                "missing_settings": settings,
                "stale_sources": ", ".join(stale) or None,
                "last_loaded_on": None if is_missing else _common_date(sources, by_source),
                "last_period_end": covered.get(kpi.code),
            }
        )
    return pl.DataFrame(rows, schema=KPI_INVENTORY.polars_schema())


def _asked(lake: Lake) -> frozenset[str] | None:
    """What the questions of all surveys measure; None where none are loaded yet."""
    path = lake.history("survey_question", ALL).path("data.parquet")
    if path is None:
        return None
    return frozenset(pl.read_parquet(path, columns=["metric"])["metric"].unique())


def _missing(
    kpi: Kpi, project: Project, metrics: frozenset[str] | None
) -> tuple[list[str], str | None]:
    """Inputs that nothing fills, and the part of the configuration that it waits for."""
    asked = dict.fromkeys([*input_columns(kpi, project.kpis), *kpi.mapped])
    missing = [name for name in asked if not _is_fed(project, name)]
    if metrics is not None and not missing:
        unasked = [name for name in kpi.metrics if name not in metrics]
        missing += [f"survey_question.metric={name}" for name in unasked]
    lacks_hours = kpi.needs_business_time and project.kpis.business_time is None
    return missing, "kpis.business_time" if lacks_hours else None


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
