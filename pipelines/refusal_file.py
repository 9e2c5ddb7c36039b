"""Refused rows as a file for people who mend them: one line a row and reason, redacted."""

import json
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from assets.core.refusals import RefusedRow
from assets.lake.atomic import atomic_path
from schemas.errors import ConfigError

SUFFIXES = (".csv", ".jsonl", ".parquet")

COLUMNS = pl.Schema(
    {
        "table_name": pl.String(),
        "source": pl.String(),
        "logical_date": pl.Date(),
        "source_file": pl.String(),
        "row_number": pl.Int64(),
        "key": pl.String(),
        "column_name": pl.String(),
        "expectation": pl.String(),
        "found": pl.String(),
        "expected": pl.String(),
        "allowed": pl.String(),
        "suggestion": pl.String(),
        "config_key": pl.String(),
        "mend": pl.String(),
        "raw": pl.String(),
    }
)
"""A row with two reasons stands in two lines."""

_FORMULA = r"^([=+\-@\t\r])"


def write_refusals(path: Path, rows: Iterable[RefusedRow]) -> int:
    """Write refused rows to a file in the format of its suffix; it is there whole or not at all.

    Args:
        path: The file to create or replace.
        rows: Rows, redacted.

    Returns:
        How many rows were written.

    Raises:
        ConfigError: The suffix is none of `SUFFIXES`.
    """
    if path.suffix not in SUFFIXES:
        raise ConfigError(
            "no format is known by that suffix",
            where=str(path),
            found=repr(path.suffix),
            allowed=", ".join(SUFFIXES),
        )
    count = 0
    lines = []
    for count, row in enumerate(rows, start=1):  # noqa: B007  the last count is the answer
        lines += _lines(row)
    frame = pl.DataFrame(lines, schema=COLUMNS, orient="row")
    with atomic_path(path) as temporary:
        if path.suffix == ".csv":
            neutralised(frame).write_csv(temporary)
        elif path.suffix == ".jsonl":
            frame.write_ndjson(temporary)
        else:
            frame.write_parquet(temporary)
    return count


def neutralised(frame: pl.DataFrame) -> pl.DataFrame:
    """Texts that a spreadsheet would run as formulas, led by an apostrophe."""
    return frame.with_columns(pl.col(pl.String).str.replace(_FORMULA, "'${1}"))


def _lines(row: RefusedRow) -> list[tuple[object, ...]]:
    raw = json.dumps(row.raw, ensure_ascii=False, default=str)
    key = json.dumps(row.key, ensure_ascii=False)
    place = (row.table, row.source, row.date, row.source_file, row.row_number, key)
    return [
        (
            *place,
            reason.column,
            reason.expectation,
            reason.found,
            reason.expected,
            reason.allowed,
            reason.suggestion,
            reason.config_key,
            reason.remedy,
            raw,
        )
        for reason in row.reasons
    ]
