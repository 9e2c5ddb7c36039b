"""The metrics of a table as a whole.

Belongs here: its columns, their dtypes, the number of rows.
Does not belong here: anything about the values of a column.
"""

from typing import Final

import polars as pl

from assets.gx_polars.metrics.metric import Metric, Request, SchemaMetric
from assets.gx_polars.row_conditions import rows_selected


def row_count(request: Request) -> pl.Expr:
    """The number of rows that the row condition selects."""
    rows = rows_selected(request.kwargs)
    return pl.len() if rows is None else rows.sum()


METRICS: Final = (Metric("table.row_count", row_count),)

SCHEMA_METRICS: Final = (
    SchemaMetric("table.columns", lambda schema: schema.names()),
    SchemaMetric("table.column_count", len),
    SchemaMetric(
        "table.column_types",
        lambda schema: [{"name": name, "type": dtype} for name, dtype in schema.items()],
    ),
)
