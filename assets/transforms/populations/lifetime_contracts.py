"""Predicted lifetime value of customers under contract: the shifted-beta-geometric on renewals.

A customer's relationship is an unbroken run of days in force, whatever contracts it is made of; it
comes up for renewal every so many months from its first day. The model is in
`assets.transforms.clv`; the case without contracts is `lifetime_predicted`'s work.
"""

import datetime as dt
from typing import Final

import numpy as np
import polars as pl

from assets.transforms.clv.counts import Floats, inner
from assets.transforms.clv.fitting import Fit
from assets.transforms.clv.predicted import DAYS_PER_YEAR, period_rate
from assets.transforms.clv.shifted_beta_geometric import (
    RenewalCounts,
    ShiftedBetaGeometric,
    discounted_renewals,
    fit_shifted_beta_geometric,
    renewal_counts,
    renewals_of_contracts,
    retention_rates,
)
from assets.transforms.populations.lifetime_customers import NO_AMOUNT, NO_RATE
from assets.transforms.populations.lifetime_predicted import PREDICTED, Prediction
from assets.transforms.populations.lifetime_sums import Valued
from assets.transforms.spells import merge_intervals
from schemas.config.kpis import KpiConfig
from schemas.config.lifetime import Lifetime
from schemas.table import MONEY_SCALE

CALIBRATION_LIMIT: Final = 0.1
"""Expected renewals may miss those observed by this share."""

_MONTHS_PER_YEAR = 12
_SLOPE_STEP = 1e-4


def in_force(contracts: pl.LazyFrame, end: dt.date) -> pl.LazyFrame:
    """Contracts in force on a day."""
    return contracts.filter(pl.col("starts_on") <= end, pl.col("last_on") >= end)


def relationships(contracts: pl.LazyFrame, end: dt.date, *, renewal_months: int) -> pl.DataFrame:
    """Relationships that began by a day, as of that day.

    Args:
        contracts: The extract `contract`.
        end: Last day of the period.
        renewal_months: Months between renewals.

    Returns:
        account_id, starts_on, until (last day in force by then), renewals (made so far),
        is_active (in force on the day).
    """
    own = contracts.filter(
        pl.col("account_id").is_not_null(),
        pl.col("starts_on") <= end,
        pl.col("last_on") >= pl.col("starts_on"),
    ).select("account_id", "starts_on", pl.col("last_on").alias("ends_on"))
    runs = merge_intervals(own).with_columns((pl.col("ends_on") >= end).alias("is_active"))
    until = pl.min_horizontal("ends_on", pl.lit(end))
    return runs.with_columns(until.alias("until")).select(
        "account_id",
        "starts_on",
        "until",
        (whole_months("starts_on", "until") // renewal_months).alias("renewals"),
        "is_active",
    )


def renewals_known(
    runs: pl.DataFrame, known_from: dt.date | None, *, renewal_months: int
) -> pl.LazyFrame:
    """How many came to each renewal and how many renewed, of the renewals that are known.

    Of customers who left before the first extract nothing is known; those who stayed are seen
    from then on, so that the renewals that they had made before tell nothing of the others.

    Args:
        runs: From `relationships`.
        known_from: First day from which it is known who left; None for ever.
        renewal_months: Months between renewals.

    Returns:
        As `renewals_of_contracts`.
    """
    if known_from is None:
        return renewals_of_contracts(runs.lazy())[0]
    before = known_from - dt.timedelta(days=1)
    seen = runs.lazy().filter(pl.col("is_active") | (pl.col("until") >= before))
    made = whole_months("starts_on", "_before") // renewal_months
    unseen = (
        seen.with_columns(pl.lit(before).alias("_before"))
        .select(pl.int_ranges(1, made.clip(0, pl.col("renewals")) + 1).alias("renewal"))
        .explode("renewal")
        .group_by("renewal")
        .agg(pl.len().cast(pl.Int64).alias("unseen"))
    )
    joined = renewals_of_contracts(seen)[0].join(unseen, on="renewal", how="left")
    known = pl.col("at_risk", "retained") - pl.col("unseen").fill_null(0)
    return joined.with_columns(known).drop("unseen").filter(pl.col("at_risk") > 0).sort("renewal")


def whole_months(first: str, last: str) -> pl.Expr:
    """Whole months from one day to a later one; the 31st is reached on a shorter month's last."""
    start, end = pl.col(first), pl.col(last)
    years = (end.dt.year() - start.dt.year()).cast(pl.Int64)
    months = _MONTHS_PER_YEAR * years + end.dt.month() - start.dt.month()
    return months - (start.dt.offset_by(pl.format("{}mo", months)) > end).cast(pl.Int64)


def predicted_of_contracts(
    customers: pl.DataFrame, runs: pl.DataFrame, kpis: KpiConfig, *, end: dt.date, nameless: int
) -> Prediction:
    """Values of the renewals within the horizon, discounted to the end of the period.

    Args:
        customers: From `active_customers`, with the dimension columns.
        runs: From `relationships`.
        kpis: Horizon, discount, months between renewals, and from when it is known who left.
        end: Last day of the period.
        nameless: Contracts in force that name no account.
    """
    config, known_from = kpis.lifetime, kpis.known_from.crm_contract
    counts = renewal_counts(renewals_known(runs, known_from, renewal_months=config.renewal_months))
    fit = fit_shifted_beta_geometric(counts)
    report = _report(counts, fit)
    if fit.parameters is None:
        why = pl.col("unknown_amount").fill_null(fit.reason).alias("reason")
        return Prediction(
            Valued(PREDICTED, customers.with_columns(why, pl.lit(0.0).alias("x")), nameless), report
        )
    rows = _ahead(customers, runs, config, end).with_columns(
        pl.col("unknown_amount").alias("reason")
    )
    amount = _amount(rows, config, end)
    slopes = []
    for number, value in enumerate(fit.parameters):
        sides = []
        for step in (_SLOPE_STEP, -_SLOPE_STEP):
            stepped = list(fit.parameters)
            stepped[number] = value * float(np.exp(step))
            sides.append(_renewals(rows, ShiftedBetaGeometric(*stepped), config))
        slopes.append(amount * (sides[0] - sides[1]) / (2 * _SLOPE_STEP))
    x = pl.Series("x", amount * _renewals(rows, fit.parameters, config))
    is_in = rows["reason"].is_null().to_numpy()
    return Prediction(
        Valued(
            PREDICTED, rows.with_columns(x), nameless,
            slopes=np.column_stack(slopes)[is_in], covariance=fit.log_covariance,
        ),
        report,
    )  # fmt: skip


def active_customers(contracts: pl.LazyFrame, end: dt.date) -> tuple[pl.DataFrame, int]:
    """Customers with a contract in force on a day, and contracts of nobody.

    Returns:
        account_id, monthly_fixed (recurring amount of all contracts in force; null where that of
        one is unknown), unknown_amount (why it is; null where it is known), in order of the
        account; and how many contracts in force name no account.
    """
    now = in_force(contracts, end)
    amount, is_rated = pl.col("monthly_fixed"), pl.col("has_rate").all()
    is_known = amount.null_count() == 0
    reason = pl.when(~is_rated).then(pl.lit(NO_RATE)).when(~is_known).then(pl.lit(NO_AMOUNT))
    customers = (
        now.filter(pl.col("account_id").is_not_null())
        .group_by("account_id")
        .agg(
            pl.when(is_known & is_rated).then(amount.sum()).alias("monthly_fixed"),
            reason.alias("unknown_amount"),
        )
        .sort("account_id")
    )
    nameless = now.filter(pl.col("account_id").is_null()).select(pl.len())
    frame, count = pl.collect_all([customers, nameless])
    return frame, int(count.item())


def _ahead(
    customers: pl.DataFrame, runs: pl.DataFrame, config: Lifetime, end: dt.date
) -> pl.DataFrame:
    """Customers with their renewals made, the next one's day and how many the horizon has."""
    every = config.renewal_months
    horizon = pl.lit(end).dt.offset_by(f"{config.horizon_months}mo")
    following = pl.format("{}mo", (pl.col("renewals") + 1) * every)
    return (
        customers.join(
            runs.filter("is_active").drop("is_active", "until"), on="account_id", how="inner",
            maintain_order="left",
        )
        .with_columns(horizon.alias("_horizon"))
        .with_columns(
            pl.col("starts_on").dt.offset_by(following).alias("next_on"),
            (whole_months("starts_on", "_horizon") // every - pl.col("renewals")).alias("ahead"),
        )
        .drop("_horizon")
    )  # fmt: skip


def _amount(rows: pl.DataFrame, config: Lifetime, end: dt.date) -> Floats:
    """What a renewal brings, discounted from the day of the next one to the end of the period."""
    days = (rows["next_on"] - end).dt.total_days().to_numpy()
    term = rows["monthly_fixed"].cast(pl.Float64).fill_null(0.0).to_numpy() / 10**MONEY_SCALE
    found: Floats = (
        term * config.renewal_months * (1 + config.annual_discount_rate) ** (-days / DAYS_PER_YEAR)
    )
    return found


def _renewals(rows: pl.DataFrame, parameters: ShiftedBetaGeometric, config: Lifetime) -> Floats:
    """Expected renewals within the horizon, discounted to the next one."""
    rate = period_rate(
        config.annual_discount_rate, periods_per_year=_MONTHS_PER_YEAR / config.renewal_months
    )
    made, ahead = rows["renewals"].to_numpy().astype(float), rows["ahead"].to_numpy()
    found = np.zeros(len(made))
    # two numbers at most: the horizon is as long for everybody
    for number in np.unique(ahead):
        is_in = ahead == number
        found[is_in] = discounted_renewals(
            parameters, made[is_in], discount=rate, horizon=int(number)
        )
    return found


def _report(counts: RenewalCounts, fit: Fit[ShiftedBetaGeometric]) -> pl.DataFrame:
    """Whether the model was fitted, and whether it expects the renewals that there were."""
    alpha, beta = fit.parameters or (None, None)
    expected = None
    if fit.parameters is not None:
        rates = retention_rates(fit.parameters, int(counts.renewal.max()))
        shares: Floats = rates[counts.renewal.astype(np.int64) - 1]
        expected = inner(counts.at_risk, shares) / float(counts.retained.sum())
    low, high = 1 - CALIBRATION_LIMIT, 1 + CALIBRATION_LIMIT
    verdict = "not_judged"
    if expected is not None:
        verdict = "holds" if low <= expected <= high else "fails"
    rows = [
        {
            "check": "shifted_beta_geometric_fitted",
            "verdict": "holds" if fit.is_converged else "fails",
            "observed": None if np.isnan(fit.slope) else fit.slope,
            "n": fit.customers, "reason": fit.reason, "alpha": alpha, "beta": beta,
        },
        {
            "check": "shifted_beta_geometric_calibration", "verdict": verdict,
            "observed": expected, "lower_limit": low, "upper_limit": high, "n": fit.customers,
            "reason": fit.reason,
        },
    ]  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)
