"""A publish happens when something changed, and says so in the run log."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.publish import warehouse as module
from assets.publish.warehouse import (
    PublishReport,
    is_published,
    publish,
    published_tables,
    rollback,
)
from assets.quality.results import judge
from schemas.errors import PublishError
from schemas.publish_stamp import stamp_name
from tests.assets.core.company import PRODUCTS, Company, day

NOW = dt.datetime(2024, 3, 2, 6, tzinfo=dt.UTC)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    company = Company(tmp_path)
    company.source("products", {"erp_product": PRODUCTS}, on_missing="skip")
    company.deliver("products", 0, "id,name\na,x\n,y\n,z\n")
    company.build("erp_product", "products", 0)
    return company


def published(company: Company, run: str = "run-1", number: int = 0) -> PublishReport:
    now = NOW + dt.timedelta(days=number)
    judge(company.lake, company.project, as_of=day(number))
    return publish(company.lake, company.project, run_id=run, now=now, as_of=day(number))


def query(company: Company, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(company.lake.warehouse, read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
        return found


def test_every_table_is_there(company: Company) -> None:
    report = published(company)
    assert report.is_new
    assert report.place == str(company.lake.warehouse)
    names = [row[0] for row in query(company, "SELECT table_name FROM duckdb_tables() ORDER BY 1")]
    assert names == sorted(table.name for table in published_tables(company.project))
    for table in published_tables(company.project):
        key = ", ".join(f'"{name}"' for name in table.key)
        counted = f"SELECT count(*), count(DISTINCT ({key})) FROM {table.name}"  # noqa: S608
        rows = report.rows[table.name]
        assert query(company, counted) == [(rows, rows)]


def test_what_it_tells_of_the_pipeline(company: Company) -> None:
    published(company)
    reason = "expect_column_values_to_not_be_null"
    assert query(company, "SELECT * EXCLUDE publish_id FROM quarantine_summary") == [
        ("erp_product", "products", day(0), "product_id", reason, 2)
    ]
    log = "SELECT run_id, published_at, as_of, kpi_values, rows_quarantined FROM run_log"
    assert query(company, log) == [("run-1", NOW, day(0), 0, 2)]


def test_nothing_is_rewritten_while_nothing_changes(company: Company) -> None:
    first = published(company)
    before = company.lake.warehouse.stat()
    second = publish(
        company.lake, company.project, run_id="run-2", now=NOW + dt.timedelta(1), as_of=day(0)
    )
    after = company.lake.warehouse.stat()
    assert not second.is_new
    assert (second.publish_id, second.rows) == (first.publish_id, first.rows)
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_change_is_published_and_logged(company: Company) -> None:
    published(company)
    company.deliver("products", 1, "id,name\n,x\n")
    company.build("erp_product", "products", 1)
    assert published(company, "run-2", 1).is_new
    assert query(company, "SELECT run_id, rows_quarantined FROM run_log ORDER BY 1") == [
        ("run-1", 2),
        ("run-2", 3),
    ]


@pytest.mark.parametrize("damage", [None, "", "{", "{}", "[]", "null", '{"inputs": 1}'])
def test_without_its_record_it_is_published_once_more(company: Company, damage: str | None) -> None:
    published(company)
    record = company.lake.warehouse.with_name("publish.json")
    if damage is None:
        record.unlink()
    else:
        record.write_text(damage, encoding="utf-8")
    assert published(company, "run-2").is_new
    assert query(company, "SELECT run_id FROM run_log") == [("run-2",)]
    assert not published(company, "run-3").is_new


def test_without_its_file_it_is_published_once_more(company: Company) -> None:
    published(company)
    company.lake.warehouse.unlink()
    assert published(company).is_new
    assert query(company, "SELECT count(*) FROM run_log") == [(1,)]


def test_a_failed_publish_leaves_file_and_record(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(company)
    folder = company.lake.warehouse.parent
    before = {path: path.read_bytes() for path in folder.rglob("*.*")}
    inventory = module.kpi_inventory
    monkeypatch.setattr(
        module, "kpi_inventory", lambda *given: inventory(*given).vstack(inventory(*given))
    )
    with pytest.raises(PublishError, match=r"^kpi_inventory: the audit"):
        published(company, "run-2")
    assert {path: path.read_bytes() for path in folder.rglob("*.*")} == before
    monkeypatch.undo()
    assert not published(company, "run-3").is_new


def test_the_log_is_bounded(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_PUBLISHES", 2)
    for number in range(4):
        assert published(company, f"run-{number}", number).is_new
    runs = query(company, "SELECT run_id FROM run_log ORDER BY published_at")
    assert runs == [("run-2",), ("run-3",)]
    record = json.loads(company.lake.warehouse.with_name("publish.json").read_text())
    assert len(record["log"]) == 2


SHOWN = "SELECT DISTINCT publish_id FROM source_status"


def test_going_back_stays_until_there_is_something_new(company: Company) -> None:
    first = published(company)
    with pytest.raises(PublishError, match="no publish before"):
        rollback(company.lake, company.project)
    company.deliver("products", 1, "id,name\n,x\n")
    company.build("erp_product", "products", 1)
    second = published(company, "run-2", 1)
    assert query(company, SHOWN) == [(second.publish_id,)]
    assert rollback(company.lake, company.project) == first.publish_id
    assert query(company, SHOWN) == [(first.publish_id,)]
    with pytest.raises(PublishError, match="no publish before"):
        rollback(company.lake, company.project)
    again = published(company, "run-3", 1)
    assert (again.is_new, again.publish_id) == (False, first.publish_id)
    assert is_published(company.lake, company.project)
    company.deliver("products", 2, "id,name\n,x\n")
    company.build("erp_product", "products", 2)
    third = published(company, "run-4", 2)
    assert third.is_new
    assert query(company, SHOWN) == [(third.publish_id,)]
    log = query(company, "SELECT publish_id FROM run_log ORDER BY published_at")
    assert [row[0] for row in log] == [first.publish_id, second.publish_id, third.publish_id]


def test_every_table_carries_the_publish(company: Company) -> None:
    report = published(company)
    for table in published_tables(company.project):
        stamp = stamp_name(table)
        found = query(company, f"SELECT DISTINCT {stamp} FROM {table.name}")  # noqa: S608
        assert found == ([(report.publish_id,)] if report.rows[table.name] else [])
