"""Raw rows made by hand, and the ways tests look at what a mapping makes of them."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from assets.transforms.mapping import (
    REFUSED,
    MappingContext,
    keep_wanted,
    map_rows,
    unpivoted,
)
from assets.transforms.quarantine import spell_out
from schemas.config.mapping import TableMap
from schemas.registry import canonical

DAY = dt.date(2024, 3, 1)

Cells = Mapping[str, str | None]


def raw_frame(rows: Sequence[Cells], *, date: dt.date = DAY, file: str = "a.csv") -> pl.LazyFrame:
    """Rows of one extract as the raw layer keeps them: text, numbered from 1."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = {name: [row.get(name) for row in rows] for name in names}
    frame = pl.LazyFrame(cells, schema=dict.fromkeys(names, pl.String))
    return frame.with_columns(
        _source=pl.lit("main"),
        _source_file=pl.lit(file),
        _row_number=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
        _logical_date=pl.lit(date),
    )


class Mapped:
    """What a mapping makes of some raw rows."""

    def __init__(
        self,
        rows: Sequence[Cells] | pl.LazyFrame,
        table: str = "erp_product",
        *,
        context: Mapping[str, Any] | None = None,
        **mapping: Any,
    ) -> None:
        contract = canonical(table)
        parsed = TableMap.model_validate(mapping)
        given = {"source": "main", "time_zone": "Europe/Paris", **(context or {})}
        raw = rows if isinstance(rows, pl.LazyFrame) else raw_frame(rows)
        kept = unpivoted(keep_wanted(raw, parsed), parsed)
        plan, _ = map_rows(kept, parsed, contract, MappingContext(**given))
        self.rows = plan.collect().sort("_source_file", "_row_number", maintain_order=True)
        detailed, reasons = map_rows(kept, parsed, contract, MappingContext(**given), detail=True)
        again = detailed.collect().sort("_source_file", "_row_number", maintain_order=True)
        self.quarantine = spell_out(again, reasons, contract, raw.collect())

    def values(self, column: str) -> list[Any]:
        """The column of all rows, refused ones included."""
        found: list[Any] = self.rows[column].to_list()
        return found

    def refused(self) -> list[bool]:
        found: list[bool] = self.rows[REFUSED].to_list()
        return found

    def reasons(self) -> list[list[tuple[str, str, str | None, str | None]]]:
        """Of each refused row: column, expectation, found, suggestion."""
        fields = ("column", "expectation", "found", "suggestion")
        return [
            [tuple(reason[name] for name in fields) for reason in reasons]
            for reasons in self.quarantine["reasons"].to_list()
        ]

    def raw(self) -> list[dict[str, Any]]:
        """Of each refused row: the row as it was extracted."""
        return [json.loads(row) for row in self.quarantine["raw"]]


def mapped_text(cells: Sequence[Cells], **spec: Any) -> list[str | None]:
    """Texts that one column mapping makes."""
    columns = {"product_id": {"value": "p"}, "name": spec}
    return Mapped(cells, columns=columns).values("name")
