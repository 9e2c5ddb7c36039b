"""Which files a source has for one logical date. Nothing is read here."""

import datetime as dt
import re
import stat
from pathlib import Path, PurePosixPath

from assets.raw.extract.remote import Root, fingerprint_of, open_root, remote_errors, remote_info
from assets.raw.extract.results import ResolvedFile
from schemas.config.files import DATE_PLACEHOLDER, FileOptions
from schemas.errors import ExtractError


def resolve_files(options: FileOptions, logical_date: dt.date) -> list[ResolvedFile]:
    """Find the files of one logical date, in name order.

    Hidden files (a name with a leading dot) match only a pattern that has the dot itself.

    Args:
        options: Where to look, and the pattern.
        logical_date: The day the extract describes.

    Returns:
        The files; empty where nothing matches, which the caller judges.

    Raises:
        ExtractError: The root folder is missing, the store fails, or a path leads out of the
            root: through `..`, or through a symbolic link.
    """
    path = path_for_date(options.path, logical_date)
    root = open_root(options)
    if root.is_local:
        return _local_files(root, path)
    with remote_errors(path, options):
        return _remote_files(root, path)


def path_for_date(path: str, logical_date: dt.date) -> str:
    """Put the date into a pattern: `{date}`, `{date:%Y%m%d}`."""
    return DATE_PLACEHOLDER.sub(
        lambda match: logical_date.strftime(match[1] or "%Y-%m-%d"), path
    ).removeprefix("./")


def local_fingerprint(path: Path) -> str:
    """Size and modification time of a local file."""
    status = path.stat()
    return f"{status.st_size}-{status.st_mtime_ns}"


def _local_files(root: Root, path: str) -> list[ResolvedFile]:
    folder = Path(root.path)
    if not folder.is_dir():
        raise ExtractError(
            "the root folder does not exist",
            where=path,
            found=str(folder),
            mend="correct `root`, or see whether the share is mounted",
        )
    if _is_pattern(path):
        hits = root.file_system.glob(f"{_literal(root.path)}/{_glob(path)}")
    else:
        candidate = folder / path
        hits = [str(candidate)] if candidate.exists() or candidate.is_symlink() else []
    names = [(hit, str(Path(hit).relative_to(folder))) for hit in hits]
    found = [_local_file(folder, hit, name) for hit, name in names if _is_visible(name, path)]
    return sorted((file for file in found if file), key=lambda file: file.display_name)


def _local_file(folder: Path, location: str, name: str) -> ResolvedFile | None:
    """One hit; None for a folder, which a pattern may match too."""
    path = Path(location)
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise ExtractError(
            "the symbolic link leads nowhere",
            where=name,
            mend="repair or remove the link",
        ) from error
    if not real.is_relative_to(folder.resolve()):
        raise _escapes(name, found="a symbolic link that leads out of it")
    status = real.stat()
    if stat.S_ISDIR(status.st_mode):
        return None
    if not stat.S_ISREG(status.st_mode):
        raise ExtractError(
            "this is not an ordinary file",
            where=name,
            found="a pipe, socket or device",
            mend="narrow `path` to the files of the extract",
        )
    return ResolvedFile(name, location, status.st_size, local_fingerprint(real), is_local=True)


def _remote_files(root: Root, path: str) -> list[ResolvedFile]:
    location = f"{root.path}/{path}"
    if _is_pattern(path):
        pattern = f"{_literal(root.path)}/{_glob(path)}"
        infos = root.file_system.glob(pattern, detail=True)
    else:
        info = remote_info(root, location)
        infos = {} if info is None else {location: info}
    files = []
    for hit, info in infos.items():
        name = _name_below(root, hit)
        if info.get("type") == "file" and _is_visible(name, path):
            # A listing often says less than the file itself would: no entity tag, no size.
            told = remote_info(root, hit) or info
            fingerprint = fingerprint_of(told)
            files.append(ResolvedFile(name, hit, told.get("size"), fingerprint, is_local=False))
    return sorted(files, key=lambda file: file.display_name)


def _name_below(root: Root, location: str) -> str:
    name = location.removeprefix(f"{root.path}/")
    if name == location or ".." in PurePosixPath(name).parts:
        raise _escapes(PurePosixPath(location).name, found="a name that leads out of it")
    return name


def _escapes(name: str, *, found: str) -> ExtractError:
    return ExtractError(
        "the path escapes the root folder",
        where=name,
        found=found,
        mend="put the file itself under `root`, or set `root` to the folder it is in",
    )


def _is_pattern(path: str) -> bool:
    return "*" in path or "?" in path


def _is_visible(name: str, pattern: str) -> bool:
    """A leading dot must be asked for: hidden files are uploads under way and the like."""
    if any(part.startswith(".") for part in PurePosixPath(pattern).parts):
        return True
    return not any(part.startswith(".") for part in PurePosixPath(name).parts)


def _glob(path: str) -> str:
    """Our pattern in fsspec's terms, where a bracket would begin a set of characters."""
    return path.replace("[", "[[]")


def _literal(path: str) -> str:
    return re.sub(r"([\[*?])", r"[\1]", path)
