"""Whether a warehouse has the rows that it was sent: counts and sums, column by column.

One question in SQL that both warehouses understand, and its answer beside the rows themselves. That
keys are distinct is asked where rows are stored.
"""

import math
from collections.abc import Sequence
from decimal import Decimal

import polars as pl

from assets.publish.sql import quoted
from schemas.errors import PublishError
from schemas.table import Column, Table

_FIGURES = ("integer", "number", "decimal")
_EPSILON = 2.0**-53
_DAY_ZERO = "DATE '1970-01-01'"

Total = int | float | Decimal | None


def counting(name: str, table: Table) -> str:
    """The question: rows and, of every column, how many values there are and their sum; as texts.

    Args:
        name: Where the rows are, quoted.
        table: Their contract.
    """
    parts = ["count(*)::text"]
    for column in table.columns:
        parts.append(f"count({quoted(column.name)})::text")
        measure = _sql_measure(column)
        if measure is not None:
            parts.append(f"coalesce(sum({measure}), 0)::text")
    return f"SELECT {', '.join(parts)} FROM {name}"  # noqa: S608  quoted


def compare(where: str, table: Table, rows: pl.DataFrame, counted: Sequence[str]) -> None:
    """Compare the answer with the rows that were sent.

    Args:
        where: What was counted, for the message.
        table: Contract of the rows.
        rows: What was sent.
        counted: The row that answers `counting`.

    Raises:
        PublishError: They differ.
    """
    answers = iter(counted)
    found_rows = next(answers)
    differing = [] if int(found_rows) == rows.height else [("rows", found_rows, str(rows.height))]
    sent = rows.select(pl.len(), *(one for each in table.columns for one in _totals(each)))
    wanted = sent.row(0, named=True)
    for column in table.columns:
        name = column.name
        found, allowed = next(answers), str(wanted[f"{name} count"])
        if found != allowed:
            differing.append((f"values of {name}", found, allowed))
        if _sql_measure(column) is not None:
            total, sum_sent = next(answers), wanted[f"{name} sum"]
            scale = wanted[f"{name} scale"]
            if not _is_close(total, sum_sent, scale=scale, rows=rows.height):
                differing.append((f"sum of {name}", total, str(sum_sent)))
    if differing:
        raise PublishError(
            "the audit of the written rows failed; the previous publish stays",
            where=where,
            found="; ".join(f"{what}: {found}" for what, found, _ in differing),
            allowed="; ".join(f"{what}: {allowed}" for what, _, allowed in differing),
            mend="this is a defect of the pipeline or the server: report it with the run's log",
        )


def _sql_measure(column: Column) -> str | None:
    """What is summed of a column; of texts and instants nothing."""
    name = quoted(column.name)
    if column.type in _FIGURES:
        return name
    return {"date": f"{name} - {_DAY_ZERO}", "boolean": f"{name}::int"}.get(column.type)


def _totals(column: Column) -> list[pl.Expr]:
    """The same of the rows that were sent, and the sum of amounts for what rounding may do."""
    name, value = column.name, pl.col(column.name)
    measures = {
        "integer": value.cast(pl.Int128),  # its sum does not overflow
        "number": value,
        "decimal": value,
        "date": value.to_physical().cast(pl.Int64),
        "boolean": value.cast(pl.Int64),
    }
    measure = measures.get(column.type, pl.lit(0))
    return [
        value.count().alias(f"{name} count"),
        measure.sum().alias(f"{name} sum"),
        (value.abs().sum() if column.type == "number" else pl.lit(0.0)).alias(f"{name} scale"),
    ]


def _is_close(found: str, wanted: Total, *, scale: float, rows: int) -> bool:
    """Whether two sums are the same, but for the order in which floats were added."""
    if isinstance(wanted, int | Decimal):
        return Decimal(found) == wanted
    one, other = float(found), float(wanted or 0)
    if one == other or (math.isnan(one) and math.isnan(other)):
        return True
    # adding n floats errs by n - 1 roundings of the sum of their amounts, at most
    return math.isfinite(scale) and abs(one - other) <= _EPSILON * max(rows, 64) * scale
