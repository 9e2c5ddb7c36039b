"""Counts of labels (categories, scores) by day, and their sums over windows of days.

Days without an extract are no rows: windows go by the calendar, not by the number of extracts.
Nothing here knows what is compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Integers = npt.NDArray[np.int64]

MOST_DAYS = 36_525
"""A window is no longer than a century, whatever the configuration says."""

MOST_CELLS = 8_000_000
BLOCK_DAYS = 64


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one series: a row a day, a column a label.

    Attributes:
        days: Days since 1970-01-01, ascending, each once.
        labels: Labels, ascending.
        cumulated: Counts of all days before a row; one row more than there are days.
    """

    days: Integers
    labels: pl.Series
    cumulated: Integers

    @property
    def dates(self) -> pl.Series:
        """The days as dates."""
        return pl.Series("date", self.days.astype(np.int32), dtype=pl.Int32).cast(pl.Date)

    def between(self, after: Integers, upto: Integers) -> Integers:
        """Counts over the days that are later than one and not later than the other, by row."""
        first = np.searchsorted(self.days, after, side="right")
        last = np.searchsorted(self.days, upto, side="right")
        found: Integers = self.cumulated[last] - self.cumulated[first]
        return found


def tally(counts: pl.DataFrame) -> Tally:
    """Tally of a frame with `date`, `label` (no nulls) and `rows`."""
    days = counts["date"].unique().sort()
    labels = counts["label"].unique().sort()
    row = pl.DataFrame({"date": days}).with_row_index("row")
    column = pl.DataFrame({"label": labels}).with_row_index("column")
    cells = counts.select("date", "label", "rows").join(row, on="date").join(column, on="label")
    matrix = np.zeros((len(days) + 1, len(labels)), dtype=np.int64)
    at = (cells["row"].to_numpy() + 1, cells["column"].to_numpy())
    np.add.at(matrix, at, cells["rows"].fill_null(0).to_numpy())
    as_days = days.cast(pl.Int32).cast(pl.Int64).to_numpy()
    return Tally(as_days, labels, matrix.cumsum(axis=0))


def tallies(counts: pl.DataFrame, *, reach_days: int) -> Iterator[tuple[Tally, int]]:
    """The tally of a series, in blocks of days where one would not fit into memory.

    Args:
        counts: `date`, `label` (no nulls) and `rows`.
        reach_days: Days before a day that its windows hold.

    Yields:
        A tally and the first row of it to judge: those before only fill the windows.
    """
    days = counts["date"].unique().sort()
    if len(days) * counts["label"].n_unique() <= MOST_CELLS:
        if len(days):
            yield tally(counts), 0
        return
    for first in range(0, len(days), BLOCK_DAYS):
        block = days.slice(first, BLOCK_DAYS)
        since = pl.lit(block[0]) - pl.duration(days=reach_days)
        found = tally(counts.filter(pl.col("date") >= since, pl.col("date") <= block[-1]))
        yield found, len(found.days) - len(block)
