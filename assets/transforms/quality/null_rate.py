"""Check `null_rate`: rise of the share of rows without a value in a column."""

import polars as pl

from assets.transforms.quality.about import About, decided, run_again
from assets.transforms.quality.keys import mapping_key
from assets.transforms.quality.outcome import status_above
from assets.transforms.quality.significance import rise_quantile
from assets.transforms.quality.windows import MOST_DAYS
from assets.transforms.quality.wording import points_text, share_text, span
from schemas.config.mapping import TableMap
from schemas.config.quality import NullRate

LOOKS = 2
"""The recent window and the day alone."""


def judge_null_rate(
    nulls: pl.DataFrame, limits: NullRate, mapping: TableMap, *, table: str, source: str
) -> pl.DataFrame:
    """Judge every column's share of nulls against the time before the recent window.

    The recent window and the day alone (so that a column that goes empty shows at once) are both
    compared with the same reference, and the greater rise that chance does not explain counts:
    a pooled two-proportion z-test, one-sided, its significance shared between the two.

    Args:
        nulls: Rows of `NULLS` of one table and source.
        limits: Limits that hold for them.
        mapping: The source's mapping for the table: it names the key to look at.
        table: Canonical table.
        source: Source.

    Returns:
        One outcome a column and day, frame of schema `OUTCOME`; `observed` is a difference of
        shares.
    """
    about = About("null_rate", source, table)
    quantile = rise_quantile(limits.significance, looks=LOOKS)
    judged = _windowed(nulls, limits)
    for window in ("day", "recent"):
        judged = judged.with_columns(_rise(window, limits, quantile))
    counted = pl.max_horizontal("day_counted", "recent_counted")
    is_day = (pl.col("day_counted") == counted).fill_null(value=False)
    judged = judged.with_columns(counted=counted, is_day=is_day).with_columns(
        observed=pl.coalesce("counted", "recent_rise"),
        rows_checked=pl.when("is_day").then("rows").otherwise("recent_rows"),
        rows_unexpected=pl.when("is_day").then("nulls").otherwise("recent_nulls"),
    )
    # what chance explains is judged as no rise
    status = status_above(
        pl.col("counted").fill_null(0.0),
        warn=limits.warn_above,
        error=limits.error_above,
        judged=pl.col("recent_rise").is_not_null(),
    )
    judged = judged.with_columns(status=status)
    return about.outcomes(
        judged,
        subject=pl.col("column"),
        upper_limit=decided(limits.warn_above, limits.error_above),
        unit=pl.lit("share"),
        message=_message(limits),
        mend=_mend(about, mapping, judged),
    )


def _windowed(nulls: pl.DataFrame, limits: NullRate) -> pl.DataFrame:
    """Sums over the recent window and over the reference before it, by column and day."""
    recent_days = min(limits.recent_days, MOST_DAYS)
    both_days = recent_days + min(limits.reference_days, MOST_DAYS)
    days = (
        nulls.with_columns(
            pl.col("column").fill_null(""),
            pl.col("rows").fill_null(0),
            pl.col("nulls").fill_null(0),
        )
        .drop_nulls("date")
        .sort("column", "date")
    )

    def summed(name: str, number: int) -> pl.Expr:
        return pl.col(name).rolling_sum_by("date", f"{number}d", closed="right").over("column")

    sums = {
        f"{window}_{name}": summed(name, number)
        for window, number in (("recent", recent_days), ("both", both_days))
        for name in ("rows", "nulls")
    }
    before = {
        f"reference_{name}": pl.col(f"both_{name}") - pl.col(f"recent_{name}")
        for name in ("rows", "nulls")
    }
    return days.with_columns(**sums).with_columns(**before)


def _rise(window: str, limits: NullRate, quantile: float) -> list[pl.Expr]:
    """Rise in a window, null where there are too few rows; and the same if it is significant."""
    prefix = "" if window == "day" else "recent_"
    rows, nulls = pl.col(f"{prefix}rows"), pl.col(f"{prefix}nulls")
    rows_before, nulls_before = pl.col("reference_rows"), pl.col("reference_nulls")
    is_judged = (rows >= limits.least_rows) & (rows_before >= limits.least_rows)
    rise = nulls / rows - nulls_before / rows_before
    pooled = (nulls + nulls_before) / (rows + rows_before)
    error = (pooled * (1 - pooled) * (1 / rows + 1 / rows_before)).clip(0).sqrt()
    is_significant = is_judged & (rise > quantile * error)
    return [
        pl.when(is_judged).then(rise).alias(f"{window}_rise"),
        pl.when(is_significant).then(rise).alias(f"{window}_counted"),
    ]


def _message(limits: NullRate) -> pl.Expr:
    rows, nulls = pl.col("rows_checked"), pl.col("rows_unexpected")
    before = pl.col("reference_nulls") / pl.col("reference_rows")
    few = pl.format(
        f"{{}} rows in {span(limits.recent_days)} and {{}} in the {span(limits.reference_days)} "
        f"before; no judgement on fewer than {limits.least_rows}",
        pl.col("recent_rows"),
        pl.col("reference_rows"),
    )
    when = (
        pl.when("is_day")
        .then(pl.lit("that day"))
        .otherwise(pl.lit(f"in {span(limits.recent_days)}"))
    )
    found = pl.format(
        f"{{}} without a value {{}} ({{}} of {{}} rows), {{}} in the {span(limits.reference_days)} "
        "before: {}{}",
        share_text(nulls / rows),
        when,
        nulls,
        rows,
        share_text(before),
        points_text(pl.col("observed")),
        pl.when(pl.col("counted").is_null() & (pl.col("observed") > 0))
        .then(pl.lit(", which chance may explain"))
        .otherwise(pl.lit("")),
    )
    return pl.when(pl.col("recent_rise").is_null()).then(few).otherwise(found)


def _mend(about: About, mapping: TableMap, judged: pl.DataFrame) -> pl.Expr:
    keys = {
        name: mapping_key(mapping, source=about.source, table=about.table or "", column=name)
        for name in judged["column"].unique().to_list()
    }
    return pl.format(
        "see in the extract whether the raw column of {} is empty or has a new name or code "
        "(`from`, `values`, `null_values`, `format` there); mend that key, or have the source send "
        "the values again, then {}; " + about.unless_meant,
        pl.col("column").replace_strict(keys, default="", return_dtype=pl.String),
        run_again(pl.col("date")),
    )
