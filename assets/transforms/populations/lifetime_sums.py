"""From values of customers to the states of a measure: sums by segment, and what is left out.

What a customer is worth is decided in the modules `lifetime_…` beside this one.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from assets.transforms.clv.counts import Floats
from assets.transforms.measures import REAL_DECIMALS, Measure
from assets.transforms.populations.population import (
    PopulationStates,
    exclusion_rows,
    state_rows,
)
from assets.transforms.segments import SegmentSet, known
from schemas.dimensions import UNKNOWN

NO_ACCOUNT: Final = "no_account"

_REAL_UNIT = 10**REAL_DECIMALS


@dataclass(frozen=True, slots=True)
class Valued:
    """Customers with what a measure sums of them, as of one day.

    Attributes:
        measure: The measure.
        customers: The dimension columns of all sets, `reason` (null where the customer counts),
            and `x` (and `y`), in the measure's units if it is fixed.
        nameless: Reason → rows that name no account.
        terms: Adds `x` and `y` where they depend on the segment, given its columns; to the
            customers that count.
        slopes: For each customer that counts, slopes of `x` in parameters that are estimated.
        covariance: Covariance of those parameters.
    """

    measure: Measure
    customers: pl.DataFrame
    nameless: int = 0
    terms: Callable[[pl.DataFrame, Sequence[str]], pl.DataFrame] | None = None
    slopes: Floats | None = None
    covariance: Floats | None = None


def with_segments(
    customers: pl.DataFrame, versions: pl.DataFrame | None, columns: Sequence[str], day: dt.date
) -> pl.DataFrame:
    """Customers with the dimension columns of their account as of a day, unknown filled.

    Args:
        customers: account_id, at most once.
        versions: Account versions with the columns; None where none is wanted.
        columns: Dimension columns wanted.
        day: Day that decides the version.
    """
    if versions is None or not columns:
        return customers
    holds = versions.filter(
        (pl.col("holds_from") <= day).fill_null(value=True),
        (pl.col("holds_until") > day).fill_null(value=True),
    )
    joined = customers.join(holds.select("account_id", *columns), on="account_id", how="left")
    return joined.with_columns(known(columns))


def summed(valued: Valued, sets: Sequence[SegmentSet], start: dt.date) -> PopulationStates:
    """States and exclusions of one measure and period, for every set."""
    is_in = pl.col("reason").is_null()
    counted, left_out = valued.customers.filter(is_in), valued.customers.filter(~is_in)
    states, exclusions = [], []
    for one in sets:
        states.append(state_rows(_dated(_sums(counted, valued, one), start), valued.measure, one))
        counts = left_out.group_by(*one.columns, "reason").agg(_count("count"))
        nameless = _nameless(one, valued.nameless).select(counts.columns)
        both = pl.concat([counts, nameless]).group_by(*one.columns, "reason").agg(
            pl.col("count").sum()
        )  # fmt: skip
        exclusions.append(exclusion_rows(_dated(both, start), valued.measure, one))
    return PopulationStates(
        pl.concat(states, how="diagonal"), pl.concat(exclusions, how="diagonal")
    )


def _sums(counted: pl.DataFrame, valued: Valued, one: SegmentSet) -> pl.DataFrame:
    measure, columns = valued.measure, list(one.columns)
    rows = counted if valued.terms is None else valued.terms(counted, columns)
    quantities = {name: _quantity(measure, name) for name in measure.components}
    slopes = _slope_columns(valued)
    grouped = rows.with_columns(*slopes).with_columns(**quantities).group_by(columns or pl.lit(0))
    sums = grouped.agg(
        _count("n"), *[pl.col(name).sum() for name in (*quantities, *[s.name for s in slopes])]
    )
    # one group is there even without a row
    present = sums.filter(pl.col("n") > 0)
    return _with_uncertainty(present, valued, [s.name for s in slopes])


def _quantity(measure: Measure, component: str) -> pl.Expr:
    """A customer's contribution in fixed point, so that sums are exact in any order."""
    first, *second = list(component)
    value = pl.col(first)
    for other in second:
        value = value * pl.col(other)
    if measure.is_real:
        value = (value * measure.units(component)).round()
    return value.cast(pl.Int128)


def _slope_columns(valued: Valued) -> list[pl.Series]:
    if valued.slopes is None:
        return []
    return [
        (pl.Series(f"_slope{number}", column, dtype=pl.Float64) * _REAL_UNIT)
        .round()
        .cast(pl.Int128)
        for number, column in enumerate(valued.slopes.T)
    ]


def _with_uncertainty(sums: pl.DataFrame, valued: Valued, slopes: Sequence[str]) -> pl.DataFrame:
    """Add the variance that a mean has from its parameters (delta method) to its squares.

    The variance of a mean is taken from Σ(x - mean)² / (n·(n - 1)), so that n·(n - 1) times a
    further variance added to Σx² adds it. One customer alone has no interval.
    """
    if valued.covariance is None:
        return sums
    n = sums["n"].to_numpy().astype(np.float64)
    mean = sums.select(pl.col(slopes).cast(pl.Float64)).to_numpy() / _REAL_UNIT / n[:, None]
    # not as a matrix product, whose last bits depend on the number of cores
    variance = (mean[:, :, None] * valued.covariance * mean[:, None, :]).sum(axis=(1, 2))
    added = pl.Series(variance * n * (n - 1) * valued.measure.units("xx")).round()
    return sums.with_columns(pl.col("xx") + added.cast(pl.Int128))


def _nameless(one: SegmentSet, rows: int) -> pl.DataFrame:
    """Rows without an account: in the total and in the unknown segments."""
    frame = pl.DataFrame(
        {**{name: [UNKNOWN] for name in one.columns}, "reason": [NO_ACCOUNT], "count": [rows]},
        schema_overrides={"count": pl.Int64},
    )
    return frame if rows else frame.clear()


def _dated(frame: pl.DataFrame, start: dt.date) -> pl.DataFrame:
    return frame.with_columns(pl.lit(start, dtype=pl.Date).alias("period_start"))


def _count(name: str) -> pl.Expr:
    return pl.len().cast(pl.Int64).alias(name)
