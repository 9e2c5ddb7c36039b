"""The rows in quarantine, read and told: each with its reasons, redacted.

What this module gives may leave the lake: what is personal is hidden. The rows as they are stay in
`quarantined.parquet` of the core partitions.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from assets.core.conservation import PartitionCounts
from assets.core.redaction import redaction_of
from assets.core.references import question_partitions, question_scales
from assets.core.refusal_counts import QUARANTINED, Wanted, reasons_of, refused_partitions
from assets.core.remedies import Fault, allowed, config_key, expected, remedy
from assets.lake.layout import Lake
from assets.transforms.mapping import OFF_SCALE
from schemas.config.project import Project


@dataclass(frozen=True, slots=True)
class ReasonTold:
    """Why a row was refused; every text is redacted."""

    column: str
    expectation: str
    expected: str
    found: str | None
    allowed: str | None
    suggestion: str | None
    config_key: str
    remedy: str


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A refused row as it may be shown.

    Attributes:
        key: Key column → value, redacted.
        raw: The row as extracted, cells hidden that may be personal.
        stored: File of the lake that holds it whole.
    """

    table: str
    source: str
    date: dt.date
    source_file: str
    row_number: int
    key: Mapping[str, str | None]
    reasons: tuple[ReasonTold, ...]
    raw: Mapping[str, Any]
    stored: Path


def read_refusals(
    lake: Lake,
    project: Project,
    wanted: Wanted,
    *,
    row: int | None = None,
    key: str | None = None,
) -> Iterator[RefusedRow]:
    """Refused rows by table, source, date and place, redacted; partitions are read as needed.

    Args:
        lake: Where everything stands.
        project: The company's configuration.
        wanted: Which part of the quarantine.
        row: Only this record number of the source file.
        key: Only rows with this value in their key, or with this key as JSON.

    Raises:
        ConfigError: There is no such table, source or column.
    """
    for partition in refused_partitions(lake, project, wanted):
        path = lake.core(partition.table, partition.source, partition.date).path(QUARANTINED)
        if path is None:
            continue
        rows = pl.scan_parquet(path)
        if row is not None:
            rows = rows.filter(pl.col("_row_number") == row)
        if wanted.column is not None:
            at_fault = pl.element().struct.field("column") == wanted.column
            rows = rows.filter(pl.col("reasons").list.eval(at_fault).list.any())
        teller = None
        for found in rows.collect().iter_rows(named=True):
            if key is None or key == found["key"] or key in json.loads(found["key"]).values():
                teller = teller or _Teller(lake, project, partition, path)
                yield teller.told(found)


class _Teller:
    """Tells the rows of one partition."""

    def __init__(
        self, lake: Lake, project: Project, partition: PartitionCounts, path: Path
    ) -> None:
        self._project = project
        self._partition = partition
        self._path = path
        self._redaction = redaction_of(project, partition.source)
        self._scales = _scales(lake, project, partition)

    def told(self, row: dict[str, Any]) -> RefusedRow:
        at, redaction = self._partition, self._redaction
        key = json.loads(row["key"])
        question = key.get("question_id") if at.table == "survey_answer" else None
        return RefusedRow(
            table=at.table,
            source=at.source,
            date=at.date,
            source_file=row["_source_file"],
            row_number=row["_row_number"],
            key={name: redaction.value(at.table, name, value) for name, value in key.items()},
            reasons=tuple(self._reason(reason, question) for reason in row["reasons"]),
            raw=redaction.row(json.loads(row["raw"])),
            stored=self._path,
        )

    def _reason(self, reason: dict[str, Any], question: str | None) -> ReasonTold:
        at, redaction, project = self._partition, self._redaction, self._project
        column = reason["column"]
        shown = redaction.value(at.table, column, reason["found"])
        fault = Fault(at.table, at.source, column, reason["expectation"], shown, question)
        return ReasonTold(
            column=column,
            expectation=reason["expectation"],
            expected=expected(project, fault),
            found=shown,
            allowed=allowed(project, fault, self._scales.get(question, ())),
            suggestion=reason["suggestion"],
            config_key=config_key(project, fault),
            remedy=remedy(project, fault),
        )


def _scales(
    lake: Lake, project: Project, partition: PartitionCounts
) -> dict[str | None, list[tuple[float | None, float | None]]]:
    """Question → the scales that it has, where the partition holds scores off them."""
    found: dict[str | None, list[tuple[float | None, float | None]]] = {}
    if not any(expectation == OFF_SCALE for _, expectation in reasons_of(partition)):
        return found
    scales = question_scales(lake, question_partitions(lake, project, partition.date))
    for row in scales.iter_rows(named=True):
        ends = (row["scale_min"], row["scale_max"])
        known = found.setdefault(row["question_id"], [])
        if ends not in known:
            known.append(ends)
    return found
