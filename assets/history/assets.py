"""Dagster assets of the history layer: one per canonical table, one step per system."""

from collections.abc import Iterator, Sequence

import dagster as dg

from assets.history.merge import MergeReport, merge_table
from assets.metadata import column_schema, same_columns
from assets.resources import LakeResource
from schemas.config.project import Project
from schemas.registry import TABLES
from schemas.table import Table

GROUP = "history"


def history_assets(project: Project, *, freshness: dg.FreshnessPolicy) -> list[dg.AssetsDefinition]:
    """One multi-asset per system with fed tables."""
    fed = [TABLES[name] for name in project.fed_tables()]
    domains = dict.fromkeys(table.domain for table in fed)
    return [
        _history_asset(
            domain, [table for table in fed if table.domain == domain], project, freshness
        )
        for domain in domains
    ]


def _history_asset(
    domain: str, tables: Sequence[Table], project: Project, freshness: dg.FreshnessPolicy
) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"history_{domain}",
        specs=[_spec(table, project, freshness) for table in tables],
        can_subset=True,
    )
    def latest_versions(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> Iterator[dg.MaterializeResult[None]]:
        wanted = context.op_execution_context.selected_asset_keys
        for table in tables:
            if dg.AssetKey(["history", table.name]) in wanted:
                zone = project.company.time_zone
                yield _result(merge_table(lake.lake, table, time_zone=zone))

    return latest_versions


def _spec(table: Table, project: Project, freshness: dg.FreshnessPolicy) -> dg.AssetSpec:
    deps = [dg.AssetKey(["core", table.name])]
    if table.parent and table.parent[0] in project.fed_tables():
        deps.append(dg.AssetKey(["history", table.parent[0]]))
    kept = "every version of it" if table.history == "versions" else "its latest version"
    return dg.AssetSpec(
        ["history", table.name],
        deps=deps,
        description=f"{table.description} Holds {kept}, by month of the event.",
        group_name=GROUP,
        kinds={"polars", "parquet"},
        owners=[project.owner],
        tags={"system": table.domain},
        freshness_policy=freshness,
        metadata={
            "dagster/column_schema": column_schema(table),
            "dagster/column_lineage": same_columns(table, "core"),
        },
    )


def _result(report: MergeReport) -> dg.MaterializeResult[None]:
    months = ", ".join(report.months_rewritten[:36])
    return dg.MaterializeResult(
        asset_key=["history", report.table],
        metadata={
            "dagster/row_count": report.rows_total,
            "partitions_merged": report.merged,
            "rows_merged": report.rows_in,
            "months_rewritten": len(report.months_rewritten),
            "months": months or "none: nothing changed",
        },
    )
