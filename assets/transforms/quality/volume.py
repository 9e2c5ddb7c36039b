"""Check `volume`: rows of an extract against the same weekday of past weeks."""

import polars as pl

from assets.transforms.quality.about import About, decided, run_again
from assets.transforms.quality.outcome import ERROR, PASSED, SKIPPED, WARN
from assets.transforms.quality.wording import number_text
from schemas.config.quality import Volume

DAYS_A_WEEK = 7


def judge_volume(extracts: pl.DataFrame, limits: Volume, *, source: str) -> pl.DataFrame:
    """Judge every day's rows as a multiple of the median on its weekday in past weeks.

    Args:
        extracts: Rows of `EXTRACTS` of one dated source.
        limits: Limits that hold for it.
        source: Its name.

    Returns:
        One outcome a day, frame of schema `OUTCOME`; `observed` is the multiple.
    """
    about = About("volume", source)
    days = extracts.select("date", "rows").with_columns(pl.col("rows").cast(pl.Float64))
    usual = _usual(days, limits.weeks)
    judged = days.join(usual, on="date", how="left", maintain_order="left").with_columns(
        pl.col("weeks").fill_null(0)
    )
    is_judged = (
        pl.col("rows").is_not_null()
        & (pl.col("weeks") >= limits.least_weeks)
        & (pl.col("usual") >= limits.least_rows).fill_null(value=False)
    )
    judged = judged.with_columns(observed=pl.when(is_judged).then(pl.col("rows") / pl.col("usual")))
    judged = judged.with_columns(status=_status(limits))
    return about.outcomes(
        judged,
        lower_limit=decided(limits.warn_below, limits.error_below),
        upper_limit=decided(limits.warn_above, limits.error_above),
        unit=pl.lit("times"),
        rows_checked=pl.col("rows").fill_null(0),
        message=_message(limits),
        mend=_mend(about),
    )


def _usual(days: pl.DataFrame, weeks: int) -> pl.DataFrame:
    """Median rows and number of extracts on the same weekday of the weeks before each day."""
    back = pl.DataFrame({"back": range(1, weeks + 1)}, schema={"back": pl.Int64})
    loaded = days.drop_nulls("rows").select(past="date", past_rows="rows")
    return (
        days.select(pl.col("date").unique())
        .join(back, how="cross")
        .with_columns(past=pl.col("date") - pl.duration(days=DAYS_A_WEEK * pl.col("back")))
        .join(loaded, on="past")
        .group_by("date")
        .agg(usual=pl.col("past_rows").median(), weeks=pl.len())
    )


def _status(limits: Volume) -> pl.Expr:
    observed, found = pl.col("observed"), pl.lit(PASSED)
    for low, high, status in (
        (limits.warn_below, limits.warn_above, WARN),
        (limits.error_below, limits.error_above, ERROR),
    ):
        if low is not None:
            found = pl.when(observed < low).then(pl.lit(status)).otherwise(found)
        if high is not None:
            found = pl.when(observed > high).then(pl.lit(status)).otherwise(found)
    return pl.when(observed.is_null()).then(pl.lit(SKIPPED)).otherwise(found)


def _message(limits: Volume) -> pl.Expr:
    rows, usual, weeks = pl.col("rows"), pl.col("usual"), pl.col("weeks")
    few_weeks = pl.format(
        f"{{}} extracts on this weekday of the {limits.weeks} weeks before; "
        f"no judgement on fewer than {limits.least_weeks}",
        weeks,
    )
    few_rows = pl.format(
        f"{{}} rows are usual on this weekday; no judgement below {limits.least_rows}",
        number_text(usual),
    )
    found = pl.format(
        "{} rows, {} times the usual {} (median of {} extracts on the same weekday)",
        number_text(rows),
        number_text(pl.col("observed")),
        number_text(usual),
        weeks,
    )
    return (
        pl.when(rows.is_null())
        .then(pl.lit("no extract that day"))
        .when(weeks < limits.least_weeks)
        .then(few_weeks)
        .when(pl.col("observed").is_null())
        .then(few_rows)
        .otherwise(found)
    )


def _mend(about: About) -> pl.Expr:
    again = run_again(pl.col("date"))
    few = pl.format(
        "have the source send the whole extract again, then {}; " + about.unless_meant,
        again,
    )
    many = pl.format(
        "look for rows sent twice or for several days in one file; have it sent again, then {}; "
        + about.unless_meant,
        again,
    )
    return pl.when(pl.col("observed") < 1).then(few).otherwise(many)
