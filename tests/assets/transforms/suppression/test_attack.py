"""What several sums give away together, on systems small enough to see through."""

import numpy as np
import pytest

from assets.transforms.suppression.attack import Findings, attack
from assets.transforms.suppression.system import System
from assets.transforms.suppression.witness import witness


def system(
    n: list[int], equations: list[tuple[list[int], int]], *, virtual: tuple[int, ...] = ()
) -> System:
    """A system from equations as (children, parent); nothing is known of periods or segments."""
    members = [(e, c, False) for e, (cells, _) in enumerate(equations) for c in cells]
    members += [(e, parent, True) for e, (_, parent) in enumerate(equations)]
    equation, cell, is_parent = (np.array(column) for column in zip(*members, strict=True))
    numbers = np.arange(len(n))
    return System(
        n=np.array(n),
        is_virtual=np.isin(numbers, virtual),
        slot=numbers,
        period=np.zeros_like(numbers),
        series=numbers,
        start=numbers,
        slice=numbers,
        rank=np.ones_like(numbers),
        is_exposing=np.zeros(len(n), dtype=np.bool_),
        equation=equation,
        cell=cell,
        is_parent=is_parent,
        equations=len(equations),
        over_segments=len(equations),
        is_implied=np.zeros(len(equations), dtype=np.bool_),
        min_n=5,
    )


def attacked(one: System, *cells: int) -> Findings:
    withheld = np.isin(np.arange(one.cells), cells)
    return attack(one, withheld, one.unknown(withheld)[0])


TABLE = [([0, 1, 2], 6), ([3, 4, 5], 7), ([0, 3], 8), ([1, 4], 9), ([2, 5], 10)]
"""Two rows of three cells, their sums, and those of the columns."""
N = [9, 9, 9, 9, 9, 9, 27, 27, 18, 18, 18]


@pytest.mark.parametrize(
    ("withheld", "given"),
    [
        ((0,), [0]),
        ((0, 1), [0, 1]),
        ((0, 1, 3, 4), []),
        ((0, 1, 3, 5), [0, 1, 3, 5]),
        ((0, 1, 3, 4, 5), [5]),
        ((0, 6), [0, 6]),
        ((0, 6, 8), []),
    ],
)
def test_cells_of_a_table_with_margins(withheld: tuple[int, ...], given: list[int]) -> None:
    found = attacked(system(N, TABLE), *withheld)
    assert found.cells.tolist() == given


def test_a_small_pair_whose_sum_follows() -> None:
    n = [1, 2, 9, 1, 9, 9, 12, 19, 2, 11, 18]
    assert (0, 1) in attacked(system(n, TABLE), 0, 1, 3, 4).groups
    n = [4, 2, 9, 4, 9, 9, 15, 22, 8, 11, 18]
    assert attacked(system(n, TABLE), 0, 1, 3, 4).groups == ()


def test_what_is_left_when_a_sum_is_taken_off_another() -> None:
    # days 0, 1, 2 of the week 5 in the month 6 of the days 0 to 4
    one = system([9, 9, 9, 1, 2, 27, 30], [([0, 1, 2], 5), ([0, 1, 2, 3, 4], 6)])
    assert attacked(one, 0, 1, 3, 4).groups == ((3, 4),)


def test_a_small_virtual_cell_is_protected_and_a_great_one_is_not() -> None:
    equations = [([0, 1], 2), ([3, 0], 4)]
    small = system([3, 9, 12, 9, 12], equations, virtual=(0,))
    assert small.protected(np.zeros(5, dtype=np.bool_)).tolist() == [True, *[False] * 4]
    assert attacked(small).cells.tolist() == [0]
    great = system([6, 9, 15, 9, 15], equations, virtual=(0,))
    assert attacked(great).cells.tolist() == []


def test_a_witness_is_the_cheapest_rectangle() -> None:
    n = [3, 20, 9, 9, 9, 6, 32, 24, 12, 29, 15]
    one = system(n, TABLE)
    withheld = np.arange(one.cells) == 0
    found = witness(one, withheld, 0, np.empty(0, np.int64))
    assert found is not None
    assert sorted(found) == [0, 2, 3, 5]
    around = witness(one, withheld, 0, np.array([2]))
    assert around is not None
    assert sorted(around) == [0, 1, 3, 4]


def test_no_witness_where_nothing_may_change() -> None:
    one = system(N, TABLE)
    withheld = np.arange(one.cells) == 0
    assert witness(one, withheld, 0, np.array([1, 2, 6])) is None
