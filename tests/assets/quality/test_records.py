"""Judged months are kept, and judged again exactly when something that they rest on changed."""

import datetime as dt
import shutil
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.lake.layout import Lake
from assets.quality.records import judge_records
from assets.transforms.quality.outcome import OUTCOME
from schemas.config.project import Project
from tests.assets.history.builder import Row, day, line, merge, order, put_rows
from tests.assets.quality.lakes import contents, project

TABLES = ("crm_account", "erp_order", "erp_order_line")
LATE = day(400)
"""A date from which every month is old."""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def put(lake: Lake, table: str, number: int, *rows: Row) -> None:
    put_rows(lake, table, day(number), rows)
    merge(lake, table)


def order_of(name: str, on: str, amount: str = "10") -> Row:
    return order(name, f"{on}T12:00:00") | {"net_amount": Decimal(amount)}


def loaded(lake: Lake) -> Project:
    """Two months of orders, a line each, and their account."""
    put(lake, "crm_account", 0, {"account_id": "a"})
    put(lake, "erp_order", 0, order_of("1", "2026-03-05"), order_of("2", "2026-04-05"))
    lines = [line("1") | {"net_amount": Decimal(10)}, line("2") | {"net_amount": Decimal(10)}]
    put(lake, "erp_order_line", 0, *lines)
    return project(*TABLES)


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Months whose files are others now, as `table/month`."""
    names = before.keys() | after.keys()
    return {name.rpartition("/")[0] for name in names if before.get(name) != after.get(name)}


def status(outcomes: pl.DataFrame, check: str, month: dt.date) -> list[str]:
    wanted = (pl.col("check_name") == check) & (pl.col("period_start") == month)
    return sorted(outcomes.filter(wanted, pl.col("asset") == "history/erp_order")["status"])


def test_a_lake_without_history_has_no_outcomes(lake: Lake) -> None:
    outcomes = judge_records(lake, project(*TABLES), as_of=LATE)

    assert outcomes.schema == OUTCOME
    assert outcomes.is_empty()


def test_outcomes_are_told_apart_by_their_identity(lake: Lake) -> None:
    outcomes = judge_records(lake, loaded(lake), as_of=LATE)

    identity = ["asset", "check_name", "subject", "source", "period_grain", "period_start"]
    assert outcomes.schema == OUTCOME
    assert not outcomes.select(identity).is_duplicated().any()
    assert set(outcomes["check_name"]) == {"contract", "references", "totals"}
    assert set(outcomes["status"]) <= {"passed", "skipped"}
    required = [
        "asset",
        "check_name",
        "subject",
        "source",
        "unit",
        "rows_checked",
        "message",
        "mend",
    ]
    assert outcomes.select(required).null_count().sum_horizontal().item() == 0


def test_what_has_not_changed_is_not_judged_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = loaded(lake)
    first = judge_records(lake, company, as_of=LATE)
    before = contents(lake, "records")
    monkeypatch.setattr("assets.quality.records.scan_history", None)

    again = judge_records(lake, company, as_of=LATE + dt.timedelta(days=1))

    assert_frame_equal(again, first)
    assert contents(lake, "records") == before


def test_a_restated_month_leaves_the_others_alone(lake: Lake) -> None:
    company = loaded(lake)
    judge_records(lake, company, as_of=LATE)
    before = contents(lake, "records")

    put(lake, "erp_order", 1, order_of("2", "2026-04-05", "11"))
    outcomes = judge_records(lake, company, as_of=LATE)

    assert changed(before, contents(lake, "records")) == {"erp_order/2026-04"}
    assert status(outcomes, "totals", dt.date(2026, 3, 1)) == ["passed"]
    assert status(outcomes, "totals", dt.date(2026, 4, 1)) == ["warn"]


def test_changed_lines_touch_the_totals_of_their_orders(lake: Lake) -> None:
    company = loaded(lake)
    judge_records(lake, company, as_of=LATE)
    before = contents(lake, "records")

    put(lake, "erp_order_line", 1, line("1") | {"net_amount": Decimal(9)})
    outcomes = judge_records(lake, company, as_of=LATE)

    touched = changed(before, contents(lake, "records"))
    assert touched == {"erp_order/2026-03", "erp_order_line/2026-03"}
    assert status(outcomes, "totals", dt.date(2026, 3, 1)) == ["warn"]


def test_a_month_that_a_record_left_goes(lake: Lake) -> None:
    company = loaded(lake)
    judge_records(lake, company, as_of=LATE)

    put(lake, "erp_order", 1, order_of("2", "2026-03-06"))
    merge(lake, "erp_order_line")
    outcomes = judge_records(lake, company, as_of=LATE)

    assert lake.quality_names("records", "erp_order") == ["2026-03"]
    assert dt.date(2026, 4, 1) not in set(outcomes["period_start"])


@pytest.mark.parametrize(
    ("as_of", "held"), [(day(34), {"erp_order/2026-03", "erp_order/2026-04"}), (LATE, set())]
)
def test_only_recent_months_are_held_against_new_accounts(
    lake: Lake, as_of: dt.date, held: set[str]
) -> None:
    company = loaded(lake)
    judge_records(lake, company, as_of=as_of)
    before = contents(lake, "records")

    put(lake, "crm_account", 1, {"account_id": "b"})
    judge_records(lake, company, as_of=as_of)

    touched = changed(before, contents(lake, "records")) - {"crm_account/all"}
    assert touched == held


@pytest.mark.parametrize(
    "quality",
    [
        {"checks": {"references": {"warn_above": 0.5}}},
        {"tables": {"erp_order": {"totals": {"tolerance_amount": 1}}}},
        {
            "tables": {
                "erp_order": {
                    "expectations": [
                        {
                            "type": "expect_column_values_to_be_unique",
                            "kwargs": {"column": "status"},
                        }
                    ]
                }
            }
        },
    ],
)
def test_other_expectations_are_applied_to_all_months(lake: Lake, quality: dict[str, Any]) -> None:
    judge_records(lake, loaded(lake), as_of=LATE)
    before = contents(lake, "records")

    judge_records(lake, project(*TABLES, quality=quality), as_of=LATE)

    touched = changed(before, contents(lake, "records"))
    assert touched >= {"erp_order/2026-03", "erp_order/2026-04"}
    assert "erp_order_line/2026-03" not in touched


def test_a_lost_file_is_made_again(lake: Lake) -> None:
    company = loaded(lake)
    first = judge_records(lake, company, as_of=LATE)
    path = lake.quality("records", "erp_order", "2026-03").path("outcomes.parquet")
    assert path is not None
    path.unlink()

    assert_frame_equal(judge_records(lake, company, as_of=LATE), first)


accounts = st.fixed_dictionaries({"account_id": st.sampled_from(["a", "b"])})
orders = st.builds(
    lambda name, on, account, amount: order_of(name, on, amount) | {"account_id": account},
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["2026-03-05", "2026-04-05", "2026-06-05"]),
    st.sampled_from(["a", "b", None]),
    st.sampled_from(["10", "11"]),
)
lines = st.builds(
    lambda name, amount: line(name) | {"net_amount": Decimal(amount)},
    st.sampled_from(["1", "2", "4"]),
    st.sampled_from(["10", "11"]),
)
changes = st.one_of(
    *(
        st.tuples(st.just(table), st.integers(0, 90), st.lists(rows, max_size=2))
        for table, rows in zip(TABLES, (accounts, orders, lines), strict=True)
    )
)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(changes, min_size=1, max_size=4), st.sampled_from([day(34), day(100)]))
def test_step_by_step_gives_what_a_first_look_gives(
    steps: list[tuple[str, int, list[Row]]], as_of: dt.date
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        lake, company = Lake(folder), project(*TABLES)
        for table, number, rows in steps:
            put(lake, table, number, *{str(row): row for row in rows}.values())
            merge(lake, "erp_order_line")
            found = judge_records(lake, company, as_of=as_of)
        shutil.rmtree(folder / "quality", ignore_errors=True)
        expected = judge_records(lake, company, as_of=as_of)
    finally:
        shutil.rmtree(folder)

    assert_frame_equal(found, expected)
