"""What is wrong with a delimited file, and on which line: a second, slow look at a refused one."""

import csv
import itertools
from pathlib import Path

from assets.raw.extract.csv_records import (
    MAX_RECORD_BYTES,
    Record,
    RecordReader,
    broken_quoting,
)
from assets.raw.extract.text import text_lines, utf8_chunks
from assets.raw.extract.unpack import open_plain
from schemas.config.files import FileOptions
from schemas.errors import ExtractError


def diagnose(path: Path, name: str, options: FileOptions, *, width: int, rows: int | None) -> None:
    """Read a file record by record and raise at the first that is wrong.

    Args:
        path: The local file.
        name: Its display name.
        options: How it is read.
        width: How many fields each record must have.
        rows: How many records the fast reader found; None if it failed.

    Raises:
        ExtractError: The first defect. None is raised if every record is sound.
    """
    with open_plain(path, name, options) as plain:
        lines = text_lines(utf8_chunks(plain, options, []))
        body = itertools.islice(lines, options.skip_rows, None)
        reader = RecordReader(body, options, first_line=options.skip_rows + 1)
        counted = _check_records(reader, plain.source_file, options, width=width)
    if rows is not None and counted != rows:
        raise ExtractError(
            "two readers disagree on the number of records",
            where=name,
            found=f"{rows:,} read fast, {counted:,} read slowly",
            mend="have quotes inside fields doubled in the export, and keep this file for a report",
        )


def _check_records(reader: RecordReader, name: str, options: FileOptions, *, width: int) -> int:
    """Check every record and count them, header left out."""
    records = iter(reader)
    count = 0
    try:
        if options.has_header:
            next(records, None)
        for record in records:
            count += 1
            if len(record.fields) != width:
                is_last = next(records, None) is None
                raise _ragged(record, name, width=width, is_last=is_last)
            if len(record.text) > MAX_RECORD_BYTES:
                raise broken_quoting(csv.Error("too long"), name, record.line)
    except csv.Error as error:
        raise broken_quoting(error, name, reader.line) from error
    return count


def _ragged(record: Record, name: str, *, width: int, is_last: bool) -> ExtractError:
    found = len(record.fields)
    where = f"{name}, line {record.line}"
    if found < width and is_last:
        return ExtractError(
            "the last row is cut short (half-written?)",
            where=where,
            found=f"{found} fields",
            allowed=f"{width}, as in the header",
            mend="wait until the export is complete and run again",
        )
    return ExtractError(
        f"the row has too {'few' if found < width else 'many'} fields",
        where=where,
        found=f"{found} fields",
        allowed=f"{width}, as in the header",
        mend="have fields that hold the delimiter quoted in the export; check `delimiter` and "
        "`quote`",
    )
