from pathlib import Path

import pytest

from assets.history import dimension
from assets.history.read import changes_since, last_sequence
from assets.lake.layout import Lake
from schemas.registry import canonical
from tests.assets.history.builder import contents, day, history, merge, put_rows, rebuild


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def account(name: str, tier: str) -> dict[str, str]:
    return {"account_id": name, "tier": tier}


def ranges(lake: Lake) -> list[tuple[object, ...]]:
    rows = history(lake, "crm_account").sort("account_id", "_logical_date")
    return rows.select("account_id", "tier", "_valid_from", "_valid_to").rows()


def log(lake: Lake, table: str, since: int) -> list[tuple[object, ...]]:
    return changes_since(lake, canonical(table), since).rows()


def test_versions_of_an_account(lake: Lake) -> None:
    for number, tier in enumerate(["x", "x", "y", "x"]):
        put_rows(lake, "crm_account", day(number), [account("a", tier)])
        merge(lake, "crm_account")
    expected = [("a", "x", None, day(2)), ("a", "y", day(2), day(3)), ("a", "x", day(3), None)]
    assert ranges(lake) == expected


def test_a_late_version_splits_what_had_been_one(lake: Lake) -> None:
    for number in (0, 4):
        put_rows(lake, "crm_account", day(number), [account("a", "x")])
    merge(lake, "crm_account")
    assert ranges(lake) == [("a", "x", None, None)]
    put_rows(lake, "crm_account", day(2), [account("a", "y")])
    merge(lake, "crm_account")
    expected = [("a", "x", None, day(2)), ("a", "y", day(2), day(4)), ("a", "x", day(4), None)]
    assert ranges(lake) == expected
    assert log(lake, "crm_account", 1) == [(2, '{"account_id":"a"}', day(2), day(4), False)]
    lake.core("crm_account", "main", day(2)).remove()
    merge(lake, "crm_account")
    assert ranges(lake) == [("a", "x", None, None)]


def test_a_closed_account_ends_and_may_come_back(lake: Lake) -> None:
    put_rows(lake, "crm_account", day(0), [account("a", "x")], mode="snapshot")
    put_rows(lake, "crm_account", day(1), [], mode="snapshot")
    merge(lake, "crm_account")
    assert ranges(lake) == [("a", "x", None, day(1))]
    put_rows(lake, "crm_account", day(3), [account("a", "x")], mode="snapshot")
    merge(lake, "crm_account")
    assert ranges(lake) == [("a", "x", None, day(1)), ("a", "x", day(3), None)]
    assert log(lake, "crm_account", 1) == [(2, '{"account_id":"a"}', day(3), None, False)]


def test_repeated_accounts_write_nothing(lake: Lake) -> None:
    put_rows(lake, "crm_account", day(0), [account("a", "x")])
    merge(lake, "crm_account")
    before = contents(lake, "crm_account")
    put_rows(lake, "crm_account", day(1), [account("a", "x")])
    report = merge(lake, "crm_account")
    assert (report.merged, report.months_rewritten) == (1, ())
    assert contents(lake, "crm_account") == before


def test_the_log_names_new_and_changed_keys(lake: Lake) -> None:
    put_rows(lake, "crm_account", day(0), [account("a", "x"), account("b", "x")])
    merge(lake, "crm_account")
    assert log(lake, "crm_account", 0) == [(1, None, None, None, False)]
    put_rows(lake, "crm_account", day(2), [account("b", "y"), account("c", "x")])
    merge(lake, "crm_account")
    assert log(lake, "crm_account", 1) == [
        (2, '{"account_id":"b"}', day(2), None, False),
        (2, '{"account_id":"c"}', None, None, True),
    ]
    assert last_sequence(lake, canonical("crm_account")) == 2
    rebuild(lake, "crm_account")
    assert log(lake, "crm_account", 2) == []


def test_a_change_of_a_table_without_versions_is_unbounded(lake: Lake) -> None:
    products = [{"product_id": n, "category": "c"} for n in "ab"]
    put_rows(lake, "erp_product", day(0), products, mode="snapshot")
    merge(lake, "erp_product")
    changed = [{"product_id": "b", "category": "d"}, {"product_id": "e", "category": "d"}]
    put_rows(lake, "erp_product", day(1), changed, mode="snapshot")
    merge(lake, "erp_product")
    assert log(lake, "erp_product", 1) == [
        (2, '{"product_id":"a"}', None, None, False),
        (2, '{"product_id":"b"}', None, None, False),
        (2, '{"product_id":"e"}', None, None, True),
    ]


def test_other_lineage_is_stored_and_not_logged(lake: Lake) -> None:
    for number in (0, 1):
        put_rows(lake, "erp_product", day(number), [{"product_id": "a", "category": "c"}])
        assert merge(lake, "erp_product").months_rewritten == ("all",)
    assert history(lake, "erp_product").item(0, "_logical_date") == day(1)
    assert last_sequence(lake, canonical("erp_product")) == 1


def test_many_changes_are_logged_as_one(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dimension, "MAX_LOGGED_KEYS", 1)
    put_rows(lake, "crm_account", day(0), [account("a", "x"), account("b", "x")])
    merge(lake, "crm_account")
    put_rows(lake, "crm_account", day(1), [account("a", "y"), account("b", "y")])
    merge(lake, "crm_account")
    assert log(lake, "crm_account", 1) == [(2, None, day(1), None, False)]


def test_a_long_log_is_cut(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dimension, "MAX_LOG_ROWS", 2)
    for number, tier in enumerate("xyzuv"):
        put_rows(lake, "crm_account", day(number), [account("a", tier)])
        merge(lake, "crm_account")
    found = log(lake, "crm_account", 0)
    assert [row[:2] for row in found] == [(4, None), (5, '{"account_id":"a"}')]
    assert len(log(lake, "crm_account", 4)) == 1
