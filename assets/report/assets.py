"""Dagster asset of the report, made from the warehouse tables once they are published."""

import dagster as dg

from assets.publish.warehouse import published_tables
from assets.report.build import make_report
from assets.report.headlines import refuse_unknown_headlines
from assets.resources import LakeResource
from schemas.config.project import Project
from schemas.errors import PublishError

GROUP = "report"


def report_assets(project: Project, *, freshness: dg.FreshnessPolicy) -> list[dg.AssetsDefinition]:
    """The report.

    Raises:
        ConfigError: The configuration names a headline KPI that there is not.
    """
    refuse_unknown_headlines(project)

    @dg.asset(
        key=["report", "cx_report"],
        deps=[dg.AssetKey(["warehouse", table.name]) for table in published_tables(project)],
        description="One HTML page per publish: headline KPIs, trends, segments, a page for each "
        "family of KPIs, the state of the data. It needs no network and no script.",
        group_name=GROUP,
        kinds={"html"},
        owners=[project.owner],
        freshness_policy=freshness,
    )
    def cx_report(lake: LakeResource) -> dg.MaterializeResult[None]:
        try:
            report = make_report(lake.lake, project)
        except PublishError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        address = project.report.url or report.path.resolve().as_uri()
        return dg.MaterializeResult(
            metadata={
                "report": dg.MetadataValue.url(address),
                "file": dg.MetadataValue.path(report.path),
                "size_bytes": report.size_bytes,
                "publish_id": report.publish_id,
                "headline": ", ".join(report.headlines),
                "is_new": report.is_new,
            }
        )

    return [cx_report]
