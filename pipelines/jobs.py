"""The jobs: every layer for one logical date, or for a range of them in a single run."""

from typing import Any

import dagster as dg

from assets.raw.assets import GROUP as RAW
from schemas.config.project import Project

DAILY = "daily"
RESUBMIT = "resubmit"

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


def daily_job(project: Project) -> Any:  # Dagster exports no name for the type
    """Raw to publish; history, KPIs and publish follow what the run's dates changed."""
    return _job(
        project,
        DAILY,
        dg.AssetSelection.all(),
        description="Pull, validate, merge, compute and publish: one logical date, or a range "
        "of them in a single run.",
    )


def resubmit_job(project: Project) -> Any:  # Dagster exports no name for the type
    """The daily job on extracts as they were pulled: nothing is asked of the sources."""
    return _job(
        project,
        RESUBMIT,
        dg.AssetSelection.all() - dg.AssetSelection.groups(RAW),
        description="Validate the extracts in the lake anew, after a mapping or a contract was "
        "mended, then merge, compute and publish.",
    )


def _job(project: Project, name: str, selection: dg.AssetSelection, *, description: str) -> Any:
    minutes = project.schedule.max_runtime_minutes
    return dg.define_asset_job(
        name,
        selection=selection,
        description=description,
        tags={"dagster/max_runtime": str(minutes * 60), "dagster/priority": "1"},
        owners=[project.owner],
    )
