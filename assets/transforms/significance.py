"""Could chance explain a change between two periods? Two-sided p-values as Polars expressions.

Every estimate is summed up in three numbers a period, `centre`, `variance` and `df`, and two
periods are compared by Welch's t with the degrees of freedom of Satterthwaite. What differs is how
the three come about:

- a share: two successes and two failures are added to the sample (the "plus four" of Agresti &
  Caffo 2000, whose centre is that of Wilson's interval);
- a net: ¾, 1½ and ¾ are added to its classes, so centre and variance are those of the adjusted Wald
  interval;
- a mean or a ratio: its value and linearised variance as they are; the t of pooled variances is
  taken too, and the greater p-value counts. They are one where both samples are of one size. Where
  they are not, Welch's alone cries wolf over skewed amounts and durations (18 % of the time for 5
  against 500 lognormal ones, 11 % for 30 against 500), the pooled one over unequal variances;
- a rate: the square root of (events + 3/8)/exposure, whose variance hardly depends on the rate
  (Huffman 1984); the test is a normal one;
- a quantile: the share of each period that lies below the quantile of both together (Mood's test),
  compared as shares; `below_pooled_quantile` counts them.

Why t and additions instead of the score, N - 1 chi-square or exact tests: probabilities of a false
alarm at 5 %, computed exactly over the 528 cells of n, m in {5, 7, 10, 15, 20, 30, 50, 100, 200,
500, 2000} and p in {.01, .02, .05, .1, .2, .3, .4, .5}:

    test                        mean    greatest   cells above 5 %   mean where n, m >= 30
    pooled score                4.4 %     12.6 %              36 %   4.6 %
    N - 1 chi-square            4.3 %     12.6 %              27 %   4.6 %
    Campbell (2007)             3.2 %      7.1 %              14 %   4.2 %
    Fisher's mid-P              2.8 %      6.3 %               3 %   3.9 %
    Fisher                      1.6 %      4.8 %               0 %   2.7 %
    plus four, Welch's t        1.7 %      5.1 %             0.4 %   3.1 %

The last keeps its promise nearly as Fisher does, loses less where n is not small, takes weighted
shares through their effective n, and is arithmetic.

The periods are taken as independent samples. Where the same people answer in both the test errs on
the side of silence. Segments are tested one by one here; many at once are the business of
`assets.transforms.multiplicity`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import polars as pl

from assets.transforms.sketch import NUMBERS
from schemas.kpis.kpi import Estimator

SUMMARY: Final = ("centre", "variance", "df")
"""Columns that a period is summed up in."""

PREVIOUS = "previous_"
"""Prefix of the other period's columns."""

_LINEAR: Final[frozenset[Estimator]] = frozenset({"mean", "ratio"})
_SHARE_ADDED = 2.0
_NET_ADDED = 0.75
_RATE_ADDED = 3 / 8
_UNBOUNDED_DF = 1e12
"""Degrees of freedom at which Student's t is normal to the last digit that matters."""


def share_summary(share: pl.Expr, n: pl.Expr) -> list[pl.Expr]:
    """Summary of a share.

    Args:
        share: Share in [0, 1].
        n: Number, or effective number (Kish), of observations.
    """
    total = n + 2 * _SHARE_ADDED
    centre = (share * n + _SHARE_ADDED) / total
    return _named(centre, centre * (1 - centre) / total, n - 1)


def net_summary(upper: pl.Expr, lower: pl.Expr, n: pl.Expr) -> list[pl.Expr]:
    """Summary of a net, the difference of two shares of one sample.

    Args:
        upper: Share of the upper class in [0, 1].
        lower: Share of the lower class.
        n: Number, or effective number, of observations.
    """
    total = n + 4 * _NET_ADDED
    p, d = (upper * n + _NET_ADDED) / total, (lower * n + _NET_ADDED) / total
    return _named(p - d, (p + d - (p - d) ** 2) / total, n - 1)


def linear_summary(value: pl.Expr, variance: pl.Expr, df: pl.Expr) -> list[pl.Expr]:
    """Summary of a mean or a ratio.

    Args:
        value: The estimate.
        variance: Its variance, from `assets.transforms.variances.linearised_variance`.
        df: Effective n less 1 of a mean, rows less 1 of a ratio.
    """
    return _named(value, variance, df)


def rate_summary(events: pl.Expr, exposure: pl.Expr) -> list[pl.Expr]:
    """Summary of a Poisson rate.

    Args:
        events: Number of events.
        exposure: What they are counted over.
    """
    known = pl.when(exposure > 0).then(exposure)
    return _named(((events + _RATE_ADDED) / known).sqrt(), 1 / (4 * known), pl.lit(_UNBOUNDED_DF))


def _named(centre: pl.Expr, variance: pl.Expr, df: pl.Expr) -> list[pl.Expr]:
    return [
        found.cast(pl.Float64).alias(name)
        for name, found in zip(SUMMARY, (centre, variance, df), strict=True)
    ]


def component_summary(estimator: Estimator, variance: pl.Expr, rows: pl.Expr) -> list[pl.Expr]:
    """Summary from the real components of a state and `n_effective`.

    Quantiles, whose histograms are needed, and kinds without a test have none (all null).

    Args:
        estimator: Kind of KPI.
        variance: Linearised variance of x/y; read for means and ratios only.
        rows: Rows of the state, for the degrees of freedom of a ratio.
    """
    if estimator not in {*_PARTS, *_LINEAR, "net", "rate"}:
        none = pl.lit(None, dtype=pl.Float64)
        return _named(none, none, none)
    x, y, z, n = pl.col("x"), pl.col("y"), pl.col("z"), pl.col("n_effective")
    if estimator == "rate":
        return rate_summary(x, y)
    if estimator == "net":
        return net_summary(_over(x, y), _over(z, y), n)
    if estimator in _LINEAR:
        return linear_summary(_over(x, y), variance, (n if estimator == "mean" else rows) - 1)
    return share_summary(_over(_PARTS[estimator](x, y, z), y), n)


_PARTS: Mapping[Estimator, Callable[[pl.Expr, pl.Expr, pl.Expr], pl.Expr]] = {
    "share": lambda x, _y, _z: x,
    "lower_share": lambda _x, _y, z: z,
    "middle_share": lambda x, y, z: y - x - z,
    "complement_share": lambda x, y, _z: y - x,
    # odds change when the share behind them does
    "odds": lambda x, _y, _z: x,
}


def _over(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    return pl.when(denominator > 0).then(numerator / denominator)


def change_p_value(estimator: Estimator, previous: str = PREVIOUS) -> pl.Expr:
    """Two-sided p-value of the change between two periods, from their summaries.

    Reads `centre`, `variance`, `df` and the same columns with a prefix. Null where either period
    has no summary or fewer than two observations, and where neither varies: nothing can then be
    said about chance.

    Args:
        estimator: Kind of KPI.
        previous: Prefix of the other period's columns.
    """
    centre, variance, df = (pl.col(name).fill_nan(None) for name in SUMMARY)
    centre_, variance_, df_ = (pl.col(previous + name).fill_nan(None) for name in SUMMARY)
    distance, both = (centre - centre_).abs(), variance + variance_
    welch = both**2 / (variance**2 / df + variance_**2 / df_)
    found = _student_tails(distance / both.sqrt(), welch)
    if estimator in _LINEAR:
        # the variance of a row is that of the estimate times its rows, df + 1
        row = (df * (df + 1) * variance + df_ * (df_ + 1) * variance_) / (df + df_)
        pooled = row * (1 / (df + 1) + 1 / (df_ + 1))
        found = pl.max_horizontal(found, _student_tails(distance / pooled.sqrt(), df + df_))
    return pl.when(both > 0, df > 0, df_ > 0).then(found)


def _student_tails(t: pl.Expr, df: pl.Expr) -> pl.Expr:
    """Probability of |T| ≥ t under Student's t."""

    def tails(columns: Sequence[pl.Series]) -> pl.Series:
        from scipy.special import stdtr

        distance, freedom = (
            column.cast(pl.Float64).fill_null(float("nan")).to_numpy() for column in columns
        )
        return pl.Series(columns[0].name, 2 * stdtr(freedom, -distance), dtype=pl.Float64)

    return pl.map_batches([t, df], tails, return_dtype=pl.Float64).fill_nan(None).clip(0, 1)


def pooled_histograms(
    now: pl.DataFrame, before: pl.DataFrame, by: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Histograms of two periods laid over each other, for `below_pooled_quantile`.

    Args:
        now: `by` columns, bucket, n; one row a bucket.
        before: The same of the other period.
        by: What tells histograms apart.

    Returns:
        What both periods have data of: `by` columns, `_id`, n, previous_n. And `_id`, now, then,
        running counts of its buckets in their order.
    """
    n = pl.col("n").sum()
    totals = now.group_by(by).agg(n).filter(pl.col("n") > 0)
    others = before.group_by(by).agg(n.alias("previous_n")).filter(pl.col("previous_n") > 0)
    both = totals.join(others, on=list(by), how="inner").sort(by).with_row_index("_id")
    # texts are compared once; what follows goes by one number for a bucket of a histogram
    keys = both.select(pl.col("_id").cast(pl.Int64) * NUMBERS, *by)
    number = (pl.col("_id") + pl.col("bucket")).alias("_at")
    none = pl.lit(0, pl.Int64)
    laid = [
        found.join(keys, on=list(by), how="inner").select("_id", number, now=ours, then=theirs)
        for found, ours, theirs in ((now, pl.col("n"), none), (before, none, pl.col("n")))
    ]
    upto = (
        pl.concat(laid)
        .sort("_at")
        .with_columns(pl.col("now", "then").cum_sum().over("_id"))
        .filter(pl.col("_at").ne_missing(pl.col("_at").shift(-1)))
        .select((pl.col("_id") // NUMBERS).cast(pl.UInt32), "now", "then")
    )
    return both, upto


def below_pooled_quantile(both: pl.DataFrame, upto: pl.DataFrame, quantile: float) -> pl.DataFrame:
    """How much of each of two histograms lies below the quantile of both together.

    The cut is at the edge of a bucket: below or above the one that has the quantile, whichever
    leaves the share nearer to it. The buckets of both are the same, so their width does not matter.

    Args:
        both: What tells histograms apart, from `pooled_histograms`.
        upto: Their running counts, from there too.
        quantile: 0.5 for the median.

    Returns:
        The columns that tell histograms apart, share, n, previous_share, previous_n.
    """
    pooled = (pl.col("now") + pl.col("then")) / (pl.col("n") + pl.col("previous_n"))
    nearest = (
        upto.join(both.select("_id", "n", "previous_n"), on="_id", maintain_order="left")
        .with_columns((pooled - quantile).abs().alias("_away"))
        .filter(pl.col("_away") == pl.col("_away").min().over("_id"))
        # of two as near the lower
        .unique("_id", keep="first", maintain_order=True)
    )
    return both.join(
        nearest.select("_id", "now", "then"), on="_id", how="inner", maintain_order="left"
    ).select(
        pl.exclude("_id", "n", "previous_n", "now", "then"),
        (pl.col("now") / pl.col("n")).alias("share"),
        "n",
        (pl.col("then") / pl.col("previous_n")).alias("previous_share"),
        "previous_n",
    )


def quantile_summaries(counted: pl.DataFrame) -> pl.DataFrame:
    """Summaries of both periods from `below_pooled_quantile`, ready for `change_p_value`."""
    now = share_summary(pl.col("share"), pl.col("n"))
    before = share_summary(pl.col("previous_share"), pl.col("previous_n"))
    return counted.with_columns(*now, *[found.name.prefix(PREVIOUS) for found in before]).drop(
        "share", "n", "previous_share", "previous_n"
    )
