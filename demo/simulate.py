"""The day loop: clean streams → planted faults → files, and the manifest at the end."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from demo.company import Company
from demo.faults import Planter
from demo.manifest import Entry, Recorder, write_manifest
from demo.plain import plain_configuration, plain_sources
from demo.settings import Settings
from demo.shapes import Source
from demo.sources import SOURCES
from demo.surveys import ANSWER
from demo.tally import Tally
from demo.truths import truths
from demo.writers import write_rows
from schemas.registry import TABLES

GAP_SOURCE = "crm_leads"
"""Source that has no file on the planted day without one."""

OTHER_PART = "digital"
"""Second file of a split source: what its mapping does not name."""


def simulate(
    out: Path, settings: Settings, *, progress: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Write a simulated company's extracts and `manifest.json`.

    Memory does not grow with the number of days: a day is written before the next is drawn.

    Args:
        out: Folder to write to; made if it is not there. Files of the same name are replaced.
        settings: Size and switches.
        progress: Called with the number of each finished day, from 1.

    Returns:
        The manifest.
    """
    run = _Run(out, settings)
    for day in range(settings.days):
        run.day(day)
        if progress:
            progress(day + 1)
    manifest = run.recorder.as_dict(_described(settings), truths(run.company, run.tally))
    write_manifest(out / "manifest.json", manifest)
    if settings.formats == "csv":
        configuration = json.dumps(plain_configuration(settings, out), indent=1, default=str)
        (out / "barometer.yaml").write_text(configuration + "\n", encoding="utf-8")
    return manifest


def sources_of(settings: Settings) -> tuple[Source, ...]:
    """Sources that are written, in the order in which a day writes them."""
    known = plain_sources() if settings.formats == "csv" else SOURCES
    return tuple(source for source in known if settings.wants(*source.tables))


class _Run:
    """What lives from one day to the next."""

    def __init__(self, out: Path, settings: Settings) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self._out, self._settings = out, settings
        self.company, self.recorder = Company(settings), Recorder()
        self.tally = Tally(self.company.world)
        self._sources = sources_of(settings)
        self._planters = {
            source.name: Planter(source, settings, self.recorder) for source in self._sources
        }
        self._withheld: pl.DataFrame | None = None

    def day(self, day: int) -> None:
        """Write every source of a day."""
        streams = self.company.day(day)
        lost: set[tuple[str, str]] = set()
        spared: set[str] = set()
        for source in self._sources:
            clean = streams.get(source.stream)
            if source.name == GAP_SOURCE and clean is not None:
                clean = self._with_gap(source, clean, day)
            if clean is None:
                continue
            is_answers = source.tables == ("survey_answer",)
            planter = self._planters[source.name]
            planted = planter.plant(clean, day, spared if is_answers else set())
            if source.tables[0] == "survey_response":
                spared = planted.touched
            lost |= planted.lost
            self._write(source, planted.rows, day)
        self.tally.add(day, streams, lost)

    def _with_gap(self, source: Source, clean: pl.DataFrame, day: int) -> pl.DataFrame | None:
        """Hold back the rows of the planted day without a file; the next day brings them."""
        if day == self.company.world.plan.no_leads and self._settings.faults:
            self._withheld = clean
            self.recorder.enter(
                Entry(
                    kind="missing_day",
                    source=source.name,
                    table=source.tables[0],
                    key={},
                    column="",
                    outcome="skipped",
                    logical_date=self._settings.date(day),
                )
            )
            return None
        if self._withheld is not None:
            # a lead of the missing day that has closed since is told once, as it is now
            key = TABLES[source.tables[0]].key
            clean = pl.concat([self._withheld, clean]).unique(key, keep="last", maintain_order=True)
            self._withheld = None
        return clean

    def _write(self, source: Source, rows: pl.DataFrame, day: int) -> None:
        date = self._settings.date(day)
        raw = [field.raw for field in source.fields]
        if source.layout.format == "jsonl" and not rows.height:
            return  # a file without a byte would count as damaged
        for part, own in _parts(source, rows):
            file = source.path.format(date=date, part=part)
            write_rows(self._out / file, own.select(raw), source.layout)
            self.recorder.wrote(source.name, date, file, own.height)
            self._locate(own, date, file)
        self._count(source, rows, date)

    def _locate(self, rows: pl.DataFrame, date: dt.date, file: str) -> None:
        """Fill in where the rows of noted faults ended up."""
        marked = rows.select("_fault", "_twin").with_row_index("_row", offset=1)
        entries = self.recorder.entries
        for row, fault in marked.select("_row", "_fault").drop_nulls().iter_rows():
            entries[fault].logical_date, entries[fault].file, entries[fault].row = date, file, row
        for row, twin in marked.select("_row", "_twin").drop_nulls().iter_rows():
            entries[twin].kept_row = row

    def _count(self, source: Source, rows: pl.DataFrame, date: dt.date) -> None:
        entries = [self.recorder.entries[number] for number in rows["_fault"].drop_nulls()]
        for table in source.tables:
            is_cells = table == "survey_answer" and source.answers == "wide"
            own = Counter(entry.outcome for entry in entries if entry.table == table)
            mapped = rows.height - own["filtered"]
            if is_cells:
                mapped = _answer_cells(source, rows)
            counts = {
                "rows_raw": rows.height,
                "filtered": own["filtered"],
                "rows_mapped": mapped,
                "accepted": mapped - own["quarantined"] - own["superseded"],
                "quarantined": own["quarantined"],
                "superseded": own["superseded"],
            }
            self.recorder.count(table, source.name, date, counts)


def _parts(source: Source, rows: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """File part → its rows; one unnamed part for sources with one file a day."""
    if source.split is None:
        return [("", rows)]
    part = pl.col("_part").replace_strict(source.split[1], default=OTHER_PART)
    names = sorted({*source.split[1].values(), OTHER_PART})
    return [(name, rows.filter(part.fill_null(OTHER_PART) == name)) for name in names]


def _answer_cells(source: Source, rows: pl.DataFrame) -> int:
    """Answers in a wide extract: cells that are not blank, a choice each in a multi-select."""
    total = 0
    for field in source.fields:
        if not field.column.startswith(ANSWER):
            continue
        cells = rows[field.raw].drop_nulls()
        if cells.dtype == pl.String:
            cells = cells.filter(cells != (source.blank or ""))
        total += len(cells)
        if field.column == f"{ANSWER}nps_reason":
            total += int(cells.str.count_matches("|", literal=True).sum())
    return total


def _described(settings: Settings) -> dict[str, object]:
    described = asdict(settings)
    described["tables"] = sorted(settings.tables) if settings.tables else None
    return {**described, "start": settings.start}
