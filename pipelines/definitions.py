"""The one `Definitions` of the code location, made from barometer.yaml when it is loaded."""

import datetime as dt
import warnings
from pathlib import Path

import dagster as dg

from assets.core.assets import core_assets
from assets.history.assets import history_assets
from assets.kpi.assets import kpi_assets
from assets.publish.assets import publish_assets
from assets.quality.assets import quality_assets
from assets.quality.soundness.problems import refuse_unsound
from assets.raw.assets import raw_assets
from assets.report.assets import report_assets
from assets.resources import LakeResource
from pipelines.alerts_sending import alert_sensors
from pipelines.config import config_path, data_dir, load_project
from pipelines.jobs import daily_job, resubmit_job
from pipelines.schedules import daily_schedule
from pipelines.sensors import new_files_sensor
from schemas.config.project import Project
from schemas.registry import TABLES

# Dagster 1.13 calls backfill policies and owners of jobs beta. They are used on purpose, and who
# runs the pipeline can do nothing about it. Here, since every way to run imports this module.
warnings.filterwarnings("ignore", category=dg.BetaWarning)

GRACE = dt.timedelta(hours=20)
"""How long before the deadline of a day its run may already have been made."""


def build_definitions(
    project: Project, lake_folder: Path, *, is_held: bool = False
) -> dg.Definitions:
    """Everything Dagster knows of one company.

    Args:
        project: The company's configuration.
        lake_folder: Folder of the lake and the embedded warehouse.
        is_held: Whether the process that runs the job holds the lake already.

    Raises:
        ContractError: A contract, or an expectation of the company's own, is unsound.
    """
    refuse_unsound(TABLES.values(), project)
    partitions = dg.DailyPartitionsDefinition(
        start_date=project.start_date.isoformat(), timezone=project.company.time_zone
    )
    freshness = dg.FreshnessPolicy.cron(
        deadline_cron=project.schedule.deadline,
        lower_bound_delta=GRACE,
        timezone=project.company.time_zone,
    )
    assets: list[dg.AssetsDefinition] = [
        *raw_assets(project, partitions=partitions, freshness=freshness),
        *core_assets(project, partitions=partitions, freshness=freshness),
        *history_assets(project, freshness=freshness),
        *kpi_assets(project, freshness=freshness),
        *publish_assets(project, freshness=freshness),
        *report_assets(project, freshness=freshness),
    ]
    results, checks = quality_assets(project, freshness=freshness)
    return dg.Definitions(
        assets=[*assets, results],
        asset_checks=[checks],
        jobs=[daily_job(project), resubmit_job(project)],
        schedules=[daily_schedule(project)],
        sensors=[new_files_sensor(project, lake_folder), *alert_sensors(project)],
        resources={"lake": LakeResource(folder=str(lake_folder), is_held=is_held)},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Definitions of the company that `BAROMETER_CONFIG` (or ./barometer.yaml) describes."""
    return build_definitions(load_project(config_path()), data_dir())
