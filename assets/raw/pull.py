"""Pull one source for one logical date into its raw partition."""

import datetime as dt
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from assets.lake.layout import Lake
from assets.lake.slot import fingerprint
from assets.raw.extract.resolve import resolve_files
from assets.raw.extract.results import ExtractResult
from assets.raw.extract.to_parquet import extract_to_parquet
from schemas.config.project import Source
from schemas.errors import ExtractError

CODE_VERSION = 1
"""Raise it when the same files would be extracted to other rows."""

Status = Literal["extracted", "unchanged", "kept", "absent"]


@dataclass(frozen=True, slots=True)
class Pull:
    """What became of one source on one logical date.

    Attributes:
        status: `extracted`; `unchanged` since the last pull; `kept`: the files are gone and the
            partition stays; `absent`: there never were any and the source may be skipped.
        rows: Rows in the partition.
        files: Files it came from.
        notes: What an engineer should know (unknown columns, header-only files).
    """

    date: dt.date
    status: Status
    rows: int
    files: Sequence[str] = ()
    notes: Sequence[str] = field(default=())


def pull(lake: Lake, name: str, source: Source, date: dt.date) -> Pull:
    """Extract a source's files of one logical date, unless they are unchanged.

    Args:
        lake: Where the partition goes.
        name: Name of the source.
        source: Its configuration.
        date: Logical date.

    Raises:
        ExtractError: There is no file and `on_missing` is `fail`, or a file cannot be read as
            configured; the partition that was there before stays whole.
    """
    slot = lake.raw(name, date)
    files = resolve_files(source.files, date)
    before = slot.receipt()
    if not files:
        return _missing(lake, name, source, date)
    options = source.files.model_dump(mode="json", exclude={"storage_options", "root"})
    inputs = fingerprint(
        CODE_VERSION, options, [(file.display_name, file.fingerprint) for file in files]
    )
    if before is not None and slot.is_current(inputs):
        facts = before.facts
        return Pull(date, "unchanged", facts["rows"], facts["source_files"], facts["notes"])
    lake.scratch.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=lake.scratch) as scratch,
        slot.replace(inputs) as draft,
    ):
        result = extract_to_parquet(
            files, source.files, date, target=draft.path("data.parquet"), scratch=Path(scratch)
        )
        draft.facts.update(
            rows=result.rows,
            columns=list(result.columns),
            source_files=[file.display_name for file in files],
            fingerprints=[file.fingerprint for file in files],
            notes=_notes(result),
        )
    facts = draft.facts
    return Pull(date, "extracted", facts["rows"], facts["source_files"], facts["notes"])


def _notes(result: ExtractResult) -> list[str]:
    unknown = [f"column {name!r} is new: kept, not mapped" for name in result.unknown_columns]
    return [*result.notes, *unknown]


def _missing(lake: Lake, name: str, source: Source, date: dt.date) -> Pull:
    slot = lake.raw(name, date)
    before = slot.receipt()
    if before is not None and "data.parquet" in before.files:
        note = "the files are gone; what was extracted from them is kept"
        return Pull(date, "kept", before.facts["rows"], before.facts["source_files"], (note,))
    if source.on_missing == "fail":
        raise ExtractError(
            f"no file for {date}",
            where=f"source {name}",
            found=f"nothing matches {source.files.path!r} under {source.files.root}",
            allowed="at least one file a logical date (on_missing: fail)",
            mend="deliver the file and run again, or set on_missing: skip if days may lack it",
        )
    if before is None:
        with slot.replace("absent") as draft:
            draft.facts.update(rows=0, columns=[], source_files=[], notes=["no file"])
    return Pull(date, "absent", 0)
