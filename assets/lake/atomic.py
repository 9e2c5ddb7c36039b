"""Files that are either wholly there or not at all.

Holds the temporary-file protocol of every local write: sibling, flush, verify, rename. Where a
file stands and what is in it is not known here; object stores are atomic by themselves and do
not come through here.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from schemas.errors import LakeError

if TYPE_CHECKING:
    import pyarrow as pa

TEMPORARY_PREFIX = ".tmp-"
TEMPORARY_SUFFIX = ".part"
"""Ends every temporary name: a reader's `*.parquet` matches hidden files too, but never this."""

_MAX_NAME_BYTES = 120
_active: set[str] = set()
"""Temporaries this process is writing, so that a sweep tells them from an earlier run's with the
same process id (in a container it is 1 every time)."""


@contextlib.contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Give a temporary sibling to write to; it becomes the target when the block ends well.

    On success the file is flushed to disk, renamed over the target, and the folder is flushed. On
    any error, a keyboard interrupt included, the temporary is removed and the target stays as it
    was. Missing folders are created. The temporary's name ends in `.part`: tell a writer that
    goes by the suffix what format it is to write.

    Args:
        target: The file to create or replace.

    Yields:
        A path that does not exist yet, in the target's folder.

    Raises:
        LakeError: The block ended without writing the file.
    """
    _make_folder(target.parent)
    temporary = target.with_name(_temporary_name(target.name))
    _active.add(temporary.name)
    try:
        yield temporary
        _check_written(temporary, target)
        _flush(temporary)
        temporary.replace(target)
        _flush(target.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        _active.discard(temporary.name)


def sweep_leftovers(folder: Path) -> list[Path]:
    """Remove temporaries that killed runs left in a folder and below.

    A temporary is left over when the process whose id is in its name is gone, or is this one and
    is not writing it. Call it while no other machine writes to the folder: another machine's
    processes are not seen here (its write would then fail with an error, never half succeed).

    Args:
        folder: Where to look; a missing folder holds nothing.

    Returns:
        The files removed, in name order.
    """
    found = sorted(folder.rglob(f"{TEMPORARY_PREFIX}*{TEMPORARY_SUFFIX}"))
    removed = [path for path in found if path.is_file() and _is_left_over(path.name)]
    for path in removed:
        path.unlink(missing_ok=True)
    return removed


def verify_parquet(
    path: Path, rows: int, schema: "Mapping[str, pl.DataType] | pa.Schema | None" = None
) -> None:
    """Check that a Parquet file's footer says what was meant to be written.

    Args:
        path: The file just written.
        rows: How many rows it must hold.
        schema: The Polars schema (a mapping of name → type) or Arrow schema that it must have,
            order included; None leaves it unchecked.

    Raises:
        LakeError: The footer cannot be read, or says something else.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            found_rows, found_schema = file.metadata.num_rows, file.schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise LakeError(
            "the Parquet file cannot be read back",
            where=str(path),
            found=str(error).splitlines()[0],
            mend="see whether the disk is full or failing, then run again",
        ) from error
    if found_rows != rows:
        raise LakeError(
            "the Parquet file holds another number of rows than were written",
            where=str(path),
            found=f"{found_rows:,} rows",
            allowed=f"{rows:,} rows",
            mend="run again; if it comes back, it is a defect of the writer",
        )
    if schema is not None:
        _verify_schema(path, found_schema, schema)


def _verify_schema(
    path: Path, found_arrow: "pa.Schema", wanted: "Mapping[str, pl.DataType] | pa.Schema"
) -> None:
    import pyarrow as pa

    found: dict[str, object]
    allowed: dict[str, object]
    if isinstance(wanted, pa.Schema):
        found = dict(zip(found_arrow.names, found_arrow.types, strict=True))
        allowed = dict(zip(wanted.names, wanted.types, strict=True))
    else:
        found, allowed = dict(pl.read_parquet_schema(path)), dict(wanted)
    if list(found.items()) == list(allowed.items()):
        return
    raise LakeError(
        "the Parquet file has another schema than was meant",
        where=str(path),
        found=_describe(found, allowed),
        allowed=_describe(allowed, found),
        mend="run again; if it comes back, it is a defect of the writer",
    )


def _describe(schema: Mapping[str, object], other: Mapping[str, object]) -> str:
    """Columns that differ from the other schema; all of them where only the order does."""
    differing = {name: kind for name, kind in schema.items() if other.get(name) != kind}
    shown = differing or (schema if set(schema) == set(other) else {})
    return ", ".join(f"{name}: {kind}" for name, kind in shown.items()) or "nothing more"


def _check_written(temporary: Path, target: Path) -> None:
    if not temporary.is_file():
        raise LakeError(
            "nothing was written, and what was there stays",
            where=str(target),
            found="no temporary file at the end of the write",
            mend="write to the path that `atomic_path` gives, not to the target",
        )


def _temporary_name(name: str) -> str:
    """`.tmp-<process id>-<random>-<name>.part`, cut so that the file system takes it."""
    kept = name.encode()[-_MAX_NAME_BYTES:].decode(errors="ignore")
    token = secrets.token_hex(4)
    return f"{TEMPORARY_PREFIX}{os.getpid()}-{token}-{kept}{TEMPORARY_SUFFIX}"


def _is_left_over(name: str) -> bool:
    process, _, _ = name.removeprefix(TEMPORARY_PREFIX).partition("-")
    if not process.isdigit():
        return False
    if int(process) == os.getpid():
        return name not in _active
    return not _is_running(int(process))


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _make_folder(folder: Path) -> None:
    """Create a folder, and flush its parent so that the entry outlives a power cut."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _flush(folder.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
