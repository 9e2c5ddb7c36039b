"""Dagster assets of the publish layer: the warehouse tables, published together or not at all."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from assets.kpi.assets import latest_date
from assets.metadata import column_schema
from assets.publish.destination import destination
from assets.publish.warehouse import publish, published_tables
from assets.quality.assets import RESULTS_KEY
from assets.resources import LakeResource
from schemas.config.project import Project
from schemas.errors import PublishError
from schemas.publish_stamp import stamped
from schemas.table import Table

GROUP = "publish"


def publish_assets(project: Project, *, freshness: dg.FreshnessPolicy) -> list[dg.AssetsDefinition]:
    """One multi-asset with every published table."""

    @dg.multi_asset(
        name="publish",
        specs=[_spec(table, project, freshness) for table in published_tables(project)],
    )
    def warehouse(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> Iterator[dg.MaterializeResult[None]]:
        try:
            report = publish(
                lake.lake,
                project,
                run_id=context.run.run_id,
                now=dt.datetime.now(dt.UTC),
                as_of=latest_date(lake.lake, project),
            )
        except PublishError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        for table in published_tables(project):
            yield dg.MaterializeResult(
                asset_key=["warehouse", table.name],
                metadata={
                    "dagster/row_count": report.rows[table.name],
                    "dagster/table_name": destination(lake.lake, project).name_of(table.name),
                    "warehouse": report.place,
                    "publish_id": report.publish_id,
                    "is_new": report.is_new,
                },
            )

    return [warehouse]


def _spec(table: Table, project: Project, freshness: dg.FreshnessPolicy) -> dg.AssetSpec:
    return dg.AssetSpec(
        ["warehouse", table.name],
        deps=[dg.AssetKey(["kpi", "kpi_value"]), RESULTS_KEY],
        description=f"{table.description} What BI tools read.",
        group_name=GROUP,
        kinds={project.warehouse.kind, "table"},
        owners=[project.owner],
        freshness_policy=freshness,
        metadata={"dagster/column_schema": column_schema(stamped(table))},
    )
