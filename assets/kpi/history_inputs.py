"""What the KPI layer reads from history: months of events, dimension tables, their change logs."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import polars as pl

from assets.lake.layout import ALL, UNPLACED, Lake
from assets.lake.slot import Receipt, Slot
from assets.transforms.dimensions import (
    account_versions,
    product_dimensions,
    question_dimensions,
    survey_dimensions,
    with_age_band,
)
from assets.transforms.facts import Cut, Lookups
from schemas.dimensions import Origin
from schemas.registry import canonical
from schemas.warehouse import dimension_column

Unresolved = pl.DataFrame | Literal["any"] | None
"""Keys that did not resolve: their columns, `any` where there are too many to keep, or none."""

_VALIDITY = {"_closed_on": pl.Date(), "_valid_from": pl.Date(), "_valid_to": pl.Date()}


def event_months(lake: Lake, table: str) -> list[str]:
    """Months (`YYYY-MM`) that a history table has events of, ascending."""
    return [name for name in lake.history_months(table) if name not in {ALL, UNPLACED}]


def month_days(month: str) -> tuple[dt.date, dt.date]:
    """First day of a month and of the next one."""
    first = dt.date.fromisoformat(f"{month}-01")
    return first, (first + dt.timedelta(days=31)).replace(day=1)


def scan_slot(slot: Slot, table: str) -> pl.LazyFrame:
    """A history table's rows in a slot; none, with the contract's columns, where it is empty."""
    path = slot.path("data.parquet")
    return no_rows(table) if path is None else pl.scan_parquet(path)


def no_rows(table: str) -> pl.LazyFrame:
    """A history table without rows."""
    return pl.LazyFrame(schema={**canonical(table).polars_schema(), **_VALIDITY})


@dataclass(frozen=True)
class DimensionTable:
    """One dimension table as it stood when the run began.

    Attributes:
        name: Table.
        slot: Where it stands.
        receipt: Its receipt then; None where it holds nothing yet.
    """

    name: str
    slot: Slot
    receipt: Receipt | None

    @staticmethod
    def of(lake: Lake, name: str) -> "DimensionTable":
        """The table as it stands now."""
        slot = lake.history(name, ALL)
        return DimensionTable(name, slot, slot.receipt())

    @property
    def sequence(self) -> int:
        """Number of the last change in its log, 0 without one."""
        return int(self.receipt.facts.get("sequence", 0)) if self.receipt else 0

    def scan(self) -> pl.LazyFrame:
        """Its rows."""
        path = self._path("data.parquet")
        return no_rows(self.name) if path is None else pl.scan_parquet(path)

    @cached_property
    def changes(self) -> pl.DataFrame:
        """Change log with the key columns beside sequence, affected_from, affected_to, is_new."""
        keys = pl.Struct(dict.fromkeys(canonical(self.name).key, pl.String))
        path = self._path("changes.parquet")
        schema = {
            "sequence": pl.Int64, "key": pl.String, "affected_from": pl.Date,
            "affected_to": pl.Date, "is_new": pl.Boolean,
        }  # fmt: skip
        log = pl.DataFrame(schema=schema) if path is None else pl.read_parquet(path)
        return log.with_columns(pl.col("key").str.json_decode(keys).alias("key")).unnest("key")

    def touches(self, seen: int, days: tuple[dt.date, dt.date], unresolved: Unresolved) -> bool:
        """Whether a change after `seen` can alter what events of a range of days resolve to.

        Args:
            seen: Sequence number up to which changes are taken into account already.
            days: First day of the range, and the day after its last.
            unresolved: Keys that events of the range name and the table did not have.
        """
        later = self.changes.filter(pl.col("sequence") > seen)
        first, until = days
        altered = later.filter(
            ~pl.col("is_new"),
            (pl.col("affected_from") < until).fill_null(value=True),
            (pl.col("affected_to") > first).fill_null(value=True),
        )
        if altered.height:
            return True
        new = later.filter("is_new")
        if unresolved is None or isinstance(unresolved, str):
            return unresolved is not None and bool(new.height)
        keys = list(canonical(self.name).key)
        return bool(new.join(unresolved, on=keys, how="semi").height)

    def _path(self, name: str) -> Path | None:
        if self.receipt is None or name not in self.receipt.files:
            return None
        return self.slot.folder / self.receipt.files[name]


@dataclass
class Dimensions:
    """The dimension tables of one run, read when first needed and kept.

    Attributes:
        lake: Where they stand.
        account_dimensions: Account dimensions of any segment set.
    """

    lake: Lake
    account_dimensions: tuple[str, ...]
    _tables: dict[str, DimensionTable] = field(default_factory=dict)
    _banded: tuple[int, pl.DataFrame] | None = None

    def table(self, name: str) -> DimensionTable:
        """A dimension table as it stood when it was first asked for."""
        if name not in self._tables:
            self._tables[name] = DimensionTable.of(self.lake, name)
        return self._tables[name]

    def lookups(self, cut: Cut, year: int, *, surveys: bool) -> Lookups:
        """What a fact of a year is joined to.

        Args:
            cut: Dimensions of the fact.
            year: Year of its events, for age bands.
            surveys: Whether it needs surveys and questions.
        """
        accounts = self.versions(cut.of("account"), year) if cut.of("account") else None
        products = None
        if cut.of("product"):
            products = product_dimensions(self.table("erp_product").scan(), cut.of("product"))
        if not surveys:
            return Lookups(accounts, products=products)
        return Lookups(accounts, self._surveys, self._questions, products)

    def versions(self, dimensions: tuple[str, ...], year: int) -> pl.DataFrame:
        """Account versions with the dimensions asked for, ages as of a year."""
        if self._banded is None or self._banded[0] != year:
            self._banded = (year, with_age_band(self._accounts, year))
        columns = [dimension_column(name) for name in dimensions]
        return self._banded[1].select(
            "account_id", "holds_from", "holds_until", *columns, "is_known"
        )

    @cached_property
    def products(self) -> pl.DataFrame:
        """product_id, category, family (Categorical), is_product_known."""
        columns = [pl.col(name).cast(pl.Categorical) for name in ("category", "family")]
        known = pl.lit(value=True).alias("is_product_known")
        return self.table("erp_product").scan().select("product_id", *columns, known).collect()

    @cached_property
    def _accounts(self) -> pl.DataFrame:
        return account_versions(self.table("crm_account").scan(), self.account_dimensions)

    @cached_property
    def _surveys(self) -> pl.DataFrame:
        return survey_dimensions(self.table("survey").scan()).collect()

    @cached_property
    def _questions(self) -> pl.DataFrame:
        return question_dimensions(self.table("survey_question").scan())


def account_dimensions(origins: Mapping[str, Origin]) -> tuple[str, ...]:
    """Dimensions that the account carries."""
    return tuple(name for name, origin in origins.items() if origin == "account")
