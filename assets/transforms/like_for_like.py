"""Comparisons that need the states: of periods still running, and of quantiles.

A period that has not ended is compared with the same days of the period before and of a year ago,
which no other row has the value of. Whether chance explains a change of a quantile is seen in both
histograms. Both are found here while the states are at hand; all other comparisons are between
published values, in `assets.transforms.changes`.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from assets.transforms.changes import p_values
from assets.transforms.comparisons import compared_days
from assets.transforms.estimators import QUANTILES
from assets.transforms.rolling_up import DailyStates, rolled_up_by_day
from assets.transforms.significance import (
    PREVIOUS,
    SUMMARY,
    below_pooled_quantile,
    change_p_value,
    pooled_histograms,
    quantile_summaries,
)
from assets.transforms.windows import WINDOWS, summed_over_windows
from schemas.kpis.catalogue import Published
from schemas.kpis.kpi import Estimator

_SEGMENT = ["period_start", "segment_set", "segment_key"]
_ROW = ["kpi_code", *_SEGMENT]


def running(periods: pl.DataFrame) -> pl.DataFrame:
    """Periods that have begun and not ended, of those with comparisons."""
    return periods.filter(pl.col("to_date_on") < pl.col("period_end"))


def days_of_side(periods: pl.DataFrame, side: str) -> pl.DataFrame:
    """Days that periods are compared with, as `rolled_up_by_day` takes them.

    Args:
        periods: With comparisons; of a grain whose periods do not overlap.
        side: `previous` or `year_ago`.

    Returns:
        event_day, period_start (of the period compared), period_end (last of the days).
    """
    found = compared_days(periods).filter(pl.col("side") == side)
    end = pl.col("event_day").max().over("period_start").alias("period_end")
    return found.select("event_day", "period_start", end)


def previous_histograms(
    states: DailyStates, periods: pl.DataFrame, histogram: pl.DataFrame
) -> pl.DataFrame:
    """Histograms of the periods before, under the start of the period that follows.

    Args:
        states: States by day.
        periods: With comparisons, of one grain; one or more.
        histogram: Of the periods themselves, most of which are before another of them.

    Returns:
        measure, period_start, segment_set, segment_key, bucket, n.
    """
    whole = periods.select(
        pl.col("period_start").alias("previous_start"), pl.col("period_end").alias("previous_to_on")
    )
    on = ["previous_start", "previous_to_on"]
    moved = periods.join(whole, on=on, how="semi").select(
        pl.col("previous_start").alias("period_start"), pl.col("period_start").alias("_after")
    )
    known = histogram.join(moved, on="period_start", how="inner").select(
        "measure", pl.col("_after").alias("period_start"), *_SEGMENT[1:], "bucket", "n"
    )
    others = periods.join(whole, on=on, how="anti", maintain_order="left")
    if others.is_empty():
        return known
    return pl.concat([known, _earlier_histograms(states, others)])


def _earlier_histograms(states: DailyStates, periods: pl.DataFrame) -> pl.DataFrame:
    """Histograms of the periods before, from the states of their days."""
    grain = str(periods.item(0, "period_grain"))
    if grain not in WINDOWS:
        only = DailyStates(states.state.clear(), states.exclusion.clear(), states.histogram)
        return rolled_up_by_day(only, days_of_side(periods, "previous")).histogram
    keys = ["measure", "segment_set", "segment_key", "bucket"]
    earlier = periods.select(pl.col("previous_start").alias("before"), "period_start")
    summed = summed_over_windows(
        states.histogram, grain, earlier["before"], keys=keys, sums=["n"]
    ).rename({"period_start": "before"})
    found = summed.join(earlier.lazy(), on="before", how="inner")
    return found.select("measure", *_SEGMENT, "bucket", pl.col("n").cast(pl.Int64)).collect(
        engine="streaming"
    )


def quantile_p_values(
    now: pl.DataFrame, before: pl.DataFrame, published: Sequence[Published]
) -> pl.DataFrame:
    """P-values of the changes of quantiles.

    Args:
        now: measure, the segment keys, bucket, n.
        before: The same of the periods before, from `previous_histograms`.
        published: KPIs; those that are no quantiles are passed over.

    Returns:
        kpi_code, the segment keys, change_p_value.
    """
    found = [pl.DataFrame(schema=_P_VALUE_SCHEMA)]
    asked = [one for one in published if one.kpi.estimator in QUANTILES]
    if not asked:
        return found[0]
    both, upto = pooled_histograms(now, before, ["measure", *_SEGMENT])
    for estimator in dict.fromkeys(one.kpi.estimator for one in asked):
        counted = below_pooled_quantile(both, upto, QUANTILES[estimator])
        tested = quantile_summaries(counted).with_columns(
            change_p_value(estimator).alias("change_p_value")
        )
        codes = [(one.state, one.code) for one in asked if one.kpi.estimator == estimator]
        lookup = pl.DataFrame(
            codes, schema={"measure": pl.String, "kpi_code": pl.String}, orient="row"
        )
        found.append(tested.join(lookup, on="measure").select(list(_P_VALUE_SCHEMA)))
    return pl.concat(found)


def with_like_for_like(
    values: pl.DataFrame,
    previous: pl.DataFrame,
    year_ago: pl.DataFrame,
    *,
    quantiles: pl.DataFrame,
    estimators: Mapping[str, Estimator],
) -> pl.DataFrame:
    """Values with what could not be found without the states.

    Args:
        values: Settled values of one grain, with their summaries.
        previous: Settled values of the days before that running periods are compared with, under
            the start of the running period.
        year_ago: The same of a year ago.
        quantiles: From `quantile_p_values`.
        estimators: KPI code → how it is estimated.

    Returns:
        The values with the columns `assets.transforms.changes.LIKE_FOR_LIKE`: of running periods
        what is known, of others only the p-values of quantiles.
    """
    on = [*_ROW, "method_id"]
    names = {"value": "previous_value", **{name: PREVIOUS + name for name in SUMMARY}}
    before = previous.select(*on, *names).rename(names)
    long_before = year_ago.select(*on, pl.col("value").alias("year_ago_value"))
    tested = (
        values.join(before, on=on, how="left", maintain_order="left")
        .join(long_before, on=on, how="left", maintain_order="left")
        .join(quantiles, on=_ROW, how="left", maintain_order="left")
    )
    found = pl.coalesce(p_values(estimators), "change_p_value").alias("change_p_value")
    return tested.with_columns(found).drop([PREVIOUS + name for name in SUMMARY])


_P_VALUE_SCHEMA = {
    "kpi_code": pl.String(),
    "period_start": pl.Date(),
    "segment_set": pl.String(),
    "segment_key": pl.String(),
    "change_p_value": pl.Float64(),
}
