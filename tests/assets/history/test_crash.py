"""A run may die at any commit; a plain re-run ends with what a rebuild gives."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from assets.lake.layout import Lake
from tests.assets.history.builder import (
    assert_same_history,
    day,
    history,
    keys,
    killed_at,
    line,
    merge,
    order,
    put_rows,
    rebuild,
)

TABLES = ("erp_order", "erp_order_line", "crm_account")
ROOT = Path(__file__).parents[3]


def first_days(lake: Lake) -> None:
    orders = [order("a", "2026-01-05"), order("b", "2026-02-05"), order("c", "2026-03-05")]
    put_rows(lake, "erp_order", day(0), orders)
    put_rows(lake, "erp_order_line", day(0), [line(n, i) for n in "abcd" for i in (1, 2)])
    put_rows(lake, "erp_order", day(1), [order("b", "2026-02-06"), order("e", "2026-02-07")])
    put_rows(lake, "erp_order_line", day(1), [line("b", 1, "q"), line("e", 1)])
    accounts = [{"account_id": n, "tier": "x"} for n in "ab"]
    put_rows(lake, "crm_account", day(0), accounts, mode="snapshot")


def next_day(lake: Lake) -> None:
    """Orders change places, one arrives, a day is replaced, an account changes, one goes."""
    moved = [order("a", "2026-02-08"), order("b", "2026-01-08"), order("d", "2026-03-08")]
    put_rows(lake, "erp_order", day(2), moved)
    put_rows(lake, "erp_order_line", day(2), [line("a", 1, "z"), line("c", 3), line("f", 1)])
    put_rows(lake, "erp_order", day(1), [order("b", "2026-02-06")])
    put_rows(lake, "erp_order_line", day(1), [line("e", 2)])
    put_rows(lake, "crm_account", day(1), [{"account_id": "a", "tier": "y"}], mode="snapshot")


def another_day(lake: Lake) -> None:
    """Orders move on while the previous run is not repaired yet; its day is replaced."""
    put_rows(lake, "erp_order", day(3), [order("a", "2026-03-09"), order("d", "2026-01-09")])
    put_rows(lake, "erp_order_line", day(2), [line("c", 3, "y")])
    put_rows(lake, "crm_account", day(1), [{"account_id": "b", "tier": "y"}], mode="snapshot")


def merge_all(lake: Lake) -> None:
    for table in TABLES:
        merge(lake, table)


def rebuilt(lake: Lake, root: Path) -> Lake:
    fresh = Lake(root)
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(lake.root / "core", fresh.root / "core")
    for table in TABLES:
        rebuild(fresh, table)
    return fresh


@pytest.mark.parametrize("goes_on", [False, True])
def test_killed_at_any_commit(tmp_path: Path, goes_on: bool) -> None:  # noqa: FBT001 (a case)
    started = Lake(tmp_path / "started")
    first_days(started)
    merge_all(started)
    next_day(started)
    fresh = None
    commit, completed = 0, False
    while not completed:
        lake = Lake(tmp_path / f"killed-{commit}")
        shutil.copytree(started.root, lake.root)
        with killed_at(commit):
            merge_all(lake)
            completed = True
        if goes_on:
            another_day(lake)
        merge_all(lake)
        fresh = fresh or rebuilt(lake, tmp_path / "fresh")
        for table in TABLES:
            assert_same_history(lake, fresh, table)
            assert merge(lake, table).months_rewritten == ()
        shutil.rmtree(lake.root)
        commit += 2 if goes_on else 1
    assert commit > 40


def test_killed_at_any_commit_of_a_rebuild(tmp_path: Path) -> None:
    started = Lake(tmp_path / "started")
    first_days(started)
    merge_all(started)
    next_day(started)
    fresh = rebuilt(started, tmp_path / "fresh")
    for commit in range(0, 80, 3):
        lake = Lake(tmp_path / f"killed-{commit}")
        shutil.copytree(started.root, lake.root)
        with killed_at(commit):
            for table in TABLES:
                rebuild(lake, table)
        merge_all(lake)
        for table in TABLES:
            assert_same_history(lake, fresh, table)


SCRIPT = """
import os, signal, sys
from pathlib import Path
from assets.lake.layout import Lake
from assets.lake.slot import Slot
from tests.assets.history.test_crash import merge_all

left, replace = int(sys.argv[2]), Slot._sweep

def sweep_or_die(slot, *, keep):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(slot, keep=keep)

Slot._sweep = sweep_or_die
merge_all(Lake(Path(sys.argv[1])))
"""


def test_process_killed_for_good(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    first_days(lake)
    merge_all(lake)
    next_day(lake)
    run = [sys.executable, "-c", SCRIPT, str(lake.root), "9"]
    ended = subprocess.run(run, cwd=ROOT, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert ended.returncode == -signal.SIGKILL
    merge_all(lake)
    fresh = rebuilt(lake, tmp_path / "fresh")
    for table in TABLES:
        assert_same_history(lake, fresh, table)
    assert history(lake, "erp_order").height == 4


def test_children_placed_by_a_killed_run_follow_their_parent_further(tmp_path: Path) -> None:
    """Between the kill and the repair the month returns to the keys that it had before."""
    lake = Lake(tmp_path)
    put_rows(lake, "erp_order", day(0), [order("p", "2026-01-05"), order("q", "2026-02-05")])
    put_rows(lake, "erp_order_line", day(0), [line("p"), line("q")])
    merge_all(lake)
    put_rows(lake, "erp_order", day(1), [order("p", "2026-02-05")])
    merge(lake, "erp_order")
    with killed_at(4):  # after the ledger and the rows of February, before those of January
        merge(lake, "erp_order_line")
    assert keys(lake, "erp_order_line", "order_id") == {"2026-01": ["p"], "2026-02": ["p", "q"]}
    put_rows(lake, "erp_order", day(2), [order("p", "2026-03-05")])
    merge_all(lake)
    assert keys(lake, "erp_order_line", "order_id") == {"2026-02": ["q"], "2026-03": ["p"]}
