"""Records that point at nothing, the young ones among them, and children without a parent."""

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.lake.layout import Lake
from assets.quality.records import judge_records
from assets.quality.references import references_of
from schemas.registry import canonical
from tests.assets.history.builder import Row, day, instant, line, merge, order, put_rows
from tests.assets.quality.lakes import TODAY, project

ACCOUNTS = "account_id → crm_account"


def order_of(name: str, account: str | None) -> Row:
    return order(name, "2026-03-05T12:00:00") | {"account_id": account}


def put(lake: Lake, table: str, number: int, *rows: Row) -> None:
    put_rows(lake, table, day(number), rows)
    merge(lake, table)


def references(
    lake: Lake, *tables: str, as_of: dt.date = TODAY, **limits: Any
) -> dict[tuple[str, str], dict[str, Any]]:
    """Outcomes by subject and first day of the month."""
    company = project(*tables, quality={"checks": {"references": limits}})
    outcomes = judge_records(lake, company, as_of=as_of)
    found = outcomes.filter(pl.col("check_name") == "references").to_dicts()
    return {(one["subject"], str(one["period_start"])): one for one in found}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_a_record_that_points_at_nothing_is_counted(lake: Lake) -> None:
    put(lake, "crm_account", 0, {"account_id": "a"}, {"account_id": "b"})
    put(lake, "erp_order", 0, *(order_of(*one) for one in ("1a", "2b", "3x", "4x")))
    put(lake, "erp_order", 1, order_of("5", None))

    found = references(lake, "crm_account", "erp_order")[ACCOUNTS, "2026-03-01"]

    assert (found["status"], found["observed"]) == ("warn", 0.5)
    assert (found["rows_checked"], found["rows_unexpected"]) == (4, 2)
    assert (found["upper_limit"], found["unit"]) == (0.01, "share")
    assert found["message"] == "2 of 4 (50 %) records point at no `crm_account`"
    assert "barometer status" in found["mend"]
    assert "`account_id` of `erp_order`" in found["mend"]


def test_beyond_the_error_limit_publish_is_blocked(lake: Lake) -> None:
    put(lake, "erp_order", 0, order_of("1", "a"))

    found = references(lake, "crm_account", "erp_order", error_above=0.2)

    assert found[ACCOUNTS, "2026-03-01"]["status"] == "error"
    assert found[ACCOUNTS, "2026-03-01"]["upper_limit"] == 0.2


@pytest.mark.parametrize(("age", "status"), [(1, "skipped"), (3, "skipped"), (4, "warn")])
def test_records_within_the_grace_do_not_count(lake: Lake, age: int, status: str) -> None:
    put(lake, "erp_order", 1, order_of("1", "a"))

    found = references(lake, "crm_account", "erp_order", as_of=day(age))

    assert found[ACCOUNTS, "2026-03-01"]["status"] == status
    assert "3 days" in found[ACCOUNTS, "2026-03-01"]["message"] or status == "warn"


def test_records_of_the_first_load_count_at_once(lake: Lake) -> None:
    put(lake, "erp_order", 0, order_of("1", "a"))

    found = references(lake, "crm_account", "erp_order", as_of=day(0))

    assert found[ACCOUNTS, "2026-03-01"]["status"] == "warn"


def test_a_table_may_point_at_itself(lake: Lake) -> None:
    put(lake, "erp_order", 0, order_of("1", None), order_of("2", None) | {"original_order_id": "1"})
    put(lake, "erp_order", 1, order_of("3", None) | {"original_order_id": "0"})

    found = references(lake, "erp_order")["original_order_id → erp_order", "2026-03-01"]

    assert (found["rows_checked"], found["rows_unexpected"]) == (2, 1)


def test_a_table_without_events_is_judged_as_a_whole(lake: Lake) -> None:
    put(lake, "crm_account", 0, {"account_id": "a", "parent_account_id": "b"})

    found = references(lake, "crm_account")["parent_account_id → crm_account", "None"]

    assert (found["status"], found["period_grain"], found["asset"]) == (
        "warn", "all", "history/crm_account",
    )  # fmt: skip


def test_references_to_tables_that_nothing_feeds_are_left_out() -> None:
    alone = references_of(canonical("erp_order"), project("erp_order"))
    both = references_of(canonical("erp_order"), project("erp_order", "crm_account"))

    assert [one.subject for one in alone] == ["original_order_id → erp_order"]
    assert [one.subject for one in both] == [ACCOUNTS, "original_order_id → erp_order"]


def test_children_without_a_parent_are_told_once_for_all(lake: Lake) -> None:
    put(lake, "erp_order", 0, order_of("1", None))
    put(lake, "erp_order_line", 0, line("1"), line("1", 2), line("9"))
    put(lake, "erp_order_line", 59, line("8"))

    found = references(lake, "erp_order", "erp_order_line")
    parent = found["order_id → erp_order", "None"]

    assert (parent["status"], parent["rows_checked"], parent["rows_unexpected"]) == ("warn", 3, 1)
    assert "wait for it" in parent["message"]
    assert [key for key in found if key[0] == "order_id → erp_order"] == [
        ("order_id → erp_order", "None")
    ]


def test_a_parent_that_comes_late_takes_its_children(lake: Lake) -> None:
    put(lake, "erp_order_line", 0, line("1"))
    tables = ("erp_order", "erp_order_line")
    before = references(lake, *tables)["order_id → erp_order", "None"]

    put(lake, "erp_order", 1, order_of("1", None))
    merge(lake, "erp_order_line")
    after = references(lake, *tables)["order_id → erp_order", "None"]

    assert (before["status"], after["status"]) == ("warn", "passed")
    assert not lake.quality("records", "erp_order_line", "unplaced").folder.exists()


def test_a_month_that_failed_passes_after_the_parent_came(lake: Lake) -> None:
    late = {"as_of": day(400)}
    put(lake, "erp_order", 0, order_of("1", "a"))
    before = references(lake, "crm_account", "erp_order", **late)[ACCOUNTS, "2026-03-01"]

    put(lake, "crm_account", 300, {"account_id": "a"})
    after = references(lake, "crm_account", "erp_order", **late)[ACCOUNTS, "2026-03-01"]

    assert (before["status"], after["status"]) == ("warn", "passed")
    assert after["mend"] == ""


def test_young_records_count_once_they_are_old_enough(lake: Lake) -> None:
    put(lake, "crm_account", 0, {"account_id": "a"})
    put(lake, "erp_order", 0, order_of("1", "a"))
    put(lake, "erp_order", 100, order_of("2", "x"))
    tables = ("crm_account", "erp_order")

    young = references(lake, *tables, as_of=day(101))[ACCOUNTS, "2026-03-01"]
    grown = references(lake, *tables, as_of=day(103))[ACCOUNTS, "2026-03-01"]

    assert (young["status"], young["rows_checked"]) == ("passed", 1)
    assert (grown["status"], grown["rows_checked"]) == ("warn", 2)


def test_a_closed_parent_is_still_a_parent(lake: Lake) -> None:
    put_rows(lake, "crm_account", day(0), [{"account_id": "a"}], mode="snapshot")
    put_rows(lake, "crm_account", day(1), [{"account_id": "b"}], mode="snapshot")
    merge(lake, "crm_account")
    put(lake, "erp_order", 2, order_of("1", "a"))

    found = references(lake, "crm_account", "erp_order")[ACCOUNTS, "2026-03-01"]

    assert found["status"] == "passed"


def test_all_references_of_answers_and_responses_are_judged(lake: Lake) -> None:
    response = {
        "response_id": "r",
        "survey_id": "s",
        "responded_at": instant("2026-03-02T00:00:00"),
    }
    put(lake, "survey", 0, {"survey_id": "s", "kind": "relational", "audience": "customer"})
    put(lake, "survey_response", 0, response)

    found = references(lake, "survey", "survey_response")

    assert found["survey_id → survey", "2026-03-01"]["status"] == "passed"
