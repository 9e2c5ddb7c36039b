"""Check `freshness`: how old a source's latest extract is."""

import datetime as dt

import polars as pl

from assets.transforms.quality.about import About, decided
from assets.transforms.quality.outcome import PASSED, WARN, status_above
from assets.transforms.quality.wording import counted_text
from schemas.config.project import Source
from schemas.config.quality import Freshness


def judge_freshness(
    extracts: pl.DataFrame, limits: Freshness, config: Source, *, source: str, as_of: dt.date
) -> pl.DataFrame:
    """Judge how many days the latest extract lies behind.

    Args:
        extracts: Rows of `EXTRACTS` of one source.
        limits: Limits that hold for it; `stale_after_days` where it has no `warn_above`.
        config: The source; one whose files are not dated passes once it was loaded.
        source: Its name.
        as_of: Day that the extracts should reach to.

    Returns:
        One outcome, frame of schema `OUTCOME`; `observed` is the age in days, null where nothing
        was ever loaded.
    """
    about = About("freshness", source)
    last = extracts.lazy().drop_nulls("rows").select(last=pl.col("date").max()).collect()
    age = (pl.lit(as_of) - pl.col("last")).dt.total_days().clip(0)
    warn, error = limits.warn_above, limits.error_above
    if warn is None:
        # an error limit below the source's own patience counts from its first day
        own = float(config.stale_after_days)
        warn = own if error is None else min(own, error)
    is_never = pl.col("last").is_null()
    judged = last.with_columns(observed=age.cast(pl.Float64), loaded=pl.lit(extracts.height))
    if config.files.is_dated:
        status = status_above(pl.col("observed"), warn=warn, error=error, judged=pl.lit(value=True))
        judged = judged.with_columns(status=pl.when(is_never).then(pl.lit(WARN)).otherwise(status))
        judged = judged.with_columns(upper_limit=decided(warn, error))
    else:
        judged = judged.with_columns(
            status=pl.when(is_never).then(pl.lit(WARN)).otherwise(pl.lit(PASSED))
        )
    return about.outcomes(
        judged,
        unit=pl.lit("days"),
        rows_checked=pl.lit(0),
        message=_message(config, as_of),
        mend=_mend(about, as_of),
    )


def _message(config: Source, as_of: dt.date) -> pl.Expr:
    last = pl.col("last").cast(pl.String)
    fixed = pl.format("one file for every day; loaded for {}", last)
    found = pl.format(
        f"the latest extract is of {{}}, {{}} behind {as_of}",
        last,
        counted_text(pl.col("observed"), "day"),
    )
    return (
        pl.when(last.is_null())
        .then(pl.lit("no extract was ever loaded"))
        .otherwise(found if config.files.is_dated else fixed)
    )


def _mend(about: About, as_of: dt.date) -> pl.Expr:
    path = f"`sources.{about.source}.files.path`"
    never = (
        f"see whether {path} and `root` beside it match the files that are there; "
        f"then `barometer check` and `barometer run --date {as_of}`"
    )
    late = (
        f"ask who delivers the source for the missing days, or mend {path} if the files were "
        f"renamed; then `barometer run --date {as_of}`; {about.unless_meant} "
        f"(without them `sources.{about.source}.stale_after_days` holds)"
    )
    return pl.when(pl.col("last").is_null()).then(pl.lit(never)).otherwise(pl.lit(late))
