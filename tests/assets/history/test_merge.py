import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from assets.history import merge as merge_module
from assets.history.merge import merge_table
from assets.lake.layout import Lake
from schemas.errors import LakeError
from schemas.registry import TABLES, canonical
from tests.assets.history.builder import (
    Extract,
    contents,
    day,
    history,
    keys,
    line,
    merge,
    order,
    put,
    put_rows,
    rebuild,
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def statuses(lake: Lake) -> dict[str, str]:
    return dict(history(lake, "erp_order").select("order_id", "status").rows())


def test_months_are_cut_in_the_company_time_zone(lake: Lake) -> None:
    events = [
        order("march", "2026-03-31T21:59:59"),
        order("april", "2026-03-31T22:30"),
        order("october", "2026-10-31T22:59:59"),  # an hour after the summer's end
        order("november", "2026-10-31T23:00"),
    ]
    put_rows(lake, "erp_order", day(0), events)
    report = merge(lake, "erp_order")
    assert report.months_rewritten == ("2026-03", "2026-04", "2026-10", "2026-11")
    assert report.rows_total == 4
    assert keys(lake, "erp_order", "order_id")["2026-04"] == ["april"]
    merge_table(lake, canonical("erp_order"), time_zone="UTC")
    assert keys(lake, "erp_order", "order_id")["2026-03"] == ["april", "march"]


def test_a_date_event_is_of_its_own_month(lake: Lake) -> None:
    cost = {"cost_id": "1", "kind": "support", "incurred_on": dt.date(2026, 3, 31)}
    put_rows(lake, "erp_cost", day(0), [cost])
    assert merge(lake, "erp_cost").months_rewritten == ("2026-03",)


def test_the_greatest_version_wins_whatever_comes_first(lake: Lake) -> None:
    put_rows(lake, "erp_order", day(2), [order("a", "2026-03-01", "second")])
    merge(lake, "erp_order")
    put_rows(lake, "erp_order", day(1), [order("a", "2026-02-01", "first")])
    assert merge(lake, "erp_order").months_rewritten == ()
    assert statuses(lake) == {"a": "second"}


def test_a_row_that_moves_leaves_nothing_behind(lake: Lake) -> None:
    put_rows(lake, "erp_order", day(0), [order("a", "2026-01-01")])
    merge(lake, "erp_order")
    put_rows(lake, "erp_order", day(1), [order("a", "2026-02-01")])
    assert merge(lake, "erp_order").months_rewritten == ("2026-01", "2026-02")
    assert keys(lake, "erp_order", "order_id") == {"2026-02": ["a"]}


def test_only_touched_months_are_rewritten(lake: Lake) -> None:
    events = [order("a", "2026-01-01"), order("b", "2026-02-01"), order("c", "2026-03-01")]
    put_rows(lake, "erp_order", day(0), events)
    merge(lake, "erp_order")
    before = contents(lake, "erp_order")
    put_rows(lake, "erp_order", day(1), [order("b", "2026-02-02"), order("d", "2026-04-01")])
    assert merge(lake, "erp_order").months_rewritten == ("2026-02", "2026-04")
    after = contents(lake, "erp_order")
    assert {month for month in after if after[month] != before.get(month)} == {"2026-02", "2026-04"}
    assert merge(lake, "erp_order").merged == 0
    assert contents(lake, "erp_order") == after


def test_a_replaced_day_brings_older_versions_back(lake: Lake) -> None:
    put_rows(lake, "erp_order", day(0), [order("a", "2026-01-01", "old")])
    put_rows(lake, "erp_order", day(1), [order("a", "2026-02-01", "new"), order("b", "2026-02-01")])
    merge(lake, "erp_order")
    put_rows(lake, "erp_order", day(1), [order("c", "2026-02-01")])
    report = merge(lake, "erp_order")
    assert report.merged == 1
    assert keys(lake, "erp_order", "order_id") == {"2026-01": ["a"], "2026-02": ["c"]}
    lake.core("erp_order", "main", day(1)).remove()
    assert merge(lake, "erp_order").months_rewritten == ("2026-02",)
    assert statuses(lake) == {"a": "old"}


def test_only_the_dates_asked_for_are_looked_at(lake: Lake) -> None:
    put_rows(lake, "erp_order", day(0), [order("a", "2026-01-01")])
    put_rows(lake, "erp_order", day(1), [order("b", "2026-01-01")])
    assert merge(lake, "erp_order", [day(1)]).merged == 1
    assert list(statuses(lake)) == ["b"]
    assert merge(lake, "erp_order").merged == 1
    assert sorted(statuses(lake)) == ["a", "b"]


def test_a_snapshot_closes_what_it_no_longer_holds(lake: Lake) -> None:
    both = [order("a", "2026-01-01"), order("b", "2026-02-01")]
    for number, rows in enumerate([both, both[:1], both, both]):
        put_rows(lake, "erp_order", day(number), rows, mode="snapshot")
        merge(lake, "erp_order")
        closed = dict(history(lake, "erp_order").select("order_id", "_closed_on").rows())
        assert closed == {"a": None, "b": day(1) if number == 1 else None}
    dates = dict(history(lake, "erp_order").select("order_id", "_logical_date").rows())
    assert dates == {"a": day(0), "b": day(2)}


def test_an_unchanged_snapshot_rewrites_nothing(lake: Lake) -> None:
    for number in range(3):
        put_rows(lake, "erp_order", day(number), [order("a", "2026-01-01")], mode="snapshot")
        rewritten = merge(lake, "erp_order").months_rewritten
        assert rewritten == (("2026-01",) if number == 0 else ())


def test_a_refused_row_closes_nothing(lake: Lake) -> None:
    refused = Extract([], "snapshot", refused=[{"order_id": "a"}])
    put_rows(lake, "erp_order", day(0), [order("a", "2026-01-01")], mode="snapshot")
    for number in (1, 2):
        put(lake, "erp_order", "main", day(number), refused)
        assert merge(lake, "erp_order").months_rewritten == (("2026-01",) if number == 1 else ())
        assert history(lake, "erp_order").item(0, "_closed_on") is None
    put_rows(lake, "erp_order", day(3), [order("a", "2026-01-01")], mode="snapshot")
    assert merge(lake, "erp_order").months_rewritten == ()
    put_rows(lake, "erp_order", day(4), [], mode="snapshot")
    merge(lake, "erp_order")
    assert history(lake, "erp_order").item(0, "_closed_on") == day(4)


def test_batches_do_not_show(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        rows = [order(str(n), f"2026-0{1 + n % 3}-01", str(number)) for n in range(number, 9)]
        put_rows(lake, "erp_order", day(number), rows)
        put_rows(lake, "erp_order_line", day(number), [line(str(number)), line(str(number), 2)])
    for table in ("erp_order", "erp_order_line"):
        merge(lake, table)
        before = contents(lake, table)
        with monkeypatch.context() as patch:
            patch.setattr(merge_module, "BATCH_ROWS", 10)
            assert rebuild(lake, table).months_rewritten == ()
        assert contents(lake, table) == before


def test_another_layout_of_the_table_is_rebuilt(lake: Lake) -> None:
    put_rows(lake, "erp_order", day(0), [order("a", "2026-03-31T23:00")])
    merge(lake, "erp_order")
    slot = lake.history_ledger("erp_order")
    merge_table(lake, canonical("erp_order"), time_zone="UTC")
    assert keys(lake, "erp_order", "order_id") == {"2026-03": ["a"]}
    receipt = slot.receipt()
    assert receipt is not None
    assert receipt.facts == {"months": ["2026-03"], "partitions": 1, "is_complete": True}


def test_a_partition_without_mode_is_refused(lake: Lake) -> None:
    put(lake, "erp_order", "main", day(0), Extract([], "sometimes"))
    with pytest.raises(LakeError, match="does not say how its source delivers"):
        merge(lake, "erp_order")


def test_children_name_their_parents_key() -> None:
    for table in TABLES.values():
        if table.parent:
            assert canonical(table.parent[0]).key == table.parent[1]
            assert set(table.parent[1]) <= set(table.key)
            assert canonical(table.parent[0]).event


def test_nothing_merged_reads_as_no_rows(lake: Lake) -> None:
    assert merge(lake, "crm_account").rows_total == 0
    found = history(lake, "crm_account")
    assert found.is_empty()
    assert found.schema["_valid_from"] == pl.Date


def test_a_month_that_somebody_deleted_is_built_again(lake: Lake) -> None:
    put_rows(lake, "erp_order", day(0), [order("a", "2026-03-01"), order("b", "2026-04-01")])
    merge(lake, "erp_order")
    before = contents(lake, "erp_order")
    lake.history("erp_order", "2026-03").remove()
    put_rows(lake, "erp_order", day(1), [order("c", "2026-04-02")])
    merge(lake, "erp_order")
    after = contents(lake, "erp_order")
    assert after["2026-03"] == before["2026-03"]
    assert keys(lake, "erp_order", "order_id")["2026-04"] == ["b", "c"]
