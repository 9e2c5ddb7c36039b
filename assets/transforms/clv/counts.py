"""Grouped sufficient statistics: how many customers share one history, and unusable rows counted.

Belongs here: from rows of a customer summary to arrays, in an order that depends on nothing but the
data. Does not belong here: likelihoods. Time and value columns may be in any unit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

MISSING, NEGATIVE, FRACTIONAL = "missing", "negative", "frequency_not_whole"
RECENCY_AFTER_AGE, RECENCY_MISMATCH = "recency_after_age", "recency_does_not_match_frequency"
NOT_POSITIVE = "mean_value_not_positive"

ROUGH_GROUPS = 20_000
"""Groups of equal customers that a sample has about; starts of a search are tried on it."""

_CUSTOMERS = "customers"


@dataclass(frozen=True, slots=True)
class PurchaseCounts:
    """Customers by purchase history: one element a distinct (frequency, recency, age).

    Attributes:
        frequency: x, purchases after the first.
        recency: t_x, time from the first purchase to the last; 0 where x is 0.
        age: T, time from the first purchase to the end of observation.
        customers: How many share the history.
        excluded: Customers left out, by reason.
    """

    frequency: Floats
    recency: Floats
    age: Floats
    customers: Floats
    excluded: Mapping[str, int]

    @property
    def total(self) -> int:
        """Customers with a usable history."""
        return int(self.customers.sum())

    @property
    def repeaters(self) -> int:
        """Customers with at least one repeat purchase."""
        return int(self.customers[self.frequency > 0].sum())

    def sample(self) -> "PurchaseCounts":
        """Every so many-th history, which is a systematic sample: histories are in order."""
        part = slice(None, None, _step(len(self.frequency)))
        return PurchaseCounts(
            self.frequency[part], self.recency[part], self.age[part], self.customers[part], {}
        )


@dataclass(frozen=True, slots=True)
class ValueCounts:
    """Repeat customers by value: one element a distinct (frequency, mean value).

    Attributes:
        frequency: x, repeat purchases that the mean is of; at least 1.
        mean_value: Mean value of them, greater than 0.
        customers: How many share both.
        excluded: Customers left out, by reason; those without a repeat purchase of known value are
            not among them, since the model has nothing to learn from them.
    """

    frequency: Floats
    mean_value: Floats
    customers: Floats
    excluded: Mapping[str, int]

    @property
    def total(self) -> int:
        """Repeat customers with a usable mean value."""
        return int(self.customers.sum())

    def sample(self) -> "ValueCounts":
        """Every so many-th element, which is a systematic sample: elements are in order."""
        part = slice(None, None, _step(len(self.frequency)))
        return ValueCounts(self.frequency[part], self.mean_value[part], self.customers[part], {})


def _step(groups: int) -> int:
    return max(groups // ROUGH_GROUPS, 1)


def inner(left: Floats, right: Floats) -> float:
    """Inner product, summed pairwise: unlike BLAS it gives the same bits on any number of cores."""
    return float((left * right).sum())


def sums_at(positions: Indices, weights: Floats, size: int) -> Floats:
    """Sum of the weights at each position."""
    return np.bincount(positions, weights=weights, minlength=size).astype(np.float64)


def purchase_defect() -> pl.Expr:
    """Why a row's frequency, recency and age cannot be a purchase history; null if they can."""
    x, t_x, age = (pl.col(name).cast(pl.Float64) for name in ("frequency", "recency", "age"))
    known = pl.all_horizontal(one.is_not_null() & one.is_finite() for one in (x, t_x, age))
    return (
        pl.when(~known.fill_null(value=False))
        .then(pl.lit(MISSING))
        .when((x < 0) | (t_x < 0) | (age < 0))
        .then(pl.lit(NEGATIVE))
        .when(x != x.floor())
        .then(pl.lit(FRACTIONAL))
        .when(t_x > age)
        .then(pl.lit(RECENCY_AFTER_AGE))
        .when((x > 0) != (t_x > 0))
        .then(pl.lit(RECENCY_MISMATCH))
    )


def value_defect() -> pl.Expr:
    """Why a repeat customer's valued_frequency and mean_value are of no use; null if they are."""
    x, value = (pl.col(name).cast(pl.Float64) for name in ("valued_frequency", "mean_value"))
    known = pl.all_horizontal(one.is_not_null() & one.is_finite() for one in (x, value))
    return (
        pl.when(~known.fill_null(value=False))
        .then(pl.lit(MISSING))
        .when(x < 0)
        .then(pl.lit(NEGATIVE))
        .when(x != x.floor())
        .then(pl.lit(FRACTIONAL))
        .when(value <= 0)
        .then(pl.lit(NOT_POSITIVE))
    )


def purchase_counts(summary: pl.LazyFrame) -> PurchaseCounts:
    """Group customers by purchase history.

    Args:
        summary: frequency, recency, age, and optionally `customers`, how many a row stands for;
            rows of none are passed over.
    """
    names = ("frequency", "recency", "age")
    arrays, excluded = _grouped(summary, names, purchase_defect())
    x, t_x, age, customers = arrays
    return PurchaseCounts(x, t_x, age, customers, excluded)


def value_counts(summary: pl.LazyFrame) -> ValueCounts:
    """Group repeat customers by frequency and mean value.

    Args:
        summary: valued_frequency, mean_value, and optionally `customers`, how many a row stands
            for.
    """
    names = ("valued_frequency", "mean_value")
    # null and NaN are not 0, and so are counted as missing
    repeaters = summary.filter(pl.col(names[0]).cast(pl.Float64).ne_missing(0.0))
    arrays, excluded = _grouped(repeaters, names, value_defect())
    x, mean_value, customers = arrays
    return ValueCounts(x, mean_value, customers, excluded)


def _grouped(
    summary: pl.LazyFrame, names: tuple[str, ...], defect: pl.Expr
) -> tuple[list[Floats], dict[str, int]]:
    has_counts = _CUSTOMERS in summary.collect_schema()
    count = pl.col(_CUSTOMERS).cast(pl.Int64) if has_counts else pl.lit(1, dtype=pl.Int64)
    keys = [pl.col(name).cast(pl.Float64) for name in names]
    rows = (
        summary.select(*keys, count.alias(_CUSTOMERS))
        .filter(pl.col(_CUSTOMERS) > 0)
        .with_columns(defect.alias("reason"))
    )
    is_usable = pl.col("reason").is_null()
    grouped = rows.filter(is_usable).group_by(names).agg(pl.col(_CUSTOMERS).sum()).sort(names)
    left_out = rows.filter(~is_usable).group_by("reason").agg(pl.col(_CUSTOMERS).sum())
    usable, refused = pl.collect_all([grouped, left_out.sort("reason")])
    arrays = [usable[name].cast(pl.Float64).to_numpy() for name in (*names, _CUSTOMERS)]
    return arrays, dict(refused.rows())
