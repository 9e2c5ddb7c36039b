"""Which further cells to withhold, so that none that is withheld can be worked out.

First, sum by sum, the cheapest cell that keeps one from giving something away; this settles nearly
everything, and fast. Then, for what all sums together still give away, the cheapest change that
proves the contrary (`assets.transforms.suppression.witness`). Not the least number of cells there
is (that is NP-hard: Kelly, Golden & Assad 1992), but the same ones every time.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from assets.transforms.suppression.attack import Findings, attack
from assets.transforms.suppression.system import Flags, Integers, System
from assets.transforms.suppression.witness import witness

Floats = npt.NDArray[np.float64]

_OPENING_COST = 16.0
"""Factor on a cell's cost for each sum in which it would be alone, and so need another."""


_MOST_CHANGES = 3_000
"""Cheapest changes looked for, each a linear programme, before slices are withheld whole."""


_MOST_ROUNDS = 10
"""Attacks after which slices are withheld whole."""

_ENDLESS = np.iinfo(np.int64).max


def complemented(system: System, withheld: Flags) -> Flags:
    """Withheld cells and the least that has to go with them.

    Where an attack finds more than can be answered one by one, whole slices go (what a segment set
    has of one grain in one month), until it does not.

    Args:
        system: Cells and equations.
        withheld: Cells withheld to begin with.
    """
    kept = system.together(withheld)
    found = _closed(system, system.together(kept | system.is_exposing))
    left = _MOST_CHANGES
    rounds = 0
    while True:
        findings = attack(system, found, system.unknown(found)[0])
        is_idle = _idle(system, findings.cells, kept)
        findings = Findings(findings.cells[~is_idle[findings.cells]], findings.groups)
        groups = _in_order(system, findings)
        if not groups:
            return found & ~is_idle
        rounds += 1
        if rounds <= _MOST_ROUNDS and len(findings.cells) <= left:
            added, tried = _answers(system, found, groups)
            left -= tried
        else:
            added = _sliced(system, found, groups)
        if not added.any():
            return found
        found = system.together(found | added)


def _idle(system: System, given: Integers, kept: Flags) -> Flags:
    """Cells that are given away and hide nothing: they may as well be published.

    Args:
        system: Cells and equations.
        given: Cells that can be solved for.
        kept: Cells that are withheld for their own sake.
    """
    is_idle = np.zeros(system.cells, dtype=np.bool_)
    is_idle[given] = True
    is_used = ~is_idle & ~system.is_virtual | kept
    busy = np.zeros(system.cells, dtype=np.bool_)
    busy[system.slot[is_used]] = True
    return is_idle & ~busy[system.slot] & ~system.is_virtual


def _in_order(system: System, findings: Findings) -> list[tuple[int, ...]]:
    """Cells and groups that were found, those with the least n first."""
    order = np.argsort(system.n[findings.cells], kind="stable")
    return [*[(int(cell),) for cell in findings.cells[order]], *findings.groups]


def _closed(system: System, withheld: Flags) -> Flags:
    """Withhold until no single sum of real cells gives anything away.

    Virtual cells may be known or not: what they give away is left to the attack.
    """
    found = withheld
    while True:
        unknown, breached = system.breached(found)
        added = _cheapest(system, found, unknown, breached & ~system.has_virtual)
        if not added.any():
            return found
        found = system.together(found | added)


def _costs(system: System, unknown: Flags) -> Floats:
    """Cost of each cell: n, more where it would be the only unknown of an equation."""
    closed = system.count(unknown[system.cell]) == 0
    opened = np.bincount(system.cell[closed[system.equation]], minlength=system.cells)
    return system.n * _OPENING_COST**opened


def _cheapest(system: System, withheld: Flags, unknown: Flags, equations: Flags) -> Flags:
    """The cheapest published cell of each of some equations, their children first."""
    chosen = np.zeros(system.cells, dtype=np.bool_)
    published = ~withheld & ~system.is_virtual
    candidates = np.flatnonzero(equations[system.equation] & published[system.cell])
    if not len(candidates):
        return chosen
    costs = _costs(system, unknown)
    cell, equation = system.cell[candidates], system.equation[candidates]
    order = np.lexsort((cell, costs[cell], system.is_parent[candidates], equation))
    _, first = np.unique(equation[order], return_index=True)
    chosen[cell[order[first]]] = True
    return chosen


def _answers(
    system: System, withheld: Flags, groups: Sequence[tuple[int, ...]]
) -> tuple[Flags, int]:
    """Cells to withhold for what an attack found, and the number of changes looked for."""
    found = withheld.copy()
    changes: dict[int, set[int]] = {}
    unanswered = []
    tried = 0
    for number, group in enumerate(groups):
        met = [change for cell in group for change in changes.get(cell, ())]
        if any(met.count(change) == 1 for change in met):
            continue  # a change of one of them alone is a change of their sum
        change = _freed(system, found, group)
        tried += 1
        if change is None:
            unanswered.append(group)
            continue
        found[change] = True
        for cell in change:
            changes.setdefault(int(cell), set()).add(number)
    added = found & ~withheld
    for group in unanswered if not added.any() else ():
        added[_nearest(system, np.array(group), ~withheld & ~system.is_virtual)] = True
    return added, tried


def _sliced(system: System, withheld: Flags, groups: Sequence[tuple[int, ...]]) -> Flags:
    """Slices to withhold for what an attack found: the nearest ones, of the finest grain only."""
    published = ~withheld & ~system.is_virtual
    nearest = np.unique(
        np.concatenate([_nearest(system, np.array(group), published) for group in groups])
    )
    finest = nearest[system.rank[nearest] == system.rank[nearest].min(initial=_ENDLESS)]
    return published & np.isin(system.slice, system.slice[finest])


def _freed(system: System, withheld: Flags, group: tuple[int, ...]) -> Integers | None:
    """Cells of a change of one of a group alone, the others of which do not change."""
    for cell in group:
        others = np.array([other for other in group if other != cell], dtype=np.int64)
        change = witness(system, withheld, cell, others)
        if change is not None:
            return change
    return None


def _nearest(system: System, cells: Integers, published: Flags) -> Integers:
    """The least published cell in an equation with some cells, or else in those around them.

    Of the finest grain, rolling windows first, then of the least n.

    Empty where nothing around them is published: there is nothing to solve them from.
    """
    around = cells
    while True:
        wider = system.neighbours(around)
        candidates = wider[published[wider]]
        if len(candidates) or len(wider) == len(around):
            order = np.lexsort((system.n[candidates], system.rank[candidates]))
            return candidates[order][:1]
        around = wider
