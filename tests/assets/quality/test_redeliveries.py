"""Rows that an earlier partition within the window brought unchanged."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from assets.lake.layout import Lake
from assets.quality.profiles import observe
from schemas.config.project import Project
from tests.assets.history.builder import Row, day
from tests.assets.quality.lakes import project, put_core


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def product(identifier: str, /, **given: Any) -> Row:
    return {"product_id": identifier, "category": "tools"} | given


def redelivered(lake: Lake, company: Project) -> dict[dt.date, tuple[int, int]]:
    rows = observe(lake, company).redeliveries.select("date", "rows", "redelivered").rows()
    return {date: (total, again) for date, total, again in rows}


def test_rows_that_came_before_unchanged_are_counted(lake: Lake) -> None:
    put_core(lake, "erp_product", day(0), [product("1"), product("2"), product("3")])
    put_core(lake, "erp_product", day(2), [product("1"), product("2", name="new"), product("4")])
    put_core(lake, "erp_product", day(9), [product("1"), product("3")])

    found = redelivered(lake, project("erp_product"))

    assert found == {day(0): (3, 0), day(2): (3, 1), day(9): (2, 1)}


def test_the_window_is_configured(lake: Lake) -> None:
    for number in (0, 9):
        put_core(lake, "erp_product", day(number), [product("1")])

    near = redelivered(lake, project("erp_product"))
    quality = {"tables": {"erp_product": {"redelivered": {"days": 9}}}}
    far = redelivered(lake, project("erp_product", quality=quality))

    assert (near[day(9)], far[day(9)]) == ((1, 0), (1, 1))


def test_a_snapshot_delivers_nothing_again(lake: Lake) -> None:
    for number in (0, 1):
        put_core(lake, "erp_product", day(number), [product("1")])

    incremental = redelivered(lake, project("erp_product"))
    snapshot = redelivered(lake, project("erp_product", mode="snapshot"))
    again = redelivered(lake, project("erp_product"))

    assert snapshot == {}
    assert incremental == again == {day(0): (1, 0), day(1): (1, 1)}


def test_a_changed_date_changes_the_dates_that_are_compared_with_it(lake: Lake) -> None:
    company = project("erp_product")
    for number in (0, 3, 8):
        put_core(lake, "erp_product", day(number), [product("1")])
    before = redelivered(lake, company)

    put_core(lake, "erp_product", day(3), [product("1", name="new")])

    assert before == {day(0): (1, 0), day(3): (1, 1), day(8): (1, 1)}
    assert redelivered(lake, company) == {day(0): (1, 0), day(3): (1, 0), day(8): (1, 0)}
