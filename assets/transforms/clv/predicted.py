"""Predicted customer lifetime value: expected purchases times expected value, discounted.

Belongs here: putting fitted models together, a row a customer. Does not belong here: the models, or
whether their assumptions hold (`assumptions`).

Discounting is continuous in the non-contractual case: a purchase a time s after the end of
observation counts e**(-δ·s), with δ from `continuous_rate`. In the contractual case money comes at
renewals and is discounted once a period.
"""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.transforms.clv.bg_nbd import BgNbd
from assets.transforms.clv.counts import Floats, purchase_defect, value_defect
from assets.transforms.clv.gamma_gamma import GammaGamma, expected_value
from assets.transforms.clv.purchases import expected_purchases, probability_alive
from assets.transforms.clv.shifted_beta_geometric import ShiftedBetaGeometric, discounted_renewals

DAYS_PER_YEAR = 365


@dataclass(frozen=True, slots=True)
class Outlook:
    """How far ahead, and what money is worth there.

    Attributes:
        horizon: How far ahead, in the unit of time of the summary.
        discount: Continuous discount rate a unit of time.
        margin_rate: Margin on a purchase's value; 1 where the value is the margin already, or
            where CLV in revenue is wanted.
    """

    horizon: float
    discount: float = 0.0
    margin_rate: float = 1.0


def continuous_rate(annual_rate: float, *, days_per_unit: int) -> float:
    """Continuous discount rate a unit of time, from an effective rate a year of 365 days."""
    return math.log1p(annual_rate) * days_per_unit / DAYS_PER_YEAR


def period_rate(annual_rate: float, *, periods_per_year: float) -> float:
    """Discount rate a contract period, from an effective rate a year."""
    return math.expm1(math.log1p(annual_rate) / periods_per_year)


def predicted_values(
    customers: pl.LazyFrame, purchases: BgNbd, values: GammaGamma, outlook: Outlook
) -> pl.DataFrame:
    """Predicted lifetime value of each customer.

    Args:
        customers: account_id, frequency, recency, age, valued_frequency, mean_value; in the units
            of the fits.
        purchases: Fitted BG/NBD.
        values: Fitted Gamma-Gamma.
        outlook: Horizon and discount.

    Returns:
        account_id, probability_alive, expected_purchases (over the horizon, not discounted),
        expected_value (of one purchase), clv_predicted, reason. Where frequency, recency and age
        or the value of repeat purchases cannot be, figures are null and the reason says why.
    """
    is_valued = pl.col("valued_frequency").cast(pl.Float64).ne_missing(0.0)
    defect = pl.coalesce(purchase_defect(), pl.when(is_valued).then(value_defect()))
    frame = customers.with_columns(defect.alias("reason")).collect(engine="streaming")
    is_usable = pl.col("reason").is_null()
    usable = frame.filter(is_usable)
    x, t_x, age = (_floats(usable, name) for name in ("frequency", "recency", "age"))
    each = expected_value(
        values, _floats(usable, "valued_frequency"), _floats(usable, "mean_value")
    )
    ahead = [
        expected_purchases(
            purchases, frequency=x, recency=t_x, age=age, horizon=outlook.horizon, discount=rate
        )
        for rate in dict.fromkeys((0.0, outlook.discount))
    ]
    figures = {
        "probability_alive": probability_alive(purchases, x, t_x, age),
        "expected_purchases": ahead[0],
        "expected_value": each,
        "clv_predicted": ahead[-1] * each * outlook.margin_rate,
    }
    found = usable.select("account_id", *[pl.Series(name, one) for name, one in figures.items()])
    empty = [pl.lit(None, dtype=pl.Float64).alias(name) for name in figures]
    refused = frame.filter(~is_usable).select("account_id", *empty, "reason")
    none = pl.lit(None, dtype=pl.String).alias("reason")
    return pl.concat([found.with_columns(none), refused]).sort("account_id")


def contract_values(
    contracts: pl.LazyFrame, parameters: ShiftedBetaGeometric, *, discount: float,
    horizon: int | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Predicted residual value of each active contract, just before its next renewal.

    Args:
        contracts: account_id, renewals (made so far), period_amount (what a renewal brings); active
            contracts only.
        parameters: Fitted shifted-beta-geometric.
        discount: Discount rate a period.
        horizon: How many renewals ahead; all if None.

    Returns:
        account_id, expected_renewals (discounted), clv_predicted. Null where renewals or the
        amount are unknown.
    """
    made = pl.col("renewals").cast(pl.Int64)
    frame = contracts.select(
        "account_id",
        pl.when(made >= 0).then(made).alias("renewals"),
        pl.col("period_amount").cast(pl.Float64).fill_nan(None),
    ).collect()
    known = frame.filter(pl.col("renewals").is_not_null())
    ahead = discounted_renewals(
        parameters, known["renewals"].unique().to_numpy().astype(float), discount=discount,
        horizon=horizon,
    )  # fmt: skip
    table = pl.DataFrame(
        {"renewals": known["renewals"].unique(), "expected_renewals": ahead},
        schema={"renewals": pl.Int64, "expected_renewals": pl.Float64},
    )
    return frame.join(table, on="renewals", how="left").select(
        "account_id",
        "expected_renewals",
        (pl.col("expected_renewals") * pl.col("period_amount")).alias("clv_predicted"),
    ).sort("account_id")  # fmt: skip


def _floats(frame: pl.DataFrame, name: str) -> Floats:
    return np.asarray(frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy(), dtype=float)
