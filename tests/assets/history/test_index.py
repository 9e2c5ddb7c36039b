from pathlib import Path

import numpy as np
import polars as pl
import pytest

from assets.history import index as index_module
from assets.history.index import contained, find_rows, intersects, key_set_digest, month_index
from assets.history.store import Store
from assets.lake.layout import Lake
from schemas.registry import canonical
from tests.assets.history.builder import ZONE, day, merge, order, put_rows


@pytest.fixture
def store(tmp_path: Path) -> Store:
    lake = Lake(tmp_path)
    orders = [order("a", "2026-01-05"), order("b", "2026-01-06"), order("c", "2026-02-05")]
    put_rows(lake, "erp_order", day(0), orders)
    merge(lake, "erp_order")
    return Store(lake, canonical("erp_order"), ZONE, lake)


def test_contained() -> None:
    index = np.array([2, 4, 9], dtype=np.uint64)
    needles = np.array([1, 2, 9, 10], dtype=np.uint64)
    assert contained(needles, index).tolist() == [False, True, True, False]
    assert contained(needles, index[:0]).tolist() == [False] * 4
    assert intersects(needles, index)
    assert not intersects(needles[:1], index)
    assert not intersects(index[:0], index)


def test_rows_are_found_by_key(store: Store) -> None:
    keys = pl.DataFrame({"order_id": ["b", "c", "z"]})
    found = find_rows(
        store, keys, ["order_id"], months=store.months(), columns=["order_id", "status"]
    )
    assert sorted(found.rows()) == [("b", "new", 202601), ("c", "new", 202602)]


def test_an_index_that_hits_by_chance_finds_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "intersects", lambda *_: True)
    keys = pl.DataFrame({"order_id": ["z"]})
    found = find_rows(store, keys, ["order_id"], months=store.months(), columns=["order_id"])
    assert found.is_empty()


def test_an_index_of_another_hash_function_is_made_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.index_slot("2026-01").receipt()
    content = store.slot("2026-01").receipt()
    monkeypatch.setattr(index_module, "hash_marker", lambda: "another")
    assert len(month_index(store, "2026-01")) == 2
    after = store.index_slot("2026-01").receipt()
    assert before is not None
    assert after is not None
    assert before.inputs != after.inputs
    assert store.slot("2026-01").receipt() == content


def test_a_lost_index_is_made_again(store: Store) -> None:
    digest = key_set_digest(store, "2026-01")
    store.index_slot("2026-01").remove()
    assert key_set_digest(store, "2026-01") == digest


def test_the_key_set_has_one_fingerprint_whatever_else_changes(store: Store) -> None:
    digests = [key_set_digest(store, month) for month in ("2026-01", "2026-02")]
    put_rows(store.lake, "erp_order", day(1), [order("b", "2026-01-09", "paid")])
    put_rows(store.lake, "erp_order", day(2), [order("d", "2026-02-09")])
    merge(store.lake, "erp_order")
    now = [key_set_digest(store, month) for month in ("2026-01", "2026-02")]
    assert now[0] == digests[0]
    assert now[1] != digests[1]
