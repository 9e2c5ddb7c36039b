"""Parquet files, with the types they have."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from assets.raw.extract.header import check_names
from assets.raw.extract.results import OpenedFile
from assets.raw.extract.unpack import plain_file
from schemas.config.files import FileOptions
from schemas.errors import ExtractError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_BATCH_ROWS = 65_536


@contextlib.contextmanager
def open_parquet(
    path: Path, name: str, options: FileOptions, *, scratch: Path
) -> Iterator[OpenedFile]:
    """Open a Parquet file.

    Args:
        path: The local file, compressed once more or not.
        name: Its display name.
        options: Limits.
        scratch: Folder for the unpacked file.

    Raises:
        ExtractError: It is no sound Parquet file; while the batches are drawn, too.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with plain_file(path, name, options, scratch=scratch) as (source_file, plain):
        if plain.stat().st_size == 0:
            raise ExtractError("the file is empty", where=source_file, found="0 bytes")
        try:
            file = pq.ParquetFile(plain)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(source_file, error) from error
        with file:
            # Metadata of the tool that wrote it (an index of pandas) does not hold for ours.
            schema = file.schema_arrow.remove_metadata()
            check_names(schema.names, source_file)
            yield OpenedFile(source_file, schema, _batches(file, source_file, options), [])


def _batches(file: "pq.ParquetFile", name: str, options: FileOptions) -> Iterator["pa.RecordBatch"]:
    import pyarrow as pa

    size = 0
    try:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            size += batch.nbytes
            if size > options.max_uncompressed_bytes:
                raise ExtractError(
                    "the file unpacks to more than is allowed",
                    where=name,
                    found=f"more than {options.max_uncompressed_bytes:,} bytes",
                    allowed=f"{options.max_uncompressed_bytes:,} bytes",
                    mend="raise `max_uncompressed_bytes` if this size is right",
                )
            yield batch
    except (pa.ArrowException, OSError) as error:
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> ExtractError:
    return ExtractError(
        "this is not a sound Parquet file (half-written?)",
        where=name,
        found=str(error).splitlines()[0],
        mend="fetch the file again; check `format`",
    )
