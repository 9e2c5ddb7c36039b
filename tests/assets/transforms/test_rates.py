"""Rates of events: exact intervals, and how often their changes cry wolf."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from assets.transforms.intervals import garwood
from assets.transforms.significance import (
    PREVIOUS,
    change_p_value,
    component_summary,
    rate_summary,
)

ALPHA = 0.05
NO_VARIANCE = pl.lit(None, dtype=pl.Float64)


def interval(events: float | None, exposure: float, confidence: float = 0.95) -> list[float | None]:
    frame = pl.DataFrame({"x": [events], "y": [exposure]}, schema_overrides={"x": pl.Float64})
    low, high = garwood(pl.col("x"), pl.col("y"), confidence)
    return list(frame.select(low.alias("low"), high.alias("high")).row(0))


@pytest.mark.parametrize("events", [1, 2, 15, 400])
def test_interval_is_that_of_the_poisson_tails(events: int) -> None:
    low, high = interval(events, 50.0)
    assert low is not None
    assert high is not None
    assert stats.poisson.sf(events - 1, low * 50) == pytest.approx(0.025)
    assert stats.poisson.cdf(events, high * 50) == pytest.approx(0.025)


def test_no_event_leaves_an_upper_end() -> None:
    # -ln 0.025 events
    assert interval(0, 10.0) == [0.0, pytest.approx(3.6888794541 / 10)]


def test_unknown_events_have_no_interval() -> None:
    assert interval(None, 10.0) == [None, None]


def p_values(a: np.ndarray, over: float, b: np.ndarray, over_before: float) -> np.ndarray:
    frame = pl.DataFrame({"a": a, "b": b}).cast(pl.Float64)
    now = rate_summary(pl.col("a"), pl.lit(over))
    before = rate_summary(pl.col("b"), pl.lit(over_before))
    both = frame.with_columns(*now, *[found.name.prefix(PREVIOUS) for found in before])
    return both.select(change_p_value("rate")).to_series().to_numpy()


def test_a_worked_example() -> None:
    # Huffman: |√(30.375/200) - √(15.375/205)| over √(1/800 + 1/820)
    z = abs(np.sqrt(30.375 / 200) - np.sqrt(15.375 / 205)) / np.sqrt(1 / 800 + 1 / 820)
    found = p_values(np.array([30]), 200.0, np.array([15]), 205.0)
    assert found == pytest.approx(2 * stats.norm.sf(z))


@pytest.mark.parametrize("ratio", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("mean", [1.0, 3.0, 10.0, 40.0])
def test_false_alarms_exactly(mean: float, ratio: float) -> None:
    counts = np.arange(200)
    now, before = np.meshgrid(counts, counts)
    chance = stats.poisson.pmf(now, mean) * stats.poisson.pmf(before, mean * ratio)
    found = p_values(now.ravel(), 100.0, before.ravel(), 100.0 * ratio)
    alarms = float(chance.ravel()[found < ALPHA].sum())
    assert alarms < 0.065


def test_no_exposure_no_summary() -> None:
    frame = pl.DataFrame({"x": [1.0], "y": [0.0], "z": [None], "n_effective": [3.0]})
    found = frame.select(component_summary("rate", NO_VARIANCE, pl.lit(3.0)))
    assert found.row(0)[:2] == (None, None)
