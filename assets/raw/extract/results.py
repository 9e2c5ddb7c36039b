"""What goes in and out of an extraction: plain records without behaviour."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class ResolvedFile:
    """One file that a source's pattern matches.

    Attributes:
        display_name: Path below the root, as lineage and messages show it.
        location: Where its file system finds it.
        size: Bytes, where the store tells.
        fingerprint: Changes whenever the content does: size and modification time of a local
            file; size and entity tag, or modification time, of a remote one.
        is_local: Whether `location` is a path on this machine.
    """

    display_name: str
    location: str = dataclasses.field(repr=False)
    size: int | None
    fingerprint: str
    is_local: bool


@dataclass(frozen=True, slots=True)
class FileRows:
    """How many records one file gave.

    Attributes:
        source_file: Value of `_source_file`: the display name, with the zip member if any.
        rows: Records read.
        fingerprint: Of the file that was read.
    """

    source_file: str
    rows: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class ExtractResult:
    """What an extraction wrote.

    Attributes:
        rows: Rows of the Parquet file, the sum over the files.
        columns: The source's columns in order, lineage columns left out.
        files: Rows of each file, in the order they stand in the Parquet file.
        unknown_columns: Columns that `expected_columns` does not name; empty without it.
        notes: Things that are no error and that somebody should know.
    """

    rows: int
    columns: tuple[str, ...]
    files: tuple[FileRows, ...]
    unknown_columns: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class OpenedFile:
    """A file being read.

    Attributes:
        source_file: The display name, with the zip member if any.
        schema: Its columns.
        batches: Its records in order. Errors in the content come up while they are drawn.
        notes: What the reader noticed; complete once the batches are drawn.
    """

    source_file: str
    schema: "pa.Schema"
    batches: Iterator["pa.RecordBatch"]
    notes: list[str]
