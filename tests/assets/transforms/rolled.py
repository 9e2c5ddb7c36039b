"""States of calendar periods, as the values of a year are made of."""

import datetime as dt

import polars as pl

from assets.transforms.grains import PeriodCalendar
from assets.transforms.rolling_up import DailyStates, Rolled, rolled_up


def roll_up(
    state: pl.LazyFrame, exclusion: pl.LazyFrame, histogram: pl.LazyFrame, *, grain: str, year: int
) -> Rolled:
    """States of the periods of a grain that start in a year."""
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    periods = PeriodCalendar().starting_in(grain, first, last, as_of=last)
    return rolled_up(DailyStates(state, exclusion, histogram), grain, periods)
