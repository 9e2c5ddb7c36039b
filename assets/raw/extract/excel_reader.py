"""Excel sheets as tables of text.

Every cell becomes the text of its value, not of its display: whole numbers without `.0`, dates and
instants as `2024-03-01 00:00:00`, times of day as `13:45:00`, durations as `36:00:00`, booleans as
`true` and `false`, a formula's error as `#N/A`, text as it is. Wholly empty rows are no records.
"""

import contextlib
import datetime as dt
import logging
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from assets.raw.extract.header import column_names
from assets.raw.extract.results import OpenedFile
from assets.raw.extract.unpack import PlainBytes, plain_file
from schemas.config.files import FileOptions
from schemas.errors import ExtractError

if TYPE_CHECKING:
    import fastexcel

_COPY_BYTES = 4 * 1024**2
_DAY_ZERO = "1899-12-31 "
"""What the reader puts before a time of day, which Excel keeps as a fraction of a day."""

_CELL_ERRORS = {
    "Div0": "#DIV/0!",
    "NA": "#N/A",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
    "GettingData": "#GETTING_DATA",
}


@contextlib.contextmanager
def open_excel(
    path: Path, name: str, options: FileOptions, *, scratch: Path
) -> Iterator[OpenedFile]:
    """Open a sheet; it is held in memory, as no sheet has more than a million rows.

    Args:
        path: The local workbook, compressed once more or not.
        name: Its display name.
        options: Sheet, header, limits.
        scratch: Folder for the unpacked workbook.

    Raises:
        ExtractError: It is no workbook, has no such sheet, or its header is unusable.
    """
    import pyarrow as pa

    with plain_file(path, name, options, scratch=scratch) as (source_file, workbook):
        if workbook.stat().st_size == 0:
            raise ExtractError("the file is empty", where=source_file, found="0 bytes")
        sheet_name, cells = _read_sheet(workbook, source_file, options)
        where = f"{source_file}, sheet {sheet_name!r}, row {options.skip_rows + 1}"
        header = _header_row(cells, options, where)
        skipped = options.skip_rows + (1 if options.has_header else 0)
        width = len(header) if header is not None else len(options.header or ())
        body = _fit(cells.slice(skipped), width, where)
        names = column_names(header, options, where)
        body.columns = names
        filled = body.filter(~pl.all_horizontal(pl.all().is_null())) if names else body
        schema = pa.schema([(column, pa.string()) for column in names])
        table = filled.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(schema)
        yield OpenedFile(source_file, schema, iter(table.to_batches()), _notes(body, filled))


def _notes(body: pl.DataFrame, filled: pl.DataFrame) -> list[str]:
    left_out = body.height - filled.height
    return [f"{left_out} empty rows left out"] if left_out else []


def _read_sheet(path: Path, name: str, options: FileOptions) -> tuple[str, pl.DataFrame]:
    """All cells of the sheet as text, the first row of the sheet first."""
    import fastexcel

    _check_limits(path, name, options)
    # it warns that a wholly empty column has no type; here every column is text
    logging.getLogger("fastexcel.types.dtype").setLevel(logging.ERROR)
    try:
        book = fastexcel.read_excel(path)
        sheet = _choose_sheet(book.sheet_names, name, options)
        loaded = book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string")
        batch, errors = loaded.to_arrow_with_errors()
        durations = _durations(book, sheet, options)
    except fastexcel.FastExcelError as error:
        raise ExtractError(
            "the workbook cannot be read",
            where=name,
            found=str(error).splitlines()[0],
            mend="open it and save it anew as .xlsx without a password; check `format`",
        ) from error
    cells = pl.DataFrame(batch)
    cells.columns = [str(place) for place in range(cells.width)]
    cells = cells.with_columns(pl.all().str.strip_prefix(_DAY_ZERO))
    cells = _with_durations(cells, durations)
    return sheet, _with_errors(cells, errors.errors if errors else [])


def _choose_sheet(sheets: list[str], name: str, options: FileOptions) -> str:
    wanted = options.sheet
    if isinstance(wanted, str) and wanted in sheets:
        return wanted
    if not isinstance(wanted, str) and (wanted or 1) <= len(sheets):
        return sheets[(wanted or 1) - 1]
    raise ExtractError(
        "the workbook has no such sheet",
        where=name,
        found=repr(wanted),
        allowed=", ".join(map(repr, sheets)),
        mend="name one of these in `sheet`",
    )


def _durations(
    book: "fastexcel.ExcelReader", sheet: str, options: FileOptions
) -> dict[int, list[dt.timedelta | None]]:
    """The columns of durations, by place; as text they would look like days in 1900."""
    import fastexcel

    first = options.skip_rows + (1 if options.has_header else 0)
    try:
        typed = book.load_sheet(sheet, header_row=None, skip_rows=first, schema_sample_rows=None)
        places = [i.index for i in typed.available_columns() if i.dtype == "duration"]
    except fastexcel.InvalidParametersError:  # nothing below the header
        return {}
    if not places:
        return {}
    frame = pl.DataFrame(typed.to_arrow())
    return {place: [None] * first + frame.to_series(place).to_list() for place in places}


def _with_durations(
    cells: pl.DataFrame, durations: dict[int, list[dt.timedelta | None]]
) -> pl.DataFrame:
    texts = [
        pl.Series(str(place), [_duration_text(value) for value in values], pl.String)
        for place, values in durations.items()
    ]
    return cells.with_columns(
        pl.coalesce(text, pl.col(text.name)).alias(text.name) for text in texts
    )


def _duration_text(value: dt.timedelta | None) -> str | None:
    """36:00:00, with a fraction of a second where there is one."""
    if value is None:
        return None
    sign, value = ("-", -value) if value < dt.timedelta() else ("", value)
    minutes, seconds = divmod(value.days * 86_400 + value.seconds, 60)
    fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{fraction}"


def _with_errors(cells: pl.DataFrame, errors: "list[fastexcel.CellError]") -> pl.DataFrame:
    """Put formula errors back, which the reader leaves empty."""
    by_column: dict[int, dict[int, str]] = {}
    for error in errors:
        row, place = error.position
        kind = error.detail.partition("Error(")[2].partition(")")[0]
        by_column.setdefault(place, {})[row] = _CELL_ERRORS.get(kind, f"#{kind or 'ERROR'}")
    for place, texts in by_column.items():
        values = cells.to_series(place).to_list()
        for row, text in texts.items():
            values[row] = text
        cells = cells.with_columns(pl.Series(str(place), values, pl.String))
    return cells


def _header_row(cells: pl.DataFrame, options: FileOptions, where: str) -> list[str] | None:
    """The header's texts; columns behind the last name that hold nothing are cut off."""
    if not options.has_header:
        return None
    if cells.height <= options.skip_rows:
        raise ExtractError(
            "the sheet is empty",
            where=where,
            found=f"{cells.height} rows",
            mend="check `sheet` and `skip_rows`",
        )
    header = [value or "" for value in cells.row(options.skip_rows)]
    body = cells.slice(options.skip_rows + 1)
    while header and not header[-1].strip() and body.to_series(len(header) - 1).is_null().all():
        header.pop()
    return header


def _fit(body: pl.DataFrame, width: int, where: str) -> pl.DataFrame:
    """The body with exactly so many columns; cells beyond them must be empty."""
    beyond = body.select(pl.nth(range(width, body.width))) if body.width > width else None
    if beyond is not None and not beyond.select(pl.all().is_null().all()).row(0).count(False) == 0:
        raise ExtractError(
            "there are cells beyond the last named column",
            where=where,
            found=f"{body.width} columns",
            allowed=f"{width}",
            mend="name all columns in `header`, or clear the cells",
        )
    missing = [pl.lit(None, pl.String).alias(str(i)) for i in range(body.width, width)]
    return body.select(pl.nth(range(min(width, body.width)))).with_columns(missing)


def _check_limits(path: Path, name: str, options: FileOptions) -> None:
    """Unpack a workbook (a zip of XML) once for counting, before the reader does it in memory."""
    if not zipfile.is_zipfile(path):
        return
    total = 0
    with path.open("rb") as stored, zipfile.ZipFile(stored) as book:
        for part in book.infolist():
            try:
                with book.open(part) as opened:
                    plain = PlainBytes(name, stored, opened, options=options)
                    while data := plain.read(_COPY_BYTES):
                        total += len(data)
            except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
                raise ExtractError(
                    "the workbook is damaged",
                    where=name,
                    found=str(error),
                    mend="fetch the file again, without a password",
                ) from error
            if total > options.max_uncompressed_bytes:
                raise ExtractError(
                    "the workbook unpacks to more than is allowed",
                    where=name,
                    found=f"more than {options.max_uncompressed_bytes:,} bytes",
                    allowed=f"{options.max_uncompressed_bytes:,} bytes",
                    mend="raise `max_uncompressed_bytes` if this size is right",
                )
