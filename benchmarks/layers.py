"""One layer of the pipeline in a process of its own: `python -m benchmarks.layers raw …`.

Calls the functions that the layer's Dagster assets call, in the assets' order, and prints what it
took as one line of JSON.
"""

import argparse
import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.measure import report
from schemas.config.project import Project
from schemas.registry import TABLES

RUN_ID = "benchmark"


def raw(lake_folder: Path, project: Project, dates: Sequence[dt.date]) -> None:
    """Every source of every date."""
    from assets.lake.layout import Lake
    from assets.raw.pull import pull

    lake = Lake(lake_folder)
    for name, source in project.sources.items():
        for date in dates:
            pull(lake, name, source, date)


def core(lake_folder: Path, project: Project, dates: Sequence[dt.date]) -> None:
    """Every canonical table."""
    from assets.core.partitions import build_core
    from assets.lake.layout import Lake

    lake = Lake(lake_folder)
    for table in project.fed_tables():
        for source in project.feeds(table):
            build_core(lake, project, table=table, source=source, dates=dates)


def history(lake_folder: Path, project: Project, dates: Sequence[dt.date]) -> None:
    """Every history table, parents first."""
    from assets.history.merge import merge_table
    from assets.lake.layout import Lake

    del dates  # as the asset does, look for whatever is not merged yet
    for table in project.fed_tables():
        merge_table(Lake(lake_folder), TABLES[table], time_zone=project.company.time_zone)


def quality(lake_folder: Path, project: Project, dates: Sequence[dt.date]) -> None:
    """Every check."""
    from assets.lake.layout import Lake
    from assets.quality.results import judge

    judge(Lake(lake_folder), project, as_of=dates[-1])


def states(lake_folder: Path, project: Project, dates: Sequence[dt.date]) -> None:
    """The daily states."""
    from assets.kpi.states import build_states
    from assets.lake.layout import Lake

    build_states(Lake(lake_folder), project, as_of=dates[-1])


def values(lake_folder: Path, project: Project, dates: Sequence[dt.date]) -> None:
    """The KPI values, customer KPIs included."""
    from assets.kpi.values import build_values
    from assets.lake.layout import Lake

    build_values(Lake(lake_folder), project, as_of=dates[-1])


def publish(lake_folder: Path, project: Project, dates: Sequence[dt.date]) -> None:
    """The warehouse."""
    from assets.lake.layout import Lake
    from assets.publish.warehouse import publish as publish_tables

    now = dt.datetime.now(dt.UTC)
    publish_tables(Lake(lake_folder), project, run_id=RUN_ID, now=now, as_of=dates[-1])


LAYERS: dict[str, Callable[[Path, Project, Sequence[dt.date]], None]] = {
    layer.__name__: layer for layer in (raw, core, history, quality, states, values, publish)
}


def main() -> None:
    """Run the layer asked for."""
    from pipelines.config import load_project
    from pipelines.dates import days

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layer", choices=list(LAYERS))
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--from", dest="first", type=dt.date.fromisoformat, required=True)
    parser.add_argument("--to", dest="last", type=dt.date.fromisoformat, required=True)
    given = parser.parse_args()
    project = load_project(given.config)
    dates = list(days(given.first, given.last))
    report(lambda: LAYERS[given.layer](given.lake, project, dates))


if __name__ == "__main__":
    main()
