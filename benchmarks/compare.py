"""Whether the published values are those of the bare script, every one of them."""

import argparse
from pathlib import Path

import polars as pl

TOLERANCE = 1e-9
"""Greatest difference, relative to the value where that is above 1."""

NO_WIDTH, NO_WIDTH_TOLERANCE = 1e-4, 1e-5
"""Intervals of no width: where all observations are equal, the variance is the rounding of a
difference of large numbers, whose square root is 1e-8 of them and is then multiplied by a quantile
of up to 12.7. Such ends may differ that much."""

KEYS = ["kpi_code", "period_grain", "period_start", "segment_set", "segment_key"]
FIGURES = ["value", "numerator", "denominator", "n", "ci_low", "ci_high"]
SHOWN = 5


class DifferenceError(Exception):
    """The two do not agree; the message shows the first differences."""


def published(warehouse: Path) -> pl.DataFrame:
    """Keys and figures of `kpi_value` as BI tools read them."""
    import duckdb

    with duckdb.connect(str(warehouse), read_only=True) as connection:
        table = connection.sql("SELECT * FROM kpi_value").to_arrow_table()
    return pl.DataFrame(table).select(*KEYS, *FIGURES)


def check_equal(expected: pl.DataFrame, found: pl.DataFrame) -> int:
    """Compare all values.

    Args:
        expected: `KEYS` and `FIGURES`.
        found: The same.

    Returns:
        Number of rows compared.

    Raises:
        DifferenceError: A row is missing or surplus, or a figure differs.
    """
    both = expected.select(*KEYS, *FIGURES).join(
        found, on=KEYS, how="full", coalesce=True, suffix="_found", validate="1:1"
    )
    is_different = pl.any_horizontal(_differs(name) for name in FIGURES)
    # n is never null, so a null is that of a row that one side lacks
    is_lacking = pl.col("n").is_null() | pl.col("n_found").is_null()
    wrong = both.filter(is_different | is_lacking)
    if wrong.height:
        msg = f"{wrong.height:,} of {both.height:,} values differ:\n"
        raise DifferenceError(msg + "\n".join(str(row) for row in wrong.head(SHOWN).to_dicts()))
    return both.height


def _differs(name: str) -> pl.Expr:
    left, right = (pl.col(side).cast(pl.Float64) for side in (name, f"{name}_found"))
    tolerance = pl.lit(TOLERANCE)
    if name.startswith("ci_"):
        has_width = (pl.col("ci_high") - pl.col("ci_low")) > NO_WIDTH
        tolerance = pl.when(has_width).then(TOLERANCE).otherwise(NO_WIDTH_TOLERANCE)
    allowed = tolerance * pl.max_horizontal(pl.lit(1.0), left.abs())
    # NaN is no figure: it counts as a difference even from itself
    is_far = ~((left - right).abs() <= allowed) | left.is_nan() | right.is_nan()
    return is_far.fill_null(value=False) | (left.is_null() != right.is_null())


def main() -> None:
    """Compare a file of values with a warehouse."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=Path, required=True)
    parser.add_argument("--warehouse", type=Path, required=True)
    given = parser.parse_args()
    count = check_equal(pl.read_parquet(given.values), published(given.warehouse))
    print(f"{count:,} values are equal")


if __name__ == "__main__":
    main()
