"""Several rows of one key in one extract: the latest is kept, the others are superseded."""

import datetime as dt
from collections.abc import Sequence

import polars as pl


def latest_rows(
    rows: pl.DataFrame, key: Sequence[str], *, order: Sequence[str]
) -> tuple[pl.DataFrame, dict[dt.date, int]]:
    """Keep the latest row of each key and logical date.

    Args:
        rows: Acceptable rows of one or more logical dates.
        key: Key columns of the contract; null is a value of a key.
        order: Columns whose greatest values are the latest, before file, row number and the order
            they came in (cells of one wide row share a row number).

    Returns:
        The rows kept, in the order they came, and the superseded count of each logical date
        that has any.
    """
    on = ["_logical_date", *key]
    if rows.select(pl.struct(on).hash().n_unique()).item() == rows.height:
        return rows, {}
    repeated = rows.select(pl.struct(on).is_duplicated()).to_series()
    suspects = rows.with_row_index("_position").filter(repeated)
    kept = (
        suspects.sort([*order, "_source_file", "_row_number", "_position"], nulls_last=False)
        .unique(subset=on, keep="last", maintain_order=True)
        .get_column("_position")
    )
    dropped = suspects.filter(~pl.col("_position").is_in(kept.implode()))
    counts = dropped.group_by("_logical_date").len().rows()
    keep = rows.with_row_index("_position").join(dropped, on="_position", how="anti")
    keep = keep.sort("_position").drop("_position")
    return keep, dict(counts)
