"""Check `conserved`: every row of an extract was accepted, quarantined or superseded."""

import polars as pl

from assets.transforms.quality.outcome import ERROR, OUTCOME, PASSED


def conserved(partitions: pl.DataFrame) -> pl.DataFrame:
    """One outcome per table and source: rows that were lost or made, over all dates.

    Args:
        partitions: Counts of core partitions, schema `PARTITIONS`.
    """
    ways = pl.sum_horizontal("accepted", "quarantined", "superseded")
    counted = partitions.group_by("table", "source").agg(
        pl.col("rows_mapped").sum().alias("rows_checked"),
        (pl.col("rows_mapped") - ways).abs().sum().alias("lost"),
        pl.col("date").filter(pl.col("rows_mapped") != ways).min().alias("first"),
    )
    is_lost = pl.col("lost") > 0
    found = pl.format(
        "{} rows were lost or made, first on {}", pl.col("lost"), pl.col("first").cast(pl.String)
    )
    # pl.format panics on columns with an empty chunk (polars#25339)
    return (
        counted.rechunk()
        .select(
            asset=pl.format("core/{}", "table"),
            check_name=pl.lit("conserved"),
            subject=pl.lit(""),
            source=pl.col("source"),
            period_grain=pl.lit("all"),
            period_start=pl.lit(None, dtype=pl.Date),
            status=pl.when(is_lost).then(pl.lit(ERROR)).otherwise(pl.lit(PASSED)),
            observed=pl.col("lost").cast(pl.Float64),
            lower_limit=pl.lit(0.0),
            upper_limit=pl.lit(0.0),
            unit=pl.lit("rows"),
            rows_checked=pl.col("rows_checked"),
            rows_unexpected=pl.col("lost"),
            message=pl.when(is_lost)
            .then(found)
            .otherwise(pl.lit("every row was accepted, quarantined or superseded")),
            mend=pl.when(is_lost)
            .then(
                pl.lit(
                    "a defect of the pipeline: remove the core partition's folder, "
                    "`barometer run --date` that day, and report it"
                )
            )
            .otherwise(pl.lit("")),
        )
        .cast(OUTCOME)
    )
