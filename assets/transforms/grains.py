"""Periods of every grain that a company has: calendar, fiscal and rolling, behind the same calls.

What a calendar period is stands in `assets.transforms.periods`, a fiscal one in
`assets.transforms.fiscal`, a rolling window in `assets.transforms.windows`.
"""

import datetime as dt
from dataclasses import dataclass, field

import polars as pl

from assets.transforms import periods
from assets.transforms.comparisons import with_comparisons
from assets.transforms.fiscal import fiscal_periods
from assets.transforms.windows import WINDOWS, windows_within
from schemas.config.calendar import FiscalCalendar
from schemas.config.periods import FISCAL_GRAINS, PeriodConfig

_COLUMNS = ("period_grain", "period_start", "period_end", "label", "is_complete")

_WINDOW_REACH = dt.timedelta(days=366)
"""No window ends later after its start."""


@dataclass(frozen=True, slots=True)
class PeriodCalendar:
    """The periods of one company.

    Attributes:
        fiscal: How its fiscal years are cut; those of a calendar year are no grains of their own.
        asked: Which grains are published.
    """

    fiscal: FiscalCalendar = field(default_factory=FiscalCalendar)
    asked: PeriodConfig = field(default_factory=PeriodConfig)

    @property
    def cut_grains(self) -> tuple[str, ...]:
        """Published grains whose periods have each day once."""
        is_own = self.fiscal.kind != "calendar"
        return (*self.asked.calendar, *(self.asked.fiscal if is_own else ()))

    @property
    def grains(self) -> tuple[str, ...]:
        """All grains that are published; those of `WINDOWS` overlap."""
        return (*self.cut_grains, *self.asked.rolling)

    def periods(self, first: dt.date, last: dt.date, *, as_of: dt.date) -> pl.DataFrame:
        """Every period of every published grain that has a day from `first` to `last`.

        Rolling windows are those that lie wholly from `first` to `as_of`.

        Returns:
            period_grain, period_start, period_end, label, is_complete; in grain and date order.
        """
        found = [periods.calendar(first, last, as_of=as_of)]
        if self.fiscal.kind != "calendar":
            found.append(fiscal_periods(first, last, self.fiscal))
        if first <= as_of:
            found += [windows_within(grain, first, min(last, as_of)) for grain in WINDOWS]
        is_complete = (pl.col("period_end") <= as_of).alias("is_complete")
        listed = pl.concat([each.with_columns(is_complete).select(_COLUMNS) for each in found])
        return listed.filter(pl.col("period_grain").is_in(self.grains))

    def starting_in(
        self, grain: str, first: dt.date, last: dt.date, *, as_of: dt.date
    ) -> pl.DataFrame:
        """Periods of a grain that start from `first` to `last`, and not after `as_of`.

        Rolling windows are only those that have ended: a part of one compares to none.

        Returns:
            period_start, period_end; in date order.
        """
        last = min(last, as_of)
        if first > last:
            return pl.DataFrame(schema={"period_start": pl.Date, "period_end": pl.Date})
        if grain in WINDOWS:
            found = windows_within(grain, first, min(as_of, last + _WINDOW_REACH))
        elif grain in FISCAL_GRAINS:
            found = fiscal_periods(first, last, self.fiscal)
            found = found.filter(pl.col("period_grain") == grain)
        else:
            found = periods.of_grain(grain, first, last)
        is_in = pl.col("period_start").is_between(first, last)
        return found.filter(is_in).select("period_start", "period_end")

    def compared(self, grain: str, year: int, *, since: dt.date, as_of: dt.date) -> pl.DataFrame:
        """Periods of a grain that start in a year, with the days that they are compared with.

        Args:
            grain: A published grain.
            year: Calendar year of their first days.
            since: First loaded day; rolling windows start on it or later.
            as_of: Last loaded day.

        Returns:
            period_grain, period_start, period_end and what `with_comparisons` adds; in date order.
        """
        first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
        if grain in WINDOWS:
            found = self.starting_in(grain, max(first, since), last, as_of=as_of)
        else:
            # what is dated after the last loaded day has its period too
            found = self.starting_in(grain, first, last, as_of=last)
        named = found.select(pl.lit(grain).alias("period_grain"), pl.all())
        return with_comparisons(named, self.fiscal, as_of=as_of)

    def ends(self, grain: str, starts: pl.Series) -> pl.DataFrame:
        """Last days of the periods of a grain that begin on some days.

        Returns:
            period_start, period_end; in date order, each once.
        """
        found = pl.DataFrame({"period_start": starts.unique().sort()})
        start = pl.col("period_start")
        if grain in WINDOWS:
            return found.with_columns(WINDOWS[grain].end(start).alias("period_end"))
        if grain not in FISCAL_GRAINS:
            return found.with_columns(periods.period_end(start, grain).alias("period_end"))
        if found.is_empty():
            return found.with_columns(pl.lit(None, pl.Date).alias("period_end"))
        first, last = found.select(start.min().alias("first"), start.max().alias("last")).row(0)
        listed = self.starting_in(grain, first, last, as_of=last)
        return found.join(listed, on="period_start", how="left", maintain_order="left")
