"""Value, numerator, denominator, n and interval from sums, written out by hand."""

import polars as pl

from benchmarks.bare import FIGURES, Z, figures, student
from benchmarks.bare_kpis.common import ROW

COLUMNS = ["kpi_code", *ROW, *FIGURES]
OPEN = (None, None)


def shaped(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of a result."""
    return rows.select(
        *COLUMNS[:5], *[pl.col(name).cast(pl.Float64) for name in FIGURES if name != "n"],
        pl.col("n").cast(pl.Int64),
    ).select(COLUMNS)  # fmt: skip


def ratio(
    code: str,
    rows: pl.DataFrame,
    names: tuple[str, str, str, str, str],
    *,
    rows_n: str = "n",
    n: str | None = None,
    factor: float = 1.0,
    bounds: tuple[float | None, float | None] = OPEN,
) -> pl.DataFrame:
    """Ratio of two sums with its linearised interval; `names` are x, y, xx, xy, yy."""
    x, y, xx, xy, yy = (pl.col(name).cast(pl.Float64) for name in names)
    m = pl.col(rows_n).cast(pl.Float64)
    value = pl.when(y > 0).then(x / y)
    squares = (xx - 2 * value * xy + value**2 * yy).clip(0)
    half = student(m - 1) * (m / (m - 1) * squares / y**2).sqrt()
    ends = (factor * (value - half), factor * (value + half))
    found = figures(code, rows, (factor * value, x, y), ends, bounds=bounds)
    return shaped(found.with_columns(pl.col(n or rows_n).alias("n")))


def minutes(code: str, rows: pl.DataFrame, x: str, xx: str) -> pl.DataFrame:
    """Mean of seconds, in minutes."""
    found = ratio(
        code,
        rows.with_columns(one=pl.col("n")),
        (x, "n", xx, x, "n"),
        factor=1 / 60,
        bounds=(0, None),
    )
    return found.with_columns(pl.col("numerator") / 60)


def odds(code: str, rows: pl.DataFrame, part: str) -> pl.DataFrame:
    """Rows of a part to the others, in percent, with Wilson's interval turned to odds."""
    n, k = pl.col("n").cast(pl.Float64), pl.col(part).cast(pl.Float64)
    p = k / n
    shrink = 1 + Z**2 / n
    centre = (p + Z**2 / (2 * n)) / shrink
    half = Z / shrink * (p * (1 - p) / n + Z**2 / (4 * n * n)).sqrt()
    low, high = (centre - half).clip(0, 1), (centre + half).clip(0, 1)
    value = pl.when(n > k).then(100 * k / (n - k))
    ends = [pl.when(one < 1).then(100 * one / (1 - one)) for one in (low, high)]
    return shaped(
        figures(code, rows, (value, k, n - k), (ends[0], ends[1]), bounds=(0, None))
    )  # fmt: skip


def rate(code: str, rows: pl.DataFrame, events: str, exposure: str) -> pl.DataFrame:
    """Events over exposure in percent, with the exact interval of a Poisson rate."""
    from scipy.stats import chi2

    count = rows[events].to_numpy()
    low = chi2.ppf(0.025, 2 * count) / 2
    high = chi2.ppf(0.975, 2 * count + 2) / 2
    ends = rows.with_columns(low=pl.Series(low).fill_nan(0), high=pl.Series(high))
    y = pl.when(pl.col(exposure) > 0).then(pl.col(exposure))
    value = 100 * pl.col(events) / y
    parts = (value, pl.col(events), pl.col(exposure))
    bounds = (100 * pl.col("low") / y, 100 * pl.col("high") / y)
    return shaped(figures(code, ends, parts, bounds, bounds=(0, None)))


def plain(code: str, rows: pl.DataFrame, value: pl.Expr, denominator: pl.Expr) -> pl.DataFrame:
    """A value without an interval; x is its numerator."""
    none = pl.lit(None, dtype=pl.Float64)
    return shaped(
        rows.with_columns(
            pl.lit(code).alias("kpi_code"),
            value.alias("value"),
            pl.col("x").alias("numerator"),
            denominator.cast(pl.Float64).alias("denominator"),
            none.alias("ci_low"),
            none.alias("ci_high"),
        )
    )


WIDTH = 0.004
"""Width of a bucket, relative to its value."""


def bucket(seconds: pl.Expr) -> pl.Expr:
    """Bucket of a duration; -1 for none."""
    found = (seconds.cast(pl.Float64).log() / pl.lit(1 + WIDTH).log()).round().cast(pl.Int32)
    return pl.when(seconds > 0).then(found).otherwise(-1)


def quantile(code: str, counts: pl.DataFrame, q: float) -> pl.DataFrame:
    """Quantile of durations in minutes from counts of buckets, with its order statistics."""
    from scipy.stats import binom

    run = counts.sort(*ROW, "bucket").with_columns(
        upto=pl.col("k").cum_sum().over(ROW), n=pl.col("k").sum().over(ROW)
    )
    sizes = run.select("n").unique()
    n = sizes["n"].to_numpy()
    low, high = binom.ppf(0.025, n, q).astype(int), binom.ppf(0.975, n, q).astype(int) + 1
    place = (pl.col("n") - 1) * q
    ranked = sizes.with_columns(low=pl.Series(low), high=pl.Series(high)).with_columns(
        below=place.floor().cast(pl.Int64) + 1, weight=place - place.floor()
    )
    ranked = ranked.with_columns(above=pl.min_horizontal(pl.col("below") + 1, "n"))
    seconds = pl.when(pl.col("bucket") >= 0).then((1 + WIDTH) ** pl.col("bucket")).otherwise(0)
    at = {
        name: seconds.filter(pl.col("upto") >= pl.col(name).first()).first().alias(name)
        for name in ("below", "above")
    }
    at |= {
        name: pl.when(pl.col(name).first().is_between(1, pl.col("n").first()))
        .then(seconds.filter(pl.col("upto") >= pl.col(name).first()).first())
        .alias(name)
        for name in ("low", "high")
    }
    found = run.join(ranked, on="n").sort(*ROW, "bucket").group_by(ROW, maintain_order=True).agg(
        pl.col("n").first(), pl.col("weight").first(), *at.values()
    )  # fmt: skip
    none = pl.lit(None, dtype=pl.Float64)
    value = pl.col("below") + pl.col("weight") * (pl.col("above") - pl.col("below"))
    return shaped(
        found.with_columns(
            pl.lit(code).alias("kpi_code"),
            (value / 60).alias("value"),
            none.alias("numerator"),
            none.alias("denominator"),
            (pl.col("low") / 60).alias("ci_low"),
            (pl.col("high") / 60).alias("ci_high"),
        )
    )
