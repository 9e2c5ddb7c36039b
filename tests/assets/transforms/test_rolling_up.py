"""Daily states over periods of every grain: nothing lost, nothing twice, nobody counted again."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.transforms.grains import PeriodCalendar
from assets.transforms.measures import COMPONENTS
from assets.transforms.rolling_up import ANSWERED_AGAIN, DailyStates, Rolled, rolled_up
from assets.transforms.states import EXCLUSION_SCHEMA, HISTOGRAM_SCHEMA, STATE_SCHEMA
from schemas.config.calendar import FiscalCalendar

D = dt.date
RETAIL = PeriodCalendar(FiscalCalendar(kind="weeks", pattern=(4, 4, 5)))
APRIL = PeriodCalendar(FiscalCalendar(kind="months", first_month=4))
FIRST, LAST = D(2023, 1, 1), D(2025, 3, 15)
YEARS = range(2021, 2026)
ROW = st.tuples(
    st.dates(FIRST, LAST),
    st.sampled_from(["a", "b"]),
    st.one_of(st.none(), st.integers(0, 120)),
    st.integers(1, 5),
    st.integers(-(10**6), 10**6),
)


def daily(rows: list[tuple[D, str, int | None, int, int]]) -> DailyStates:
    """States, exclusions and histograms of one measure, one row each a given row."""
    keys = [("m", day, "total", key) for day, key, _, _, _ in rows]
    lost = [None if after is None else day + dt.timedelta(after) for day, _, after, _, _ in rows]
    sums = [dict.fromkeys(COMPONENTS, x) for *_, x in rows]
    state = [
        (*key, None, when, n, *one.values())
        for key, when, (_, _, _, n, _), one in zip(keys, lost, rows, sums, strict=True)
    ]
    exclusion = [(*key, "skipped", n) for key, (_, _, _, n, _) in zip(keys, rows, strict=True)]
    histogram = [(*key, 3, n) for key, (_, _, _, n, _) in zip(keys, rows, strict=True)]
    return DailyStates(
        pl.LazyFrame(state, schema=STATE_SCHEMA, orient="row"),
        pl.LazyFrame(exclusion, schema=EXCLUSION_SCHEMA, orient="row"),
        pl.LazyFrame(histogram, schema=HISTOGRAM_SCHEMA, orient="row"),
    )


def rolled(calendar: PeriodCalendar, grain: str, states: DailyStates) -> Rolled:
    """All periods of a grain, year by year as they are kept."""
    parts = []
    for year in YEARS:
        periods = calendar.compared(grain, year, since=FIRST, as_of=LAST)
        parts.append(rolled_up(states, grain, periods))
    return Rolled(
        pl.concat([part.state for part in parts]),
        pl.concat([part.exclusion for part in parts]),
        pl.concat([part.histogram for part in parts]),
    )


@pytest.mark.parametrize("calendar", [RETAIL, APRIL])
@settings(max_examples=25, deadline=None)
@given(rows=st.lists(ROW, max_size=30))
def test_periods_of_every_cut_grain_add_up_to_the_days(
    calendar: PeriodCalendar, rows: list[tuple[D, str, int | None, int, int]]
) -> None:
    states = daily([(day, key, None, n, x) for day, key, _, n, x in rows])
    days = rolled(calendar, "day", states)
    for grain in calendar.cut_grains[1:]:
        periods = [
            calendar.compared(grain, year, since=FIRST, as_of=LAST)["period_start"]
            for year in YEARS
        ]
        assert pl.concat(periods).is_unique().all()
        found = rolled(calendar, grain, states)
        for one, other, column in (
            (found.state, days.state, "x"),
            (found.exclusion, days.exclusion, "count"),
            (found.histogram, days.histogram, "n"),
        ):
            sums = [
                frame.group_by("segment_key").agg(pl.col(column).sum()) for frame in (one, other)
            ]
            assert_frame_equal(*sums, check_row_order=False)


@pytest.mark.parametrize("grain", RETAIL.grains)
@settings(max_examples=25, deadline=None)
@given(rows=st.lists(ROW, max_size=25))
def test_a_row_counts_until_another_takes_its_place(
    grain: str, rows: list[tuple[D, str, int | None, int, int]]
) -> None:
    """Against every row laid into every period that has its day."""
    found = rolled(RETAIL, grain, daily(rows))
    counted: dict[tuple[D, str], tuple[int, int]] = {}
    again: dict[tuple[D, str], int] = {}
    periods = [
        RETAIL.compared(grain, year, since=FIRST, as_of=LAST).select("period_start", "period_end")
        for year in YEARS
    ]
    for start, end in pl.concat(periods).rows():
        for day, key, after, n, x in rows:
            if not start <= day <= end:
                continue
            if after is None or day + dt.timedelta(after) > end:
                before = counted.get((start, key), (0, 0))
                counted[start, key] = (before[0] + n, before[1] + x)
            else:
                again[start, key] = again.get((start, key), 0) + n
    columns = ("period_start", "segment_key", "n", "x")
    assert {(a, b): (n, x) for a, b, n, x in found.state.select(columns).rows()} == counted
    left_out = found.exclusion.filter(pl.col("reason") == ANSWERED_AGAIN)
    columns = ("period_start", "segment_key", "count")
    assert {(a, b): n for a, b, n in left_out.select(columns).rows()} == again


def test_the_53rd_week_is_in_the_last_month_of_its_year() -> None:
    states = daily([(D(2024, 1, 28), "a", None, 1, 7), (D(2024, 2, 3), "a", None, 1, 5)])
    months = rolled(RETAIL, "fiscal_month", states).state
    # FY2023 has 53 weeks and ends on 3 February 2024; its last month has six of them
    assert months.select("period_start", "n", "x").rows() == [(D(2023, 12, 24), 2, 12)]
    ends = RETAIL.ends("fiscal_month", months["period_start"])
    assert ends.rows() == [(D(2023, 12, 24), D(2024, 2, 3))]
