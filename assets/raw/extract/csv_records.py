"""Delimited text, record by record: exact and slow.

For headers, for files with comments, and to say what is wrong with a file and where. The fast
way through sound files is `csv_reader`.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from assets.raw.extract.text import text_lines
from schemas.config.files import FileOptions
from schemas.errors import ExtractError

MAX_RECORD_BYTES = 8 * 1024**2
"""Longest record; one that goes on longer has a quote that is never closed."""

_BATCH_CHARACTERS = 1024**2


@dataclass(frozen=True, slots=True)
class Record:
    """One record: where it begins, its fields, and its text as it stands in the file."""

    line: int
    fields: list[str]
    text: str


class RecordReader:
    """Iterates over the records of physical lines; blank lines and comments are no records.

    Args:
        lines: Lines with their line ends.
        options: Delimiter, quote, comment.
        first_line: Number of the first of them in the file.

    Attributes:
        line: Where the record that is being read begins, also after an error in it.
    """

    def __init__(self, lines: Iterable[str], options: FileOptions, *, first_line: int = 1) -> None:
        # The limit is global to the process. It is only ever raised, so that no thread can take
        # it from another; left as it is, a field of 128 KiB would be refused.
        csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD_BYTES))
        self.line = first_line
        self._options = options
        self._lines = iter(lines)
        self._next_line = first_line
        self._taken: list[str] = []
        self._reader = csv.reader(self._feed(), **_dialect(options))

    def __iter__(self) -> Iterator[Record]:
        """Records in order.

        Raises:
            csv.Error: The quoting is broken; `line` says where the record began.
        """
        for fields in self._reader:
            record = Record(self.line, fields, "".join(self._taken))
            self._taken.clear()
            if fields:
                yield record

    def _feed(self) -> Iterator[str]:
        comment = self._options.comment
        for line in self._lines:
            self._next_line += 1
            if not self._taken:
                if comment is not None and line.startswith(comment):
                    continue
                self.line = self._next_line - 1
            self._taken.append(line)
            yield line


def without_comments(chunks: Iterator[bytes], options: FileOptions) -> Iterator[bytes]:
    """The same text less its comment lines; a line inside a quoted field is none."""
    parts: list[str] = []
    size = 0
    with text_lines(chunks) as lines:
        for record in RecordReader(lines, options):
            parts.append(record.text)
            size += len(record.text)
            if size >= _BATCH_CHARACTERS:
                yield "".join(parts).encode()
                parts, size = [], 0
    if parts:
        yield "".join(parts).encode()


def _dialect(options: FileOptions) -> dict[str, Any]:
    return {
        "delimiter": options.delimiter_or_default,
        "quotechar": options.quote,
        "quoting": csv.QUOTE_MINIMAL if options.quote else csv.QUOTE_NONE,
        "doublequote": True,
        "strict": True,
    }


def broken_quoting(error: csv.Error, name: str, line: int) -> ExtractError:
    """What the `csv` module's complaint about the record that begins on a line means."""
    where, text = f"{name}, line {line}", str(error)
    if "unexpected end of data" in text:
        return ExtractError(
            "a quote is never closed",
            where=where,
            found="the end of the file inside the quoted field of the record that begins here",
            mend="have the file exported again (half-written?); set `quote: null` if quotes are "
            "ordinary characters in it",
        )
    if "expected after" in text:
        return ExtractError(
            "text behind a closing quote",
            where=where,
            found="a quoted field that goes on behind its closing quote, in the record that "
            "begins here",
            mend="have quotes inside fields doubled in the export; set `quote: null` if they are "
            "ordinary characters",
        )
    return ExtractError(
        "a record is longer than any sound one",
        where=where,
        found=f"a field of more than {MAX_RECORD_BYTES:,} bytes: most likely a quote that is "
        "never closed",
        mend="have the file exported again; set `quote: null` if quotes are ordinary characters",
    )
