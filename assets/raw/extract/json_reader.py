"""JSON documents and JSON lines as tables of text.

Columns are the keys of all records, in the order they first come up; a key that a record does not
have is null in it.
"""

import contextlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.raw.extract.header import check_names
from assets.raw.extract.json_records import JsonRecord, records_of
from assets.raw.extract.json_values import text_of
from assets.raw.extract.results import OpenedFile
from assets.raw.extract.text import text_lines, utf8_chunks
from assets.raw.extract.unpack import open_plain
from schemas.config.files import FileOptions
from schemas.errors import ExtractError

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 32_768


def json_columns(files: Sequence[tuple[Path, str]], options: FileOptions) -> list[str]:
    """The keys of all records of several files, in the order they first come up.

    The files are read for it: a key may come up in the last record only.

    Args:
        files: Local path and display name of each.
        options: How they are read.

    Raises:
        ExtractError: Anything wrong with a file, or a key that cannot name a column.
    """
    keys: dict[str, None] = {}
    for path, name in files:
        with open_plain(path, name, options) as plain:
            text = text_lines(utf8_chunks(plain, options, []))
            for where, members in records_of(text, options, plain.source_file):
                if not members.keys() <= keys.keys():
                    _check_keys(list(members), where)
                    keys.update(dict.fromkeys(members))
    return list(keys)


@contextlib.contextmanager
def open_json(
    path: Path, name: str, options: FileOptions, *, columns: Sequence[str]
) -> Iterator[OpenedFile]:
    """Open a file of JSON records.

    Args:
        path: The local file, compressed or not.
        name: Its display name.
        options: How it is read.
        columns: The keys to take, all that come up.

    Raises:
        ExtractError: Anything wrong with the file; while the batches are drawn, too.
    """
    import pyarrow as pa

    notes: list[str] = []
    schema = pa.schema([(column, pa.string()) for column in columns])
    with open_plain(path, name, options) as plain:
        text = text_lines(utf8_chunks(plain, options, notes))
        records = records_of(text, options, plain.source_file)
        yield OpenedFile(plain.source_file, schema, _batches(records, schema), notes)


def _batches(records: Iterator[JsonRecord], schema: "pa.Schema") -> Iterator["pa.RecordBatch"]:
    import pyarrow as pa

    while chunk := list(islice(records, _BATCH_ROWS)):
        try:
            arrays = [
                pa.array([text_of(members.get(key)) for _, members in chunk], pa.string())
                for key in schema.names
            ]
        except (UnicodeEncodeError, RecursionError):
            culprit = next(where for where, members in chunk if not _is_text(members))
        else:
            # Built from records, not columns: without any column the rows still count.
            yield (
                pa.RecordBatch.from_struct_array(
                    pa.StructArray.from_arrays(arrays, fields=list(schema))
                )
                if arrays
                else _rows_only(len(chunk))
            )
            continue
        raise ExtractError(
            "a text holds half a character (a lone surrogate), or is nested too deep",
            where=culprit,
            mend="have the export repaired: this is not Unicode",
        )


def _rows_only(count: int) -> "pa.RecordBatch":
    """Records without any key."""
    import pyarrow as pa

    return pa.RecordBatch.from_struct_array(pa.array([{}] * count, pa.struct([])))


def _is_text(members: dict[str, Any]) -> bool:
    try:
        for value in members.values():
            (text_of(value) or "").encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def _check_keys(keys: list[str], where: str) -> None:
    if any(not key.strip() for key in keys):
        raise ExtractError("a key without a name", where=where, mend="have the export repaired")
    check_names(keys, where)
