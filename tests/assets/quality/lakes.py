"""Lakes made by hand for the checks: core partitions, and the configuration that goes with them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from assets.lake.layout import Lake
from schemas.config.project import Project
from schemas.registry import canonical
from schemas.table import Column
from tests.assets.history.builder import START, Row, day, frame, instant

SOURCE = "main"
TODAY = day(60)
"""A date so late that no record is young."""


def project(*tables: str, quality: Mapping[str, Any] | None = None, **source: Any) -> Project:
    """A company whose source `main` feeds these tables, every column from one of its name."""
    mapped = {
        name: {
            "columns": {
                column.name: column.name
                for column in canonical(name).columns
                if column.type != "map"
            }
        }
        for name in tables
    }
    main = {
        "system": "crm",
        "mode": "incremental",
        "files": {"root": "x", "path": "x_{date}.csv", "format": "csv"},
        "tables": mapped,
    }
    return Project.model_validate(
        {
            "version": 1,
            "company": {"name": "C", "time_zone": "Europe/Paris", "currency": "EUR"},
            "start_date": START,
            "privacy": {"pii_key": "secret"},
            "sources": {SOURCE: main | source},
            "quality": quality or {},
        }
    )


def put_core(
    lake: Lake,
    table: str,
    date: dt.date,
    rows: Sequence[Row],
    *,
    source: str = SOURCE,
    reasons: Mapping[str, int] | None = None,
) -> None:
    """Write a core partition with all its counts, as the core layer does."""
    refused = sum((reasons or {}).values())
    with lake.core(table, source, date).replace(repr((rows, reasons))) as draft:
        frame(table, source, date, rows).write_parquet(draft.path("accepted.parquet"))
        draft.facts.update(
            rows_mapped=len(rows) + refused,
            accepted=len(rows),
            quarantined=refused,
            superseded=0,
            reasons=dict(reasons or {}),
            mode="incremental",
        )


def full_row(table: str, number: int) -> Row:
    """A row that meets its contract, with a value in every mandatory column."""
    return {
        column.name: _value(column, number)
        for column in canonical(table).columns
        if not column.nullable
    }


def _value(column: Column, number: int) -> Any:
    if column.type in {"date", "instant"}:
        return START if column.type == "date" else instant("2026-03-01T12:00:00")
    if column.type == "text":
        return column.allowed[0] if column.allowed else f"{column.name}-{number}"
    return number + 1


def records(table: str, rows: Sequence[Row]) -> pl.DataFrame:
    """Rows as a month of history has them."""
    found = frame(table, SOURCE, START, rows).with_columns(
        pl.lit(None, pl.Date).alias("_closed_on")
    )
    if canonical(table).history == "versions":
        dates = [pl.lit(None, pl.Date).alias(name) for name in ("_valid_from", "_valid_to")]
        found = found.with_columns(dates)
    return found


def contents(lake: Lake, *parts: str) -> dict[str, tuple[str, int]]:
    """Every file below a part of the quality layer: path → name and time of writing."""
    folder = lake.quality(*parts).folder
    return {
        str(path.relative_to(folder)): (path.name, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
