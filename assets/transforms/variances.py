"""Variances of estimates from their sums, as Polars expressions. No knowledge of KPIs or units."""

import polars as pl

_EPSILON = 2.0**-52
_ROUNDINGS = 8
"""Roundings of one unit in the last place that the squares below may add up to."""


def linearised_variance(
    value: pl.Expr,
    rows: pl.Expr,
    *,
    unit: float = 0.0,
    square_unit: float = 0.0,
) -> pl.Expr:
    """Variance of the ratio r of two sums, linearised; a mean is the ratio with y = 1.

    Var(r) = m/(m - 1) * Σ(x - r·y)² / (Σy)² over m rows: Cochran (1977), section 6. Reads the sums
    `x`, `y`, `xx`, `xy`, `yy`; null for one row or none.

    Σ(x - r·y)² is a difference of great numbers. What is left of it below their rounding is noise
    (of rows that are all alike, say) and counts as 0: half a unit in each fixed-point x and y, half
    a unit in each of their squares and products, and the floating-point arithmetic itself.

    Args:
        value: r.
        rows: m.
        unit: Value of the last fixed-point digit of x and y; 0 where they are exact.
        square_unit: The same of xx, xy and yy.
    """
    y, size = pl.col("y"), value.abs()
    products = 2 * (value * pl.col("xy")).abs()
    greatest = pl.col("xx").abs() + products + value**2 * pl.col("yy").abs()
    squares = pl.col("xx") - 2 * value * pl.col("xy") + value**2 * pl.col("yy")
    per_row = 2 * size * unit + (1 + size) ** 2 * square_unit
    noise = _ROUNDINGS * _EPSILON * greatest + rows * per_row
    kept = pl.when(squares > noise).then(squares).otherwise(0.0)
    return pl.when(rows > 1, y > 0).then(rows / (rows - 1) * kept / y**2)
