"""Raw rows → files in a source's layout; equal rows give equal bytes."""

import datetime as dt
import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import polars as pl

from demo.shapes import Layout

FIXED = (2000, 1, 1, 0, 0, 0)
"""Time stamp inside archives, so that the clock does not show in the bytes."""

GZIP_LEVEL = 6


def write_rows(path: Path, rows: pl.DataFrame, layout: Layout) -> None:
    """Write one file, folders included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    match layout.format:
        case "parquet":
            rows.write_parquet(path, compression="zstd", compression_level=1)
        case "excel":
            _write_excel(path, rows, layout)
        case "csv" if _is_plain(layout):
            rows.write_csv(path, separator=layout.delimiter)
        case "csv":
            _write_bytes(path, _csv_bytes(rows, layout), layout)
        case "jsonl":
            _write_bytes(path, rows.write_ndjson().encode(), layout)
        case "json":
            _write_bytes(path, _json_bytes(rows, layout), layout)


def _is_plain(layout: Layout) -> bool:
    """Whether Polars can write the file by itself, without the whole text in memory."""
    return layout == Layout("csv", delimiter=layout.delimiter)


def _csv_bytes(rows: pl.DataFrame, layout: Layout) -> bytes:
    content = rows.write_csv(
        separator=layout.delimiter,
        include_header=layout.has_header,
        line_terminator=layout.line_end,
    )
    if layout.comment:
        content = layout.comment + layout.line_end + content
    mark = b"\xef\xbb\xbf" if layout.has_byte_order_mark else b""
    return mark + content.encode(layout.encoding)


def _json_bytes(rows: pl.DataFrame, layout: Layout) -> bytes:
    document: Any = rows.to_dicts()
    for name in reversed(layout.records_path.split(".") if layout.records_path else []):
        document = {"generator": "crm", name: document}
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _write_bytes(path: Path, content: bytes, layout: Layout) -> None:
    match layout.compression:
        case "none":
            path.write_bytes(content)
        case "gzip":
            with (
                path.open("wb") as raw,
                gzip.GzipFile("", "wb", GZIP_LEVEL, raw, mtime=0) as packed,
            ):
                packed.write(content)
        case "zip":
            member = zipfile.ZipInfo(f"{path.stem}.csv", FIXED)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr(member, content)


def _write_excel(path: Path, rows: pl.DataFrame, layout: Layout) -> None:
    """A sheet with title rows above the header; dates and instants are real dates."""
    import xlsxwriter

    # a sheet before the one with the data makes the configured name matter
    with xlsxwriter.Workbook(path, {"in_memory": True}) as book:
        book.set_properties({"created": dt.datetime(*FIXED)})  # noqa: DTZ001  # Excel has no zones
        formats = {
            pl.Date: book.add_format({"num_format": "yyyy-mm-dd"}),
            pl.Datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }
        book.add_worksheet("Lisez-moi").write(0, 0, "Extraction automatique")
        sheet = book.add_worksheet(layout.sheet)
        for row in range(layout.title_rows):
            sheet.write(row, 0, "Extraction RH" if not row else "Confidentiel")
        sheet.write_row(layout.title_rows, 0, rows.columns)
        for place, name in enumerate(rows.columns):
            form = formats.get(rows.schema[name].base_type())
            for number, value in enumerate(rows[name], start=layout.title_rows + 1):
                if value is None:
                    continue
                if isinstance(value, str):
                    sheet.write_string(number, place, value)
                elif form is not None:
                    sheet.write_datetime(number, place, value, form)
                else:
                    sheet.write_number(number, place, value)
