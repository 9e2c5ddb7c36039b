"""What is published: one table's contract and its rows. How it is stored is not known here."""

from dataclasses import dataclass

import polars as pl

from schemas.table import Table


@dataclass(frozen=True, slots=True)
class Content:
    """One table to publish: its contract and its rows."""

    table: Table
    rows: pl.DataFrame
