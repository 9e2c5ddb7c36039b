"""Whether the last run went to its end: what it was made from, compared with what is there now.

A run that failed or was killed leaves extracts that no later layer has seen, and a changed
configuration asks for other tables from the same extracts. Neither shows in the source files.
"""

import json

from assets.core import partitions as core
from assets.core.pseudonyms import key_fingerprint
from assets.lake.atomic import atomic_path
from assets.lake.layout import Lake
from assets.lake.slot import fingerprint
from assets.publish import warehouse
from assets.report import build as report
from assets.transforms import states, values
from assets.transforms.populations.registry import EXTRACTS, POPULATIONS
from schemas.config.project import Project
from schemas.errors import PublishError

RECORD = "completed.json"
"""File in the lake's folder of run records: the state that a run last brought to its end."""


def record_completion(project: Project, lake: Lake) -> None:
    """Remember that everything there is now has gone all the way to the warehouse."""
    with atomic_path(lake.run_log / RECORD) as temporary:
        temporary.write_text(json.dumps({"state": _state(project, lake)}), encoding="utf-8")


def is_complete(project: Project, lake: Lake) -> bool:
    """Whether all that was extracted has been published, under this configuration."""
    try:
        record = json.loads((lake.run_log / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    if record.get("state") != _state(project, lake):
        return False
    return _is_shown(project, lake) and lake.report.exists()


def _is_shown(project: Project, lake: Lake) -> bool:
    try:
        return warehouse.is_published(lake, project)
    except PublishError:
        return False  # not to be asked now: the publish of a run will say why, and alerts with it


def _state(project: Project, lake: Lake) -> str:
    extracts = {
        f"{source}/{date}": receipt.content
        for source in project.sources
        for date in lake.raw_dates(source)
        if (receipt := lake.raw(source, date).receipt()) is not None
    }
    versions = (
        core.CODE_VERSION,
        states.STATE_VERSION,
        values.VALUE_VERSION,
        {name: extract.version for name, extract in EXTRACTS.items()},
        {name: population.version for name, population in POPULATIONS.items()},
        warehouse.CODE_VERSION,
        report.CODE_VERSION,
    )
    secret = key_fingerprint(project.privacy.key)
    # where it is published is no part of what is: the warehouse itself tells whether it is there
    config = project.model_dump(mode="json", exclude={"warehouse"})
    for source in config["sources"].values():
        # where files are fetched from is no part of what they say
        del source["files"]["root"], source["files"]["storage_options"]
    return fingerprint(versions, config, secret, extracts)
