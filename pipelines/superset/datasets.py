"""Datasets of the bundle: which columns readers may drag, and the metrics that are safe to.

Values stand in two datasets on purpose. That of the metrics shows no figure as a column, so that
nobody averages one; that of the rows has the figures and no metric, for lists.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from assets.publish.sql import text_literal
from assets.transforms.published import kpi_rows
from pipelines.metric_sql import metric_expression, overlapping_sets
from pipelines.superset import queries
from pipelines.superset.naming import Names
from pipelines.superset.texts import Words, d3_format
from schemas.config.project import Project
from schemas.kpis.catalogue import Published, published_kpis
from schemas.operations import QUARANTINE_SUMMARY, RUN_LOG, SOURCE_STATUS
from schemas.quality import DATA_QUALITY_RESULT
from schemas.table import Table

METRICS: Final = "cx_metrics"
ROWS: Final = "cx_values"
EXCLUSIONS: Final = "cx_exclusions"
SOURCES: Final = "cx_sources"
QUARANTINE: Final = "cx_quarantine"
CHECKS: Final = "cx_checks"
PUBLISHES: Final = "cx_publishes"
"""Names of the datasets."""

PUBLISHED_VALUE: Final = "published_value"
"""Metric: the value of the one row that is selected."""

_COMMON = (
    "kpi", "kpi_code", "family_name", "family", "department", "unit_name", "unit", "direction",
    "is_additive", "period_grain", "period_start", "period", "period_end", "is_complete",
    "segment_set", "segment", "segment_key", "suppression", "withheld",
)  # fmt: skip
_FIGURES = (
    "value", "ci_low", "ci_high", "n", "n_effective", "numerator", "denominator",
    "previous_value", "change", "change_p_value", "is_significant", "movement", "year_ago_value",
    "target", "gap_to_target", "standing", "benchmark", "gap_to_benchmark", "excluded",
    "method_id", "known_at",
)  # fmt: skip
_DATES = frozenset({
    "period_start", "period_end", "logical_date", "last_loaded_on", "first_loaded_on", "as_of",
})  # fmt: skip
_INSTANTS = frozenset({"known_at", "published_at"})
_FLAGS = frozenset({"is_additive", "is_complete", "is_significant", "is_stale"})
_NUMBERS = frozenset({
    "value", "ci_low", "ci_high", "n", "n_effective", "numerator", "denominator",
    "previous_value", "change", "change_p_value", "year_ago_value", "target", "gap_to_target",
    "benchmark", "gap_to_benchmark", "excluded", "count", "restated", "dates_loaded",
    "dates_absent", "rows_raw", "rows", "observed", "lower_limit",
    "upper_limit", "rows_checked", "rows_unexpected", "kpi_values", "rows_quarantined",
})  # fmt: skip


def dataset_documents(project: Project, names: Names, words: Words) -> dict[str, dict[str, Any]]:
    """Name of each dataset → its document."""
    dimensions = queries.dimensions_of(project)
    values = queries.value_query(project, words)
    common = (*_COMMON, *dimensions)
    exclusion = ("kpi", "kpi_code", "period_grain", "period_start", "period", "is_complete",
                 "segment_set", "segment", "segment_key", "reason", "count")  # fmt: skip
    publish = ("publish_id", "run_id", "published_at", "as_of", "kpi_values", "rows_quarantined",
               "restated")  # fmt: skip
    count = [_metric("rows_left_out", "SUM(count)", words("count"), ",d")]
    made = _Made(project, names, words)
    made.add(METRICS, values, common, time="period_start", metrics=list(_metrics(project, words)),
             note=words("metrics_note"))  # fmt: skip
    made.add(ROWS, values, (*common, *_FIGURES), time="period_start", note=words("rows_note"))
    made.add(EXCLUSIONS, queries.exclusion_query(project, words), exclusion, time="period_start",
             metrics=count)  # fmt: skip
    made.add_table(SOURCES, SOURCE_STATUS)
    made.add_table(QUARANTINE, QUARANTINE_SUMMARY, time="logical_date",
                   metrics=[_metric("refusals", 'SUM("rows")', words("rows"), ",d")])  # fmt: skip
    made.add_table(
        CHECKS, DATA_QUALITY_RESULT, metrics=[_metric("results", "COUNT(*)", None, ",d")]
    )
    made.add(PUBLISHES, queries.publish_query(project), publish, time="published_at",
             note=RUN_LOG.description)  # fmt: skip
    return made.documents


class _Made:
    """The documents as they are made."""

    def __init__(self, project: Project, names: Names, words: Words) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self._project, self._names, self._words = project, names, words

    def add_table(self, name: str, table: Table, **more: Any) -> None:
        """Add a published table as it is."""
        columns = [column.name for column in table.columns]
        self.add(
            name, queries.all_of(self._project, table), columns, note=table.description, **more
        )

    def add(
        self,
        name: str,
        sql: str,
        columns: Sequence[str],
        *,
        time: str | None = None,
        metrics: Sequence[dict[str, Any]] = (),
        note: str | None = None,
    ) -> None:
        """Add a virtual dataset."""
        self.documents[name] = {
            "table_name": f"{name} ({self._names.company})",
            "main_dttm_col": time,
            "description": note,
            "schema": queries.schema_of(self._project),
            "catalog": None,
            "sql": sql,
            "filter_select_enabled": True,
            "uuid": self._names.uuid("dataset", name),
            "metrics": list(metrics),
            "columns": [_column(column, self._words) for column in columns],
            "version": "1.0.0",
            "database_uuid": self._names.uuid("database", "warehouse"),
        }


def _column(name: str, words: Words) -> dict[str, Any]:
    return {
        "column_name": name,
        "verbose_name": words(name) if words.has(name) else None,
        "is_dttm": name in _DATES or name in _INSTANTS,
        "is_active": True,
        "type": _type(name),
        "groupby": name not in _NUMBERS,
        "filterable": True,
    }


def _type(name: str) -> str:
    if name in _DATES:
        return "DATE"
    if name in _INSTANTS:
        return "TIMESTAMP"
    if name in _FLAGS:
        return "BOOLEAN"
    return "DOUBLE PRECISION" if name in _NUMBERS else "VARCHAR"


def _metrics(project: Project, words: Words) -> Iterator[dict[str, Any]]:
    published, overlapping = published_kpis(project), overlapping_sets(project)
    for row, one in kpis_with_rows(project, published):
        is_sum = one.kpi.estimator == "sum"
        rule = ("sum" if is_sum else "ratio_of_sums") if row["is_additive"] else "none"
        yield {
            **_metric(
                one.code,
                metric_expression(
                    one, is_additive=row["is_additive"], overlapping=overlapping, table=""
                ),
                row[f"name_{words.language}"],
                d3_format(one.kpi.unit),
            ),
            "description": f"{row['formula']} ({words.unit(one.kpi.unit)}). {words(rule)}",
        }
    yield {
        **_metric(PUBLISHED_VALUE, "CASE WHEN COUNT(*) = 1 THEN MAX(value) END",
                  words("published_value"), ",.1f"),
        "description": words("published_value_note"),
    }  # fmt: skip


def single_row(code: str, column: str) -> str:
    """A figure of the one row of a KPI that is selected; null where there are several."""
    of = f"CASE WHEN kpi_code = {text_literal(code)} THEN"
    return f"CASE WHEN COUNT({of} 1 END) = 1 THEN MAX({of} {column} END) END"


def kpi_names(project: Project, words: Words) -> Iterator[tuple[str, str]]:
    """Code and name of each published KPI."""
    for row, one in kpis_with_rows(project, published_kpis(project)):
        yield one.code, row[f"name_{words.language}"]


def kpis_with_rows(
    project: Project, published: Sequence[Published]
) -> Iterator[tuple[dict[str, Any], Published]]:
    """Each published KPI with its row of `dim_kpi`."""
    by_code = {one.code: one for one in published}
    for row in kpi_rows(published, project.kpis).to_dicts():
        yield row, by_code[row["kpi_code"]]


def _metric(name: str, expression: str, label: str | None, d3: str) -> dict[str, Any]:
    return {
        "metric_name": name,
        "verbose_name": label,
        "expression": expression,
        "d3format": d3,
    }
