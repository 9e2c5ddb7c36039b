"""What a check is about, and its findings in the columns of `OUTCOME`.

Belongs here: the asset, the configuration keys and the advice that all checks of extracts share.
Does not belong here: any one check; figures as text (`wording`).
"""

from dataclasses import dataclass

import polars as pl

from assets.transforms.quality.outcome import ERROR, OUTCOME, WARN, no_outcomes, status_above
from schemas.config.quality import Redelivered, Refused


@dataclass(frozen=True, slots=True)
class About:
    """One check of one source's extracts, or of the rows that they bring to one table.

    Attributes:
        check: Name of the check, as under `quality.checks`.
        source: Source in barometer.yaml.
        table: Canonical table; None where the check is about the extract itself.
    """

    check: str
    source: str
    table: str | None = None

    @property
    def asset(self) -> str:
        """Asset that is checked."""
        return f"raw/{self.source}" if self.table is None else f"core/{self.table}"

    @property
    def limits_key(self) -> str:
        """Configuration key of the limits, as narrow as the check."""
        own = f"`quality.sources.{self.source}.{self.check}`"
        if self.table is None:
            return own
        return f"`quality.tables.{self.table}.{self.check}` (or {own})"

    @property
    def unless_meant(self) -> str:
        """What to do where the finding is right and nothing is to be mended."""
        return f"if it is as it should be, change the limits under {self.limits_key}"

    def outcomes(self, judged: pl.DataFrame, **cells: pl.Expr) -> pl.DataFrame:
        """The findings as outcomes; a mend stays only where there is something to mend.

        Args:
            judged: Columns that the cells are made from, and `date`: the day, for checks of days.
            cells: Columns of `OUTCOME` that the check knows (`message`, `mend` and `rows_checked`
                at least) and `judged` does not have yet.

        Returns:
            Frame of schema `OUTCOME`, in the order of subject and period.
        """
        # pl.format panics on columns with an empty chunk, as a filter leaves them (polars#25339)
        judged = judged.rechunk()
        mend = cells.pop("mend")
        judged = judged.with_columns(**cells)
        is_mended = pl.col("status").is_in([WARN, ERROR])
        # mends are long, and most days have none
        parts = [
            judged.filter(is_mended).rechunk().with_columns(mend=mend),
            judged.remove(is_mended).with_columns(mend=pl.lit("")),
        ]
        found = [self._in_schema(part) for part in parts if part.height]
        return pl.concat([no_outcomes(), *found]).sort("subject", "period_start")

    def shares(
        self,
        counted: pl.DataFrame,
        limits: Refused | Redelivered,
        *,
        part: str,
        message: pl.Expr,
        mend: pl.Expr,
    ) -> pl.DataFrame:
        """Outcomes of a check that compares a share of rows with upper limits.

        Args:
            counted: `rows`, the rows among them that are counted, and `date`; nulls are zeros.
            limits: Limits of the share, and the rows below which there is no judgement.
            part: Column of the rows among them.
            message: What was found, from these columns, `observed` and `status`.
            mend: What to do.
        """
        rows, some = pl.col("rows").fill_null(0), pl.col(part).fill_null(0)
        judged = counted.with_columns(
            rows, some, observed=pl.when(rows > 0).then(some / rows)
        ).with_columns(
            status=status_above(
                pl.col("observed"),
                warn=limits.warn_above,
                error=limits.error_above,
                judged=pl.col("rows") >= limits.least_rows,
            )
        )
        return self.outcomes(
            judged,
            upper_limit=decided(limits.warn_above, limits.error_above),
            unit=pl.lit("share"),
            rows_checked=pl.col("rows"),
            rows_unexpected=pl.col(part),
            message=message,
            mend=mend,
        )

    def _in_schema(self, judged: pl.DataFrame) -> pl.DataFrame:
        by_day = "date" in judged.columns
        constants = {
            "asset": self.asset,
            "check_name": self.check,
            "subject": "",
            "source": self.source,
            "period_grain": "day" if by_day else "all",
        }
        given = judged.rename({"date": "period_start"}) if by_day else judged
        return given.select(
            (pl.col(name) if name in given.columns else pl.lit(constants.get(name)))
            .cast(dtype)
            .alias(name)
            for name, dtype in OUTCOME.items()
        )


def decided(warn: float | None, error: float | None) -> pl.Expr:
    """Limit to show beside a column `status`: that of the error, or the one that warns first."""
    first = warn if warn is not None else error
    is_error = pl.col("status") == ERROR
    return (
        pl.when(is_error)
        .then(pl.lit(error, dtype=pl.Float64))
        .otherwise(pl.lit(first, dtype=pl.Float64))
    )


def run_again(date: pl.Expr) -> pl.Expr:
    """Command that loads a day again."""
    return pl.format("`barometer run --date {}`", date)
