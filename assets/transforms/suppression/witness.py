"""The cheapest cells to withhold with one that is given away, so that it is not any more.

A cell cannot be solved for if the tables could as well be others: if some change of the withheld
cells, that one included, leaves all published ones as they are. Such a change is the proof, and its
cells are what has to be withheld. It is found by linear programming (as Fischetti & Salazar 2001 do
for tables), and first as the product of a change over segments and one over periods: two small
problems in the place of a large one, which is only solved where empty segments, or
periods that some segments lack, leave no product.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assets.transforms.suppression.system import Flags, Integers, System

Floats = npt.NDArray[np.float64]

_WITHHELD_COST = 0.1
"""What a cell that is withheld already costs, in its n: less, but a small change is better."""

_LEAST_COST = 1e-3
_VANISHING = 1e-7
_NEAR_DAYS = 31
_MOST_CELLS = 2_000
"""Cells around one beyond which no change is looked for."""


@dataclass(frozen=True, slots=True)
class _Change:
    """Cells that change, and by how much."""

    cells: Integers
    steps: Floats


def witness(system: System, withheld: Flags, cell: int, fixed: Integers) -> Integers | None:
    """Cells of a change that a cell takes part in, and some others do not.

    Args:
        system: Cells and equations.
        withheld: Cells withheld so far.
        cell: The cell.
        fixed: Cells that must not change with it.

    Returns:
        Real cells of the change, or None where none was found.
    """
    per_n = np.where(withheld, _WITHHELD_COST, 1.0)
    per_n[system.is_virtual] = 0.0
    costs: Floats = np.add(per_n * system.n, _LEAST_COST, dtype=np.float64)
    found = _product(system, costs, cell, fixed)
    if found is None:
        found = _around(system, costs, cell, fixed)
    return None if found is None else found.cells[~system.is_virtual[found.cells]]


def _product(system: System, costs: Floats, cell: int, fixed: Integers) -> _Change | None:
    """A change over segments in the cell's period, times one over periods of its segment."""
    over_segments = np.arange(system.equations) < system.over_segments
    peers = np.flatnonzero(system.period == system.period[cell])
    peers = peers[~np.isin(peers, fixed)]
    first = _cheapest_change(system, peers, costs[peers], cell, allowed=over_segments)
    if first is None:
        return None
    segments = system.series[first.cells][None, :]
    own = np.flatnonzero(system.series == system.series[cell])
    places = system.at(system.period[own][:, None], segments)
    is_possible = ((places >= 0) & ~np.isin(places, fixed)).all(axis=1)
    own, sums = own[is_possible], costs[places[is_possible]].sum(axis=1)
    # most changes are of days of one week: those periods first, then all
    distance = np.abs(system.start[own] - system.start[cell])
    is_near = distance <= max(_NEAR_DAYS, int(system.rank[cell]))
    near = _cheapest_change(system, own[is_near], sums[is_near], cell, allowed=~over_segments)
    second = near or _cheapest_change(system, own, sums, cell, allowed=~over_segments)
    if second is None:
        return None
    cells = system.at(system.period[second.cells][:, None], segments).ravel()
    found = _Change(cells, np.outer(second.steps, first.steps).ravel())
    # what adds up over time in the cell's segment need not be all that does in the others
    return found if _leaves_sums(system, found) else None


def _leaves_sums(system: System, change: _Change) -> bool:
    """Whether a change meets every equation."""
    rows = system.matrix[system.equations_of(change.cells)]
    steps = np.zeros(system.cells)
    steps[change.cells] = change.steps
    return bool((np.abs(rows @ steps) < _VANISHING).all())


def _around(system: System, costs: Floats, cell: int, fixed: Integers) -> _Change | None:
    """Any change of the cells around a cell."""
    everywhere = np.ones(system.equations, dtype=np.bool_)
    near = system.neighbours(np.array([cell]))
    while True:
        wider = system.neighbours(near)
        if len(wider) > _MOST_CELLS or len(wider) == len(near):
            return None
        free = wider[~np.isin(wider, fixed)]
        found = _cheapest_change(system, free, costs[free], cell, allowed=everywhere)
        if found is not None:
            return found
        near = wider


def _cheapest_change(
    system: System, cells: Integers, costs: Floats, cell: int, *, allowed: Flags
) -> _Change | None:
    """The cheapest change among some cells that a cell takes part in.

    Only the allowed equations are minded; other cells do not change.
    """
    from scipy.optimize import linprog
    from scipy.sparse import hstack

    equations = system.equations_of(cells)
    equations = equations[allowed[equations]]
    if not len(equations):
        return _Change(np.array([cell]), np.ones(1))
    matrix = system.matrix[equations][:, cells]
    bounds = np.tile([0.0, np.inf], (2 * len(cells), 1))
    own = int(np.searchsorted(cells, cell))
    bounds[own], bounds[own + len(cells)] = 1.0, 0.0
    solved = linprog(
        np.concatenate([costs, costs]),
        A_eq=hstack([matrix, -matrix], format="csc"),
        b_eq=np.zeros(len(equations)),
        bounds=bounds,
        method="highs",
    )
    if not solved.success:
        return None
    change = solved.x[: len(cells)] - solved.x[len(cells) :]
    moves = np.abs(change) > _VANISHING
    return _Change(cells[moves], change[moves])
