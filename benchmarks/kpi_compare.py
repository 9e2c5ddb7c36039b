"""Whether the values in a lake are those of the bare script of all KPIs, every one of them.

Values are compared as the KPI layer makes them: what the publication then withholds is still there.
"""

import argparse
from pathlib import Path

import polars as pl

from benchmarks.compare import FIGURES, KEYS, SHOWN, TOLERANCE, DifferenceError, check_equal

QUANTILE_TOLERANCE = 0.01
"""What the pipeline promises of quantiles; the script's are exact."""

QUANTILES = pl.col("kpi_code").str.contains("_(median|p90)$")


def computed(lake: Path) -> pl.DataFrame:
    """Keys and figures of every value in a lake."""
    from assets.kpi.values import value_slots
    from assets.lake.layout import Lake

    paths = [path for slot in value_slots(Lake(lake)) if (path := slot.path("value.parquet"))]
    return pl.concat([pl.read_parquet(path, columns=[*KEYS, *FIGURES]) for path in paths])


def check(expected: pl.DataFrame, found: pl.DataFrame) -> int:
    """Compare all values.

    Args:
        expected: `KEYS` and `FIGURES`.
        found: The same.

    Returns:
        Number of rows compared.

    Raises:
        DifferenceError: A row is missing or surplus, or a figure differs.
    """
    exact = check_equal(expected.filter(~QUANTILES), found.filter(~QUANTILES))
    return exact + check_quantiles(expected.filter(QUANTILES), found.filter(QUANTILES))


def check_quantiles(expected: pl.DataFrame, found: pl.DataFrame) -> int:
    """Compare quantiles, which both sides know within a share of their value."""
    both = expected.join(found, on=KEYS, how="full", coalesce=True, suffix="_found")
    wrong = both.filter(pl.any_horizontal(_differs(name) for name in FIGURES))
    if wrong.height:
        msg = f"{wrong.height:,} of {both.height:,} quantiles differ:\n"
        raise DifferenceError(msg + "\n".join(str(row) for row in wrong.head(SHOWN).to_dicts()))
    return both.height


def _differs(name: str) -> pl.Expr:
    left, right = pl.col(name), pl.col(f"{name}_found")
    if name == "n":
        return left.ne_missing(right)
    is_far = (left - right).abs() > QUANTILE_TOLERANCE * left.abs() + TOLERANCE
    return is_far.fill_null(value=False) | (left.is_null() != right.is_null())


def main() -> None:
    """Compare a file of values with a lake."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=Path, required=True)
    parser.add_argument("--lake", type=Path, required=True)
    given = parser.parse_args()
    count = check(pl.read_parquet(given.values), computed(given.lake))
    print(f"{count:,} values are equal")


if __name__ == "__main__":
    main()
