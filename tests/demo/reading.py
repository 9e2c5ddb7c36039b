"""Plain readers of the demo's files: standard library wherever it can, no code of the pipeline."""

import csv
import gzip
import io
import json
import zipfile
from pathlib import Path

import polars as pl

from demo.settings import Settings
from demo.shapes import Layout, Source
from demo.simulate import sources_of

Record = dict[str, object]


def read_records(path: Path, layout: Layout, names: list[str]) -> list[Record]:
    """Records of one file in their order, by raw column name; empty cells are None."""
    match layout.format:
        case "parquet":
            return pl.read_parquet(path).to_dicts()
        case "excel":
            sheet = pl.read_excel(
                path,
                sheet_name=layout.sheet,
                read_options={"header_row": layout.title_rows, "dtypes": "string"},
            )
            return sheet.to_dicts()
        case "json":
            document = json.loads(path.read_text(encoding="utf-8"))
            for step in (layout.records_path or "").split("."):
                document = document[step] if step else document
            return list(document)
        case "jsonl":
            return [json.loads(line) for line in _text(path, layout).splitlines()]
        case "csv":
            return _csv_records(_text(path, layout), layout, names)


def _csv_records(text: str, layout: Layout, names: list[str]) -> list[Record]:
    if layout.comment:
        assert text.startswith(layout.comment)
        text = text.split("\n", 1)[1]
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter, strict=True))
    header = rows.pop(0) if layout.has_header else names
    return [{name: cell or None for name, cell in zip(header, row, strict=True)} for row in rows]


def _text(path: Path, layout: Layout) -> str:
    content = path.read_bytes()
    if layout.compression == "gzip":
        content = gzip.decompress(content)
    if layout.compression == "zip":
        with zipfile.ZipFile(path) as archive:
            (member,) = archive.namelist()
            content = archive.read(member)
    if layout.has_byte_order_mark:
        assert content.startswith(b"\xef\xbb\xbf")
        return content.decode("utf-8-sig")
    return content.decode(layout.encoding)


def source_of(settings: Settings, name: str) -> Source:
    """Source by name."""
    return next(source for source in sources_of(settings) if source.name == name)
