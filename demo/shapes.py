"""The vocabulary in which a source's shape is told: fields, layouts, faults, sources.

Which source has which shape is in `demo.sources` (varied) and `demo.plain` (plain CSV); how
files of a layout are written is in `demo.writers`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from demo.plan import ZONE

Form = Callable[[pl.Expr], pl.Expr]
Outcome = Literal["accepted", "quarantined", "superseded", "filtered", "skipped"]


@dataclass(frozen=True, slots=True)
class Field:
    """One raw column: its header, the canonical (or stream) column it shows, and how."""

    raw: str
    column: str
    form: Form


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is laid out, in the words of `files:` in barometer.yaml."""

    format: Literal["csv", "json", "jsonl", "excel", "parquet"]
    delimiter: str = ","
    encoding: str = "utf-8"
    has_byte_order_mark: bool = False
    has_header: bool = True
    line_end: str = "\n"
    comment: str | None = None
    compression: Literal["none", "gzip", "zip"] = "none"
    sheet: str | None = None
    title_rows: int = 0
    records_path: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault planted in a source.

    Attributes:
        kind: Name in `demo.settings.FAULT_RATES`.
        column: Canonical column concerned.
        found: Raw text put there.
        alter: Change of the canonical value, for kinds that change rather than break it.
        among: Question ids whose scores may be pushed off their scale.
        table: Canonical table concerned, the source's first by default.
    """

    kind: str
    column: str
    found: str | None = None
    alter: Form | None = None
    among: tuple[str, ...] = ()
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One source of the demo company.

    Attributes:
        name: Name in barometer.yaml.
        stream: Clean stream of `demo.company` that it shows.
        tables: Canonical tables it feeds; the first is that of the raw row.
        path: Where a day's file goes, with `{date}` and, for split sources, `{part}`.
        layout: How the file is laid out.
        fields: Raw columns in order.
        faults: What is planted in it.
        answers: `long` turns the wide stream into one row an answer, `wide` writes it as it is.
        null_values: Texts of blank answers in a wide source.
        split: Stream column and its value → part of the file name; two files a day.
        blank: Text of blank cells.
    """

    name: str
    stream: str
    tables: tuple[str, ...]
    path: str
    layout: Layout
    fields: tuple[Field, ...]
    faults: tuple[Fault, ...] = ()
    answers: Literal["none", "long", "wide"] = "none"
    split: tuple[str, Mapping[str, str]] | None = None
    blank: str | None = None


def text(column: pl.Expr) -> pl.Expr:
    """As text."""
    return column.cast(pl.String)


def typed(column: pl.Expr) -> pl.Expr:
    """With its own type: for Parquet, Excel and JSON."""
    return column


def local(form: str) -> Form:
    """A date, or a wall-clock time without offset."""
    return lambda column: column.dt.strftime(form)


def instant(column: pl.Expr) -> pl.Expr:
    """A typed instant in UTC."""
    return column.dt.replace_time_zone(ZONE, ambiguous="earliest").dt.convert_time_zone("UTC")


def utc(column: pl.Expr) -> pl.Expr:
    """ISO 8601 in UTC with a `Z`."""
    return instant(column).dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def offset(column: pl.Expr) -> pl.Expr:
    """ISO 8601 in local time with its offset."""
    zoned = column.dt.replace_time_zone(ZONE, ambiguous="earliest")
    return zoned.dt.strftime("%Y-%m-%dT%H:%M:%S%:z")


def number(decimal: str = ".", thousands: str = "") -> Form:
    """A number with the given marks; whole part below a thousand million."""

    def shown(column: pl.Expr) -> pl.Expr:
        plain = column.cast(pl.String)
        sign = pl.when(plain.str.starts_with("-")).then(pl.lit("-")).otherwise(pl.lit(""))
        parts = plain.str.strip_prefix("-").str.split_exact(".", 1)
        whole, rest = parts.struct.field("field_0"), parts.struct.field("field_1")
        if thousands:
            padded = whole.str.zfill(9)
            groups = [padded.str.slice(start, 3) for start in (0, 3, 6)]
            grouped = pl.concat_str(groups, separator=thousands)
            grouped = grouped.str.strip_chars_start(f"0{thousands}")
            whole = pl.when(grouped == "").then(pl.lit("0")).otherwise(grouped)
        fraction = pl.when(rest.is_null()).then(pl.lit("")).otherwise(decimal + rest)
        return pl.concat_str(sign, whole, fraction)

    return shown


def mapped(values: Mapping[str, str]) -> Form:
    """A source's own words; canonical → raw. Values without a word are kept."""
    return lambda column: column.cast(pl.String).replace(values)


def same(*names: str, form: Form = text) -> tuple[Field, ...]:
    """Fields whose header is the canonical name."""
    return tuple(Field(name, name, form) for name in names)
