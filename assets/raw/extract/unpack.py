"""From a stored file to its plain bytes: gzip and zip, with limits that a bomb cannot get past.

Sizes that an archive claims are never believed: the bytes are counted as they come out.
"""

import contextlib
import fnmatch
import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from schemas.config.files import FileOptions
from schemas.errors import ExtractError

_RATIO_FLOOR_BYTES = 64 * 1024**2
_COPY_BYTES = 4 * 1024**2
_ENCRYPTED_FLAG = 0x1
_MOST_NAMES_SHOWN = 10


class PlainBytes:
    """Reads a file's plain bytes and counts them.

    Args:
        source_file: The name for lineage and messages, with the zip member if any.
        stored: The stored file, whose position tells how much was consumed.
        plain: What gives the plain bytes; `stored` itself where nothing is compressed.
        options: The limits.
    """

    def __init__(
        self, source_file: str, stored: IO[bytes], plain: IO[bytes], *, options: FileOptions
    ) -> None:
        self.source_file = source_file
        self._stored = stored
        self._plain = plain
        self._options = options
        self._start = stored.tell()
        self._count = 0

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end.

        Raises:
            ExtractError: The archive is damaged, or the limits are exceeded.
        """
        try:
            data = self._plain.read(size)
        except (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, OSError) as error:
            raise _damaged(self.source_file, error) from error
        self._count += len(data)
        self._check_limits()
        return data

    def _check_limits(self) -> None:
        largest = self._options.max_uncompressed_bytes
        if self._count > largest:
            raise ExtractError(
                "the file unpacks to more than is allowed",
                where=self.source_file,
                found=f"more than {largest:,} bytes",
                allowed=f"{largest:,} bytes",
                mend="raise `max_uncompressed_bytes` if this size is right",
            )
        if self._plain is self._stored or self._count < _RATIO_FLOOR_BYTES:
            return
        ratio = self._count / max(self._stored.tell() - self._start, 1)
        if ratio > self._options.max_compression_ratio:
            raise ExtractError(
                "the file unpacks to so much more than it is that it looks like a bomb",
                where=self.source_file,
                found=f"{ratio:,.0f} bytes out of each compressed one",
                allowed=f"{self._options.max_compression_ratio:,.0f}",
                mend="raise `max_compression_ratio` if the file is sound",
            )


@contextlib.contextmanager
def open_plain(path: Path, name: str, options: FileOptions) -> Iterator[PlainBytes]:
    """Open a file for its plain bytes.

    Args:
        path: The local file.
        name: Its display name.
        options: Compression, member and limits.

    Raises:
        ExtractError: It is missing, or is not the archive it should be.
    """
    try:
        stored = path.open("rb")
    except OSError as error:
        raise ExtractError(
            "the file cannot be opened",
            where=name,
            found=error.strerror,
            mend="see whether it was moved away, and who may read it",
        ) from error
    with stored, contextlib.ExitStack() as stack:
        kind = compression_of(name, options)
        if kind == "none":
            yield PlainBytes(name, stored, stored, options=options)
        elif kind == "gzip":
            unzipped = stack.enter_context(gzip.GzipFile(fileobj=stored, mode="rb"))
            yield PlainBytes(name, stored, unzipped, options=options)  # type: ignore[arg-type]
        else:
            archive = stack.enter_context(_open_archive(stored, name))
            member = _choose_member(archive, name, options)
            plain = stack.enter_context(_open_member(archive, member, name))
            yield PlainBytes(f"{name}!{member.filename}", stored, plain, options=options)


@contextlib.contextmanager
def plain_file(
    path: Path, name: str, options: FileOptions, *, scratch: Path
) -> Iterator[tuple[str, Path]]:
    """Give an uncompressed file on disk, for formats that are not read from front to back.

    Yields:
        The name with the zip member if any, and the path: a file in the scratch folder, removed
        afterwards, where the stored one is compressed.
    """
    with open_plain(path, name, options) as plain:
        if compression_of(name, options) == "none":
            yield name, path
            return
        scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="unpacked-", dir=scratch) as folder:
            copy = Path(folder) / "file"
            with copy.open("wb") as target:
                while chunk := plain.read(_COPY_BYTES):
                    target.write(chunk)
            yield plain.source_file, copy


def compression_of(name: str, options: FileOptions) -> Literal["none", "gzip", "zip"]:
    """The compression as configured, or by the name's ending."""
    if options.compression != "infer":
        return options.compression
    if options.member is not None or name.lower().endswith(".zip"):
        return "zip"
    return "gzip" if name.lower().endswith((".gz", ".gzip")) else "none"


def _open_archive(stored: IO[bytes], name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(stored)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged(name, error) from error


def _choose_member(archive: zipfile.ZipFile, name: str, options: FileOptions) -> zipfile.ZipInfo:
    """The one member that is meant; a wrong guess would load another table."""
    files = [info for info in archive.infolist() if not info.is_dir()]
    for info in files:
        parts = PurePosixPath(info.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts:
            raise ExtractError(
                "the archive holds a path that escapes it",
                where=f"{name}!{info.filename}",
                mend="do not trust this archive; have it made anew",
            )
    # Archives made on a Mac carry a shadow of each file.
    files = [info for info in files if not info.filename.startswith("__MACOSX/")]
    wanted = options.member
    matching = [i for i in files if wanted is None or fnmatch.fnmatchcase(i.filename, wanted)]
    if len(matching) == 1:
        return matching[0]
    shown = [info.filename for info in (matching or files)]
    more = f" and {len(shown) - _MOST_NAMES_SHOWN} more" if len(shown) > _MOST_NAMES_SHOWN else ""
    listed = ", ".join(shown[:_MOST_NAMES_SHOWN])
    what = "holds several files" if wanted is None else f"has {len(matching)} files for {wanted!r}"
    raise ExtractError(
        f"the archive {what}" if files else "the archive is empty",
        where=name,
        found=f"{listed}{more}" if files else "no file",
        allowed="exactly one",
        mend="name one of them in `member`" if files else "have it made anew",
    )


def _open_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> IO[bytes]:
    where = f"{name}!{info.filename}"
    if info.flag_bits & _ENCRYPTED_FLAG:
        raise ExtractError(
            "the archive is encrypted",
            where=where,
            mend="have it exported without a password, over a channel that is itself encrypted",
        )
    try:
        return archive.open(info)
    except NotImplementedError as error:
        raise ExtractError(
            "the archive uses a kind of compression that is not supported",
            where=where,
            found=str(error),
            allowed="stored, deflate, bzip2, lzma",
            mend="have it made with ordinary zip compression",
        ) from error
    except (zipfile.BadZipFile, OSError, RuntimeError) as error:
        raise _damaged(where, error) from error


def _damaged(where: str, error: Exception) -> ExtractError:
    if isinstance(error, gzip.BadGzipFile) and "Not a gzipped file" in str(error):
        message, mend = "this is not gzip", "set `compression: none`, or have the file made anew"
    elif isinstance(error, zipfile.BadZipFile) and "not a zip file" in str(error):
        message, mend = "this is not a zip archive, or it is cut short", "fetch the file again"
    elif isinstance(error, EOFError):
        message, mend = "the compressed file is cut short (half-written?)", "fetch the file again"
    else:
        message, mend = "the compressed file is damaged", "fetch the file again"
    return ExtractError(message, where=where, found=str(error) or None, mend=mend)
