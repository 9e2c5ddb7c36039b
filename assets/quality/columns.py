"""The columns that extracts came with, and their types where the file itself has types."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from assets.lake.layout import Lake
from assets.lake.slot import Receipt, fingerprint
from schemas.config.files import LINEAGE_COLUMNS
from schemas.config.project import Project

CODE_VERSION = 1
"""Raise it when the same files would be read as other types."""

TEXT = "text"
"""Type of the columns of formats that are extracted as text: all but Parquet."""

_Types = dict[str, str]


def columns_of_extracts(lake: Lake, project: Project) -> Iterator[tuple[Any, ...]]:
    """One tuple per source and date in the order of `EXTRACTS`; without a file, `rows` is null."""
    for name, source in project.sources.items():
        receipts = {date: lake.raw(name, date).receipt() for date in lake.raw_dates(name)}
        pulled = {date: receipt for date, receipt in receipts.items() if receipt is not None}
        is_typed = source.files.format == "parquet"
        types = _file_types(lake, name, pulled) if is_typed else {}
        for date, receipt in pulled.items():
            rows = receipt.facts["rows"] if _has_file(receipt) else None
            known = types.get(date, {})
            columns = [
                {"name": column, "type": known.get(column, TEXT)}
                for column in receipt.facts["columns"]
            ]
            yield name, date, rows, columns


def _has_file(receipt: Receipt) -> bool:
    return "data.parquet" in receipt.files


def _file_types(
    lake: Lake, source: str, receipts: Mapping[dt.date, Receipt]
) -> dict[dt.date, _Types]:
    """Types of every date; a file that was looked at once is not opened again."""
    slot = lake.quality("types", source)
    present = {date: one.content for date, one in receipts.items() if _has_file(one)}
    kept = slot.receipt()
    facts = kept.facts if kept is not None and kept.facts["version"] == CODE_VERSION else {}
    schemas: list[_Types] = list(facts.get("schemas", []))
    before = facts.get("dates", {})
    dates = {}
    for date, content in present.items():
        seen, index = before.get(date.isoformat(), (None, 0))
        if seen != content:
            index = _index(schemas, _types(lake, source, date))
        dates[date.isoformat()] = [content, index]
    if kept is None or dates != before or not facts:
        with slot.replace(fingerprint(CODE_VERSION, dates)) as draft:
            draft.facts.update(version=CODE_VERSION, schemas=schemas, dates=dates)
    found = {dt.date.fromisoformat(date): schemas[index] for date, (_, index) in dates.items()}
    return _with_types_of_neighbours(found)


def _index(schemas: list[_Types], types: _Types) -> int:
    if types not in schemas:
        schemas.append(types)
    return schemas.index(types)


def _types(lake: Lake, source: str, date: dt.date) -> _Types:
    path = lake.raw(source, date).path("data.parquet")
    schema = {} if path is None else pl.read_parquet_schema(path)
    return {name: str(kind) for name, kind in schema.items() if name not in LINEAGE_COLUMNS}


def _with_types_of_neighbours(types: Mapping[dt.date, _Types]) -> dict[dt.date, _Types]:
    """A column without any value in a file has no type there: it takes that of the file before.

    Where there is none before, it takes that of the next file. So it is not retyped twice.
    """
    forth = _carried(types, sorted(types))
    return _carried(forth, sorted(types, reverse=True))


def _carried(types: Mapping[dt.date, _Types], order: Iterable[dt.date]) -> dict[dt.date, _Types]:
    untyped = str(pl.Null())
    last: _Types = {}
    found = {}
    for date in order:
        known = {
            name: last.get(name, kind) if kind == untyped else kind
            for name, kind in types[date].items()
        }
        last |= known
        found[date] = known
    return found
