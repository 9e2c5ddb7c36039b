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


def ratio(  # noqa: PLR0913 all that differs between ratios
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


def quantile(code: str, lists: pl.DataFrame, q: float) -> pl.DataFrame:
    """Quantile of the seconds in sorted lists, in minutes, with its order statistics."""
    from scipy.stats import binom

    n = lists["x"].list.len().cast(pl.Int64)
    sizes = n.to_numpy()
    place = (n - 1) * q
    below = place.floor().cast(pl.Int64)
    low, high = (pl.Series(binom.ppf(p, sizes, q)).cast(pl.Int64) for p in (0.025, 0.975))
    at = {
        "below": below,
        "above": pl.select(pl.min_horizontal(below + 1, n - 1)).to_series(),
        # ranks from 1, and the upper one more: outside of the sample there is no end
        "ci_low": low.set(low < 1, None) - 1,
        "ci_high": high.set(high + 1 > n, None),
    }
    found = lists.with_columns(n.alias("n"), **at).with_columns(
        pl.col("x").list.get(pl.col(name), null_on_oob=True).alias(name) / 60 for name in at
    )
    weight = pl.Series(place - below)
    none = pl.lit(None, dtype=pl.Float64)
    return shaped(
        found.with_columns(
            pl.lit(code).alias("kpi_code"),
            value=pl.col("below") + weight * (pl.col("above") - pl.col("below")),
            numerator=none,
            denominator=none,
        )
    )
