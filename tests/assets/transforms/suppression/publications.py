"""Published tables of small companies, and a reader who adds and takes off what is in them.

The reader does not use the project's own relations: each published cell is the sum of the finest
counts that it is made of, and linear algebra over the rationals says what follows from which.
"""

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from assets.transforms.periods import period_end, period_start
from assets.transforms.segments import SegmentSet
from schemas.warehouse import GRAINS

Vector = dict[int, Fraction]


def published(
    rows: pl.DataFrame,
    sets: Sequence[SegmentSet],
    *,
    grains: Sequence[str] = GRAINS,
    measure: str = "nps",
    population: str = "nps",
) -> pl.DataFrame:
    """Cells of all sets and grains from counts: day, the dimensions, n."""
    found = []
    for grain, one in itertools.product(grains, sets):
        start = period_start(pl.col("day"), grain).alias("period_start")
        sums = rows.filter(pl.col("n") > 0).with_columns(start)
        cells = sums.group_by("period_start", *one.columns).agg(pl.col("n").sum())
        found.append(
            cells.with_columns(
                pl.lit(population).alias("population"),
                pl.lit(measure).alias("measure"),
                pl.lit(grain).alias("period_grain"),
                period_end(pl.col("period_start"), grain).alias("period_end"),
                pl.lit(one.name).alias("segment_set"),
                one.key().alias("segment_key"),
            )
        )
    return pl.concat(found, how="diagonal")


@dataclass(frozen=True)
class Attacker:
    """Who has the published cells, knows what sums to what, and that missing segments are empty.

    Attributes:
        hidden: n of each withheld cell.
        entries: Of each withheld cell, what is left of it in the null space of the published ones;
            empty where it follows from them.
    """

    hidden: Sequence[int]
    entries: Sequence[tuple[Fraction, ...]]

    @classmethod
    def of(cls, cells: pl.DataFrame, sets: Sequence[SegmentSet]) -> "Attacker":
        """Attack cells with `suppression`, of one measure."""
        dimensions = sorted({name for one in sets for name in one.columns})
        atoms = {atom: i for i, atom in enumerate(_atoms(cells, sets, dimensions))}
        known = {one.name: one.columns for one in sets}
        seen, hidden, vectors = [], [], []
        for row in cells.iter_rows(named=True):
            vector = _vector(row, known[row["segment_set"]], dimensions, atoms)
            if row["suppression"] is None:
                seen.append(vector)
            else:
                hidden.append(row["n"])
                vectors.append(vector)
        basis = _echelon(seen)
        left = [_reduced(vector, basis) for vector in vectors]
        columns = sorted({column for vector in left for column in vector})
        zero = Fraction(0)
        return cls(hidden, [tuple(vector.get(c, zero) for c in columns) for vector in left])

    def derived(self) -> list[int]:
        """Withheld cells that follow from the published ones."""
        return [i for i, entry in enumerate(self.entries) if not any(entry)]

    def undersized(self, min_n: int) -> list[tuple[int, ...]]:
        """Groups of withheld cells whose sum follows, and is below the least number."""
        small = [i for i, n in enumerate(self.hidden) if n < min_n - 1]
        found = []
        for size in range(2, min_n):
            found += [
                group
                for group in itertools.combinations(small, size)
                if sum(self.hidden[i] for i in group) < min_n
                and not any(map(sum, zip(*(self.entries[i] for i in group), strict=True)))
            ]
        return found


def _atoms(
    cells: pl.DataFrame, sets: Sequence[SegmentSet], dimensions: Sequence[str]
) -> Iterator[tuple[object, ...]]:
    """Days and values of all dimensions that no published table says to be empty."""
    days = cells.filter(pl.col("period_grain") == "day")
    found = days.select(pl.col("period_start").alias("day")).unique()
    for name in dimensions:
        found = found.join(days.select(name).drop_nulls().unique(), how="cross")
    for one in sets:
        there = days.filter(pl.col("segment_set") == one.name)
        keys = ["day", *one.columns]
        found = found.join(there.rename({"period_start": "day"}).select(keys), on=keys, how="semi")
    yield from found.sort("day", *dimensions).iter_rows()


def _vector(
    row: Mapping[str, object],
    columns: Sequence[str],
    dimensions: Sequence[str],
    atoms: Mapping[tuple[object, ...], int],
) -> Vector:
    """Atoms that a cell is the sum of."""
    first, last = row["period_start"], row["period_end"]
    assert isinstance(first, dt.date)
    assert isinstance(last, dt.date)
    found = {}
    for atom, number in atoms.items():
        day, values = atom[0], dict(zip(dimensions, atom[1:], strict=True))
        assert isinstance(day, dt.date)
        if first <= day <= last and all(values[name] == row[name] for name in columns):
            found[number] = Fraction(1)
    return found


def _reduced(vector: Vector, basis: Mapping[int, Vector]) -> Vector:
    """What is left of a vector when the basis is taken off it."""
    left = dict(vector)
    for pivot in sorted(basis):
        factor = left.get(pivot)
        if factor:
            for column, value in basis[pivot].items():
                left[column] = left.get(column, Fraction(0)) - factor * value
    return {column: value for column, value in left.items() if value}


def _echelon(vectors: Sequence[Vector]) -> dict[int, Vector]:
    """Basis of the span, by its pivots (least columns, with value 1)."""
    basis: dict[int, Vector] = {}
    for vector in vectors:
        left = _reduced(vector, basis)
        if left:
            pivot = min(left)
            basis[pivot] = {column: value / left[pivot] for column, value in left.items()}
    return basis
