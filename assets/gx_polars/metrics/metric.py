"""What a metric is to the engine.

Belongs here: :class:`Metric` and the :class:`Request` that it answers.
Does not belong here: any one metric.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import polars as pl

from assets.gx_polars.row_conditions import rows_selected
from assets.gx_polars.values import named

Raw: TypeAlias = Any
"""What a pass over the data yields for a metric: a number, a list, a struct as a dictionary."""
Found: TypeAlias = Any
"""The value of a metric as Great Expectations takes it."""


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


def _unchanged(raw: Raw, _request: Request) -> Found:
    return raw


@dataclass(frozen=True)
class Metric:
    """How a metric of Great Expectations is computed by Polars.

    Every expression yields one value (a struct or a list where it must carry several), so that all
    metrics of a suite fit into one ``select``.

    Attributes:
        name: The metric's name in Great Expectations.
        expression: What the first pass computes.
        finish: From what the passes computed to the metric's value.
        follow_up: What a second pass must compute of the frame, given what the first one found;
            ``None`` where the first one suffices. The list of the values of its one column
            replaces the result of the first pass.
        shares: The metric whose expression this one computes too, if it is another's.
    """

    name: str
    expression: Callable[[Request], pl.Expr]
    finish: Callable[[Raw, Request], Found] = _unchanged
    follow_up: Callable[[Raw, Request, pl.LazyFrame], pl.LazyFrame | None] | None = None
    shares: str | None = None

    def key(self, request: Request) -> Hashable:
        """What tells apart the expressions of the first pass; equal keys are computed once."""
        asked = {name: value for name, value in request.kwargs.items() if name != "result_format"}
        return self.shares or self.name, repr(sorted(asked.items(), key=lambda item: item[0]))


@dataclass(frozen=True)
class SchemaMetric:
    """A metric that the schema alone answers.

    Attributes:
        name: The metric's name in Great Expectations.
        value: From the schema to the metric's value.
    """

    name: str
    value: Callable[[pl.Schema], Found]
