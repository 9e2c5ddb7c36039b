"""The rules for column names, the same for every format."""

from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches

from schemas.config.files import LINEAGE_COLUMNS, FileOptions
from schemas.errors import ExtractError

_OTHER_DELIMITERS = ";\t|,"


def column_names(found: Sequence[str] | None, options: FileOptions, where: str) -> list[str]:
    """Settle the names of the columns.

    White space around a name is removed.

    Args:
        found: The file's header; None where it has none.
        options: Names given by the user, and what to do with duplicates.
        where: The file and line for messages.

    Raises:
        ExtractError: A name is empty, there twice or reserved, or their number is not that of
            the names given.
    """
    if options.header is not None:
        if found is not None and len(found) != len(options.header):
            raise ExtractError(
                "`header` names another number of columns than the file has",
                where=where,
                found=f"{len(found)} columns",
                allowed=f"{len(options.header)}, as `header` says",
                mend="name every column in `header`",
            )
        return list(options.header)
    names = [name.strip() for name in found or ()]
    _refuse_empty(names, where)
    if options.duplicate_headers == "number":
        names = _numbered(names)
    check_names(names, where)
    return names


def check_names(names: Sequence[str], where: str) -> None:
    """Refuse names that are there twice or reserved.

    Raises:
        ExtractError: Which, and at which places.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        places = {name: [i for i, other in enumerate(names, 1) if other == name] for name in twice}
        shown = "; ".join(
            f"{name!r} in columns {' and '.join(map(str, at))}" for name, at in places.items()
        )
        raise ExtractError(
            "two columns have the same name",
            where=where,
            found=shown,
            mend="set `duplicate_headers: number`, or name the columns in `header`",
        )
    reserved = [name for name in names if name in LINEAGE_COLUMNS]
    if reserved:
        raise ExtractError(
            "a column has a name that is reserved for lineage",
            where=where,
            found=", ".join(reserved),
            mend="rename it in the export, or through `header`",
        )


def check_expected(names: Sequence[str], options: FileOptions, where: str) -> tuple[str, ...]:
    """Check that the expected columns are there.

    Returns:
        The columns that nobody expects, in order.

    Raises:
        ExtractError: Columns are missing.
    """
    if options.expected_columns is None:
        return ()
    missing = [name for name in options.expected_columns if name not in names]
    if not missing:
        return tuple(name for name in names if name not in options.expected_columns)
    raise ExtractError(
        "columns are missing",
        where=where,
        found=f"no {', '.join(missing)}; there are: {', '.join(names)}",
        allowed=", ".join(options.expected_columns),
        mend=_mend_for_missing(missing, names, options),
    )


def delimiter_remark(names: Sequence[str], options: FileOptions) -> str | None:
    """A remark where a single column's name holds what is usually a delimiter."""
    if len(names) != 1:
        return None
    other = [mark for mark in _OTHER_DELIMITERS if mark in names[0]]
    if not other:
        return None
    return (
        f"the file has one column only and its name holds {other[0]!r}: "
        f"is `delimiter: {options.delimiter_or_default!r}` right?"
    )


def _mend_for_missing(missing: list[str], names: Sequence[str], options: FileOptions) -> str:
    remark = delimiter_remark(names, options)
    if remark:
        return remark
    close = {name: get_close_matches(name, names, n=1) for name in missing}
    hints = [f"{name} may be {match[0]} now" for name, match in close.items() if match]
    general = "have the export repaired, or correct `expected_columns`"
    return f"{general} ({'; '.join(hints)})" if hints else general


def _refuse_empty(names: list[str], where: str) -> None:
    empty = [str(place) for place, name in enumerate(names, 1) if not name]
    if empty:
        raise ExtractError(
            "columns without a name",
            where=where,
            found=f"column {', '.join(empty)} of {len(names)}",
            mend="name all columns in `header`; an empty last one comes from a delimiter at the "
            "end of the line",
        )


def _numbered(names: list[str]) -> list[str]:
    """category, category → category, category_2; a name that is already there is skipped."""
    taken, result = set(names), list[str]()
    seen: set[str] = set()
    for name in names:
        unique, number = name, 1
        while unique in seen or (number > 1 and unique in taken):
            number += 1
            unique = f"{name}_{number}"
        seen.add(unique)
        result.append(unique)
    return result
