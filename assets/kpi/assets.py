"""Dagster assets of the KPI layer: additive daily states, and the values made from them."""

import datetime as dt

import dagster as dg

from assets.kpi import rates
from assets.kpi.plan import Plan
from assets.kpi.states import build_states
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from assets.metadata import column_schema
from assets.resources import LakeResource
from assets.transforms.populations.registry import EXTRACTS
from schemas.config.project import Project
from schemas.kpis.catalogue import input_tables
from schemas.warehouse import KPI_VALUE, configured_dimensions, with_dimensions

GROUP = "kpi"


def latest_date(lake: Lake, project: Project) -> dt.date:
    """Latest logical date that any source is loaded for; the first one where none is."""
    dates = [date for source in project.sources for date in lake.raw_dates(source)[-1:]]
    return max(dates, default=project.start_date)


def tables_read(project: Project) -> list[str]:
    """Tables of history that the KPI layer reads, of those that are fed; in name order."""
    plan = Plan(project)
    found = {"crm_account", "erp_product", "survey", "survey_question", rates.TABLE}
    for published in plan.published:
        found |= set(input_tables(published.kpi, project.kpis))
    for fact in plan.facts:
        found |= set(plan.fact_tables(fact))
    for population in plan.populations:
        for name in population.extracts(project):
            found |= set(EXTRACTS[name].tables)
    return sorted(found & set(project.fed_tables()))


def kpi_assets(project: Project, *, freshness: dg.FreshnessPolicy) -> list[dg.AssetsDefinition]:
    """`kpi_state` and `kpi_value`."""
    read = tables_read(project)

    @dg.asset(
        key=["kpi", "kpi_state"],
        deps=[dg.AssetKey(["history", name]) for name in read],
        description="One row per measure, event day and segment: additive sums and histograms.",
        group_name=GROUP,
        kinds={"polars", "parquet"},
        owners=[project.owner],
        freshness_policy=freshness,
    )
    def kpi_state(lake: LakeResource) -> dg.MaterializeResult[None]:
        as_of = latest_date(lake.lake, project)
        report = build_states(lake.lake, project, as_of=as_of)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": report.rows,
                "months_refreshed": len(report.refreshed),
                "months": ", ".join(report.refreshed[:36]) or "none: nothing changed",
            }
        )

    table = with_dimensions(KPI_VALUE, configured_dimensions(project))

    @dg.asset(
        key=["kpi", "kpi_value"],
        deps=[kpi_state, *(dg.AssetKey(["history", name]) for name in read)],
        description=f"{table.description} With numerator, denominator, n and interval.",
        group_name=GROUP,
        kinds={"polars", "parquet"},
        owners=[project.owner],
        freshness_policy=freshness,
        metadata={"dagster/column_schema": column_schema(table)},
    )
    def kpi_value(lake: LakeResource) -> dg.MaterializeResult[None]:
        as_of = latest_date(lake.lake, project)
        report = build_values(lake.lake, project, as_of=as_of)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": report.rows,
                "as_of": as_of.isoformat(),
                "periods_refreshed": ", ".join(report.refreshed[:36]) or "none: nothing changed",
            }
        )

    return [kpi_state, kpi_value]
