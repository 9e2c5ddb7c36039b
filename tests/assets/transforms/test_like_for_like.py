"""Histograms of the periods before: those at hand are the ones that their days would give."""

import datetime as dt

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.transforms.grains import PeriodCalendar
from assets.transforms.like_for_like import previous_histograms
from assets.transforms.rolling_up import DailyStates, rolled_up
from assets.transforms.states import EXCLUSION_SCHEMA, HISTOGRAM_SCHEMA, STATE_SCHEMA
from schemas.config.calendar import FiscalCalendar

D = dt.date
RETAIL = PeriodCalendar(FiscalCalendar(kind="weeks", pattern=(4, 4, 5)))
FIRST, LAST = D(2023, 1, 1), D(2025, 3, 15)
AT_ONCE = 40
ROW = st.tuples(st.dates(FIRST, LAST), st.sampled_from("ab"), st.integers(-2, 2), st.integers(1, 5))


def daily(rows: list[tuple[D, str, int, int]]) -> DailyStates:
    """Histograms of one measure; a bucket of a day may be there twice."""
    found = [("m", day, "total", key, bucket, n) for day, key, bucket, n in rows]
    histogram = pl.LazyFrame(found, schema=HISTOGRAM_SCHEMA, orient="row")
    return DailyStates(
        STATE_SCHEMA.to_frame().lazy(), EXCLUSION_SCHEMA.to_frame().lazy(), histogram
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(ROW, max_size=60),
    st.sampled_from(RETAIL.grains),
    st.sampled_from([2023, 2024, 2025]),
    st.dates(D(2024, 1, 1), LAST),
    st.integers(0, 300),
)
def test_periods_together_are_preceded_by_what_each_is_by_itself(
    rows: list[tuple[D, str, int, int]], grain: str, year: int, as_of: D, skipped: int
) -> None:
    states = daily(rows)
    periods = RETAIL.compared(grain, year, since=FIRST, as_of=as_of)
    periods = periods.slice(min(skipped, max(periods.height - AT_ONCE, 0)), AT_ONCE)
    if periods.is_empty():
        return
    histogram = rolled_up(states, grain, periods).histogram
    found = previous_histograms(states, periods, histogram)
    by_itself = [
        previous_histograms(states, periods.slice(at, 1), histogram.clear())
        for at in range(periods.height)
    ]
    assert_frame_equal(found, pl.concat(by_itself), check_row_order=False, check_exact=True)
