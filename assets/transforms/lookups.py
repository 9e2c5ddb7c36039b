"""Values fetched from another source's extract: the `lookup` of a mapped column.

Which rows there are to look in is the caller's business; nothing here reads files.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from assets.transforms.reading import EXACT, plain_number
from schemas.config.mapping import ColumnMap, Lookup, TableMap
from schemas.errors import MappingError


@dataclass(frozen=True, slots=True)
class Asked:
    """A raw column of another source that a lookup asks for.

    Attributes:
        key: Key path in the mapping, `columns.account_id.lookup.take`.
        source: The other source.
        column: Its raw column.
    """

    key: str
    source: str
    column: str


def asked_columns(mapping: TableMap) -> Iterator[Asked]:
    """Every column of other sources that the lookups of a mapping ask for."""
    for group, specs in (("columns", mapping.columns), ("custom", mapping.custom)):
        for name, spec in specs.items():
            if spec.lookup is not None:
                key = f"{group}.{name}.lookup"
                yield Asked(f"{key}.match", spec.lookup.source, spec.lookup.match)
                yield Asked(f"{key}.take", spec.lookup.source, spec.lookup.take)


def lookup_columns(mapping: TableMap) -> dict[str, list[str]]:
    """Source → its raw columns that the lookups of a mapping ask for, both in name order."""
    asked = sorted({(each.source, each.column) for each in asked_columns(mapping)})
    found: dict[str, list[str]] = {}
    for source, column in asked:
        found.setdefault(source, []).append(column)
    return found


def check_lookups(mapping: TableMap, present: Mapping[str, Sequence[str]], *, where: str) -> None:
    """Refuse lookups in extracts that were not pulled or lack the columns asked for.

    Args:
        mapping: The mapping.
        present: Source → columns of its extract of the same logical date; none where the day has
            no file and may lack it; sources that were not pulled are left out.
        where: Key path and date, for the message.

    Raises:
        MappingError: Names the columns, the keys that ask for them and what there is. Without
            the extract every value would come out empty, and nobody would know.
    """
    unpulled = [name for name in lookup_columns(mapping) if name not in present]
    if unpulled:
        raise MappingError(
            "the extract that values are looked up in was not pulled",
            where=where,
            found=f"no raw partition of {', '.join(unpulled)} for the same logical date",
            mend="materialise the raw asset of that date first, then this one again",
        )
    missing = [
        asked
        for asked in asked_columns(mapping)
        if present[asked.source] and asked.column not in present[asked.source]
    ]
    if missing:
        sources = dict.fromkeys(asked.source for asked in missing)
        raise MappingError(
            "the extract that values are looked up in lacks columns",
            where=where,
            found=", ".join(f"{one.key} asks {one.source} for {one.column!r}" for one in missing),
            allowed="; ".join(f"{name}: {', '.join(present[name])}" for name in sources),
            mend="change these keys of the mapping, or have the source send the columns again",
        )


def looked_up(
    frame: pl.LazyFrame, text: str, spec: ColumnMap, lookups: Mapping[str, pl.LazyFrame]
) -> pl.LazyFrame:
    """Replace a text by what the other extract of the same logical date has for it.

    Args:
        frame: Rows with `_logical_date` and the text.
        text: Name of the text column.
        spec: The column's mapping.
        lookups: Source name → its raw rows as text, lineage included.
    """
    lookup = spec.lookup
    if lookup is None:
        return frame
    other = (
        lookups[lookup.source]
        .sort("_source_file", "_row_number")
        .group_by("_logical_date", pl.col(lookup.match).alias("_match"), maintain_order=True)
        .agg(_taken(lookup, spec).alias("_taken"))
    )
    joined = frame.join(
        other,
        left_on=["_logical_date", text],
        right_on=["_logical_date", "_match"],
        how="left",
    )
    return joined.with_columns(pl.col("_taken").alias(text)).drop("_taken")


def without(text: pl.Expr, null_values: Iterable[str]) -> pl.Expr:
    """Text, null where it is empty or one of the texts that mean no value."""
    return pl.when(~text.is_in(["", *null_values])).then(text)


def _taken(lookup: Lookup, spec: ColumnMap) -> pl.Expr:
    """One text for all matches of a value.

    A sum of no values is none, not 0. A sum with a text that is no number is that text: the row
    is then refused for it, where a smaller sum would pass for the whole.
    """
    text = without(pl.col(lookup.take), spec.null_values)
    if lookup.aggregate in {"first", "last", "count"}:
        chosen: pl.Expr = getattr(text, lookup.aggregate)()
        return chosen.cast(pl.String)
    number = plain_number(text, decimal=spec.decimal, thousands=spec.thousands)
    number = number.cast(EXACT, strict=False)
    unreadable = text.filter(text.is_not_null() & number.is_null())
    if lookup.aggregate == "sum":
        result, otherwise = number.sum(), unreadable.first()
    else:
        result, otherwise = (getattr(each, lookup.aggregate)() for each in (number, text))
    shown = result.cast(pl.String).str.strip_chars_end("0").str.strip_suffix(".")
    shown = shown.str.replace(".", spec.decimal, literal=True)
    shown = pl.when(number.count() > 0).then(shown)
    return pl.when(unreadable.len() == 0).then(shown).otherwise(otherwise)
