"""What a period is compared with: the one before it and the same one a year ago.

A period that has not ended is compared up to the same day: the first nine days of March with the
first nine of February. Only days are found here; what happened on them is summed by whoever asks.

The period before and its like a year ago never share a day with the period itself.
"""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from assets.transforms.fiscal import fiscal_periods
from schemas.config.calendar import FiscalCalendar
from schemas.config.periods import FISCAL_GRAINS

_START, _END = pl.col("period_start"), pl.col("period_end")
_MARGIN = dt.timedelta(days=800)
"""More than two fiscal years: a year's year ago begins within it."""


@dataclass(frozen=True, slots=True)
class _Steps:
    """How far back the days of a grain are looked for, as Polars spells it.

    Attributes:
        previous: To the period before.
        year_ago: To the same one a year ago.
        is_whole_months: Whether it ends with a month, however long that was then.
    """

    previous: str
    year_ago: str
    is_whole_months: bool = True


_STEPS = {
    "day": _Steps("-1d", "-1y", is_whole_months=False),
    # 52 weeks: weekdays stay what they are, and the season moves by a day or two
    "week": _Steps("-1w", "-52w", is_whole_months=False),
    "month": _Steps("-1mo", "-1y"),
    "quarter": _Steps("-3mo", "-1y"),
    "year": _Steps("-1y", "-1y"),
    "rolling_28d": _Steps("-28d", "-52w", is_whole_months=False),
    "rolling_12m": _Steps("-12mo", "-12mo"),
}
_MONTH_STEPS: dict[str, str] = dict(zip(FISCAL_GRAINS, ("month", "quarter", "year"), strict=True))
_ADDED = ("to_date_on", "previous_start", "previous_to_on", "year_ago_start", "year_ago_to_on")


def with_comparisons(
    periods: pl.DataFrame, calendar: FiscalCalendar, *, as_of: dt.date
) -> pl.DataFrame:
    """Add to periods up to which day they are known, and the days they are compared with.

    A period that has ended is compared with whole ones. Of one that has not, the same day is: in
    periods of months the same day of the month or its last one; in periods of weeks the same week
    and weekday.

    Args:
        periods: period_grain, period_start and period_end.
        calendar: How fiscal periods are cut.
        as_of: Last loaded day.

    Returns:
        The periods, in their order, with to_date_on, previous_start, previous_to_on,
        year_ago_start and year_ago_to_on; `…_on` are inclusive, and null is what a period that
        begins after `as_of` has.
    """
    numbered = periods.with_row_index("_at")
    groups = numbered.partition_by("period_grain", maintain_order=True, include_key=True)
    found = [_of_grain(group, calendar, as_of) for group in groups]
    empty = numbered.with_columns(pl.lit(None, pl.Date).alias(name) for name in _ADDED).clear()
    return pl.concat([empty, *found]).sort("_at").drop("_at")


def compared_days(compared: pl.DataFrame) -> pl.DataFrame:
    """Days to sum for each period and for what it is compared with.

    Args:
        compared: From `with_comparisons`; those of interest, for each of their days is a row.

    Returns:
        period_grain, period_start, side (`current`, `previous` or `year_ago`), event_day.
    """
    sides = {
        "current": ("period_start", "to_date_on"),
        "previous": ("previous_start", "previous_to_on"),
        "year_ago": ("year_ago_start", "year_ago_to_on"),
    }
    begun = compared.drop_nulls(_ADDED)
    return pl.concat(
        begun.select(
            "period_grain", "period_start", pl.lit(side).alias("side"),
            pl.date_ranges(first, last).alias("event_day"),
        ).explode("event_day")
        for side, (first, last) in sides.items()
    )  # fmt: skip


def _of_grain(periods: pl.DataFrame, calendar: FiscalCalendar, as_of: dt.date) -> pl.DataFrame:
    grain = str(periods.item(0, "period_grain"))
    in_weeks = grain in FISCAL_GRAINS and calendar.kind == "weeks"
    placed = _by_number(periods, calendar) if in_weeks else _by_step(periods, _step(grain))
    known_on = pl.min_horizontal(_END, pl.lit(as_of))
    has_ended = _END.le(as_of)
    has_begun = _START.le(as_of)
    elapsed = known_on - _START
    same_days = {}
    for side in ("previous", "year_ago"):
        if in_weeks:
            same_days[side] = pl.col(f"{side}_start") + elapsed
        else:
            same_days[side] = known_on.dt.offset_by(getattr(_step(grain), side))
    ends = [
        pl.when(has_ended).then(f"{side}_end")
        .otherwise(pl.min_horizontal(same_days[side], f"{side}_end"))
        .alias(f"{side}_to_on")
        for side in same_days
    ]  # fmt: skip
    dated = placed.with_columns(known_on.alias("to_date_on"), *ends)
    return dated.select(
        *periods.columns, *[pl.when(has_begun).then(name).alias(name) for name in _ADDED]
    )


def _step(grain: str) -> _Steps:
    return _STEPS[_MONTH_STEPS.get(grain, grain)]


def _by_step(periods: pl.DataFrame, step: _Steps) -> pl.DataFrame:
    """Periods that are a number of days or of whole months."""

    def end(back: str) -> pl.Expr:
        if not step.is_whole_months:
            return _END.dt.offset_by(back)
        return _END.dt.offset_by("1d").dt.offset_by(back).dt.offset_by("-1d")

    return periods.with_columns(
        _START.dt.offset_by(step.previous).alias("previous_start"),
        end(step.previous).alias("previous_end"),
        _START.dt.offset_by(step.year_ago).alias("year_ago_start"),
        end(step.year_ago).alias("year_ago_end"),
    )


def _by_number(periods: pl.DataFrame, calendar: FiscalCalendar) -> pl.DataFrame:
    """Fiscal periods of weeks, which differ in length: found by their order and number."""
    first: dt.date = periods.select(_START.min()).item()
    last: dt.date = periods.select(_END.max()).item()
    listed = fiscal_periods(first - _MARGIN, last, calendar)
    known = listed.select(
        "period_grain", "period_start", "year_ago_start",
        _START.shift(1).over("period_grain").alias("previous_start"),
        _END.shift(1).over("period_grain").alias("previous_end"),
    )  # fmt: skip
    ends = listed.select(
        "period_grain", _START.alias("year_ago_start"), _END.alias("year_ago_end")
    )  # fmt: skip
    keys = ["period_grain", "period_start"]
    return periods.join(known, on=keys, how="left", maintain_order="left").join(
        ends, on=["period_grain", "year_ago_start"], how="left", maintain_order="left"
    )
