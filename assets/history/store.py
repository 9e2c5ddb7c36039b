"""Where a history table is read and written, month by month.

`Store` knows the months of one table, their files and what a month's rows look like. Which rows
belong there is decided by the modules above it; what a version is, in `assets.transforms`.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from assets.lake.layout import UNPLACED, Lake
from assets.lake.slot import Slot, fingerprint
from assets.transforms.timelines import VALID_FROM, VALID_TO
from assets.transforms.versions import CLOSED_ON, VERSION, in_order, month_number
from schemas.table import Table

DATA = "data.parquet"
CHANGES = "changes.parquet"

FORMAT = 1
"""Raise it when the same core rows would give other history files: every table is rebuilt."""

MONTH = "_month"
"""Working column: year times 100 plus month, or `UNPLACED_NUMBER`; never stored."""

UNPLACED_NUMBER = 0

ROW_GROUP_ROWS = 256 * 1024
COMPRESSION_LEVEL = 1
"""Zstandard level: higher ones cost more time than they save space on such rows."""


@dataclass(frozen=True, slots=True)
class Store:
    """One history table.

    Attributes:
        lake: Where core partitions and the parent's history are read.
        table: The table's contract.
        time_zone: Company time zone, in which months are cut.
        own: Where this table's history is kept; another lake while it is rebuilt aside.
    """

    lake: Lake
    table: Table
    time_zone: str
    own: Lake

    @property
    def key(self) -> list[str]:
        """Key columns."""
        return list(self.table.key)

    @property
    def index_columns(self) -> list[str]:
        """Columns that find a month: the key, or for a child its parent's key."""
        return list(self.table.parent[1]) if self.table.parent else self.key

    @property
    def content(self) -> list[str]:
        """Columns whose change makes a new version."""
        return [column.name for column in self.table.columns if column.name not in self.table.key]

    @property
    def is_monthly(self) -> bool:
        """Whether the rows are kept by month: the table has events, or a parent that has."""
        return self.table.event is not None or self.table.parent is not None

    @property
    def identity(self) -> str:
        """Fingerprint of what decides how core rows are laid out."""
        table = self.table
        columns = [(column.name, column.type) for column in table.all_columns]
        layout = (table.key, table.event, table.parent, table.history)
        return fingerprint(FORMAT, columns, layout, self.time_zone)

    def aside(self, folder: Path) -> "Store":
        """The same table, with its history kept elsewhere."""
        return dataclasses.replace(self, own=Lake(folder))

    def slot(self, month: str) -> Slot:
        """The slot of a month."""
        return self.own.history(self.table.name, month)

    def index_slot(self, month: str) -> Slot:
        """The slot of a month's key index; its name begins with `_`, so it counts as no month."""
        return self.own.history(self.table.name, f"_keys-{month}")

    def schema(self) -> pl.Schema:
        """Columns of the stored rows."""
        extra = {CLOSED_ON: pl.Date()}
        if self.table.history == "versions":
            extra |= {VALID_FROM: pl.Date(), VALID_TO: pl.Date()}
        return pl.Schema({**self.table.polars_schema(), **extra})

    def months(self) -> list[str]:
        """Committed months in name order."""
        names = self.own.history_months(self.table.name)
        return [name for name in names if self.slot(name).receipt() is not None]

    def scan(self, months: Iterable[str] | None = None) -> pl.LazyFrame:
        """Stored rows of the months (None: all); months that there are not hold none."""
        names = self.months() if months is None else months
        paths = [path for name in names if (path := self.slot(name).path(DATA)) is not None]
        if not paths:
            return pl.LazyFrame(schema=self.schema())
        return pl.scan_parquet(paths)

    def read(self, month: str) -> pl.DataFrame:
        """Stored rows of one month."""
        return self.scan([month]).collect()

    def commit(self, month: str, before: pl.DataFrame, rows: pl.DataFrame) -> bool:
        """Replace a month's rows; a month left without rows goes, an equal one is left alone.

        Args:
            month: Month name.
            before: The rows that it holds.
            rows: The rows that it shall hold, in their order.

        Returns:
            Whether anything was written.
        """
        slot = self.slot(month)
        if rows.equals(before):
            return False
        if rows.is_empty():
            slot.remove()
            self.index_slot(month).remove()
            return True
        with slot.replace(self.identity) as draft:
            write(rows, draft.path(DATA))
            draft.facts["rows"] = rows.height
        return True

    def ordered(self, before: pl.DataFrame, added: pl.DataFrame) -> pl.DataFrame:
        """Rows in stored order, from some that are in it and some that are not."""
        added = in_order(added.select(self.schema().names()), self.key)
        if before.is_empty() or added.is_empty():
            return added if before.is_empty() else before
        both = pl.concat([before, added])
        latest, first = before.item(-1, VERSION[0]), added.item(0, VERSION[0])
        return both if latest < first else in_order(both, self.key)

    def with_months(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add the month number of each row's own event."""
        event = self.table.column(str(self.table.event))
        zone = self.time_zone if event.type == "instant" else None
        month = month_number(event.name, zone).fill_null(UNPLACED_NUMBER)
        return rows.with_columns(month.alias(MONTH))

    def total_rows(self) -> int:
        """Rows of all months, as their receipts say."""
        receipts = (self.slot(name).receipt() for name in self.months())
        return sum(int(receipt.facts["rows"]) for receipt in receipts if receipt)


def write(rows: pl.DataFrame, path: Path) -> None:
    """Write a file of the history."""
    rows.write_parquet(
        path,
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        statistics=True,
        row_group_size=ROW_GROUP_ROWS,
    )


def month_name(number: int) -> str:
    """Month name of a month number."""
    if number == UNPLACED_NUMBER:
        return UNPLACED
    return f"{number // 100:04d}-{number % 100:02d}"


def without(rows: pl.DataFrame, keys: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Rows whose key is not among the keys, order kept."""
    if keys.is_empty() or rows.is_empty():
        return rows
    return rows.join(keys, on=list(key), how="anti", nulls_equal=True, maintain_order="left")


def within(rows: pl.DataFrame, keys: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Rows whose key is among the keys, order kept."""
    if keys.is_empty() or rows.is_empty():
        return rows.clear()
    return rows.join(keys, on=list(key), how="semi", nulls_equal=True, maintain_order="left")
