"""What all sums together give away: cells, pairs and small groups that a reader can solve for.

The published cells fix the withheld ones up to the null space of the equations between them. A cell
is given away exactly if it is 0 in every vector of that space, a pair's sum if their entries cancel
in all of them. Two random vectors of the null space, found by projection, decide it: that an entry
vanishes by chance in both has probability zero. Rounding can only make a cell look given away that
is not, which costs a cell and betrays none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from assets.transforms.suppression.system import Flags, Integers, System

Floats = npt.NDArray[np.float64]

_SEED = 20110
_TOLERANCE = 1e-6
_RIDGE = 1e-9
_REFINEMENTS = 3
_PAIR = 2
_MOST_PAIRS = 200_000
"""Pairs of a component beyond which groups of three and four are not looked for."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What an attack by sums and differences finds.

    Attributes:
        cells: Protected cells that can be solved for.
        groups: Groups of protected cells whose sum can be, and is below the threshold.
    """

    cells: Integers
    groups: tuple[tuple[int, ...], ...]


def attack(system: System, withheld: Flags, unknown: Flags) -> Findings:
    """Solve for what is withheld.

    Args:
        system: Cells and equations.
        withheld: Cells that are not published.
        unknown: From `System.unknown`.
    """
    protected = system.protected(withheld)
    part = _Open.of(system, unknown, protected)
    columns = part.columns
    vectors = _null_vectors(part)
    is_fixed = (np.abs(vectors) < _TOLERANCE).all(axis=0)
    is_protected = protected[columns]
    given = columns[is_fixed & is_protected]
    small = is_protected & ~is_fixed & (system.n[columns] < system.min_n - 1)
    order = np.flatnonzero(small)
    groups = _groups(
        vectors[:, order], system.n[columns[order]], part.component[order], system.min_n
    )
    found = {tuple(sorted(int(columns[order[i]]) for i in group)) for group in groups}
    found |= set(_nested(system, unknown))
    return Findings(given, tuple(sorted(found)))


@dataclass(frozen=True, slots=True)
class _Open:
    """The part of a system that is open: unknown cells of components with a protected one.

    Attributes:
        matrix: Equations by cells, 1 for a child and -1 for a parent.
        columns: Cell of each column.
        component: Component of each column.
    """

    matrix: Any
    columns: Integers
    component: Integers

    @classmethod
    def of(cls, system: System, unknown: Flags, protected: Flags) -> Self:
        """The open part of a system."""
        from scipy.sparse import bmat, csr_matrix
        from scipy.sparse.csgraph import connected_components

        is_open = unknown[system.cell] & ~system.is_implied[system.equation]
        cells, entry = np.unique(system.cell[is_open], return_inverse=True)
        rows, row = np.unique(system.equation[is_open], return_inverse=True)
        signs = np.where(system.is_parent[is_open], -1.0, 1.0)
        matrix = csr_matrix((signs, (row, entry)), shape=(len(rows), len(cells)))
        _, label = connected_components(bmat([[None, matrix], [matrix.T, None]]), directed=False)
        above, below = label[: len(rows)], label[len(rows) :].astype(np.int64)
        has_protected = np.zeros(len(label) + 1, dtype=np.bool_)
        has_protected[below[protected[cells]]] = True
        kept, used = has_protected[below], has_protected[above]
        return cls(matrix[used][:, kept], cells[kept], below[kept])


def _null_vectors(part: _Open) -> Floats:
    """Two random vectors of the null space of the open equations, (2, columns).

    What is in one equation only takes whatever value meets it: the two are set aside, and then what
    has become so. What is left is solved.
    """
    matrix = part.matrix.tocsr()
    rows = np.arange(matrix.shape[0])
    is_core = np.ones(matrix.shape[1], dtype=np.bool_)
    aside: list[tuple[Integers, Integers]] = []
    while len(rows):
        core = matrix[rows].tocoo()
        in_one = (np.bincount(core.col, minlength=matrix.shape[1]) == 1)[core.col]
        row, first = np.unique(core.row[in_one], return_index=True)
        if not len(row):
            break
        column = core.col[in_one][first].astype(np.int64)
        aside.append((rows[row], column))
        is_core[column] = False
        rows = np.delete(rows, row)
    vectors = np.random.default_rng(_SEED).standard_normal((matrix.shape[1], 2))
    vectors[is_core] = _projected(matrix[rows][:, is_core], vectors[is_core])
    vectors[~is_core] = 0.0
    for row, column in reversed(aside):
        own = matrix[row]
        sign = np.asarray(own[np.arange(len(row)), column]).reshape(-1, 1)
        vectors[column] = -(own @ vectors) / sign
    return vectors.T


def _projected(matrix: Any, vectors: Floats) -> Floats:
    """Vectors without their part in the row space of a matrix."""
    from scipy.sparse import identity
    from scipy.sparse.linalg import splu

    if not matrix.shape[0]:
        return vectors
    # equations may follow from each other: a ridge makes their squares invertible, and what it
    # leaves of the row space is taken off again
    squares = matrix @ matrix.T + _RIDGE * identity(matrix.shape[0])
    factors = splu(
        squares.tocsc(),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    for _ in range(_REFINEMENTS):
        vectors = vectors - matrix.T @ factors.solve(matrix @ vectors)
    return vectors


def _groups(
    vectors: Floats, n: Integers, component: Integers, min_n: int
) -> Iterator[tuple[int, ...]]:
    """Groups of two to four entries that cancel in both vectors and whose n are too small."""
    alone = np.stack([np.arange(len(n)), np.full(len(n), -1)], axis=1)
    yield from _cancelling(vectors, n, alone, min_n)
    order = np.argsort(component, kind="stable")
    edges = np.flatnonzero(np.diff(component[order])) + 1
    for members in np.split(order, edges):
        size = len(members)
        if size < _PAIR + 1 or size * (size - 1) // 2 > _MOST_PAIRS:
            continue
        upper, lower = np.triu_indices(size, 1)
        both = n[members[upper]] + n[members[lower]] < min_n - 1
        pairs = np.stack([members[upper[both]], members[lower[both]]], axis=1)
        yield from _cancelling(vectors, n, np.concatenate([alone[members], pairs]), min_n)


def _cancelling(
    vectors: Floats, n: Integers, parts: Integers, min_n: int
) -> Iterator[tuple[int, ...]]:
    """Unions of two parts whose entries cancel and whose n are too small together.

    Args:
        vectors: Entries.
        n: Of each entry.
        parts: Entries of each part, (parts, 2), -1 for none.
        min_n: Least n.
    """
    padded = np.append(vectors, np.zeros((len(vectors), 1)), axis=1)  # -1 is the last one
    sums = padded[:, parts].sum(axis=2).T
    first = np.argsort(sums[:, 0], kind="stable")
    ordered = sums[first, 0]
    low = np.searchsorted(ordered, -sums[:, 0] - _TOLERANCE)
    high = np.searchsorted(ordered, -sums[:, 0] + _TOLERANCE)
    for i in np.flatnonzero(high > low):
        for j in first[low[i] : high[i]]:
            if i >= j or abs(sums[i, 1] + sums[j, 1]) >= _TOLERANCE:
                continue
            both = [int(entry) for entry in (*parts[i], *parts[j]) if entry >= 0]
            union = set(both)
            if len(union) == len(both) and n[list(union)].sum() < min_n:
                yield tuple(sorted(union))


def _nested(system: System, unknown: Flags) -> Iterator[tuple[int, ...]]:
    """Small groups that are left of one sum when another, of some of its cells, is taken off."""
    from scipy.sparse import csr_matrix

    is_open = unknown[system.cell]
    parent_known = system.count(is_open & system.is_parent) == 0
    used = is_open & ~system.is_parent & parent_known[system.equation]
    shape = (system.equations, system.cells)
    ones = np.ones(int(used.sum()))
    matrix = csr_matrix((ones, (system.equation[used], system.cell[used])), shape=shape)
    overlap = (matrix @ matrix.T).tocoo()
    size, total = system.count(used), system.total(used)
    inner, outer = overlap.row, overlap.col
    is_nested = (overlap.data == size[inner]) & (size[outer] > size[inner])
    is_nested &= total[outer] - total[inner] < system.min_n
    for small, great in zip(inner[is_nested], outer[is_nested], strict=True):
        left = set(matrix[great].indices.tolist()) - set(matrix[small].indices.tolist())
        yield tuple(sorted(int(cell) for cell in left))
