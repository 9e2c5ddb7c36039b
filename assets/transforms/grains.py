"""Periods of every grain that a company has: calendar, fiscal and rolling, behind the same calls.

What a calendar period is stands in `assets.transforms.periods`, a fiscal one in
`assets.transforms.fiscal`, a rolling window in `assets.transforms.windows`.
"""

import datetime as dt
from dataclasses import dataclass, field

import polars as pl

from assets.transforms import periods
from assets.transforms.fiscal import FISCAL_GRAINS, fiscal_period_of, fiscal_periods
from assets.transforms.windows import WINDOWS, windows_within
from schemas.config.calendar import FiscalCalendar
from schemas.warehouse import GRAINS

_COLUMNS = ("period_grain", "period_start", "period_end", "label", "is_complete")


@dataclass(frozen=True, slots=True)
class PeriodCalendar:
    """The periods of one company.

    Attributes:
        fiscal: How its fiscal years are cut; those of a calendar year are no grains of their own.
    """

    fiscal: FiscalCalendar = field(default_factory=FiscalCalendar)

    @property
    def cut_grains(self) -> tuple[str, ...]:
        """Grains whose periods have each day once."""
        calendar = tuple(grain for grain in GRAINS if grain not in {*FISCAL_GRAINS, *WINDOWS})
        return calendar if self.fiscal.kind == "calendar" else (*calendar, *FISCAL_GRAINS)

    @property
    def grains(self) -> tuple[str, ...]:
        """All grains; those of `WINDOWS` overlap."""
        return (*self.cut_grains, *WINDOWS)

    def periods(self, first: dt.date, last: dt.date, *, as_of: dt.date) -> pl.DataFrame:
        """Every period of every grain that has a day from `first` to `last`.

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
        return pl.concat([each.with_columns(is_complete).select(_COLUMNS) for each in found])

    def days(self, grain: str, first: dt.date, last: dt.date) -> pl.DataFrame:
        """The period of each day from `first` to `last`; of a grain in `cut_grains`.

        Returns:
            event_day, period_start; one row a day.
        """
        if grain not in FISCAL_GRAINS:
            days = pl.DataFrame({"event_day": pl.date_range(first, last, "1d", eager=True)})
            start = periods.period_start(pl.col("event_day"), grain)
            return days.with_columns(start.alias("period_start"))
        found = fiscal_periods(first, last, self.fiscal)
        return (
            found.filter(pl.col("period_grain") == grain)
            .select(pl.date_ranges("period_start", "period_end").alias("event_day"), "period_start")
            .explode("event_day")
            .filter(pl.col("event_day").is_between(first, last))
        )

    def years_of(self, days: pl.Series, grain: str) -> list[int]:
        """Years in which the periods of these days start, ascending."""
        if grain not in {*FISCAL_GRAINS, *WINDOWS}:
            return periods.years_of(days, grain)
        known = pl.DataFrame({"event_day": days}).drop_nulls().unique()
        if known.is_empty():
            return []
        if grain in WINDOWS:
            window = WINDOWS[grain]
            last = window.number(pl.col("event_day"))
            ends = (window.start(number) for number in (last - window.length + 1, last))
            starts = known.select(pl.concat_list(*ends)).to_series().explode()
        else:
            day = pl.col("event_day")
            first, final = known.select(day.min().alias("first"), day.max().alias("final")).row(0)
            placed = self.days(grain, first, final).join(known, on="event_day", how="semi")
            starts = placed["period_start"]
        return [int(year) for year in starts.dt.year().unique().sort()]

    def last_day_of_year(self, year: int, grain: str) -> dt.date:
        """Last day that any period of a grain starting in that year can reach."""
        last = dt.date(year, 12, 31)
        if grain in FISCAL_GRAINS:
            return fiscal_period_of(last, grain, self.fiscal)[1]
        if grain not in WINDOWS:
            return periods.last_day_of_year(year, grain)
        window = WINDOWS[grain]
        start = window.start(window.number(pl.lit(last)))
        end: dt.date = pl.select(window.end(start)).item()
        return end
