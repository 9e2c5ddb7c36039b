"""A published table as an Excel workbook: one sheet, typed cells, never a formula.

Numbers stay numbers, dates dates, truth values truth values; a text is a text cell whatever it
begins with, and no text becomes a link. What a number cell cannot hold exactly (more than 15
digits) or at all (not a number) is written as text. Which tables are exported is not known here.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.published_rows import PublishedTable
from schemas.errors import PublishError

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001  full-width signs are run too
"""A text that begins with one of these is run as a formula by some spreadsheet."""
MAX_ROWS = 1_048_575
"""Rows of a sheet, less the header."""
MAX_TEXT = 32_767
"""Characters of a cell, as UTF-16 has them."""

_MAX_SHEET_NAME = 31
_EXACT = 10**15
_FIRST_DAY = dt.date(1900, 3, 1)
"""Before it Excel's calendar has a day too many."""
_WIDTH_BOUNDS = (10, 28)


def write_workbook(
    path: Path, table: PublishedTable, columns: Sequence[str], frames: Iterable[pl.DataFrame]
) -> None:
    """Write a table to a workbook: header frozen and filterable, descriptions as its notes.

    Args:
        path: The file.
        table: Its name and descriptions.
        columns: Columns in their order.
        frames: The rows, in parts, at most `MAX_ROWS`.

    Raises:
        PublishError: A text is longer than a cell.
        OSError: The file cannot be written.
    """
    from xlsxwriter.exceptions import XlsxFileError

    try:
        _write(path, table, columns, frames)
    except XlsxFileError as error:
        raise OSError(str(error)) from error


def _write(
    path: Path, table: PublishedTable, columns: Sequence[str], frames: Iterable[pl.DataFrame]
) -> None:
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(path), options) as workbook:
        workbook.set_properties({"title": table.name, "comments": table.description})
        sheet = workbook.add_worksheet(table.name[:_MAX_SHEET_NAME])
        _write_header(sheet, table, columns, workbook.add_format({"bold": True}))
        writers = _Cells(workbook, sheet).writers
        last = 0
        for rows in frames:
            for row in rows.iter_rows():
                last += 1
                for at, value in enumerate(row):
                    if value is not None:
                        writers[type(value)](last, at, value)
        sheet.autofilter(0, 0, last, len(columns) - 1)


def _write_header(
    sheet: "Worksheet", table: PublishedTable, columns: Sequence[str], bold: "Format"
) -> None:
    low, high = _WIDTH_BOUNDS
    sheet.freeze_panes(1, 0)
    for at, name in enumerate(columns):
        sheet.set_column(at, at, min(max(len(name) + 4, low), high))
        sheet.write_string(0, at, name, bold)
        if table.columns.get(name):
            sheet.write_comment(0, at, table.columns[name], {"x_scale": 2})


class _Cells:
    """How a value of each type becomes a cell of a sheet."""

    def __init__(self, workbook: "Workbook", sheet: "Worksheet") -> None:
        self._sheet = sheet
        self._date = workbook.add_format({"num_format": "yyyy-mm-dd"})
        self._instant = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._literal = workbook.add_format({"quote_prefix": True})
        self.writers: Mapping[type, Callable[[int, int, Any], None]] = {
            str: self._write_text,
            int: self._write_number,
            float: self._write_number,
            Decimal: self._write_number,
            bool: sheet.write_boolean,
            dt.date: self._write_date,
            dt.datetime: self._write_instant,
        }

    def _write_text(self, row: int, column: int, value: object) -> None:
        text = str(value)
        length = len(text.encode("utf-16-le")) // 2  # as Excel counts: most emoji are two
        if length > MAX_TEXT:
            raise PublishError(
                "a text is longer than an Excel cell",
                where=f"{self._sheet.get_name()}, row {row} below the header, column {column + 1}",
                found=f"{length:,} characters",
                allowed=f"{MAX_TEXT:,} characters",
                mend="export CSV or Parquet",
            )
        # marked as text, so that it stays one when someone edits the cell
        is_run = text[:1] in FORMULA_STARTS or text.lstrip()[:1] in FORMULA_STARTS
        self._sheet.write_string(row, column, text, self._literal if is_run else None)

    def _write_number(self, row: int, column: int, value: float | Decimal) -> None:
        if _is_exact(value):
            self._sheet.write_number(row, column, value)
        else:
            self._write_text(row, column, value)

    def _write_date(self, row: int, column: int, value: dt.date) -> None:
        if value < _FIRST_DAY:
            self._write_text(row, column, value.isoformat())
        else:
            self._sheet.write_datetime(row, column, value, self._date)

    def _write_instant(self, row: int, column: int, value: dt.datetime) -> None:
        if value.date() < _FIRST_DAY:
            self._write_text(row, column, value.isoformat())
        else:  # Excel knows no time zones: the instant is told in UTC
            self._sheet.write_datetime(row, column, value.replace(tzinfo=None), self._instant)


def _is_exact(value: float | Decimal) -> bool:
    """Whether a number cell holds it: of real numbers all but NaN and the infinities."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Decimal):
        return len(value.normalize().as_tuple().digits) <= 15  # noqa: PLR2004  what a double has
    return abs(value) < _EXACT
