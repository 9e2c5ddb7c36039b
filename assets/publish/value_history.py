"""Keeping every value ever published: append-only parts that count once their publish is there.

A publish first prepares: it writes what it changes as a part of its own, and `next`, which says
what readers have after it. Then it replaces what the warehouse shows, and commits: `next` becomes
`state`. A run killed in between leaves `next` behind, and the warehouse itself tells whether that
publish came to be. A part that neither names was never published and is swept away.

The lake keeps all figures. Readers get those of KPIs of which something may be withheld only as far
as they hold now (`assets.transforms.withholding.marked_history`).

What changed and why is found in `assets.transforms.restatements`.
"""

import datetime as dt
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from assets.kpi.evidence import Evidence, compare
from assets.kpi.plan import Plan
from assets.kpi.withheld import guarded
from assets.lake.layout import Lake
from assets.lake.slot import Receipt, fingerprint
from assets.publish.destination import destination
from assets.transforms.published import shaped
from assets.transforms.restatements import differences, restatements, with_exclusions
from assets.transforms.withholding import marked_history, marked_restatements
from schemas.config.project import Project
from schemas.history_tables import history_tables
from schemas.table import Table

MAX_PARTS = 200
"""With more parts than these they are merged, one a year."""

_CURRENT, _HISTORY, _RESTATEMENT = "current.parquet", "history.parquet", "restatement.parquet"


@dataclass(frozen=True, slots=True)
class Revision:
    """A publish as it is prepared.

    Attributes:
        publish_id: Publish.
        known_at: Instant under which its changes become known, after that of every publish before.
        values: Rows of `kpi_value`, those that are the same as before with their old stamps.
        history: Rows of `kpi_value_history` with this publish.
        restatements: Rows of `kpi_restatement` with this publish.
    """

    publish_id: str
    known_at: dt.datetime
    values: pl.DataFrame
    history: pl.LazyFrame
    restatements: pl.LazyFrame


def settle_history(lake: Lake, project: Project) -> None:
    """Commit or drop what a killed publish left prepared, as the warehouse has it or not."""
    pending = lake.published("next").receipt()
    if pending is None:
        return
    if _is_published(lake, project, pending):
        commit_revision(lake)
    else:
        lake.published("next").remove()


def next_instant(lake: Lake, now: dt.datetime) -> dt.datetime:
    """The instant of a publish: now, or just after the last one where the clock went back."""
    state = lake.published("state").receipt()
    if state is None:
        return now
    last = dt.datetime.fromisoformat(state.facts["known_at"])
    return max(now, last + dt.timedelta(microseconds=1))


def prepare_revision(
    lake: Lake,
    plan: Plan,
    values: pl.DataFrame,
    exclusions: pl.DataFrame,
    *,
    evidence: Evidence,
    stamp: pl.DataFrame,
) -> Revision:
    """Write what a publish changes; it counts from `commit_revision` on.

    Args:
        lake: Where everything stands; `settle_history` was called.
        plan: What is published.
        values: Rows of `kpi_value`, without run_id and known_at.
        exclusions: Rows of `kpi_exclusion`.
        evidence: What they are made from.
        stamp: One row: run_id, known_at (from `next_instant`) and publish_id.
    """
    state = lake.published("state").receipt()
    _sweep(lake, state)
    full = with_exclusions(values, exclusions)
    found = differences(_current(lake, full), full, stamp)
    since = None
    if state is not None:
        since = compare(plan, Evidence(**state.facts["evidence"]), evidence)
    value_table, restatement_table = history_tables(plan.project)
    publish_id, known_at = stamp["publish_id"][0], stamp["known_at"][0]
    parts = _compacted(lake, state.facts["parts"] if state else [])
    if found.appended.height:
        restated = shaped(restatements(found, since), restatement_table)
        name = f"{known_at:%Y%m%dT%H%M%S%f}-{publish_id}"
        _write_part(lake, name, shaped(found.appended, value_table), restated)
        parts = [*parts, name]
    with lake.published("next").replace(publish_id) as draft:
        found.values.write_parquet(draft.path(_CURRENT))
        draft.facts.update(
            publish_id=publish_id,
            known_at=known_at.isoformat(),
            parts=parts,
            evidence=evidence.facts(),
        )
    return Revision(
        publish_id,
        known_at,
        found.values,
        *_guarded_tables(lake, plan.project, parts, found.values.lazy()),
    )


def commit_revision(lake: Lake) -> None:
    """Make what was prepared count: its warehouse is in place."""
    pending = lake.published("next")
    receipt, current = pending.receipt(), pending.path(_CURRENT)
    if receipt is None or current is None:
        return
    with lake.published("state").replace(receipt.inputs) as draft:
        shutil.copyfile(current, draft.path(_CURRENT))
        draft.facts.update(receipt.facts)
    pending.remove()


def scan_value_history(lake: Lake, project: Project) -> pl.LazyFrame:
    """Rows of `kpi_value_history` that were published, as they may be read now."""
    return _readable(lake, project)[0]


def scan_restatements(lake: Lake, project: Project) -> pl.LazyFrame:
    """Rows of `kpi_restatement` that were published, as they may be read now."""
    return _readable(lake, project)[1]


def _is_published(lake: Lake, project: Project, receipt: Receipt) -> bool:
    """Whether readers see the publish of a receipt."""
    return bool(destination(lake, project).published_id() == receipt.facts["publish_id"])


def _readable(lake: Lake, project: Project) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Both tables of the publish that counts, one that was killed after its warehouse included."""
    chosen, pending = lake.published("state"), lake.published("next")
    receipt = pending.receipt()
    if receipt is not None and _is_published(lake, project, receipt):
        chosen = pending
    receipt, path = chosen.receipt(), chosen.path(_CURRENT)
    parts = list(receipt.facts["parts"]) if receipt else []
    empty = history_tables(project)[0].polars_schema().to_frame().lazy()
    return _guarded_tables(lake, project, parts, pl.scan_parquet(path) if path else empty)


def _guarded_tables(
    lake: Lake, project: Project, parts: Sequence[str], current: pl.LazyFrame
) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Both tables of some parts; the lake keeps the figures that readers may not see."""
    history, restated = (
        _scan(lake, parts, file, table)
        for file, table in zip((_HISTORY, _RESTATEMENT), history_tables(project), strict=True)
    )
    is_guarded = guarded(project)
    return (
        marked_history(history, current, is_guarded),
        marked_restatements(restated, is_guarded),
    )


def _current(lake: Lake, values: pl.DataFrame) -> pl.DataFrame:
    """The rows that readers have; none, with the columns of these, before the first publish."""
    path = lake.published("state").path(_CURRENT)
    if path is None:
        return values.clear().with_columns(pl.lit(None, pl.String).alias("publish_id"))
    return pl.read_parquet(path)


def _scan(lake: Lake, parts: Sequence[str], file: str, table: Table) -> pl.LazyFrame:
    """A file of several parts as one frame; a column that a part does not have is null there."""
    empty = table.polars_schema().to_frame().lazy()
    paths = [path for name in parts if (path := lake.published("parts", name).path(file))]
    return pl.concat([empty, *(_aligned(pl.scan_parquet(path), table) for path in paths)])


def _aligned(rows: pl.LazyFrame, table: Table) -> pl.LazyFrame:
    there = rows.collect_schema().names()
    return rows.select(
        (pl.col(name) if name in there else pl.lit(None).alias(name)).cast(kind)
        for name, kind in table.polars_schema().items()
    )


def _write_part(lake: Lake, name: str, history: pl.DataFrame, restated: pl.DataFrame) -> None:
    with lake.published("parts", name).replace(name) as draft:
        history.write_parquet(draft.path(_HISTORY))
        restated.write_parquet(draft.path(_RESTATEMENT))


def _compacted(lake: Lake, parts: Sequence[str]) -> list[str]:
    """The parts, merged by year where there are too many; the old ones stay until a commit."""
    if len(parts) <= MAX_PARTS:
        return list(parts)
    history, restated = (_merged(lake, parts, file) for file in (_HISTORY, _RESTATEMENT))
    year = pl.col("known_at").dt.year()
    merged = []
    for number in history.select(year.unique().sort()).to_series():
        name = f"{number}-{fingerprint(list(parts), secrets.token_hex(4))[:12]}"
        of_year = [frame.filter(year == number) for frame in (history, restated)]
        _write_part(lake, name, *of_year)
        merged.append(name)
    return merged


def _merged(lake: Lake, parts: Sequence[str], file: str) -> pl.DataFrame:
    paths = [path for name in parts if (path := lake.published("parts", name).path(file))]
    # what a part of another configuration has stays, though no table shows it now
    return pl.concat([pl.scan_parquet(path) for path in paths], how="diagonal").collect()


def _sweep(lake: Lake, state: Receipt | None) -> None:
    """Remove parts that no publish has: of killed or failed ones, and those merged since."""
    kept = set(state.facts["parts"]) if state else set()
    for name in lake.published_names("parts"):
        if name not in kept:
            lake.published("parts", name).remove()
