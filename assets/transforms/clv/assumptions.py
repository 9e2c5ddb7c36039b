"""What has to hold for a predicted CLV, checked and reported beside the figure.

Belongs here: the checks and their verdicts. Does not belong here: the models. A check that fails is
a row of the report; nothing here raises.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import polars as pl

from assets.transforms.clv.bg_nbd import BgNbd
from assets.transforms.clv.counts import Floats, PurchaseCounts, ValueCounts, inner
from assets.transforms.clv.fitting import Fit, P, Support
from assets.transforms.clv.gamma_gamma import GammaGamma
from assets.transforms.clv.purchases import calibration_ratio

Verdict = Literal["holds", "fails", "uncertain", "not_judged"]

CORRELATION_LIMIT = 0.3
"""A correlation up to this is taken as none: Cohen's (1988) medium effect."""

CALIBRATION_LIMIT = 0.1
"""Expected repeat purchases may miss those observed by this share."""

REPORT = pl.Schema(
    {
        "check": pl.String(),
        "verdict": pl.String(),
        "observed": pl.Float64(),
        "ci_low": pl.Float64(),
        "ci_high": pl.Float64(),
        "p_value": pl.Float64(),
        "lower_limit": pl.Float64(),
        "upper_limit": pl.Float64(),
        "n": pl.Int64(),
        "reason": pl.String(),
    }
)
"""One row per check of a predicted CLV."""


@dataclass(frozen=True, slots=True)
class Independence:
    """Whether repeat customers who buy more often also spend more or less a time.

    Attributes:
        customers: Repeat customers of known value.
        correlation: Pearson's, of frequency and mean value; None where either does not vary.
        low: Lower end of its interval.
        high: Upper end.
        p_value: Of no correlation, two-sided.
        revenue_ratio: Revenue of repeat purchases over what it would be were value independent of
            frequency: how far totals of the predicted CLV can be off for that reason.
        verdict: `holds` if the interval lies within the limit, `fails` if it lies beyond,
            `uncertain` else.
    """

    customers: int
    correlation: float | None
    low: float | None
    high: float | None
    p_value: float | None
    revenue_ratio: float | None
    verdict: Verdict


def frequency_value_independence(
    counts: ValueCounts,
    *,
    limit: float = CORRELATION_LIMIT,
    confidence: float = 0.95,
    support: Support | None = None,
) -> Independence:
    """Correlation of frequency and mean value among repeat customers, with its interval.

    Gamma-Gamma assumes a mean value that does not depend on frequency, but its spread does, and
    both are skewed. So it is Pearson's correlation of the values themselves (ranks and logarithms
    correlate under the model too), with the asymptotically distribution-free standard error
    (Steiger & Hakstian 1982, British Journal of Mathematical and Statistical Psychology 35,
    208-215) on Fisher's scale. With many customers any correlation is significant, hence the
    verdict on its size.

    Args:
        counts: Repeat customers.
        limit: Greatest absolute correlation that counts as none.
        confidence: Confidence level of the interval.
        support: Least data to judge by.
    """
    n = counts.total
    x, value, weights = counts.frequency, counts.mean_value, counts.customers
    if n < (support or Support()).repeaters or n < 1:
        return Independence(n, None, None, None, None, None, "not_judged")
    ratio = (inner(weights, x * value) / inner(weights, x)) / (inner(weights, value) / n)
    if _spread(x, weights) <= 0 or _spread(value, weights) <= 0:
        return Independence(n, None, None, None, None, ratio, "not_judged")
    r, low, high, p_value = _correlation(
        _standardised(x, weights), _standardised(value, weights), weights, confidence
    )
    verdict = _verdict(low, high, limit)
    return Independence(n, r, low, high, p_value, ratio, verdict)


def assumption_report(
    counts: PurchaseCounts,
    purchases: Fit[BgNbd],
    values: Fit[GammaGamma],
    independence: Independence,
    *,
    limit: float = CORRELATION_LIMIT,
) -> pl.DataFrame:
    """One row per check of a predicted CLV.

    Args:
        counts: Histories that the BG/NBD was fitted to.
        purchases: Its fit.
        values: Fit of the Gamma-Gamma.
        independence: From `frequency_value_independence`.
        limit: The one given to it.
    """
    rows = [
        _fit_row("bg_nbd_fitted", purchases),
        _fit_row("gamma_gamma_fitted", values),
        _calibration_row(counts, purchases),
        {
            "check": "frequency_value_independence",
            "verdict": independence.verdict,
            "observed": independence.correlation,
            "ci_low": independence.low,
            "ci_high": independence.high,
            "p_value": independence.p_value,
            "lower_limit": -limit,
            "upper_limit": limit,
            "n": independence.customers,
        },
        {
            "check": "revenue_under_independence",
            "verdict": "not_judged",
            "observed": independence.revenue_ratio,
            "n": independence.customers,
        },
    ]
    return pl.DataFrame(rows, schema=REPORT)


def _fit_row(check: str, fit: Fit[P]) -> dict[str, object]:
    return {
        "check": check,
        "verdict": "holds" if fit.is_converged else "fails",
        "observed": None if math.isnan(fit.slope) else fit.slope,
        "n": fit.customers,
        "reason": fit.reason,
    }


def _calibration_row(counts: PurchaseCounts, fit: Fit[BgNbd]) -> dict[str, object]:
    ratio = None if fit.parameters is None else calibration_ratio(fit.parameters, counts)
    low, high = 1 - CALIBRATION_LIMIT, 1 + CALIBRATION_LIMIT
    verdict: Verdict = "not_judged"
    if ratio is not None:
        verdict = "holds" if low <= ratio <= high else "fails"
    return {
        "check": "bg_nbd_calibration",
        "verdict": verdict,
        "observed": ratio,
        "lower_limit": low,
        "upper_limit": high,
        "n": fit.customers,
        "reason": fit.reason,
    }


def _correlation(
    u: Floats, v: Floats, weights: Floats, confidence: float
) -> tuple[float, float, float, float]:
    """Correlation of standardised values, the ends of its interval, and its p-value."""
    n = float(weights.sum())
    r = max(-1.0, min(1.0, inner(weights, u * v) / n))
    if 1 - r * r < 1e-12:  # noqa: PLR2004 (a straight line has no interval)
        return r, r, r, 0.0
    influence = u * v - r * (u * u + v * v) / 2
    error = math.sqrt(inner(weights, influence * influence)) / n / (1 - r * r)
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * error
    low, high = math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)
    null_error = math.sqrt(inner(weights, (u * v) ** 2)) / n
    # where either is at its mean for every customer there is nothing to tell
    p_value = 2 * NormalDist().cdf(-abs(r) / null_error) if null_error > 0 else 1.0
    return r, low, high, p_value


def _verdict(low: float, high: float, limit: float) -> Verdict:
    if -limit <= low and high <= limit:
        return "holds"
    return "fails" if low > limit or high < -limit else "uncertain"


def _spread(values: Floats, weights: Floats) -> float:
    """Standard deviation; 0 where it is no more than rounding."""
    total = float(weights.sum())
    mean = inner(weights, values) / total
    spread = math.sqrt(inner(weights, (values - mean) ** 2) / total)
    return spread if spread > 1e-12 * abs(mean) else 0.0


def _standardised(values: Floats, weights: Floats) -> Floats:
    mean = inner(weights, values) / float(weights.sum())
    found: Floats = (values - mean) / _spread(values, weights)
    return found
