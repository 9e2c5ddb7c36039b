"""Check `redelivered`: rows of an incremental extract that an earlier extract brought unchanged."""

import polars as pl

from assets.transforms.quality.about import About, run_again
from assets.transforms.quality.outcome import ERROR
from assets.transforms.quality.wording import share_text, span
from schemas.config.quality import Redelivered


def judge_redelivered(
    redeliveries: pl.DataFrame, limits: Redelivered, *, table: str, source: str
) -> pl.DataFrame:
    """Judge the share of every day's accepted rows that came before.

    Args:
        redeliveries: Rows of `REDELIVERIES` of one table and source.
        limits: Limits that hold for them.
        table: Canonical table.
        source: Source.

    Returns:
        One outcome a day, frame of schema `OUTCOME`.
    """
    about = About("redelivered", source, table)
    return about.shares(
        redeliveries, limits, part="redelivered", message=_message(limits), mend=_mend(about)
    )


def _message(limits: Redelivered) -> pl.Expr:
    few = pl.format(f"{{}} rows; no judgement on fewer than {limits.least_rows}", pl.col("rows"))
    found = pl.format(
        f"{{}} of {{}} rows ({{}}) came unchanged in the {span(limits.days)} before",
        pl.col("redelivered"),
        pl.col("rows"),
        share_text(pl.col("observed")),
    )
    old_file = (
        pl.when(pl.col("status") == ERROR)
        .then(pl.lit(": an old file under a new name?"))
        .otherwise(pl.lit(""))
    )
    return (
        pl.when(pl.col("rows") < limits.least_rows)
        .then(few)
        .otherwise(pl.concat_str(found, old_file))
    )


def _mend(about: About) -> pl.Expr:
    return pl.format(
        "compare the file with those of the days before; if it is an old one, have the right one "
        "sent and {}; if the source sends whole tables, its `sources."
        f"{about.source}.mode` is snapshot; " + about.unless_meant,
        run_again(pl.col("date")),
    )
