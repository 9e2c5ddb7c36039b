"""Access to the folder a source's files are under, local or not, and copies of remote files.

Everything that speaks to fsspec is here, and so is the care that a password never reaches a
message.
"""

import contextlib
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.raw.extract.results import ResolvedFile
from schemas.config.files import FileOptions
from schemas.errors import ExtractError

_COPY_BYTES = 4 * 1024**2
_LOCAL_PROTOCOLS = {"file", "local"}
_HIDDEN = "***"
_SHORTEST_SECRET = 6
_GONE_STATUSES = {404, 410}


@dataclass(frozen=True, slots=True)
class Root:
    """The folder, and the file system that reaches it."""

    file_system: Any
    path: str
    is_local: bool


def open_root(options: FileOptions) -> Root:
    """Reach the root folder.

    Raises:
        ExtractError: No package for the URL's protocol, or the store refuses.
    """
    import fsspec
    from fsspec.implementations.local import LocalFileSystem

    protocol, separator, rest = options.root.partition("://")
    if not separator or protocol in _LOCAL_PROTOCOLS:
        path = Path(rest if separator else options.root).absolute()
        return Root(LocalFileSystem(), str(path), is_local=True)
    with remote_errors(f"{protocol}://…", options):
        file_system, path = fsspec.core.url_to_fs(options.root, **_storage_arguments(options))
        # A listing remembered from an earlier run would hide files that came since.
        file_system.invalidate_cache()
    return Root(file_system, str(path).rstrip("/"), is_local=False)


def remote_info(root: Root, location: str) -> dict[str, Any] | None:
    """What the store says of one file; None where there is none.

    Raises:
        Exception: Whatever the store's own package raises; see `remote_errors`.
    """
    try:
        info: dict[str, Any] = root.file_system.info(location)
    except FileNotFoundError as error:
        # fsspec's HTTP gives this error for any status and for a server that is down.
        cause = error.__cause__
    else:
        return info
    if cause is not None and getattr(cause, "status", None) not in _GONE_STATUSES:
        raise cause
    return None


def fingerprint_of(info: dict[str, Any]) -> str:
    """Text that changes whenever the file does, from what the store says of it."""
    tags = ("ETag", "etag", "md5Hash", "Content-MD5")
    times = ("LastModified", "Last-Modified", "last_modified", "updated", "mtime", "created")
    known = [info[key] for key in (*tags, *times) if info.get(key)]
    return f"{info.get('size')}-{known[0] if known else 'unknown'}"


@contextlib.contextmanager
def local_copy(file: ResolvedFile, options: FileOptions, scratch: Path) -> Iterator[Path]:
    """Give a local path to a file; a remote one is copied to the scratch folder and removed after.

    Raises:
        ExtractError: The store failed, the copy is incomplete, or the file changed meanwhile.
    """
    if file.is_local:
        yield Path(file.location)
        return
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="download-", dir=scratch) as folder:
        # The store's name could be a path that leads elsewhere; the copy has a name of ours.
        copy = Path(folder) / "file"
        with remote_errors(file.display_name, options):
            root = open_root(options)
            copied = _download(root, file, copy, limit=options.max_uncompressed_bytes)
            info = remote_info(root, file.location)
        if info is None or fingerprint_of(info) != file.fingerprint:
            raise changed_while_read(file.display_name)
        if file.size is not None and copied != file.size:
            raise ExtractError(
                "the download is incomplete",
                where=file.display_name,
                found=f"{copied:,} bytes",
                allowed=f"{file.size:,} bytes, as the store says",
                mend="run again",
            )
        yield copy


def changed_while_read(name: str) -> ExtractError:
    """The error for a file that somebody writes to while it is read."""
    return ExtractError(
        "the file changed while being read (half-written?)",
        where=name,
        mend="let the exporter write under another name and rename at the end, then run again",
    )


@contextlib.contextmanager
def remote_errors(where: str, options: FileOptions) -> Iterator[None]:
    """Turn whatever a store's package raises into an error without passwords."""
    try:
        yield
    except ExtractError:
        raise
    except ImportError as error:
        raise ExtractError(
            "the package for this kind of storage is not installed",
            where=where,
            found=str(error),
            mend="install the package that it names",
        ) from error
    # A boundary: every store's package has exceptions of its own, without a common base.
    except Exception as error:  # noqa: BLE001 — see above
        found = f"{type(error).__name__}: {error}"
        shown = redact(found, options)
        raise ExtractError(
            "the storage failed or refused",
            where=where,
            found=shown,
            mend="check `root`, `storage_options` and whether the store is up, then run again",
        ) from (error if _is_clean(error, options) else None)


def redact(text: str, options: FileOptions) -> str:
    """Take the storage options' values, and the user part and query of URLs, out of a text."""
    for value in sorted(_secret_texts(_storage_arguments(options)), key=len, reverse=True):
        # Short ones ("true", a port) would tear ordinary words apart and are no passwords.
        if len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, _HIDDEN)
    text = re.sub(r"(?<=://)[^/\s@]+@", f"{_HIDDEN}@", text)
    return re.sub(r"(://[^\s?'\"]+)\?[^\s'\"]+", rf"\1?{_HIDDEN}", text)


def _is_clean(error: BaseException, options: FileOptions) -> bool:
    """Whether an error and its causes could be printed as they are."""
    checked: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        seen = waiting.pop()
        if seen is None or id(seen) in checked:  # a chain can lead back to where it began
            continue
        checked.add(id(seen))
        shown = f"{seen!r} {seen}"
        if redact(shown, options) != shown:
            return False
        waiting += [seen.__cause__, seen.__context__]
    return True


def _secret_texts(value: object) -> set[str]:
    """All texts in storage options, and their words: `Basic …` holds one in its second."""
    if isinstance(value, dict):
        return set().union(*(_secret_texts(member) for member in value.values()))
    return {value, *value.split()} if isinstance(value, str) else set()


def _storage_arguments(options: FileOptions) -> dict[str, Any]:
    secrets = options.storage_options.items()
    return {key: _plain(value.get_secret_value()) for key, value in secrets}


def _plain(value: str) -> object:
    """`true` and `false` as such, a text that begins with a brace as JSON."""
    if value in {"true", "false"}:
        return value == "true"
    if value.startswith("{"):
        with contextlib.suppress(ValueError):
            return json.loads(value)
    return value


def _download(root: Root, file: ResolvedFile, copy: Path, *, limit: int) -> int:
    copied = 0
    with root.file_system.open(file.location, "rb") as source, copy.open("wb") as target:
        while chunk := source.read(_COPY_BYTES):
            copied += len(chunk)
            if copied > limit:
                raise ExtractError(
                    "the file is larger than allowed",
                    where=file.display_name,
                    found=f"more than {copied:,} bytes",
                    allowed=f"{limit:,} bytes",
                    mend="raise `max_uncompressed_bytes` if this size is right",
                )
            target.write(chunk)
    return copied
