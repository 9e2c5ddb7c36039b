"""The sums between cells as arrays, and what a reader gets out of one sum at a time.

A cell is published, withheld (not published although it has data) or virtual (never published).
Which cells to withhold is decided in `assets.transforms.suppression.complement`; what several sums
give away together is found in `assets.transforms.suppression.attack`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from assets.transforms.suppression.relations import CELL, Relations

Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

_MOST_SMALL_DAYS = 0.1
"""Share of small days of a set and month beyond which no periods that overlap are published."""


@dataclass(frozen=True)
class System:
    """Cells and the equations between them: the children of an equation sum to its parent.

    Attributes:
        n: Of each cell, > 0.
        is_virtual: Whether a cell is never published.
        slot: Of each cell; those of one population, period and segment share it.
        period: Of each cell: number of its measure and period.
        series: Of each cell: number of its measure and segment.
        start: Of each cell: first day of its period, as a number.
        slice: Of each cell: number of its population, grain, segment set and month.
        rank: Of each cell: days of its period, 0 where such periods overlap (rolling windows).
        is_exposing: Cells of overlapping periods about which too many days are small.
        equation: Of each membership of a cell in an equation.
        cell: Of each membership.
        is_parent: Of each membership.
        equations: Number of equations.
        over_segments: How many of them, from the first, are over segments.
        is_implied: Equations that follow from others.
        min_n: Least n that may be published.
    """

    n: Integers
    is_virtual: Flags
    slot: Integers
    period: Integers
    series: Integers
    start: Integers
    slice: Integers
    rank: Integers
    is_exposing: Flags
    equation: Integers
    cell: Integers
    is_parent: Flags
    equations: int
    over_segments: int
    is_implied: Flags
    min_n: int

    @classmethod
    def of(cls, relations: Relations, min_n: int) -> Self:
        """Arrays of some relations."""
        cells, members = relations.cells, relations.members
        shared = [name for name in CELL if name != "measure"]
        measure = ["population", "measure"]
        first = pl.col("cell").min()
        slot, period, series = cells.select(
            first.over(shared).alias("slot"),
            first.over(*measure, "period_grain", "period_start").alias("period"),
            first.over(*measure, "node").alias("series"),
        )
        slices, rank, is_exposing = _slices(relations, min_n)
        is_implied = np.zeros(relations.equations, dtype=np.bool_)
        is_implied[relations.implied["equation"].to_numpy()] = True
        return cls(
            n=cells["n"].to_numpy(),
            is_virtual=cells["is_virtual"].to_numpy(),
            slot=slot.to_numpy(),
            period=period.to_numpy(),
            series=series.to_numpy(),
            start=cells["period_start"].to_physical().cast(pl.Int64).to_numpy(),
            slice=slices,
            rank=rank,
            is_exposing=is_exposing,
            equation=members["equation"].cast(pl.Int64).to_numpy(),
            cell=members["cell"].to_numpy(),
            is_parent=members["is_parent"].to_numpy(),
            equations=relations.equations,
            over_segments=relations.over_segments,
            is_implied=is_implied,
            min_n=min_n,
        )

    @property
    def cells(self) -> int:
        """Number of cells."""
        return len(self.n)

    @cached_property
    def is_small(self) -> Flags:
        """Cells below the threshold."""
        return self.n < self.min_n

    @cached_property
    def has_virtual(self) -> Flags:
        """Equations with a virtual cell."""
        return self.count(self.is_virtual[self.cell]) > 0

    @cached_property
    def _places(self) -> tuple[Integers, Integers]:
        """Cells by period and series, as one sorted number."""
        number = self.period * (self.cells + 1) + self.series
        order = np.argsort(number, kind="stable")
        return number[order], order

    def at(self, period: Integers, series: Integers) -> Integers:
        """Cells in some periods and series (arrays of one shape); -1 where there is no data."""
        numbers, order = self._places
        asked = period * (self.cells + 1) + series
        found = np.minimum(np.searchsorted(numbers, asked), self.cells - 1)
        return np.where(numbers[found] == asked, order[found], -1)

    @cached_property
    def _by_cell(self) -> tuple[Integers, Integers]:
        """Equations in the order of their cells, and where those of each cell begin."""
        order = np.argsort(self.cell, kind="stable")
        starts = np.searchsorted(self.cell[order], np.arange(self.cells + 1))
        return self.equation[order], starts

    @cached_property
    def matrix(self) -> Any:
        """Equations by cells, sparse by rows: 1 for a child and -1 for a parent."""
        from scipy.sparse import csr_matrix

        signs = np.where(self.is_parent, -1.0, 1.0)
        shape = (self.equations, self.cells)
        return csr_matrix((signs, (self.equation, self.cell)), shape=shape)

    def equations_of(self, cells: Integers) -> Integers:
        """Equations with some cells, ascending."""
        equations, at = self._by_cell
        parts = [equations[at[cell] : at[cell + 1]] for cell in cells]
        return np.unique(np.concatenate([np.empty(0, np.int64), *parts]))

    def neighbours(self, cells: Integers) -> Integers:
        """Cells that share an equation with some cells, and these themselves; ascending."""
        return np.union1d(cells, self.matrix[self.equations_of(cells)].indices)

    def protected(self, withheld: Flags) -> Flags:
        """Cells that nobody may come by: those withheld, and small virtual ones."""
        return withheld | (self.is_virtual & self.is_small)

    def together(self, withheld: Flags) -> Flags:
        """Withheld cells and the other measures of their slots."""
        slots = np.zeros(self.cells, dtype=np.bool_)
        slots[self.slot[withheld]] = True
        return slots[self.slot] & ~self.is_virtual

    def count(self, chosen: Flags) -> Integers:
        """Number of chosen memberships of each equation."""
        return np.bincount(self.equation[chosen], minlength=self.equations)

    def total(self, chosen: Flags) -> Integers:
        """Sum of n over the chosen memberships of each equation."""
        weights = self.n[self.cell[chosen]].astype(np.float64)  # exact below 2^53
        found = np.bincount(self.equation[chosen], weights, minlength=self.equations)
        return found.astype(np.int64)

    def unknown(self, withheld: Flags) -> tuple[Flags, Flags]:
        """Cells that remain unknown when equations with one unknown are solved in turn.

        Only virtual cells that may be known are solved.

        Returns:
            Unknown cells; equations whose only unknown is a protected cell.
        """
        unknown = withheld | self.is_virtual
        protected = self.protected(withheld)
        while True:
            is_open = unknown[self.cell]
            alone = self.count(is_open) == 1
            solved = alone[self.equation] & is_open & ~protected[self.cell]
            if not solved.any():
                return unknown, alone
            unknown[self.cell[solved]] = False

    def breached(self, withheld: Flags) -> tuple[Flags, Flags]:
        """Equations that give away a protected cell, or a group whose sum is too small.

        Returns:
            Unknown cells, equations.
        """
        unknown, alone = self.unknown(withheld)
        is_open = unknown[self.cell]
        child = is_open & ~self.is_parent
        parent_known = self.count(is_open & self.is_parent) == 0
        is_group = parent_known & (self.count(child) > 0)
        return unknown, alone | (is_group & (self.total(child) < self.min_n))


def _slices(relations: Relations, min_n: int) -> tuple[Integers, Integers, Flags]:
    """`System.slice`, `System.rank` and `System.is_exposing`."""
    start, end = pl.col("period_start"), pl.col("period_end")
    real = pl.col("is_virtual").not_()
    of_sets = relations.nodes.group_by("node").agg(pl.col("segment_set").min())
    cells = relations.cells.join(of_sets, on="node", how="left", maintain_order="left")
    spans = cells.group_by("period_grain", "period_start").agg(end.max())
    grains = (
        spans.sort("period_grain", "period_start")
        .group_by("period_grain")
        .agg(
            ((end - start).dt.total_days().max() + 1).alias("days"),
            (end >= start.shift(-1)).any().alias("overlaps"),
        )
    )
    keys = ["population", "segment_set"]
    share = (
        cells.filter(pl.col("period_grain") == "day", real)
        .group_by(*keys, start.dt.month_start().alias("month"))
        .agg((pl.col("n") < min_n).mean().alias("small"))
    )
    first = share.rename({"month": "first", "small": "small_first"})
    last = share.rename({"month": "last", "small": "small_last"})
    found = (
        cells.with_columns(first=start.dt.month_start(), last=end.dt.month_start())
        .join(grains, on="period_grain", how="left", maintain_order="left")
        .join(first, on=[*keys, "first"], how="left", maintain_order="left")
        .join(last, on=[*keys, "last"], how="left", maintain_order="left")
        .select(
            pl.struct("population", "period_grain", "segment_set", "first").rank("dense"),
            rank=pl.when("overlaps").then(0).otherwise("days").cast(pl.Int64),
            is_exposing=real
            & pl.col("overlaps")
            & (pl.max_horizontal("small_first", "small_last").fill_null(0.0) > _MOST_SMALL_DAYS),
        )
    )
    number, rank, is_exposing = (found[name].to_numpy() for name in found.columns)
    return number.astype(np.int64), rank, is_exposing
