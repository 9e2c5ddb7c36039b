"""Estimates made of several states of one measure, one a stratum: the mean of several nets."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from assets.transforms.estimators import effective_size, real_components
from assets.transforms.intervals import normal_quantile
from assets.transforms.measures import Measure
from assets.transforms.significance import SUMMARY, net_summary
from schemas.kpis.kpi import Estimator

COMPOSITES: Final[frozenset[Estimator]] = frozenset({"mean_of_nets"})
"""Estimators that need the states of every stratum."""

PART_MISSING: Final = "part_missing"
"""Answers to some of the questions of a composite, and none to another."""


def mean_of_nets(
    states: pl.DataFrame, measure: Measure, keys: Sequence[str], *, confidence: float
) -> pl.DataFrame:
    """Mean of the nets of all strata; none where one has no answers.

    Who answers one question mostly answers the others too, so the nets go together, and a state
    does not know how far. The standard error is therefore the mean of theirs, as if they went
    together wholly: no correlation makes it greater, so the interval promises at least what it
    says. Centre and standard error of each net are those of the adjusted Wald interval.

    Args:
        states: One row a stratum: the keys, stratum, n and components.
        measure: A measure of shape `net` with strata.
        keys: What tells composites apart.
        confidence: Confidence level of the interval.

    Returns:
        The keys, stratum (null), n and n_effective (those of the least answered question; 0 where
        one is missing), value, numerator (sum of the nets), denominator (number of nets),
        ci_low, ci_high, centre, variance, df, and answered (rows of all strata).
    """
    answers = pl.col("n").alias("answers")
    nets = (
        # in one order, so that the same nets have the same sum to the last bit
        states.sort(*keys, "stratum")
        .select(*keys, answers, "n", *real_components(measure))
        .with_columns(effective_size(measure).alias("n_effective"))
        .filter(pl.col("y") > 0)
        .with_columns(
            ((pl.col("x") - pl.col("z")) / pl.col("y")).alias("net"),
            *net_summary(
                pl.col("x") / pl.col("y"), pl.col("z") / pl.col("y"), pl.col("n_effective")
            ),
        )
    )
    pooled = nets.group_by(keys, maintain_order=True).agg(
        pl.col("net").sum().alias("numerator"),
        pl.len().cast(pl.Float64).alias("denominator"),
        pl.col("n", "n_effective", "df").min(),
        pl.col("centre").mean(),
        pl.col("variance").clip(0).sqrt().mean().alias("error"),
        pl.col("answers").sum().alias("answered"),
    )
    is_whole = pl.col("denominator") == measure.strata
    half = normal_quantile(confidence) * pl.col("error")
    found = {
        "value": pl.col("numerator") / pl.col("denominator"),
        "numerator": pl.col("numerator"),
        "denominator": pl.col("denominator"),
        "n_effective": pl.col("n_effective"),
        "ci_low": pl.col("centre") - half,
        "ci_high": pl.col("centre") + half,
        **dict(zip(SUMMARY, (pl.col("centre"), pl.col("error") ** 2, pl.col("df")), strict=True)),
    }
    return pooled.select(
        *keys,
        pl.lit(None, dtype=pl.String).alias("stratum"),
        pl.when(is_whole).then("n").otherwise(0).cast(pl.Int64).alias("n"),
        *[pl.when(is_whole).then(each).alias(name) for name, each in found.items()],
        pl.when(~is_whole).then("answered").alias("answered"),
    )
