"""Metrics of the semantic model, rolled up as a BI tool does, beside what is published."""

from pipelines.metric_sql import metric_expression, overlapping_sets
from pipelines.superset.datasets import kpis_with_rows
from schemas.config.project import Project
from schemas.kpis.catalogue import published_kpis


def additive_metrics(project: Project) -> dict[str, str]:
    """Code of each published KPI that adds up → its metric in SQL."""
    overlapping = overlapping_sets(project)
    return {
        one.code: metric_expression(one, is_additive=True, overlapping=overlapping)
        for row, one in kpis_with_rows(project, published_kpis(project))
        if row["is_additive"]
    }


def roll_ups(code: str, metric: str) -> dict[str, str]:
    """How rows are rolled up → the query: what the metric finds, what is published, segment set."""
    published = f"FROM kpi_value WHERE kpi_code = '{code}' AND value IS NOT NULL"
    grains = ", ".join(f"('{grain}')" for grain in ("week", "month", "quarter", "year"))
    by_day = (
        f"SELECT g.grain, CAST(date_trunc(g.grain, period_start) AS DATE) AS start, segment_set, "  # noqa: S608
        f"segment_key, {metric} AS found FROM kpi_value, (VALUES {grains}) AS g(grain) "
        f"WHERE period_grain = 'day' GROUP BY ALL"
    )
    by_segment = (
        f"SELECT period_grain AS grain, period_start AS start, segment_set, {metric} AS found "  # noqa: S608
        "FROM kpi_value GROUP BY ALL"
    )
    return {
        "days": f"SELECT r.found, v.value, v.segment_set FROM ({by_day}) AS r "  # noqa: S608
        f"JOIN (SELECT * {published}) AS v ON v.period_grain = r.grain "
        "AND v.period_start = r.start AND v.segment_set = r.segment_set "
        "AND v.segment_key = r.segment_key",
        "segments": f"SELECT r.found, v.value, r.segment_set FROM ({by_segment}) AS r "  # noqa: S608
        f"JOIN (SELECT * {published}) AS v ON v.period_grain = r.grain "
        "AND v.period_start = r.start WHERE v.segment_set = 'total' AND r.segment_set IN "
        f"(SELECT segment_set {published} AND segment_set <> 'total')",
    }
