"""Ratio and duration KPIs from facts: values, intervals, what does not count."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from scipy import stats

from assets.transforms.measures_catalogue import all_measures
from assets.transforms.segments import TOTAL
from assets.transforms.states import compute_states
from assets.transforms.values import Settled, settle
from schemas.config.kpis import KpiConfig
from schemas.kpis.catalogue import CATALOGUE, Published
from tests.assets.transforms.rolled import roll_up

DAY = dt.date(2026, 5, 6)
MEASURES = {one.code: one for one in all_measures(KpiConfig())}


def settled(fact: pl.DataFrame, *codes: str, targets: dict[str, float] | None = None) -> Settled:
    published = [Published(code, CATALOGUE[code], "none") for code in codes]
    wanted = [MEASURES[code] for code in dict.fromkeys(one.state for one in published)]
    states = compute_states(fact.lazy(), wanted, [TOTAL], dimensions=[])
    rolled = roll_up(
        states.state.lazy(), states.exclusion.lazy(), states.histogram.lazy(),
        grain="month", year=2026,
    )  # fmt: skip
    return settle(rolled, published, MEASURES, confidence=0.95, targets=targets or {})


def orders(rows: list[tuple[int | None, bool]], **flags: bool) -> pl.DataFrame:
    """Orders of (net in cents, is_return)."""
    return pl.DataFrame(
        {
            "ordered_on": [DAY] * len(rows),
            "net_fixed": pl.Series(
                [None if net is None else net * 100 for net, _ in rows], dtype=pl.Int128
            ),
            "is_return": [is_return for _, is_return in rows],
            "is_cancelled": flags.get("cancelled", False),
            "has_rate": not flags.get("foreign", False),
        }
    )


def interactions(seconds: list[int | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {"opened_on": [DAY] * len(seconds), "first_response_seconds": seconds},
        schema_overrides={"first_response_seconds": pl.Int64},
    )


def test_returns_are_negative_revenue_and_no_sales() -> None:
    fact = orders([(10_000, False), (20_000, False), (-5_000, True), (2_500, True), (None, False)])
    fact = pl.concat([fact, orders([(99_900, False)], cancelled=True),
                      orders([(99_900, False)], foreign=True)])  # fmt: skip
    found = settled(fact, "average_transaction_value")
    row = found.value.row(0, named=True)
    assert (row["value"], row["numerator"], row["denominator"], row["n"]) == (112.5, 225.0, 2.0, 2)
    assert dict(found.exclusion.select("reason", "count").rows()) == {
        "cancelled": 1, "no_rate": 1, "no_amount": 1,
    }  # fmt: skip


def test_ratio_interval_is_the_linearised_one() -> None:
    x = np.array([100.0, 200.0, 50.0, -25.0])
    y = np.array([1.0, 1.0, 1.0, 0.0])
    fact = orders([(10_000, False), (20_000, False), (5_000, False), (-2_500, True)])
    row = settled(fact, "average_transaction_value").value.row(0, named=True)
    ratio = x.sum() / y.sum()
    error = np.sqrt(4 / 3 * ((x - ratio * y) ** 2).sum()) / y.sum()
    half = stats.t.ppf(0.975, 3) * error
    assert row["value"] == pytest.approx(ratio)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((ratio - half, ratio + half))


def test_without_returns_the_interval_is_that_of_a_mean() -> None:
    values = [120.5, 80.0, 33.25, 410.0, 95.0]
    fact = orders([(round(value * 100), False) for value in values])
    row = settled(fact, "average_transaction_value").value.row(0, named=True)
    right = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(right))


def test_returns_without_a_sale_have_no_value() -> None:
    row = settled(orders([(-500, True)]), "average_transaction_value").value.row(0, named=True)
    assert (row["value"], row["n"], row["numerator"]) == (None, 0, -5.0)


def test_response_times_are_in_minutes() -> None:
    fact = interactions([60, 120, 600, None, -5])
    found = settled(fact, "first_response_time_mean", "first_response_time_median")
    mean, median = found.value.rows(named=True)
    assert (mean["value"], mean["numerator"], mean["n"]) == (pytest.approx(13 / 3), 13.0, 3)
    assert median["value"] == pytest.approx(2.0, rel=0.01)
    assert mean["ci_low"] == 0.0  # no duration is negative
    counts = found.exclusion.filter(pl.col("kpi_code") == "first_response_time_mean")
    assert dict(counts.select("reason", "count").rows()) == {
        "negative_duration": 1, "no_first_response": 1,
    }  # fmt: skip


def test_quantiles_and_their_intervals_are_within_one_percent() -> None:
    seconds = sorted(int(value) for value in np.random.default_rng(5).lognormal(7, 2, 500))
    fact = interactions(list(seconds))
    found = settled(fact, "first_response_time_median", "first_response_time_p90")
    for row, share in zip(found.value.rows(named=True), (0.5, 0.9), strict=True):
        assert row["value"] * 60 == pytest.approx(np.quantile(seconds, share), rel=0.01)
        low = int(stats.binom.ppf(0.025, 500, share))
        high = int(stats.binom.ppf(0.975, 500, share)) + 1
        assert row["ci_low"] * 60 == pytest.approx(seconds[low - 1], rel=0.01)
        assert row["ci_high"] * 60 == pytest.approx(seconds[high - 1], rel=0.01)


def test_targets_follow_the_direction_of_the_kpi() -> None:
    targets = {"first_response_time_mean": 5.0, "first_response_time_p90": 0.5}
    codes = (*targets, "first_response_time_median")
    found = settled(interactions([60, 120]), *codes, targets=targets).value
    columns = ("target", "gap_to_target", "status")
    mean, p90, median = found.select(columns).rows()
    assert mean == (5.0, -3.5, "on_target")
    assert (p90[0], p90[2]) == (0.5, "off_target")
    assert median == (None, None, "no_target")
