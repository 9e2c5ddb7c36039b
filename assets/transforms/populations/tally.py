"""Summing the rows of a population for one segment set, and putting sets together.

What the rows are, and what is summed of them, is the populations' work.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from assets.transforms.measures import Measure
from assets.transforms.populations.population import (
    PopulationPeriods,
    PopulationStates,
    exclusion_rows,
    state_rows,
)
from assets.transforms.segments import SegmentSet

REASON: Final = "reason"
"""Column that says why a row does not count, null where it does."""

_PAIRS: Final = 4_000_000
"""Rows beside periods that are in memory at once."""

_PRODUCTS: Final = {"x": ("x", None), "y": ("y", None), "xx": ("x", "x"), "xy": ("x", "y"),
                    "yy": ("y", "y")}  # fmt: skip


@dataclass
class Tally:
    """States and exclusions of a population, as they come about."""

    states: list[pl.DataFrame] = field(default_factory=list)
    exclusions: list[pl.DataFrame] = field(default_factory=list)

    def count(self, rows: pl.DataFrame, measure: Measure, one: SegmentSet) -> None:
        """Sum the rows that count, and count the others by reason.

        Args:
            rows: period_start, the set's dimension columns (unknown filled), `reason`, x and, of a
                ratio, y in the measure's units.
            measure: The measure.
            one: The set.
        """
        keys = ["period_start", *one.columns]
        counted = rows.filter(pl.col(REASON).is_null())
        sums = {name: product(name).sum() for name in measure.components}
        self.add(counted.group_by(keys).agg(pl.len().alias("n"), **sums), measure, one)
        self.leave_out(rows, measure, one)

    def add(self, sums: pl.DataFrame, measure: Measure, one: SegmentSet) -> None:
        """Add sums made elsewhere: period_start, the dimension columns, n, components."""
        self.states.append(state_rows(sums, measure, one))

    def leave_out(self, rows: pl.DataFrame, measure: Measure, one: SegmentSet) -> None:
        """Count rows that have a reason: period_start, the dimension columns, `reason`."""
        left_out = rows.filter(pl.col(REASON).is_not_null())
        counts = left_out.group_by("period_start", *one.columns, REASON).agg(
            pl.len().alias("count")
        )
        self.exclusions.append(exclusion_rows(counts, measure, one))

    def result(self) -> PopulationStates:
        """Everything, in key order."""
        keys = ["measure", "period_start", "segment_set", "segment_key"]
        return PopulationStates(
            pl.concat(self.states, how="diagonal").sort(keys),
            pl.concat(self.exclusions, how="diagonal").sort(*keys, REASON),
        )


def first_reason(reasons: Mapping[str, pl.Expr]) -> pl.Expr:
    """Name of the first condition that holds, null where none does."""
    named = [pl.when(condition).then(pl.lit(name)) for name, condition in reasons.items()]
    return pl.coalesce(*named, pl.lit(None, dtype=pl.String)).alias(REASON)


def in_periods(
    rows: pl.LazyFrame, periods: PopulationPeriods, conditions: Sequence[pl.Expr]
) -> pl.DataFrame:
    """Each row beside each of the periods that conditions on both hold for.

    Args:
        rows: Rows.
        periods: The conditions read period_start, period_end and day_before, the last day before
            the period.
        conditions: Comparisons of a column with another.
    """
    before = (pl.col("period_start") - pl.duration(days=1)).alias("day_before")
    frame = periods.frame().lazy().with_columns(before)
    return rows.join_where(frame, *conditions).collect()


def portions(periods: PopulationPeriods, rows: int) -> Iterator[PopulationPeriods]:
    """Periods a few at a time, so that not too many rows stand beside all of them at once.

    Args:
        periods: All periods.
        rows: Rows that may stand beside each.
    """
    size = max(1, _PAIRS // max(1, rows))
    for at in range(0, max(1, len(periods.starts)), size):
        starts, ends = periods.starts.slice(at, size), periods.ends.slice(at, size)
        yield PopulationPeriods(periods.grain, starts, ends)


def product(component: str) -> pl.Expr:
    """What a component sums of each row that has x and y."""
    first, second = _PRODUCTS[component]
    value = pl.col(first).cast(pl.Int128)
    return value if second is None else value * pl.col(second).cast(pl.Int128)
