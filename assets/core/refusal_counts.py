"""What is in quarantine in numbers, from the receipts of the core partitions.

Which part of the quarantine is wanted is decided here, too. What this module gives may leave the
lake: values found are redacted.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from assets.core.conservation import PartitionCounts, partition_counts
from assets.core.redaction import CUSTOM, Redaction, redaction_of
from assets.lake.layout import Lake
from assets.transforms.mapping import NOT_IN_MAP
from schemas.config.project import Project
from schemas.errors import ConfigError
from schemas.registry import canonical

QUARANTINED = "quarantined.parquet"

LISTED = pl.Schema(
    {
        "table_name": pl.String(),
        "source": pl.String(),
        "column_name": pl.String(),
        "expectation": pl.String(),
        "rows": pl.Int64(),
        "first_on": pl.Date(),
        "last_on": pl.Date(),
        "found": pl.String(),
        "suggestion": pl.String(),
    }
)
"""One row per table, source, column and expectation (and date): rows refused for it, and the most
frequent value that has a nearest allowed one, redacted."""

_NEAREST = pl.Schema(
    {name: LISTED[name] for name in ("table_name", "source", "column_name", "found", "suggestion")}
    | {"expectation": pl.String(), "date": pl.Date(), "cells": pl.Int64()}
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the quarantine; None means all.

    Attributes:
        table: Canonical table.
        source: Source.
        first: First logical date.
        last: Last logical date.
        column: Column that is at fault.
    """

    table: str | None = None
    source: str | None = None
    first: dt.date | None = None
    last: dt.date | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The quarantine in numbers.

    Attributes:
        rows: Refused rows.
        reasons: Reasons they were refused for; a row with two reasons counts twice here.
        table: By reason, schema `LISTED`.
    """

    rows: int
    reasons: int
    table: pl.DataFrame


def refused_partitions(lake: Lake, project: Project, wanted: Wanted) -> list[PartitionCounts]:
    """Core partitions that hold refused rows of what is wanted, by table, source and date.

    Raises:
        ConfigError: There is no such table, source or column.
    """
    _check(lake, project, wanted)
    return [
        counts
        for table in project.fed_tables()
        if wanted.table in {None, table}
        for counts in partition_counts(lake, table)
        if wanted.source in {None, counts.source}
        and (wanted.first is None or counts.date >= wanted.first)
        and (wanted.last is None or counts.date <= wanted.last)
        and counts.facts["quarantined"]
        and reasons_of(counts, wanted.column)
    ]


def reasons_of(counts: PartitionCounts, column: str | None = None) -> dict[tuple[str, str], int]:
    """Column and expectation → rows refused for it in a partition."""
    parted = ((label.partition(": "), rows) for label, rows in counts.facts["reasons"].items())
    return {
        (name, expectation): rows
        for (name, _, expectation), rows in parted
        if column in {None, name}
    }


def list_refusals(lake: Lake, project: Project, wanted: Wanted, *, by_day: bool = False) -> Listing:
    """Count the quarantine by table, source, column and expectation.

    Receipts tell all but the nearest allowed values; only partitions with values outside of a set
    are opened.

    Raises:
        ConfigError: There is no such table, source or column.
    """
    partitions = refused_partitions(lake, project, wanted)
    counted = [
        (each.table, each.source, column, expectation, rows, each.date)
        for each in partitions
        for (column, expectation), rows in reasons_of(each, wanted.column).items()
    ]
    names = ["table_name", "source", "column_name", "expectation", "rows", "date"]
    schema = {**LISTED, "date": pl.Date()}
    by_date = pl.DataFrame(counted, schema={name: schema[name] for name in names}, orient="row")
    group = [*names[:4], *(["date"] if by_day else [])]
    table = by_date.group_by(group).agg(
        pl.col("rows").sum(),
        pl.col("date").min().alias("first_on"),
        pl.col("date").max().alias("last_on"),
    )
    nearest = _most_frequent(_nearest(lake, project, partitions, wanted.column), group)
    table = table.join(nearest, on=group, how="left").sort(group)
    rows = sum(_distinct_rows(lake, each, wanted.column) for each in partitions)
    return Listing(rows, int(by_date["rows"].sum()), table.select(LISTED.names()))


def _check(lake: Lake, project: Project, wanted: Wanted) -> None:
    tables = project.fed_tables()
    if wanted.table is not None and wanted.table not in tables:
        raise _unknown("table", wanted.table, tables)
    asked = tables if wanted.table is None else (wanted.table,)
    sources = sorted(
        {name for table in asked for name in (*project.feeds(table), *lake.core_sources(table))}
    )
    if wanted.source is not None and wanted.source not in sources:
        raise _unknown("source", wanted.source, sources)
    columns = [column.name for table in asked for column in canonical(table).columns]
    columns += [CUSTOM + name for table in asked for mapping in project.feeds(table).values()
                for name in mapping.custom]  # fmt: skip
    if wanted.column is not None and wanted.column not in columns:
        raise _unknown("column", wanted.column, sorted(set(columns)))


def _unknown(kind: str, found: str, names: Sequence[str]) -> ConfigError:
    of = {"table": "is fed", "source": "feeds it", "column": "is in it"}[kind]
    return ConfigError(
        f"no {kind} of that name {of}",
        where=f"quarantine, {kind}",
        found=repr(found),
        allowed=", ".join(names),
    )


def _distinct_rows(lake: Lake, counts: PartitionCounts, column: str | None) -> int:
    """Refused rows of a partition, each once however many reasons it has."""
    reasons = reasons_of(counts, column)
    if column is None:
        return int(counts.facts["quarantined"])
    if len(reasons) == 1:
        return next(iter(reasons.values()))
    path = lake.core(counts.table, counts.source, counts.date).path(QUARANTINED)
    if path is None:
        return 0
    at_fault = pl.element().struct.field("column") == column
    is_meant = pl.col("reasons").list.eval(at_fault).list.any()
    return int(pl.scan_parquet(path).select(is_meant.sum()).collect().item())


def _nearest(
    lake: Lake, project: Project, partitions: Sequence[PartitionCounts], column: str | None
) -> pl.DataFrame:
    """Values that have a nearest allowed one, redacted, with the number of their cells."""
    frames = [_NEAREST.to_frame()]
    redactions: dict[str, Redaction] = {}
    for each in partitions:
        if not any(expectation == NOT_IN_MAP for _, expectation in reasons_of(each, column)):
            continue
        path = lake.core(each.table, each.source, each.date).path(QUARANTINED)
        if path is None:
            continue
        redaction = redactions.setdefault(each.source, redaction_of(project, each.source))
        reasons = pl.scan_parquet(path).select(
            pl.col("reasons").list.explode(empty_as_null=False).struct.unnest()
        )
        reasons = reasons.filter(pl.col("suggestion").is_not_null())
        by = ["column", "expectation", "found", "suggestion"]
        for name, expectation, found, suggestion, cells in (
            reasons.group_by(by).len().sort(by).collect().iter_rows()
        ):
            shown = redaction.value(each.table, name, found)
            row = (each.table, each.source, name, shown, suggestion, expectation, each.date, cells)
            frames.append(pl.DataFrame([row], schema=_NEAREST, orient="row"))
    return pl.concat(frames)


def _most_frequent(nearest: pl.DataFrame, group: list[str]) -> pl.DataFrame:
    return (
        nearest.group_by(*group, "found", "suggestion")
        .agg(pl.col("cells").sum())
        .sort([*group, "cells", "found"], descending=[*(False for _ in group), True, False])
        .group_by(group, maintain_order=True)
        .agg(pl.col("found").first(), pl.col("suggestion").first())
    )
