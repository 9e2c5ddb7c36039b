"""One row per check outcome: the frame that every check gives, whatever it looks at.

Belongs here: the schema and how a figure becomes a status. Does not belong here: any one check.
"""

import polars as pl

PASSED, WARN, ERROR, SKIPPED = "passed", "warn", "error", "skipped"

OUTCOME = pl.Schema(
    {
        "asset": pl.String(),  # "raw/<source>", "core/<table>", "history/<table>"
        "check_name": pl.String(),
        "subject": pl.String(),  # "" for the whole
        "source": pl.String(),  # "" where it is not about one
        "period_grain": pl.String(),  # "day", "month", "all"
        "period_start": pl.Date(),
        "status": pl.String(),
        "observed": pl.Float64(),
        "lower_limit": pl.Float64(),
        "upper_limit": pl.Float64(),
        "unit": pl.String(),
        "rows_checked": pl.Int64(),
        "rows_unexpected": pl.Int64(),
        "message": pl.String(),
        "mend": pl.String(),
    }
)


def no_outcomes() -> pl.DataFrame:
    """A frame of outcomes without rows."""
    return pl.DataFrame(schema=OUTCOME)


def status_above(
    observed: pl.Expr, *, warn: float | None, error: float | None, judged: pl.Expr
) -> pl.Expr:
    """Status of a figure with upper limits; `skipped` where it is null or not judged."""
    found = pl.lit(PASSED)
    for limit, status in ((warn, WARN), (error, ERROR)):
        if limit is not None:
            found = pl.when(observed > limit).then(pl.lit(status)).otherwise(found)
    is_judged = judged.fill_null(value=False) & observed.is_not_null()
    return pl.when(is_judged).then(found).otherwise(pl.lit(SKIPPED))
