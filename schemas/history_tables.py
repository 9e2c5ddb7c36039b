"""Contracts of what was ever published: `kpi_value_history` and `kpi_restatement`.

The first follows from `kpi_value`, so that what is published there is kept here. What is published
now is in `schemas.warehouse`.
"""

import dataclasses

from schemas.config.project import Project
from schemas.table import Column, Table
from schemas.warehouse import KPI_VALUE, configured_dimensions, with_dimensions

STAMPS = ("run_id", "known_at")
"""Columns of `kpi_value` that say when a row became known, and are no part of what is known."""

REASONS: tuple[str, ...] = (
    "late_rows",
    "corrected_rows",
    "removed_rows",
    "segment_change",
    "definition_change",
    "suppression",
    "other",
)
"""Why a published value changed later, in the order in which they are listed."""

_PUBLISH_ID = Column("publish_id", "text", "Publish, see run_log.", nullable=False)
_FIXED = {*KPI_VALUE.key, "period_end"}


def _kept(column: Column) -> Column:
    """A column of `kpi_value` as history keeps it: a row that was withdrawn has no figures."""
    if column.name in STAMPS:
        return dataclasses.replace(column, nullable=False)
    return dataclasses.replace(column, nullable=column.name not in _FIXED, reference=None)


KPI_VALUE_HISTORY = Table(
    name="kpi_value_history",
    domain="warehouse",
    description="One row per KPI, period, segment and instant that its published row changed.",
    key=(*KPI_VALUE.key, "known_at"),
    columns=(
        *[_kept(column) for column in KPI_VALUE.columns],
        Column(
            "exclusions", "map", "Rows left out by reason, as kpi_exclusion had them.",
            nullable=False,
        ),
        Column(
            "is_withdrawn", "boolean", "Whether the row is published no more.", nullable=False
        ),
        _PUBLISH_ID,
    ),
)  # fmt: skip

_KEY = tuple(column for column in KPI_VALUE.columns if column.name in KPI_VALUE.key)

KPI_RESTATEMENT = Table(
    name="kpi_restatement",
    domain="warehouse",
    description="One row per published value of a period that had ended and was changed later.",
    key=(*KPI_VALUE.key, "known_at"),
    columns=(
        *[dataclasses.replace(column, reference=None) for column in _KEY],
        Column("period_end", "date", "Last day, inclusive.", nullable=False),
        Column("old_value", "number", "Value published before; null where it was withheld."),
        Column("new_value", "number", "Value since; null where it is withheld or gone."),
        Column("old_n", "integer", "n before.", minimum=0),
        Column("new_n", "integer", "n since; null where the row is gone.", minimum=0),
        Column("old_excluded", "integer", "Rows left out before.", minimum=0),
        Column("new_excluded", "integer", "Rows left out since.", minimum=0),
        Column("old_known_at", "instant", "When the value before was published.", nullable=False),
        Column("known_at", "instant", "When the new one was published.", nullable=False),
        Column("old_publish_id", "text", "Publish of the value before.", nullable=False),
        _PUBLISH_ID,
        Column(
            "reasons", "text",
            "Comma-separated: late_rows (of a later extract), corrected_rows, removed_rows, "
            "segment_change (of a customer, product or survey), definition_change (method or "
            "parameters), suppression, other.",
            nullable=False,
        ),
        Column(
            "is_conclusive", "boolean",
            "Whether what changed since leaves only these reasons; otherwise each may be one.",
            nullable=False,
        ),
        Column(
            "logical_dates", "text",
            "Logical dates loaded, or loaded again, since the publish before, of its tables.",
        ),
    ),
)  # fmt: skip

TABLES: tuple[Table, ...] = (KPI_VALUE_HISTORY, KPI_RESTATEMENT)


def history_tables(project: Project) -> tuple[Table, ...]:
    """The tables as this configuration shapes them."""
    dimensions = configured_dimensions(project)
    return tuple(with_dimensions(table, dimensions) for table in TABLES)
