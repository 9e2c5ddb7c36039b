"""Rolling windows: which there are, and sums that equal those of laying every day into each."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.transforms.windows import WINDOWS, summed_over_windows, windows_within

D = dt.date
KEYS = ["measure", "stratum"]
FIRST, LAST = D(2023, 11, 17), D(2025, 2, 20)
SCHEMA = {
    "event_day": pl.Date, "measure": pl.String, "stratum": pl.String,
    "n": pl.Int64, "x": pl.Decimal(38, 0),
}  # fmt: skip
ROWS = st.lists(
    st.tuples(
        st.dates(D(2023, 10, 1), D(2025, 4, 1)),
        st.sampled_from(["a", "b"]),
        st.sampled_from([None, "0-10"]),
        st.integers(0, 5),
        st.one_of(st.none(), st.integers(-(10**30), 10**30)),
    ),
    max_size=60,
)


def naive(states: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    within = pl.col("event_day").is_between("period_start", "period_end")
    return (
        states.join(periods.select("period_start", "period_end"), how="cross")
        .filter(within)
        .group_by("period_start", *KEYS)
        .agg(pl.col("n", "x").cast(pl.Int128).sum())
    )


@pytest.mark.parametrize("grain", WINDOWS)
@settings(max_examples=30, deadline=None)
@given(rows=ROWS)
def test_sums_are_those_of_the_days_within(grain: str, rows: list[tuple[object, ...]]) -> None:
    states = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    periods = windows_within(grain, FIRST, LAST)
    found = summed_over_windows(
        states.lazy(), grain, periods["period_start"], keys=KEYS, sums=["n", "x"]
    )
    assert_frame_equal(
        found.collect(engine="streaming"), naive(states, periods), check_row_order=False
    )


def test_no_row_where_a_window_has_no_states() -> None:
    day = D(2024, 3, 1)
    states = pl.LazyFrame([(day, "a", None, 1, 7)], schema=SCHEMA, orient="row")
    periods = windows_within("rolling_28d", D(2024, 1, 1), D(2024, 6, 30))
    found = summed_over_windows(
        states, "rolling_28d", periods["period_start"], keys=KEYS, sums=["n", "x"]
    ).collect()
    starts = found["period_start"].sort().to_list()
    assert (starts[0], starts[-1], len(starts)) == (D(2024, 2, 3), day, 28)
    assert found.select("n", "x").unique().rows() == [(1, 7)]


def test_sums_beyond_64_bits_stay_exact() -> None:
    days = [D(2024, 1, 1), D(2024, 1, 2), D(2024, 1, 29)]
    rows = [(day, "a", None, 1, x) for day, x in zip(days, [10**37, 1, 2], strict=True)]
    states = pl.LazyFrame(rows, schema=SCHEMA, orient="row")
    periods = windows_within("rolling_28d", days[0], days[-1])
    found = summed_over_windows(
        states, "rolling_28d", periods["period_start"], keys=KEYS, sums=["x"]
    ).collect()
    assert found.sort("period_start")["x"].to_list() == [10**37 + 1, 3]


def test_no_windows_no_sums() -> None:
    states = pl.LazyFrame([(D(2024, 1, 1), "a", None, 1, 7)], schema=SCHEMA, orient="row")
    periods = windows_within("rolling_12m", D(2024, 1, 1), D(2024, 12, 30))
    found = summed_over_windows(
        states, "rolling_12m", periods["period_start"], keys=KEYS, sums=["n"]
    ).collect()
    assert found.schema == {"period_start": pl.Date, **dict.fromkeys(KEYS, pl.String),
                            "n": pl.Int128}  # fmt: skip
    assert found.is_empty()


def test_windows_lie_wholly_within_the_days_known() -> None:
    days = windows_within("rolling_28d", D(2024, 2, 1), D(2024, 3, 1))
    assert days.rows() == [
        ("rolling_28d", D(2024, 2, 1), D(2024, 2, 28), "28 days to 2024-02-28"),
        ("rolling_28d", D(2024, 2, 2), D(2024, 2, 29), "28 days to 2024-02-29"),
        ("rolling_28d", D(2024, 2, 3), D(2024, 3, 1), "28 days to 2024-03-01"),
    ]
    months = windows_within("rolling_12m", D(2023, 1, 2), D(2024, 2, 29))
    assert months.rows() == [
        ("rolling_12m", D(2023, 2, 1), D(2024, 1, 31), "12 months to 2024-01"),
        ("rolling_12m", D(2023, 3, 1), D(2024, 2, 29), "12 months to 2024-02"),
    ]
