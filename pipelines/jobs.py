"""The job: every layer for one logical date, or for a range of them in a single run."""

from typing import Any

import dagster as dg

from schemas.config.project import Project

DAILY = "daily"

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


def daily_job(project: Project) -> Any:  # Dagster exports no name for the type
    """Raw to publish; history, KPIs and publish follow what the run's dates changed."""
    minutes = project.schedule.max_runtime_minutes
    return dg.define_asset_job(
        DAILY,
        selection=dg.AssetSelection.all(),
        description="Pull, validate, merge, compute and publish: one logical date, or a range "
        "of them in a single run.",
        tags={"dagster/max_runtime": str(minutes * 60), "dagster/priority": "1"},
        owners=[project.owner],
    )
