"""The quarantine for the terminal: how many rows for which reasons, and rows with what to do."""

import json
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console

from assets.core.refusal_counts import Wanted, list_refusals
from assets.core.refusals import ReasonTold, RefusedRow, read_refusals
from assets.lake.layout import Lake
from pipelines.config import Reading
from pipelines.refusal_file import write_refusals
from pipelines.telling import printable, say
from schemas.config.project import Project

ROWS_TOLD = 20
"""Rows that `explain` tells on the terminal where no limit is given."""

FILES_NAMED = 5
"""Files of the lake that are named one by one."""

NOTHING = "nothing in quarantine"


def print_listing(
    lake: Lake, project: Project, wanted: Wanted, *, by_day: bool, console: Console
) -> None:
    """Say how many rows are in quarantine for which reasons."""
    listing = list_refusals(lake, project, wanted, by_day=by_day)
    if not listing.rows:
        say(console, f"{project.company.name}: {NOTHING}{_of(wanted)}")
        return
    say(console, f"{project.company.name}: {in_quarantine(listing.rows, listing.reasons)}")
    headings = ("table", "source", "column", "expectation", "rows", "first", "last", "nearest")
    print_columns(headings, [_listed(row) for row in listing.table.to_dicts()], console=console)
    say(console, "Next: `barometer quarantine explain TABLE` shows rows and what to do")


def in_quarantine(rows: int, reasons: int) -> str:
    """The number of rows and that of the reasons."""
    rows_told = "1 row" if rows == 1 else f"{rows:,} rows"
    return f"{rows_told} in quarantine for {reasons:,} reason{'s' if reasons != 1 else ''}"


def explain(  # noqa: PLR0913  which rows, and where they go
    lake: Lake,
    reading: Reading,
    project: Project,
    wanted: Wanted,
    *,
    row: int | None,
    key: str | None,
    limit: int | None,
    output: Path | None,
    console: Console,
) -> None:
    """Tell refused rows with their reasons, or write them to a file.

    Args:
        lake: Where everything stands.
        reading: The configuration as read, for the lines of its keys.
        project: The company's configuration.
        wanted: Which part of the quarantine.
        row: Only this record number.
        key: Only rows with this value in their key.
        limit: Rows at most; without it `ROWS_TOLD` on the terminal and all in a file.
        output: File to write to instead of telling.
        console: Where it is told.
    """
    found = read_refusals(lake, project, wanted, row=row, key=key)
    if output is not None:
        written = write_refusals(output, islice(found, limit))
        say(console, f"{written:,} refused row{'s' if written != 1 else ''}, redacted: {output}")
        return
    told = list(islice(found, limit or ROWS_TOLD))
    if not told:
        narrower = "" if row is None and key is None else " with that row number or key"
        say(console, f"{project.company.name}: {NOTHING}{_of(wanted)}{narrower}")
        return
    for one in told:
        _print_row(one, reading, console=console)
    if next(found, None) is not None:
        say(console, f"There are further rows than these {len(told):,}: see `--limit`, `--output`")
    _print_stored(told, lake, console=console)


def print_columns(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, console: Console
) -> None:
    """Print aligned columns, the numbers under `rows` to the right."""
    lines = [headings, *([printable(cell) for cell in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(headings))]
    for line in lines:
        cells = (
            cell.rjust(width) if heading == "rows" else cell.ljust(width)
            for heading, cell, width in zip(headings, line, widths, strict=True)
        )
        say(console, "  ".join(cells).rstrip())


def quoted(found: str | None) -> str:
    """What was found, so that blanks can be seen."""
    return "nothing" if found is None else repr(found)


def _of(wanted: Wanted) -> str:
    parts = [
        f" {word} {value}"
        for word, value in (
            ("of", wanted.table),
            ("from", wanted.source),
            ("for", wanted.column),
            ("since", wanted.first),
            ("until", wanted.last),
        )
        if value is not None
    ]
    return "".join(parts)


def _listed(row: dict[str, Any]) -> tuple[str, ...]:
    nearest = ""
    if row["suggestion"] is not None:
        nearest = f"{quoted(row['found'])} → {row['suggestion']!r}"
    return (
        row["table_name"],
        row["source"],
        row["column_name"],
        row["expectation"],
        f"{row['rows']:,}",
        str(row["first_on"]),
        str(row["last_on"]),
        nearest,
    )


def _print_row(row: RefusedRow, reading: Reading, *, console: Console) -> None:
    key = ", ".join(f"{name} {quoted(value)}" for name, value in row.key.items())
    place = f"{row.source_file}, row {row.row_number}"
    say(console, f"{row.date}  {row.table} from {row.source}: {place}; {key}")
    for reason in row.reasons:
        _print_reason(reason, reading, console=console)
    say(console, f"  as extracted: {json.dumps(row.raw, ensure_ascii=False, default=str)}")
    say(console, "")


def _print_reason(reason: ReasonTold, reading: Reading, *, console: Console) -> None:
    nearest = "" if reason.suggestion is None else f"; nearest: {reason.suggestion!r}"
    say(
        console,
        f"  {reason.column}: found {quoted(reason.found)}, expected {reason.expected}"
        f"{nearest}  ({reason.expectation})",
    )
    if reason.allowed is not None:
        say(console, f"    allowed:   {reason.allowed}")
    line = reading.problem(reason.config_key, "").line
    place = reading.file if line is None else f"{reading.file}:{line}"
    say(console, f"    filled by: {reason.config_key}  ({place})")
    say(console, f"    mend:      {reason.remedy}")


def _print_stored(rows: Sequence[RefusedRow], lake: Lake, *, console: Console) -> None:
    files = list(dict.fromkeys(row.stored for row in rows))
    say(console, "Personal data is hidden (•••). The rows as they are, in the lake:")
    for path in files[:FILES_NAMED]:
        say(console, f"  {path}")
    if len(files) > FILES_NAMED:
        say(console, f"  and {len(files) - FILES_NAMED} further files below {lake.root / 'core'}")
    say(console, "Next: mend the mapping or the source, then `barometer quarantine resubmit`")
