"""Predicted lifetime value of buyers: published parameters, returns, interval, refusals."""

import datetime as dt
import math

import numpy as np
import polars as pl
import pytest

from assets.transforms.estimators import ESTIMATORS, real_components
from assets.transforms.populations.lifetime_customers import purchase_summary, share_left
from assets.transforms.populations.lifetime_predicted import PREDICTED, predicted
from assets.transforms.populations.lifetime_sums import summed
from assets.transforms.segments import TOTAL, SegmentSet
from schemas.config.lifetime import Lifetime
from tests.assets.transforms.clv import cdnow

START = dt.date(1997, 9, 1)
HALVES = SegmentSet("half", ("half",))


def summary() -> pl.DataFrame:
    """CDNOW in days, values in 10⁻⁴."""
    orders = cdnow.orders().select(
        pl.col("account_id").cast(pl.String),
        pl.col("ordered_on").alias("starts_on"),
        (pl.col("amount").cast(pl.Decimal(38, 4)) * 10_000).cast(pl.Int64).alias("net_fixed"),
        pl.lit(0, pl.Int64).alias("cost_fixed"),
        pl.lit(value=True).alias("is_sale"),
        pl.lit(value=False).alias("is_return"),
        pl.lit(value=True).alias("has_rate"),
    )
    return purchase_summary(orders, cdnow.CALIBRATION_END)


SUMMARY = summary()
CUSTOMERS = SUMMARY.select(
    "account_id", (pl.col("account_id").hash(0) % 2).cast(pl.String).alias("half")
)


def test_parameters_are_those_published_for_cdnow() -> None:
    found = predicted(CUSTOMERS, SUMMARY, Lifetime(), nameless=0, share_left=1.0).report
    fits = {row["check"]: row for row in found.rows(named=True)}
    purchases, values = fits["bg_nbd_fitted"], fits["gamma_gamma_fitted"]
    assert [purchases[name] for name in ("r", "a", "b")] == pytest.approx(
        [0.243, 0.793, 2.426], abs=5e-4
    )
    assert purchases["alpha"] / 7 == pytest.approx(4.414, abs=5e-3)
    assert [values[name] for name in "pqv"] == pytest.approx([6.25, 3.74, 15.44], abs=0.05)
    assert fits["frequency_value_independence"]["verdict"] == "holds"
    assert fits["frequency_value_independence"]["p_value"] is not None
    assert purchases["n"] == 2357


def test_returns_reduce_the_value_in_proportion() -> None:
    whole, less = (
        predicted(CUSTOMERS, SUMMARY, Lifetime(), nameless=0, share_left=share)
        for share in (1.0, 0.8)
    )
    assert less.valued.customers["x"].to_numpy() == pytest.approx(
        0.8 * whole.valued.customers["x"].to_numpy()
    )
    left = less.report.filter(pl.col("check") == "share_left_by_returns")
    assert left["observed"].to_list() == [0.8]


def test_share_left_is_over_known_amounts() -> None:
    frame = pl.DataFrame(
        {
            "sales_fixed": [100, 300, None],
            "revenue_fixed": [100, 200, None],
            "unknown_amount": [None, None, "no_amount"],
        }
    )
    assert share_left(frame) == 0.75
    assert share_left(frame.clear()) == 1.0


def test_interval_has_the_spread_and_the_uncertainty_of_the_parameters() -> None:
    made = predicted(CUSTOMERS, SUMMARY, Lifetime(), nameless=3, share_left=1.0).valued
    assert made.slopes is not None
    assert made.covariance is not None
    found = summed(made, [TOTAL, HALVES], START)
    rows = found.state.select(
        "segment_key", "n", *[one for one in real_components(PREDICTED) if "z" not in str(one)]
    )
    estimate = ESTIMATORS["mean"](0.95, pl.col("n").cast(pl.Float64))
    figures = rows.select(
        "segment_key", estimate.value.alias("value"), (estimate.high - estimate.value).alias("half")
    )
    halves = {key: (value, half) for key, value, half in figures.rows()}
    for key, is_in in {
        "all": np.full(CUSTOMERS.height, fill_value=True),
        "0": (CUSTOMERS["half"] == "0").to_numpy(),
    }.items():
        x, slope = made.customers["x"].to_numpy()[is_in], made.slopes[is_in].mean(axis=0)
        variance = x.var(ddof=1) / len(x) + slope @ made.covariance @ slope
        assert halves[key] == pytest.approx((x.mean(), 1.961 * math.sqrt(variance)), rel=1e-3)
        assert slope @ made.covariance @ slope > 0
    assert found.exclusion.rows_by_key("segment_key", named=True).keys() == {"all", "(unknown)"}


def test_no_repeat_customers_no_prediction() -> None:
    once = SUMMARY.with_columns(
        frequency=pl.lit(0, pl.Int64), recency=pl.lit(0.0), valued_frequency=pl.lit(0, pl.Int64),
        mean_value=pl.lit(None, pl.Float64),
    )  # fmt: skip
    found = predicted(CUSTOMERS, once, Lifetime(), nameless=0, share_left=1.0)
    assert found.valued.customers["reason"].unique().to_list() == ["too_few_repeat_customers"]
    verdicts = dict(found.report.select("check", "verdict").rows())
    assert verdicts["bg_nbd_fitted"] == verdicts["gamma_gamma_fitted"] == "fails"
    assert verdicts["frequency_value_independence"] == "not_judged"


def test_the_horizon_and_the_discount_rate() -> None:
    def mean(**settings: float) -> float:
        config = Lifetime.model_validate(settings)
        made = predicted(CUSTOMERS, SUMMARY, config, nameless=0, share_left=1.0).valued
        return float(made.customers["x"].to_numpy().mean())

    near, far = (mean(horizon_months=ahead, annual_discount_rate=0) for ahead in (12, 36))
    assert far > near
    # money of the first year is worth between one and 1/1.1
    assert near / 1.1 < mean(horizon_months=12, annual_discount_rate=0.1) < near
