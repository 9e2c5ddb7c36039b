"""Shifted-beta-geometric: how long contracts are renewed, fitted by maximum likelihood.

Belongs here: counting renewals, likelihood and fit, retention, discounted expected residual
lifetime. Does not belong here: contracts as the CRM has them. Sources: Fader & Hardie (2007), How
to Project Customer Retention, Journal of Interactive Marketing 21(1), 76-90; Fader & Hardie (2010),
Customer-Base Valuation in a Contractual Setting, Marketing Science 29(1), 85-93.

At every renewal a customer leaves with probability θ ~ Beta(alpha, beta), so that of those who
come to their t-th renewal the share (beta + t - 1)/(alpha + beta + t - 1) renews.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from assets.transforms.clv.counts import FRACTIONAL, MISSING, NEGATIVE, Floats, Indices, inner
from assets.transforms.clv.fitting import (
    TOO_FEW_CUSTOMERS,
    TOO_FEW_RENEWALS,
    Fit,
    Model,
    Support,
    fit,
    unfitted,
)

RETAINED_ABOVE_AT_RISK = "more_retained_than_at_risk"

_STARTS = ((0.0, 0.0), (-0.5, 1.5), (1.5, 3.0), (3.0, 1.0))
_NEGLIGIBLE = 40.0  # e**-40 is less than the last digit
_LONGEST = 1_000_000


class ShiftedBetaGeometric(NamedTuple):
    """Parameters: probability to leave at a renewal ~ Beta(alpha, beta); both > 0."""

    alpha: float
    beta: float


@dataclass(frozen=True, slots=True)
class RenewalCounts:
    """Renewals by number: one element a renewal t = 1, 2, …, all cohorts together.

    Attributes:
        renewal: t; 1 is the first time that a contract came up for renewal.
        at_risk: Customers who came to it.
        retained: Those of them who renewed.
        total: Customers at the renewal that most came to.
        excluded: Rows left out, by reason.
    """

    renewal: Floats
    at_risk: Floats
    retained: Floats
    total: int
    excluded: Mapping[str, int]

    def sample(self) -> "RenewalCounts":
        """All of them, for there are few."""
        return self


class Likelihood:
    """The log-likelihood of renewals, prepared for many evaluations."""

    def __init__(self, counts: RenewalCounts) -> None:
        self._past = counts.renewal - 1
        self._at_risk, self._kept = counts.at_risk, counts.retained
        self._lost = float((counts.at_risk - counts.retained).sum())

    def __call__(self, parameters: ShiftedBetaGeometric) -> tuple[float, Floats]:
        """Log-likelihood, and its gradient in (alpha, beta)."""
        alpha, beta = parameters
        stay = beta + self._past
        each = self._at_risk / (alpha + stay)
        value = self._lost * math.log(alpha) + inner(self._kept, np.log(stay))
        value -= inner(self._at_risk, np.log(alpha + stay))
        slopes = [self._lost / alpha - each.sum(), (self._kept / stay).sum() - each.sum()]
        return float(value), np.array(slopes)


def renewals_of_contracts(contracts: pl.LazyFrame) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """How many came to each renewal and how many renewed, from one row a customer.

    Args:
        contracts: renewals (how many times renewed so far), is_active (whether the present term
            has not come up yet; otherwise its renewal was refused).

    Returns:
        renewal, at_risk, retained, as `renewal_counts` takes them, and contracts left out (reason,
        count). Customers in their first term have not come to any renewal and are in neither.
    """
    made = pl.col("renewals").cast(pl.Int64)
    reason = (
        pl.when(made.is_null() | pl.col("is_active").is_null())
        .then(pl.lit(MISSING))
        .when(made < 0)
        .then(pl.lit(NEGATIVE))
    )
    rows = contracts.select(
        made.alias("made"), (~pl.col("is_active")).alias("is_lost"), reason.alias("reason")
    )
    usable = rows.filter(pl.col("reason").is_null())
    # few differ, so that the list of a customer's renewals is made once for all that share it
    ends = usable.group_by("made", "is_lost").agg(pl.len().cast(pl.Int64).alias("customers"))
    renewed = ends.filter(pl.col("made") > 0).select(
        pl.int_ranges(1, pl.col("made") + 1).alias("renewal"),
        pl.col("customers").alias("at_risk"),
        pl.col("customers").alias("retained"),
    )
    lost = ends.filter("is_lost").select(
        (pl.col("made") + 1).alias("renewal"),
        pl.col("customers").alias("at_risk"),
        pl.lit(0, dtype=pl.Int64).alias("retained"),
    )
    cohorts = pl.concat([renewed.explode("renewal"), lost]).group_by("renewal")
    refused = rows.filter(pl.col("reason").is_not_null()).group_by("reason")
    return (
        cohorts.agg(pl.col("at_risk", "retained").sum()).sort("renewal"),
        refused.agg(pl.len().cast(pl.Int64).alias("count")).sort("reason"),
    )


def renewal_counts(cohorts: pl.LazyFrame) -> RenewalCounts:
    """Add up cohorts by number of the renewal.

    A cohort need not be seen from its beginning: who comes to a renewal is all that counts.

    Args:
        cohorts: renewal (1, 2, …), at_risk, retained: a row a cohort and renewal.
    """
    names = ("renewal", "at_risk", "retained")
    columns = [pl.col(name).cast(pl.Float64) for name in names]
    renewal, at_risk, retained = columns
    known = pl.all_horizontal(one.is_not_null() & one.is_finite() for one in columns)
    reason = (
        pl.when(~known.fill_null(value=False))
        .then(pl.lit(MISSING))
        .when((renewal < 1) | (at_risk < 0) | (retained < 0))
        .then(pl.lit(NEGATIVE))
        .when(pl.any_horizontal(one != one.floor() for one in columns))
        .then(pl.lit(FRACTIONAL))
        .when(retained > at_risk)
        .then(pl.lit(RETAINED_ABOVE_AT_RISK))
    )
    rows = cohorts.select(*columns, reason.alias("reason"))
    is_usable = pl.col("reason").is_null()
    summed = rows.filter(is_usable, pl.col("at_risk") > 0).group_by("renewal")
    refused = rows.filter(~is_usable).group_by("reason").agg(pl.len()).sort("reason")
    totals = summed.agg(pl.col("at_risk", "retained").sum()).sort("renewal")
    found, excluded = pl.collect_all([totals, refused])
    return RenewalCounts(
        renewal=found["renewal"].to_numpy(),
        at_risk=found["at_risk"].to_numpy(),
        retained=found["retained"].to_numpy(),
        total=int(found.select(pl.col("at_risk").max().fill_null(0)).item()),
        excluded=dict(excluded.rows()),
    )


def fit_shifted_beta_geometric(
    counts: RenewalCounts, support: Support | None = None
) -> Fit[ShiftedBetaGeometric]:
    """Fit by maximum likelihood.

    Heterogeneity shows only in how retention changes from one renewal to the next, so at least two
    renewals, at least one loss and at least one retained customer are needed.

    Args:
        counts: From `renewal_counts`.
        support: Least data to fit to.
    """
    lost, kept = counts.at_risk - counts.retained, counts.retained
    if counts.total < (support or Support()).customers:
        return unfitted(TOO_FEW_CUSTOMERS, counts.total, counts.excluded)
    if len(counts.renewal) < 2 or not lost.sum() or not kept.sum():  # noqa: PLR2004 (two renewals)
        return unfitted(TOO_FEW_RENEWALS, counts.total, counts.excluded)

    return fit(_MODEL, counts, np.ones(2))


def retention_rates(parameters: ShiftedBetaGeometric, renewals: int) -> Floats:
    """Share that renews of those who come to the 1st, 2nd, … renewal."""
    alpha, beta = parameters
    past = np.arange(renewals, dtype=float)
    found: Floats = (beta + past) / (alpha + beta + past)
    return found


def survival(parameters: ShiftedBetaGeometric, renewals: int) -> Floats:
    """Share of new customers who are still there after the 1st, 2nd, … renewal."""
    found: Floats = np.cumprod(retention_rates(parameters, renewals)).astype(np.float64)
    return found


def discounted_renewals(
    parameters: ShiftedBetaGeometric, renewals: Floats, *, discount: float,
    horizon: int | None = None,
) -> Floats:  # fmt: skip
    """Expected future renewals of active customers, discounted: DERL without a horizon.

    Seen just before the next renewal, which is not discounted (Fader & Hardie 2010, equation 6);
    multiply by 1/(1 + discount) to look at it one whole period ahead. Computed by the recurrence
    of n to n + 1, since the closed form's ₂F₁ overflows where customers are old.

    Args:
        parameters: Of the fit.
        renewals: How many times each customer has renewed so far, 0 or more.
        discount: Discount rate a period; 0 gives the number of renewals, which is infinite without
            a horizon where alpha ≤ 1.
        horizon: How many renewals ahead; all if None.
    """
    made, at = np.unique(renewals.astype(np.int64), return_inverse=True)
    if len(made) == 0:
        return np.empty(0)
    if horizon is None:
        return _residual(parameters, made, discount)[at]
    alpha, beta = parameters
    share, total = np.ones(len(made)), np.zeros(len(made))
    for ahead in range(horizon):
        stay = beta + made + ahead
        share *= stay / (alpha + stay)
        total += share / (1 + discount) ** ahead
    found: Floats = total[at]
    return found


def _residual(parameters: ShiftedBetaGeometric, made: Indices, discount: float) -> Floats:
    """DERL of customers who have renewed so many times, ascending."""
    alpha, beta = parameters
    if discount <= 0:
        if alpha > 1:
            return (beta + made.astype(np.float64)) / (alpha - 1)
        return np.full(len(made), np.inf)
    factor = 1 / (1 + discount)
    beyond = int(min(math.ceil(_NEGLIGIBLE / math.log1p(discount)), _LONGEST))
    last = int(made[-1]) + beyond
    stay = beta + last
    # from there on as if retention stayed what it is; its error is discounted away
    value = stay / (alpha + stay * (1 - factor))
    wanted, found = set(made.tolist()), {}
    for past in range(last - 1, -1, -1):
        value = (beta + past) / (alpha + beta + past) * (1 + factor * value)
        if past in wanted:
            found[past] = value
        if len(found) == len(wanted):
            break
    return np.array([found[past] for past in made.tolist()])


def _make(values: Sequence[float]) -> ShiftedBetaGeometric:
    return ShiftedBetaGeometric(*values)


_MODEL = Model(Likelihood, _make, _STARTS)
