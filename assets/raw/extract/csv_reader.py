"""CSV and TSV, the fast way: Arrow's streaming reader over checked text.

Every field is text. An empty field without quotes is null, an empty quoted one is an empty text;
blank lines are no records. Why not Polars' reader: it takes a row that is cut short, or one field
too long, without an error, and needs a whole decompressed UTF-8 file; Arrow's refuses both and
reads a stream, so that compressed and oddly encoded files need neither space nor memory.
"""

import contextlib
import csv
import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from assets.raw.extract.csv_diagnosis import diagnose
from assets.raw.extract.csv_records import (
    MAX_RECORD_BYTES,
    Record,
    RecordReader,
    broken_quoting,
    without_comments,
)
from assets.raw.extract.header import column_names, delimiter_remark
from assets.raw.extract.quotes import QuoteGuard
from assets.raw.extract.results import OpenedFile
from assets.raw.extract.text import ChunkFile, utf8_chunks
from assets.raw.extract.unpack import open_plain
from schemas.config.files import FileOptions
from schemas.errors import ExtractError

if TYPE_CHECKING:
    import pyarrow as pa


@contextlib.contextmanager
def open_csv(
    path: Path, name: str, options: FileOptions, *, block_bytes: int = MAX_RECORD_BYTES
) -> Iterator[OpenedFile]:
    """Open a delimited file.

    Args:
        path: The local file, compressed or not.
        name: Its display name.
        options: How it is read.
        block_bytes: How much is parsed at a time; no record may be longer.

    Yields:
        The file with its columns, all text.

    Raises:
        ExtractError: Anything wrong with the file; while the batches are drawn, too.
    """
    import pyarrow as pa

    notes: list[str] = []
    with open_plain(path, name, options) as plain:
        chunks = utf8_chunks(plain, options, notes, chunk_bytes=min(block_bytes, 4 * 1024**2))
        header, line, rest = split_header(chunks, options, plain.source_file)
        names = column_names(header, options, f"{plain.source_file}, line {line}")
        remark = delimiter_remark(names, options)
        if remark:
            notes.append(remark)
        if options.comment is not None:
            rest = without_comments(rest, options)
        batches = _batches(rest, (path, name, options), names, block_bytes=block_bytes)
        schema = pa.schema([(column, pa.string()) for column in names])
        yield OpenedFile(plain.source_file, schema, batches, notes)


def split_header(
    chunks: Iterator[bytes], options: FileOptions, name: str
) -> tuple[list[str] | None, int, Iterator[bytes]]:
    """Take the skipped lines and the header off a text.

    Returns:
        The header's fields (None without one), the line it is on, and the rest of the text.

    Raises:
        ExtractError: There is no header, or its quoting is broken.
    """
    text, is_last = b"", False
    while not is_last:
        chunk = next(chunks, b"")
        text, is_last = text + chunk, not chunk
        lines = io.StringIO(text.decode(), newline="").readlines()
        skipped, body = lines[: options.skip_rows], lines[options.skip_rows :]
        if not options.has_header:
            if not (body or is_last):
                continue
            rest = text[len("".join(skipped).encode()) :]
            return None, options.skip_rows + 1, itertools.chain([rest], chunks)
        header = _first_record(body, options, name, is_last=is_last)
        if header is not None:
            consumed = "".join(lines[: header.line - 1]) + header.text
            rest = text[len(consumed.encode()) :]
            return header.fields, header.line, itertools.chain([rest], chunks)
    raise ExtractError(
        "the file has no header",
        where=name,
        found=f"nothing below the {options.skip_rows} skipped lines"
        if options.skip_rows
        else "blank lines only",
        mend="see why the export wrote nothing, and whether `skip_rows` is right",
    )


def _first_record(
    body: list[str], options: FileOptions, name: str, *, is_last: bool
) -> Record | None:
    """The first record, None while more text is needed to be sure of it."""
    records = RecordReader(body, options, first_line=options.skip_rows + 1)
    try:
        header = next(iter(records), None)
    except csv.Error as error:
        if not is_last and sum(map(len, body)) < MAX_RECORD_BYTES:
            return None
        raise broken_quoting(error, name, records.line) from error
    if header is None or is_last or header.text.endswith(("\n", "\r")):
        return header
    return None


def _batches(
    chunks: Iterator[bytes],
    source: tuple[Path, str, FileOptions],
    names: list[str],
    *,
    block_bytes: int,
) -> Iterator["pa.RecordBatch"]:
    """Parse the records; on doubt or failure have the whole file looked at closely."""
    import pyarrow as pa

    path, name, options = source
    delimiter, quote = options.delimiter_or_default, options.quote
    guard = None if quote is None else QuoteGuard(delimiter, quote)
    rows, has_failed = 0, False
    try:
        for batch in _parsed(_guarded(chunks, guard), names, options, block_bytes=block_bytes):
            rows += batch.num_rows
            yield batch
    except pa.ArrowInvalid:
        # Arrow's message quotes the row, and rows hold personal data: it goes no further.
        has_failed = True
    if has_failed:
        diagnose(path, name, options, width=len(names), rows=None)
        raise ExtractError(
            "the file cannot be parsed, though no record in it is wrong by itself",
            where=name,
            mend="check `delimiter` and `quote`, and fetch the file again",
        )
    if guard is not None and not guard.is_by_the_book:
        diagnose(path, name, options, width=len(names), rows=rows)


def _guarded(chunks: Iterator[bytes], guard: QuoteGuard | None) -> Iterator[bytes]:
    for chunk in chunks:
        if guard is not None:
            guard.feed(chunk)
        yield chunk
    if guard is not None:
        guard.finish()


def _parsed(
    chunks: Iterator[bytes], names: list[str], options: FileOptions, *, block_bytes: int
) -> Iterator["pa.RecordBatch"]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    first = next(filter(None, chunks), None)
    if first is None:
        return
    text = pa.PythonFile(ChunkFile(itertools.chain([first], chunks)), mode="r")
    with arrow_csv.open_csv(
        text,
        read_options=arrow_csv.ReadOptions(
            column_names=names, block_size=block_bytes, use_threads=False
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=options.delimiter_or_default,
            quote_char=options.quote or False,
            double_quote=True,
            newlines_in_values=options.quote is not None,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            check_utf8=False,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    ) as reader:
        yield from reader
