"""What a metric is to the engine.

Belongs here: :class:`Metric`, the :class:`Request` that it answers, and the :class:`Extent` of the
table that it is asked of.
Does not belong here: any one metric, how passes are made (``passes.py``).
"""

from collections.abc import Callable, Generator, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import polars as pl

from assets.gx_polars.row_conditions import rows_selected
from assets.gx_polars.values import named

Raw: TypeAlias = Any
"""What a pass over the data yields for a metric: a number, a list, a struct as a dictionary."""
Found: TypeAlias = Any
"""The value of a metric as Great Expectations takes it."""
Step: TypeAlias = pl.Expr | pl.LazyFrame
"""What one pass computes: an expression of one value, or a plan whose one column is listed."""
Steps: TypeAlias = Generator[Step, Raw, Raw]
"""A metric that may need several passes: yields what the next one computes, is sent what it found,
and returns the metric's raw value."""

ROW_NUMBER = "_gx_polars_row_number"
"""The name of the column of row numbers, in plans that need them."""


@dataclass(frozen=True)
class Request:
    """One metric asked of one batch.

    Attributes:
        kwargs: The metric's domain and value arguments together.
        schema: The schema of the batch.
    """

    kwargs: Mapping[str, Any]
    schema: pl.Schema

    @property
    def column(self) -> str:
        """The name of the column that the metric is about."""
        return str(self.kwargs["column"])

    @property
    def dtype(self) -> pl.DataType:
        """The dtype of the column that the metric is about."""
        return self.schema[self.column]

    @property
    def selected(self) -> pl.Expr:
        """The column's values on the rows that the metric is about."""
        rows = rows_selected(self.kwargs)
        return named(self.column) if rows is None else named(self.column).filter(rows)


@dataclass(frozen=True)
class Extent:
    """How large a table is, beside how much of it may be held at once.

    Attributes:
        row_count: The rows of the table.
        max_rows_held: The rows whose values one pass may hold in memory.
    """

    row_count: int = 0
    max_rows_held: int = 1

    @property
    def is_held(self) -> bool:
        """Whether the values of all rows may be held at once."""
        return self.row_count <= self.max_rows_held

    def part_count(self, weight: int = 1) -> int:
        """Into how many parts the values are split; ``weight`` is how much one of them takes."""
        return max(1, -(-self.row_count * weight // self.max_rows_held))


def _unchanged(raw: Raw, _request: Request) -> Found:
    return raw


@dataclass(frozen=True)
class Metric:
    """How a metric of Great Expectations is computed by Polars.

    Every expression yields one value (a struct or a list where it must carry several), so that all
    metrics of a suite fit into one ``select``.

    Attributes:
        name: The metric's name in Great Expectations.
        expression: What one pass computes.
        finish: From what the passes computed to the metric's value.
        follow_up: What one more pass must compute of the frame, given what the others found;
            ``None`` where they suffice. The list of the values of its one column replaces what they
            found.
        steps: The passes of a metric that needs several, at least on some tables, instead of its
            expression.
        is_blocking: Whether the expression looks at several rows together (their order, their
            distinct values).
        shares: The metric whose expression or steps this one has too, if it is another's.
    """

    name: str
    expression: Callable[[Request], pl.Expr]
    finish: Callable[[Raw, Request], Found] = _unchanged
    follow_up: Callable[[Raw, Request, pl.LazyFrame], pl.LazyFrame | None] | None = None
    steps: Callable[[Request, pl.LazyFrame, Extent], Steps] | None = None
    is_blocking: bool = False
    shares: str | None = None

    @property
    def stands_apart(self) -> bool:
        """Whether it gets queries of its own on a table too large to be held.

        Where one query feeds several branches, Polars keeps for the slow ones what the quick ones
        have seen, which may be the whole table.
        """
        return self.steps is not None or self.is_blocking

    def key(self, request: Request) -> Hashable:
        """What tells apart what is computed; equal keys are computed once."""
        asked = {name: value for name, value in request.kwargs.items() if name != "result_format"}
        return self.shares or self.name, repr(sorted(asked.items(), key=lambda item: item[0]))

    def begin(self, request: Request, frame: pl.LazyFrame, extent: Extent) -> Steps:
        """The passes that find the metric's raw value."""
        if self.steps is not None:
            return self.steps(request, frame, extent)
        return in_one_step(self.expression(request))


def counted(request: Request, frame: pl.LazyFrame, values: pl.Expr) -> pl.LazyFrame:
    """A plan that lists how often each value occurs, as structs of the value and the count.

    It holds each distinct value once, where the expression ``value_counts`` holds the column.

    Args:
        request: Whose column and rows are counted; missing values are not.
        frame: The data.
        values: The column, or what is made of it.
    """
    rows = rows_selected(request.kwargs)
    is_kept = named(request.column).is_not_null()
    value, count = pl.col("value"), pl.col("count")
    return (
        frame.filter(is_kept if rows is None else is_kept & rows)
        .select(values.alias("value"))
        .group_by(value)
        .agg(pl.len().alias("count"))
        .select(pl.struct(value, count))
    )


def in_one_step(step: Step) -> Steps:
    """The passes of what one pass computes."""
    return (yield step)


@dataclass(frozen=True)
class SchemaMetric:
    """A metric that the schema alone answers.

    Attributes:
        name: The metric's name in Great Expectations.
        value: From the schema to the metric's value.
    """

    name: str
    value: Callable[[pl.Schema], Found]
