"""How a table is described: `Column`, `Expectation`, `Table`, and what is derived from them.

A contract is written once; the Polars and Arrow schemas, the expectations, the quarantine filter,
Dagster's column schema, the warehouse DDL and the data dictionary all come from it. The contracts
themselves live in `schemas.crm`, `schemas.erp` and `schemas.survey`; nothing here does I/O.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from schemas.errors import ContractError

ColumnType = Literal["text", "integer", "number", "decimal", "boolean", "date", "instant", "map"]
PiiClass = Literal["identity", "contact", "free_text"]
Grain = Literal["latest", "versions"]

MONEY_SCALE = 4

POLARS_TYPES: Mapping[ColumnType, pl.DataType] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "decimal": pl.Decimal(38, MONEY_SCALE),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "instant": pl.Datetime("us", "UTC"),
    "map": pl.String(),  # canonical JSON object with sorted keys; Parquet maps do not travel well
}

SQL_TYPES: Mapping[ColumnType, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE PRECISION",
    "decimal": f"DECIMAL(38, {MONEY_SCALE})",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "instant": "TIMESTAMP WITH TIME ZONE",
    "map": "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation in Great Expectations' vocabulary; row-level ones also drive the quarantine.

    Attributes:
        type: Snake-case name, `expect_column_values_to_be_between` for instance.
        kwargs: The expectation's arguments as Great Expectations takes them.
        severity: What it means that a month of records does not meet it: `error` blocks publish.
        mend: What to do then.
    """

    type: str
    kwargs: Mapping[str, Any]
    severity: Literal["warn", "error"] = "error"
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a contract.

    Attributes:
        name: Column name; units are suffixes (`_seconds`), dates end in `_on`, instants in `_at`.
        type: Logical type; see `POLARS_TYPES`.
        description: One sentence for the data dictionary.
        unit: Unit of the value, if it has one.
        nullable: Whether a row may lack it.
        pii: Class of personal data: `identity` and `contact` are pseudonymised on the way into
            core, `free_text` never leaves the lake.
        is_segment: Whether KPIs may be cut by it (§ in the data model).
        allowed: Allowed values of a text column; empty means any.
        minimum: Least allowed value, inclusive.
        maximum: Greatest allowed value, inclusive.
        reference: `table.column` that it points at.
    """

    name: str
    type: ColumnType
    description: str
    unit: str | None = None
    nullable: bool = True
    pii: PiiClass | None = None
    is_segment: bool = False
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    reference: str | None = None

    @property
    def is_category(self) -> bool:
        """Whether its values are names of a kind, in which drift can be looked for."""
        return self.type == "text" and self.pii is None and bool(self.allowed or self.is_segment)

    def expectations(self) -> tuple[Expectation, ...]:
        """Row-level expectations that the column's own attributes imply."""
        found = []
        kwargs: dict[str, Any]
        if not self.nullable:
            found.append(Expectation("expect_column_values_to_not_be_null", {"column": self.name}))
        if self.allowed:
            kwargs = {"column": self.name, "value_set": list(self.allowed)}
            found.append(Expectation("expect_column_values_to_be_in_set", kwargs))
        if self.minimum is not None or self.maximum is not None:
            kwargs = {
                "column": self.name,
                "min_value": self.minimum,
                "max_value": self.maximum,
            }
            found.append(Expectation("expect_column_values_to_be_between", kwargs))
        return tuple(found)


LINEAGE: tuple[Column, ...] = (
    Column("_source", "text", "Name of the source in barometer.yaml.", nullable=False),
    Column("_source_file", "text", "File the row was extracted from.", nullable=False),
    Column("_row_number", "integer", "Record number within that file, from 1.", nullable=False),
    Column("_logical_date", "date", "Day that the extract describes.", nullable=False),
)


@dataclass(frozen=True, slots=True)
class Table:
    """The contract of one canonical or published table.

    Attributes:
        name: Table name.
        domain: `crm`, `erp`, `survey` or `warehouse`.
        description: Begins "One row per …".
        columns: The business columns; lineage columns are added by `all_columns`.
        key: Names of the key columns.
        event: Column whose instant or date decides the event month, if the table has events.
        parent: `(table, key columns)` of the table that holds the event, for child tables.
        history: `latest` keeps the latest version of a key, `versions` keeps all (SCD2).
        rules: Row-level expectations over several columns; a row that does not meet one is
            quarantined.
        checks: Expectations on the accepted records of a month as a whole; what does not meet them
            stays and is reported.
    """

    name: str
    domain: Literal["crm", "erp", "survey", "warehouse"]
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    event: str | None = None
    parent: tuple[str, tuple[str, ...]] | None = None
    history: Grain = "latest"
    rules: tuple[Expectation, ...] = field(default=())
    checks: tuple[Expectation, ...] = field(default=())

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        repeated = sorted({name for name in names if names.count(name) > 1})
        asked = [*self.key, *([self.event] if self.event else [])]
        asked += self.parent[1] if self.parent else ()
        unknown = [name for name in asked if name not in names]
        if repeated or unknown:
            raise ContractError(
                "the contract names columns twice or names columns that it does not have",
                where=f"table {self.name}",
                found={"repeated": repeated, "unknown": unknown},
                allowed=names,
                mend="mend the Table in schemas/",
            )

    def column(self, name: str) -> Column:
        """The column of that name, lineage columns included.

        Raises:
            ContractError: The table has no such column.
        """
        for column in self.all_columns:
            if column.name == name:
                return column
        raise ContractError(
            f"no column {name!r}",
            where=f"table {self.name}",
            allowed=[column.name for column in self.all_columns],
        )

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """Business columns and, for canonical tables, the lineage columns."""
        return self.columns if self.domain == "warehouse" else (*self.columns, *LINEAGE)

    @property
    def row_contract(self) -> str:
        """Text of what decides how a row is typed and refused: the table less its `checks`."""
        return repr(dataclasses.replace(self, checks=()))

    def polars_schema(self, *, lineage: bool = True) -> pl.Schema:
        """Polars schema in contract order."""
        columns = self.all_columns if lineage else self.columns
        return pl.Schema({column.name: POLARS_TYPES[column.type] for column in columns})

    def row_expectations(self) -> tuple[Expectation, ...]:
        """Every row-level expectation: those of the columns, then the table's own rules."""
        derived = [rule for column in self.columns for rule in column.expectations()]
        return (*derived, *self.rules)
