"""States and values of the KPI benchmark in a process of its own.

    python -m benchmarks.kpi_layers states --config FILE --lake DIR --to 2024-11-27

Removes what it is to make, calls the layer's function and prints what it took as a line of JSON.
"""

import argparse
import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from benchmarks.kpi_profile import timed
from benchmarks.measure import report
from schemas.config.project import Project

STATE_FOLDERS = ("state", "state_ledger")


def states(lake_folder: Path, project: Project, as_of: dt.date) -> None:
    """The daily states, all of them."""
    from assets.kpi.states import build_states
    from assets.lake.layout import Lake

    build_states(Lake(lake_folder), project, as_of=as_of)


def values(lake_folder: Path, project: Project, as_of: dt.date) -> None:
    """The values, those of populations included."""
    from assets.kpi.values import build_values
    from assets.lake.layout import Lake

    build_values(Lake(lake_folder), project, as_of=as_of)


LAYERS: dict[str, Callable[[Path, Project, dt.date], None]] = {"states": states, "values": values}


def begin(lake_folder: Path, layer: str) -> None:
    """Remove what a layer made."""
    for folder in (lake_folder / "kpi").glob("*"):
        if (folder.name in STATE_FOLDERS) == (layer == "states"):
            shutil.rmtree(folder)


def main() -> None:
    """Run the layer asked for."""
    from pipelines.config import load_project

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layer", choices=list(LAYERS))
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--to", dest="last", type=dt.date.fromisoformat, required=True)
    parser.add_argument("--profile", type=Path, required=True, help="seconds by part")
    given = parser.parse_args()
    project = load_project(given.config)
    begin(given.lake, given.layer)
    layer = LAYERS[given.layer]
    with timed() as parts:
        report(lambda: layer(given.lake, project, given.last))
    given.profile.write_text(json.dumps(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
