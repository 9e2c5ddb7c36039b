"""Predicted lifetime value of buyers: models fitted to all of them, values of each.

The models are in `assets.transforms.clv`. The contractual case is `lifetime_contracts`' work.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from assets.transforms.clv.assumptions import assumption_report, frequency_value_independence
from assets.transforms.clv.bg_nbd import BgNbd, fit_bg_nbd
from assets.transforms.clv.counts import Floats, purchase_counts, value_counts
from assets.transforms.clv.fitting import Fit
from assets.transforms.clv.gamma_gamma import GammaGamma, fit_gamma_gamma
from assets.transforms.clv.predicted import (
    DAYS_PER_YEAR,
    Outlook,
    continuous_rate,
    parameter_slopes,
    predicted_values,
)
from assets.transforms.populations.lifetime_sums import Valued
from assets.transforms.populations.population import counted_measure
from schemas.config.lifetime import Lifetime
from schemas.table import MONEY_SCALE

PREDICTED: Final = counted_measure("clv_predicted", "mean")

_MONTHS_PER_YEAR = 12


@dataclass(frozen=True, slots=True)
class Prediction:
    """Predicted values, and what has to hold for them.

    Attributes:
        valued: Customers with their values, or with the reason why there are none.
        report: check, verdict, observed and the other columns of `clv_assumption`, absent ones
            left out.
    """

    valued: Valued
    report: pl.DataFrame


def predicted(
    customers: pl.DataFrame,
    summary: pl.DataFrame,
    config: Lifetime,
    *,
    nameless: int,
    share_left: float,
) -> Prediction:
    """Values of buyers over the horizon, discounted.

    Args:
        customers: account_id and the dimension columns, a row a customer with a sale to date.
        summary: From `lifetime_customers.purchase_summary`, a row each.
        config: Horizon and discount.
        nameless: Orders and returns that name no account.
        share_left: Share of sales that returns left.
    """
    in_currency = pl.col("mean_value") / 10**MONEY_SCALE
    histories = summary.with_columns(in_currency.alias("mean_value")).sort("account_id")
    counts, values = purchase_counts(histories.lazy()), value_counts(histories.lazy())
    purchases, spending = fit_bg_nbd(counts), fit_gamma_gamma(values)
    report = assumption_report(
        counts, purchases, spending, frequency_value_independence(values)
    ).with_columns(*_parameters(purchases, spending))
    left = {
        "check": ["share_left_by_returns"], "verdict": ["not_judged"], "observed": [share_left],
        "n": [histories.height],
    }  # fmt: skip
    report = pl.concat([report, pl.DataFrame(left)], how="diagonal")
    reason = purchases.reason or spending.reason
    if purchases.parameters is None or spending.parameters is None:
        rows = customers.with_columns(pl.lit(reason).alias("reason"), pl.lit(0.0).alias("x"))
        return Prediction(Valued(PREDICTED, rows, nameless), report)
    outlook = Outlook(
        horizon=config.horizon_months * DAYS_PER_YEAR / _MONTHS_PER_YEAR,
        discount=continuous_rate(config.annual_discount_rate, days_per_unit=1),
        margin_rate=share_left,
    )
    found = predicted_values(histories.lazy(), purchases.parameters, spending.parameters, outlook)
    x = found.select("account_id", pl.col("clv_predicted").alias("x"), "reason")
    # both are in the order of the accounts, and so are the slopes
    rows = customers.sort("account_id").join(
        x, on="account_id", how="inner", maintain_order="left"
    )  # fmt: skip
    slopes = parameter_slopes(histories, purchases.parameters, spending.parameters, outlook)
    covariance = _both(purchases, spending)
    return Prediction(
        Valued(PREDICTED, rows, nameless, slopes=slopes, covariance=covariance), report
    )


def _parameters(purchases: Fit[BgNbd], spending: Fit[GammaGamma]) -> list[pl.Expr]:
    """Parameters as columns of the rows of the fits that they come from."""
    found: dict[str, tuple[str, float]] = {}
    if purchases.parameters is not None:
        for name, value in purchases.parameters._asdict().items():
            found[name] = ("bg_nbd_fitted", value)
    if spending.parameters is not None:
        for name, value in zip("pqv", spending.parameters, strict=True):
            found[name] = ("gamma_gamma_fitted", value)
    return [
        pl.when(pl.col("check") == check).then(pl.lit(value)).alias(name)
        for name, (check, value) in found.items()
    ]


def _both(purchases: Fit[BgNbd], spending: Fit[GammaGamma]) -> Floats | None:
    """Covariance of the logarithms of all parameters; the two fits share no data."""
    first, second = purchases.log_covariance, spending.log_covariance
    if first is None or second is None:
        return None
    size = len(first)
    found = np.zeros((size + len(second),) * 2)
    found[:size, :size], found[size:, size:] = first, second
    return found
