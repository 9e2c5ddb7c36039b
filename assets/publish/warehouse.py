"""Gather what is to be published, and publish it if anything changed."""

import datetime as dt
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from assets.kpi.evidence import gather
from assets.kpi.plan import Plan
from assets.kpi.tables import scan_published
from assets.lake.atomic import atomic_path
from assets.lake.layout import Lake
from assets.lake.slot import fingerprint
from assets.publish.content import Content
from assets.publish.destination import destination
from assets.publish.operations import (
    covered_until,
    kpi_inventory,
    quarantine_summary,
    source_status,
)
from assets.publish.value_history import (
    Revision,
    commit_revision,
    next_instant,
    prepare_revision,
    settle_history,
)
from assets.quality.results import recent_results, refuse_if_blocked
from assets.quality.waivers import read_waivers, waiver_rows
from schemas.config.project import Project
from schemas.history_tables import history_tables
from schemas.operations import TABLES as OPERATIONS
from schemas.quality import TABLES as QUALITY
from schemas.table import POLARS_TYPES, Table
from schemas.warehouse import warehouse_tables

CODE_VERSION = 4
"""Raise it when the same tables would be published differently."""

_NO_RECORD: dict[str, Any] = {"inputs": None, "publish_id": None, "rows": {}, "log": []}
_ROLLED_BACK = "rolled_back_to"

KEPT_PUBLISHES = 1000
"""Rows of `run_log` that are kept."""


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What a publish did.

    Attributes:
        place: Where the warehouse is.
        is_new: Whether anything changed; otherwise the warehouse was left alone.
        publish_id: Publish that readers see now.
        rows: Table → rows.
    """

    place: str
    is_new: bool
    publish_id: str
    rows: dict[str, int]


def published_tables(project: Project) -> tuple[Table, ...]:
    """Contracts of every published table, as the configuration shapes them."""
    return (*warehouse_tables(project), *history_tables(project), *QUALITY, *OPERATIONS)


def publish(
    lake: Lake, project: Project, *, run_id: str, now: dt.datetime, as_of: dt.date
) -> PublishReport:
    """Publish all tables together, unless nothing changed since the last publish.

    Args:
        lake: Where everything stands.
        project: The company's configuration.
        run_id: Dagster run.
        now: Instant of the publish.
        as_of: Latest logical date loaded.

    Raises:
        PublishError: A check forbids it, or the warehouse could not be written or did not pass its
            audit; the previous publish stays.
    """
    results = refuse_if_blocked(lake, project, today=project.company.today(now))
    frames = _frames(lake, project, as_of=as_of)
    frames["data_quality_result"] = recent_results(results, project, as_of=as_of)
    frames["data_quality_waiver"] = waiver_rows(read_waivers(lake))
    inputs = fingerprint(
        CODE_VERSION,
        as_of,
        [repr(table) for table in published_tables(project)],
        {name: _digest(frame) for name, frame in frames.items()},
    )
    record, target = _record(lake.warehouse), destination(lake, project)
    shown = target.published_id()
    if record["inputs"] == inputs and shown is not None and shown in _known(record):
        return PublishReport(target.place, False, shown, record["rows"])
    settle_history(lake, project)
    publish_id, known_at = fingerprint(inputs, run_id)[:12], next_instant(lake, now)
    revision = _revision(
        lake, project, frames, run_id=run_id, publish_id=publish_id, known_at=known_at
    )
    frames["kpi_value"] = revision.values
    frames["kpi_value_history"] = revision.history.collect()
    frames["kpi_restatement"] = revision.restatements.collect()
    log = {
        "publish_id": publish_id,
        "run_id": run_id,
        "published_at": known_at.isoformat(),
        "as_of": as_of.isoformat(),
        "kpi_values": frames["kpi_value"].height,
        "rows_quarantined": int(frames["quarantine_summary"]["rows"].sum()),
    }
    entries = [each for each in record["log"] if each["publish_id"] != publish_id]
    entries = [*entries, log][-KEPT_PUBLISHES:]
    frames["run_log"] = _run_log(entries)
    contents = [
        Content(table, frames[table.name].select(table.polars_schema().names()).cast(
            table.polars_schema()))
        for table in published_tables(project)
    ]  # fmt: skip
    target.publish(contents, publish_id)
    commit_revision(lake)
    rows = {content.table.name: content.rows.height for content in contents}
    written = {"inputs": inputs, "publish_id": publish_id, "rows": rows, "log": entries}
    _write_record(lake.warehouse, written)
    return PublishReport(target.place, True, publish_id, rows)


def rollback(lake: Lake, project: Project) -> str:
    """Show readers the publish before the one that they see; its id.

    It stays until there is something new to publish.

    Raises:
        PublishError: There is none before.
    """
    settle_history(lake, project)
    publish_id = destination(lake, project).rollback()
    record = _record(lake.warehouse)
    if record["publish_id"] is not None:
        _write_record(lake.warehouse, {**record, _ROLLED_BACK: publish_id})
    return publish_id


def is_published(lake: Lake, project: Project) -> bool:
    """Whether readers see the publish that is on record, or one that was gone back to."""
    return destination(lake, project).published_id() in _known(_record(lake.warehouse))


def publish_log(lake: Lake) -> list[dict[str, Any]]:
    """Publishes that are on record, earliest first: `run_log` as JSON."""
    log: list[dict[str, Any]] = _record(lake.warehouse)["log"]
    return log


def _revision(
    lake: Lake,
    project: Project,
    frames: dict[str, pl.DataFrame],
    *,
    run_id: str,
    publish_id: str,
    known_at: dt.datetime,
) -> Revision:
    """What this publish changes in the values that readers have."""
    plan = Plan(project)
    stamp = {"run_id": run_id, "known_at": known_at, "publish_id": publish_id}
    schema = {"run_id": pl.String(), "known_at": POLARS_TYPES["instant"], "publish_id": pl.String()}
    return prepare_revision(
        lake,
        plan,
        frames["kpi_value"],
        frames["kpi_exclusion"],
        evidence=gather(lake, plan),
        stamp=pl.DataFrame([stamp], schema=schema),
    )


def _frames(lake: Lake, project: Project, *, as_of: dt.date) -> dict[str, pl.DataFrame]:
    status = source_status(lake, project, as_of=as_of)
    found = scan_published(lake, project)
    frames = {name: rows.collect() for name, (_, rows) in found.items()}
    return frames | {
        "source_status": status,
        "quarantine_summary": quarantine_summary(lake, project),
        "kpi_inventory": kpi_inventory(lake, project, status, covered_until(frames["kpi_value"])),
    }


def _run_log(entries: list[dict[str, object]]) -> pl.DataFrame:
    frame = pl.DataFrame(entries)
    return frame.with_columns(
        pl.col("published_at").str.to_datetime(time_unit="us", time_zone="UTC"),
        pl.col("as_of").str.to_date(),
    )


def _record_path(warehouse: Path) -> Path:
    return warehouse.with_name("publish.json")


def _record(warehouse: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(_record_path(warehouse).read_text(encoding="utf-8"))
        whole = {name: found[name] for name in _NO_RECORD}
        whole[_ROLLED_BACK] = found.get(_ROLLED_BACK)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        # without its record the file is written once more: the same content, a new publish_id
        return _NO_RECORD
    return whole


def _write_record(warehouse: Path, record: dict[str, Any]) -> None:
    with atomic_path(_record_path(warehouse)) as temporary:
        temporary.write_text(json.dumps(record, indent=1), encoding="utf-8")


def _known(record: dict[str, Any]) -> set[str]:
    """Publishes that readers may see without anything being amiss."""
    return {one for one in (record["publish_id"], record.get(_ROLLED_BACK)) if one}


def _digest(frame: pl.DataFrame) -> str:
    """Fingerprint of a frame's rows in their order."""
    buffer = io.BytesIO()
    frame.write_ipc(buffer, compression="uncompressed")
    return hashlib.sha256(buffer.getbuffer()).hexdigest()
