"""Source files of one logical date → one raw Parquet file, exactly as extracted.

The entry point of extraction; the formats are in the modules beside it. Text formats give text
columns, Parquet keeps its types. Three lineage columns are added last: `_source_file`,
`_row_number` (1-based, within its file) and `_logical_date`.
"""

import contextlib
import datetime as dt
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from assets.lake.atomic import atomic_path, verify_parquet
from assets.raw.extract.csv_reader import open_csv
from assets.raw.extract.excel_reader import open_excel
from assets.raw.extract.header import check_expected
from assets.raw.extract.json_reader import json_columns, open_json
from assets.raw.extract.parquet_reader import open_parquet
from assets.raw.extract.remote import changed_while_read, local_copy
from assets.raw.extract.resolve import local_fingerprint
from assets.raw.extract.results import ExtractResult, FileRows, OpenedFile, ResolvedFile
from assets.raw.extract.writer import LineageWriter
from schemas.config.files import FileOptions
from schemas.errors import ExtractError

if TYPE_CHECKING:
    import pyarrow as pa

_JSON_FORMATS = {"json", "jsonl"}


def extract_to_parquet(
    files: Sequence[ResolvedFile],
    options: FileOptions,
    logical_date: dt.date,
    *,
    target: Path,
    scratch: Path,
) -> ExtractResult:
    """Read files and write them, one after the other, to one Parquet file.

    The target appears complete or not at all; on an error what was there stays.

    Args:
        files: The files of one date, from `resolve_files`.
        options: How they are read.
        logical_date: The day they describe.
        target: The Parquet file to create or replace.
        scratch: Folder for downloads and unpacked workbooks, which are removed again.

    Returns:
        What was written, with remarks.

    Raises:
        ExtractError: A file cannot be read as configured, disagrees with the others, or changed
            meanwhile.
        LakeError: The Parquet file cannot be read back as it was written.
    """
    if not files:
        raise ExtractError(
            "there are no files to extract",
            where=options.path,
            mend="check `path` and `root`, and whether the extract of this date has come",
        )
    with contextlib.ExitStack() as stack:
        local = [(file, stack.enter_context(local_copy(file, options, scratch))) for file in files]
        columns = _json_columns(local, options)
        temporary = stack.enter_context(atomic_path(target))
        extraction = Extraction(temporary, options, logical_date)
        with contextlib.closing(extraction):
            _add_all(extraction, local, options, scratch=scratch, columns=columns)
        result = extraction.result()
        verify_parquet(temporary, result.rows, extraction.schema)
    return result


def _add_all(
    extraction: "Extraction",
    local: Sequence[tuple[ResolvedFile, Path]],
    options: FileOptions,
    *,
    scratch: Path,
    columns: Sequence[str],
) -> None:
    for file, path in local:
        with _open(file, path, options, scratch=scratch, columns=columns) as opened:
            extraction.add(opened, file)
        _check_unchanged(file)


class Extraction:
    """The state of one extraction: the writer, and what has been seen so far."""

    def __init__(self, path: Path, options: FileOptions, logical_date: dt.date) -> None:
        self._path = path
        self._options = options
        self._date = logical_date
        self._writer: LineageWriter | None = None
        self._source_schema: pa.Schema | None = None
        self._files: list[FileRows] = []
        self._unknown: tuple[str, ...] = ()
        self._notes: list[str] = []

    @property
    def schema(self) -> "pa.Schema | None":
        """The Parquet file's columns."""
        return self._writer and self._writer.schema

    def add(self, opened: OpenedFile, file: ResolvedFile) -> None:
        """Write one file's records."""
        if self._source_schema is None or self._writer is None:
            self._unknown = check_expected(opened.schema.names, self._options, opened.source_file)
            self._source_schema = opened.schema
            self._writer = LineageWriter(self._path, opened.schema, self._date)
        else:
            _check_agrees(opened, self._source_schema, self._files[0].source_file)
        rows = 0
        for batch in opened.batches:
            self._writer.write(batch, opened.source_file, rows + 1)
            rows += batch.num_rows
        if rows == 0:
            opened.notes.append("header only, no rows")
        self._notes += [f"{opened.source_file}: {note}" for note in opened.notes]
        self._files.append(FileRows(opened.source_file, rows, file.fingerprint))

    def result(self) -> ExtractResult:
        """What was written."""
        return ExtractResult(
            rows=self._writer.rows if self._writer else 0,
            columns=tuple(self._source_schema.names) if self._source_schema else (),
            files=tuple(self._files),
            unknown_columns=self._unknown,
            notes=tuple(self._notes),
        )

    def close(self) -> None:
        """End the Parquet file; its rows count only if no error is under way."""
        if self._writer is not None:
            self._writer.close()


def _json_columns(
    local: Sequence[tuple[ResolvedFile, Path]], options: FileOptions
) -> Sequence[str]:
    """Columns of all JSON files; without a single record, those that are expected."""
    if options.format not in _JSON_FORMATS:
        return ()
    columns = json_columns([(path, file.display_name) for file, path in local], options)
    return columns or options.expected_columns or ()


def _open(
    file: ResolvedFile, path: Path, options: FileOptions, *, scratch: Path, columns: Sequence[str]
) -> AbstractContextManager[OpenedFile]:
    name = file.display_name
    match options.format:
        case "csv" | "tsv":
            return open_csv(path, name, options)
        case "json" | "jsonl":
            return open_json(path, name, options, columns=columns)
        case "excel":
            return open_excel(path, name, options, scratch=scratch)
        case "parquet":
            return open_parquet(path, name, options, scratch=scratch)


def _check_agrees(opened: OpenedFile, first: "pa.Schema", first_name: str) -> None:
    """Files of one date must have the same columns, in whatever order."""
    lacking = [name for name in first.names if name not in opened.schema.names]
    surplus = [name for name in opened.schema.names if name not in first.names]
    if lacking or surplus:
        parts = [f"no {', '.join(lacking)}"] if lacking else []
        parts += [f"also {', '.join(surplus)}"] if surplus else []
        raise ExtractError(
            f"the file has other columns than {first_name}, which is of the same date",
            where=opened.source_file,
            found="; ".join(parts),
            allowed=", ".join(first.names),
            mend="have the files exported alike, or narrow `path` to those that are",
        )
    for field in first:
        found = opened.schema.field(field.name).type
        if found != field.type:
            raise ExtractError(
                f"column {field.name} has another type than in {first_name}, which is of the "
                "same date",
                where=opened.source_file,
                found=found,
                allowed=field.type,
                mend="have the files exported alike",
            )


def _check_unchanged(file: ResolvedFile) -> None:
    """A local file must be the one that was resolved; a remote one is checked when copied."""
    if not file.is_local:
        return
    try:
        now = local_fingerprint(Path(file.location))
    except OSError as error:
        raise changed_while_read(file.display_name) from error
    if now != file.fingerprint:
        raise changed_while_read(file.display_name)
