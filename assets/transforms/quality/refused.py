"""Check `refused`: share of an extract's rows that went to quarantine, and why."""

import polars as pl

from assets.transforms.mapping import UNREADABLE
from assets.transforms.quality.about import About
from assets.transforms.quality.keys import mapping_key
from assets.transforms.quality.wording import counted_text, listed, share_text
from schemas.config.mapping import TableMap
from schemas.config.quality import Refused

MOST_NAMED = 3


def judge_refused(
    partitions: pl.DataFrame,
    refusals: pl.DataFrame,
    limits: Refused,
    mapping: TableMap,
    *,
    table: str,
    source: str,
) -> pl.DataFrame:
    """Judge the share of every day's mapped rows that is in quarantine.

    Args:
        partitions: Rows of `PARTITIONS` of one table and source.
        refusals: Rows of `REFUSALS` of the same.
        limits: Limits that hold for them.
        mapping: The source's mapping for the table: it names the keys to change.
        table: Canonical table.
        source: Source.

    Returns:
        One outcome a day, frame of schema `OUTCOME`. Messages hold no values of the data.
    """
    about = About("refused", source, table)
    reasons = _reasons(refusals, mapping, table=table, source=source)
    counted = partitions.join(reasons, on="date", how="left", maintain_order="left")
    counted = counted.rename({"rows_mapped": "rows", "quarantined": "refused"})
    return about.shares(
        counted, limits, part="refused", message=_message(limits), mend=_mend(about)
    )


def _reasons(refusals: pl.DataFrame, mapping: TableMap, *, table: str, source: str) -> pl.DataFrame:
    """By day: the most frequent reasons as text, the key of the first, and what is unreadable."""
    names = refusals["column"].unique().drop_nulls().to_list()
    keys = {
        name: mapping_key(mapping, source=source, table=table, column=name)
        for name in names
        if name
    }
    whole = f"sources.{source}.tables.{table}"
    column, expectation = pl.col("column").fill_null(""), pl.col("expectation").fill_null("?")
    text = pl.format(
        "{} {} in {} ({})", column, expectation, counted_text(pl.col("rows"), "row"), pl.col("key")
    ).str.strip_chars_start()
    is_type = pl.col("expectation") == UNREADABLE
    return (
        refusals.rechunk()  # see `About.outcomes`
        .with_columns(key=column.replace_strict(keys, default=whole, return_dtype=pl.String))
        .sort("date", "rows", "column", "expectation", descending=[False, True, False, False])
        .group_by("date", maintain_order=True)
        .agg(
            reasons=listed(text, most=MOST_NAMED),
            key=pl.col("key").first(),
            unreadable=pl.col("column").filter(is_type).first(),
            unreadable_key=pl.col("key").filter(is_type).first(),
            is_mostly_type=2 * pl.col("rows").filter(is_type).sum() > pl.col("rows").sum(),
            unreadable_rows=pl.col("rows").filter(is_type).first(),
        )
    )


def _message(limits: Refused) -> pl.Expr:
    rows, refused = pl.col("rows"), pl.col("refused")
    few = pl.format(f"{{}} rows; no judgement on fewer than {limits.least_rows}", rows)
    counts = pl.format(
        "{} of {} rows ({}) are in quarantine", refused, rows, share_text(pl.col("observed"))
    )
    reasons = pl.when(pl.col("reasons").is_null()).then(pl.lit("")).otherwise(
        pl.format(": {}", pl.col("reasons"))
    )  # fmt: skip
    whole = pl.format(
        "; column {} seems to have been retyped, or its format changed", pl.col("unreadable")
    )
    part = pl.format("; the format of column {} seems to have changed in some rows", "unreadable")
    retyped = (
        pl.when(pl.col("is_mostly_type").not_().fill_null(value=True) | (refused == 0))
        .then(pl.lit(""))
        .when(2 * pl.col("unreadable_rows") > rows)
        .then(whole)
        .otherwise(part)
    )
    return (
        pl.when(rows < limits.least_rows)
        .then(few)
        .when(refused > 0)
        .then(pl.concat_str(counts, reasons, retyped))
        .otherwise(pl.format("none of {} rows is in quarantine", rows))
    )


def _mend(about: About) -> pl.Expr:
    tail = f"then `barometer quarantine resubmit`; {about.unless_meant}"
    explain = f"`barometer quarantine explain {about.table}` shows the rows and their reasons; "
    retyped = pl.format(
        explain + "change `format`, `decimal`, `thousands`, `null_values` (or `skipped_hour`, for "
        "local times that a clock change skips) under {}, " + tail,
        pl.col("unreadable_key"),
    )
    key = pl.col("key").fill_null(f"sources.{about.source}.tables.{about.table}")
    other = pl.format(
        explain + "mend the mapping under {}, or have the source mend the rows, " + tail, key
    )
    return pl.when(pl.col("is_mostly_type")).then(retyped).otherwise(other)
