"""How drawn rows become a month of history."""

import polars as pl

from assets.lake.layout import Lake
from schemas.registry import TABLES

VALIDITY = {"_closed_on": pl.Date(), "_valid_from": pl.Date(), "_valid_to": pl.Date()}


def write_month(lake: Lake, table: str, month: str, rows: pl.DataFrame) -> None:
    """Write a month of a table with all columns of its contract; those not drawn are null."""
    schema = {**TABLES[table].polars_schema(), **VALIDITY}
    columns = [
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in schema.items()
    ]
    with lake.history(table, month).replace("benchmark") as draft:
        rows.select(columns).write_parquet(draft.path("data.parquet"))
