"""Values: states rolled up to periods and finalised into rows of `kpi_value`.

Segments' dimension columns and what is stored where are not known here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from assets.transforms.composites import COMPOSITES, PART_MISSING, mean_of_nets
from assets.transforms.estimators import (
    ESTIMATORS,
    FACTORS,
    INTERVALS,
    QUANTILES,
    Estimate,
    effective_size,
    observations,
    real_components,
)
from assets.transforms.intervals import interpolated_ranks, order_statistic_ranks
from assets.transforms.measures import COMPONENTS, Measure
from assets.transforms.rolling_up import Rolled
from assets.transforms.significance import SUMMARY, component_summary
from assets.transforms.sketch import Cumulated, cumulated, values_at_ranks
from assets.transforms.variances import linearised_variance
from schemas.kpis.catalogue import Published
from schemas.warehouse import KPI_EXCLUSION, KPI_VALUE, with_summary

VALUE_VERSION = 5
"""Raised when values computed from the same states would differ."""

MIXED_SCALES = "mixed_scales"
_SEGMENT = ["period_start", "segment_set", "segment_key"]
_HISTOGRAM = ["measure", *_SEGMENT]


@dataclass(frozen=True, slots=True)
class Settled:
    """Finalised rows of one KPI or more.

    Attributes:
        value: kpi_code, the segment keys and every computed column of `kpi_value`.
        exclusion: kpi_code, the segment keys, reason, count.
    """

    value: pl.DataFrame
    exclusion: pl.DataFrame


def settle(
    rolled: Rolled,
    published: Sequence[Published],
    measures: Mapping[str, Measure],
    *,
    confidence: float,
    targets: Mapping[str, float],
    narrowed: Mapping[str, frozenset[str]] | None = None,
) -> Settled:
    """Values, intervals and exclusions of every published KPI from rolled states.

    Args:
        rolled: States of one grain.
        published: KPIs to finalise.
        measures: State code → measure.
        confidence: Confidence level of the intervals.
        targets: KPI code → target.
        narrowed: KPI code → segment sets that it is cut by, where not by all that have states.
    """
    settled = [one for one in published if one.state in measures]
    counts = _counts(rolled.histogram, settled)
    parts = [
        _settle_one(
            _within(rolled, (narrowed or {}).get(one.code)),
            one,
            measures[one.state],
            confidence,
            counts=counts,
        )
        for one in settled
    ]
    values = [_value_columns(part.value, one, targets) for part, one in parts]
    exclusions = [part.exclusion for part, _ in parts]
    return Settled(
        pl.concat([_VALUE_SCHEMA.to_frame(), *values]),
        pl.concat([_EXCLUSION_SCHEMA.to_frame(), *exclusions]),
    )


def _counts(histogram: pl.DataFrame, published: Sequence[Published]) -> Cumulated:
    """The histograms that quantiles are read from, cumulated once for all of them."""
    states = {one.state for one in published if one.kpi.estimator in QUANTILES}
    return cumulated(histogram.filter(pl.col("measure").is_in(sorted(states))), _HISTOGRAM)


def _within(rolled: Rolled, sets: frozenset[str] | None) -> Rolled:
    """The states of some segment sets, of all without any named; histograms stay as they are."""
    if sets is None:
        return rolled
    is_in = pl.col("segment_set").is_in(sorted(sets))
    return Rolled(rolled.state.filter(is_in), rolled.exclusion.filter(is_in), rolled.histogram)


def _settle_one(
    rolled: Rolled, one: Published, measure: Measure, confidence: float, *, counts: Cumulated
) -> tuple[Settled, Published]:
    states = rolled.state.filter(pl.col("measure") == one.state).drop("measure")
    exclusions = (
        rolled.exclusion.filter(pl.col("measure") == one.state)
        .select(pl.lit(one.code).alias("kpi_code"), *_SEGMENT, "reason", "count")
        .cast(_EXCLUSION_SCHEMA)
    )
    valued, left_out = _valued(states, counts, one, measure, confidence=confidence)
    added = left_out.select(pl.lit(one.code).alias("kpi_code"), *_SEGMENT, "reason", "count")
    exclusions = pl.concat([exclusions, added.cast(_EXCLUSION_SCHEMA)])
    scaled = _scaled(valued, one)
    excluded = exclusions.group_by(_SEGMENT).agg(pl.col("count").sum().alias("excluded"))
    counted = scaled.join(excluded, on=_SEGMENT, how="left").with_columns(
        pl.col("excluded").fill_null(0)
    )
    return Settled(counted, exclusions), one


def _valued(
    states: pl.DataFrame,
    counts: Cumulated,
    one: Published,
    measure: Measure,
    *,
    confidence: float,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Estimates of one KPI, and the rows that its states may not be pooled with."""
    if one.kpi.estimator in COMPOSITES:
        found = mean_of_nets(states, measure, _SEGMENT, confidence=confidence)
        partial = found.filter(pl.col("answered").is_not_null())
        left_out = partial.select(*_SEGMENT, reason=pl.lit(PART_MISSING), count="answered")
        return found.drop("answered"), left_out
    pooled, mixed = _pool(states, one)
    left_out = mixed.select(*_SEGMENT, reason=pl.lit(MIXED_SCALES), count="n")
    if one.kpi.estimator in QUANTILES:
        own = pooled.with_columns(pl.lit(one.state).alias("measure"))
        return _quantile(own, counts, QUANTILES[one.kpi.estimator], confidence), left_out
    return _estimated(pooled, one, measure, confidence), left_out


def _pool(states: pl.DataFrame, one: Published) -> tuple[pl.DataFrame, pl.DataFrame]:
    """States without strata, and those that must not be pooled (their sums made null)."""
    sums = pl.col("n", *COMPONENTS).sum()
    pooled = states.group_by(_SEGMENT).agg(
        sums, pl.col("stratum").first(), pl.col("stratum").n_unique().alias("strata")
    )
    if not one.kpi.is_per_stratum:
        return pooled.with_columns(pl.lit(None, dtype=pl.String).alias("stratum")), pooled.clear()
    is_mixed = pl.col("strata") > 1
    kept = pl.when(~is_mixed).then(pl.col("stratum")).otherwise(pl.lit("mixed"))
    return pooled.with_columns(kept.alias("stratum")), pooled.filter(is_mixed)


def _estimated(
    pooled: pl.DataFrame, one: Published, measure: Measure, confidence: float
) -> pl.DataFrame:
    n = effective_size(measure)
    estimate = ESTIMATORS[one.kpi.estimator](confidence, pl.col("n_effective"))
    is_mixed = pl.col("strata") > 1 if one.kpi.is_per_stratum else pl.lit(value=False)
    real = pooled.with_columns(real_components(measure))
    found = [found.alias(name) for name, found in _named(estimate)] + _summary(one)
    return real.with_columns(n.alias("n_effective")).select(
        *_SEGMENT,
        "stratum",
        observations(measure).alias("n"),
        "n_effective",
        *[pl.when(~is_mixed).then(each) for each in found],
    )


def _summary(one: Published) -> list[pl.Expr]:
    """What a later test of the change needs: centre, variance, degrees of freedom."""
    rows = pl.col("n_effective" if one.kpi.estimator == "mean" else "n").cast(pl.Float64)
    value = pl.when(pl.col("y") > 0).then(pl.col("x") / pl.col("y"))
    return component_summary(one.kpi.estimator, linearised_variance(value, rows), rows)


def _named(estimate: Estimate) -> list[tuple[str, pl.Expr]]:
    return [
        ("value", estimate.value),
        ("numerator", estimate.numerator),
        ("denominator", estimate.denominator),
        ("ci_low", estimate.low),
        ("ci_high", estimate.high),
    ]


def _quantile(
    pooled: pl.DataFrame, counts: Cumulated, quantile: float, confidence: float
) -> pl.DataFrame:
    """Quantile of a histogram, interpolated, with the order-statistic interval."""
    below, above, weight = interpolated_ranks(pl.col("n"), quantile)
    low, high = order_statistic_ranks(pl.col("n"), quantile, confidence)
    # many segments are of one size, and the binomial is dear
    sizes = pooled.select("n").unique().with_columns(
        below.alias("below"), above.alias("above"), low.alias("ci_low"), high.alias("ci_high"),
        weight.alias("weight"),
    )  # fmt: skip
    sized = pooled.join(sizes, on="n", how="inner", maintain_order="left")
    ranks = sized.select(*_HISTOGRAM, "below", "above", "ci_low", "ci_high")
    weights = sized.select(
        *_SEGMENT, "n", "stratum", pl.col("n").cast(pl.Float64).alias("n_effective"), "weight"
    )
    found = values_at_ranks(counts, ranks, _HISTOGRAM).drop("measure")
    value = pl.col("below") + pl.col("weight") * (pl.col("above") - pl.col("below"))
    none = pl.lit(None, dtype=pl.Float64)
    return weights.join(found, on=_SEGMENT, how="inner").select(
        *_SEGMENT, "stratum", "n", "n_effective", value.alias("value"), none.alias("numerator"),
        none.alias("denominator"), "ci_low", "ci_high", *[none.alias(name) for name in SUMMARY],
    )  # fmt: skip


def _scaled(valued: pl.DataFrame, one: Published) -> pl.DataFrame:
    """Value and interval in the KPI's unit, the interval within the KPI's bounds."""
    factor = FACTORS[one.kpi.unit]
    low, high = one.kpi.bounds
    scaled = [(pl.col(name) * factor).alias(name) for name in ("value", "ci_low", "ci_high")]
    if one.kpi.unit == "minutes":
        scaled.append(pl.col("numerator") * factor)
    clipped = pl.col("ci_low", "ci_high").clip(low, high)
    return valued.with_columns(scaled).with_columns(clipped)


def _value_columns(
    frame: pl.DataFrame, one: Published, targets: Mapping[str, float]
) -> pl.DataFrame:
    target = targets.get(one.code)
    gap = pl.col("value") - pl.lit(target, dtype=pl.Float64)
    # a scale of effort, on which less is better, says so in its name
    is_turned = pl.col("stratum").str.ends_with(" lower").fill_null(value=False)
    towards = 1 if one.kpi.direction == "higher_is_better" else -1
    is_met = gap * pl.when(is_turned).then(-towards).otherwise(towards) >= 0
    status = pl.when(is_met).then(pl.lit("on_target")).when(~is_met).then(pl.lit("off_target"))
    weighted = "" if one.weights == "none" else f"+weights={one.weights}"
    method = f"{one.kpi.code}.v{one.kpi.method_version}:{INTERVALS[one.kpi.estimator]}{weighted}"
    method += one.method
    scale = pl.when(pl.col("stratum").is_not_null()).then(pl.format(":scale={}", "stratum"))
    return frame.with_columns(
        pl.lit(one.code).alias("kpi_code"),
        pl.lit(target, dtype=pl.Float64).alias("target"),
        gap.alias("gap_to_target"),
        (status if target is not None else pl.lit("no_target")).alias("status"),
        pl.concat_str(pl.lit(method), scale.fill_null("")).alias("method_id"),
    ).select(pl.col(name).cast(kind) for name, kind in _VALUE_SCHEMA.items())


_VALUE_SCHEMA = pl.Schema(
    {
        name: with_summary(KPI_VALUE).polars_schema()[name]
        for name in (
            "kpi_code", *_SEGMENT, "value", "numerator", "denominator", "n", "n_effective",
            "ci_low", "ci_high", "target", "gap_to_target", "status", "excluded", "method_id",
            *SUMMARY,
        )
    }
)  # fmt: skip
_EXCLUSION_SCHEMA = pl.Schema(
    {
        name: KPI_EXCLUSION.polars_schema()[name]
        for name in ("kpi_code", *_SEGMENT, "reason", "count")
    }
)
