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
from assets.transforms.clv.purchases import (
    expected_purchases,
    probability_alive,
    purchases_while_alive,
)

DAYS_PER_YEAR = 365

_SLOPE_NODES = 12
_SLOPE_STEP = 1e-4


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


def parameter_slopes(
    customers: pl.DataFrame, purchases: BgNbd, values: GammaGamma, outlook: Outlook
) -> Floats:
    """Slope of each customer's predicted value in the logarithms of the parameters.

    Args:
        customers: frequency, recency, age, valued_frequency, mean_value, all of use.
        purchases: Fitted BG/NBD.
        values: Fitted Gamma-Gamma.
        outlook: Horizon and discount.

    Returns:
        One row a customer, columns r, alpha, a, b, p, q, gamma. Those of the BG/NBD are forward
        differences of a coarse integral, good to a thousandth.
    """
    x, t_x, age = (_floats(customers, name) for name in ("frequency", "recency", "age"))
    valued, mean = (_floats(customers, name) for name in ("valued_frequency", "mean_value"))

    def ahead(parameters: BgNbd) -> Floats:
        alive = probability_alive(parameters, x, t_x, age)
        return alive * purchases_while_alive(
            parameters, x, age, horizon=outlook.horizon, discount=outlook.discount,
            nodes=_SLOPE_NODES,
        )  # fmt: skip

    base, each = ahead(purchases), expected_value(values, valued, mean)
    found = []
    for number, value in enumerate(purchases):
        stepped = list(purchases)
        stepped[number] = value * math.exp(_SLOPE_STEP)
        found.append((ahead(BgNbd(*stepped)) - base) / _SLOPE_STEP * each)
    p, q, gamma = values
    below = p * valued + q - 1
    found += [base * each * (q - 1) / below, -base * each * q / below, base * p * gamma / below]
    slopes: Floats = np.column_stack(found) * outlook.margin_rate
    return slopes


def _floats(frame: pl.DataFrame, name: str) -> Floats:
    return np.asarray(frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy(), dtype=float)
