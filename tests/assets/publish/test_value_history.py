"""Every value ever published is kept, and only of publishes that came to be."""

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.kpi.evidence import Evidence
from assets.kpi.plan import Plan
from assets.lake.layout import Lake
from assets.publish import value_history as module
from assets.publish.content import Content
from assets.publish.duckdb_file import DuckdbFile, published_id
from assets.publish.value_history import (
    Revision,
    commit_revision,
    next_instant,
    prepare_revision,
    scan_restatements,
    scan_value_history,
    settle_history,
)
from schemas.operations import RUN_LOG
from schemas.warehouse import KPI_EXCLUSION, KPI_VALUE
from tests.assets.kpi.histories import project

NOW = dt.datetime(2024, 4, 1, 6, tzinfo=dt.UTC)
PLAN = Plan(project())
EVIDENCE = Evidence(definitions={one.code: "same" for one in PLAN.published})


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def row(code: str = "nps", **given: Any) -> dict[str, Any]:
    return {
        "kpi_code": code, "period_grain": "month", "period_start": dt.date(2024, 3, 1),
        "period_end": dt.date(2024, 3, 31), "is_complete": True, "segment_set": "total",
        "segment_key": "all", "value": 10.0, "n": 4, "excluded": 0, "method_id": "v1",
    } | given  # fmt: skip


def prepared(lake: Lake, number: int, *rows: dict[str, Any], now: dt.datetime = NOW) -> Revision:
    settle_history(lake, PLAN.project)
    known_at = next_instant(lake, now + dt.timedelta(days=number))
    return prepare_revision(
        lake,
        PLAN,
        pl.DataFrame([*rows], schema=KPI_VALUE.polars_schema()),
        KPI_EXCLUSION.polars_schema().to_frame(),
        evidence=EVIDENCE,
        stamp=pl.DataFrame(
            {"run_id": [f"run-{number}"], "known_at": [known_at], "publish_id": [f"p{number}"]}
        ),
    )


def write(lake: Lake, revision: Revision) -> None:
    log = {
        "publish_id": revision.publish_id, "run_id": "r", "published_at": revision.known_at,
        "as_of": dt.date(2024, 3, 31), "kpi_values": 0, "rows_quarantined": 0,
    }  # fmt: skip
    rows = pl.DataFrame([log], schema=RUN_LOG.polars_schema())
    DuckdbFile(lake.warehouse, 3).publish([Content(RUN_LOG, rows)], revision.publish_id)


def published(lake: Lake, number: int, *rows: dict[str, Any]) -> Revision:
    revision = prepared(lake, number, *rows)
    write(lake, revision)
    commit_revision(lake)
    return revision


def known(lake: Lake) -> list[tuple[Any, ...]]:
    found = scan_value_history(lake, PLAN.project).sort("known_at", "kpi_code").collect()
    return found.select("kpi_code", "value", "publish_id").rows()


def test_only_what_changed_is_appended(lake: Lake) -> None:
    published(lake, 1, row(), row("csat"))
    second = published(lake, 2, row(), row("csat", value=20.0))
    assert known(lake) == [("csat", 10.0, "p1"), ("nps", 10.0, "p1"), ("csat", 20.0, "p2")]
    stamps = second.values.sort("kpi_code").select("kpi_code", "run_id", "known_at").rows()
    days = [NOW + dt.timedelta(days=number) for number in (2, 1)]
    assert stamps == [("csat", "run-2", days[0]), ("nps", "run-1", days[1])]
    restated = scan_restatements(lake, PLAN.project).collect()
    assert restated.select("kpi_code", "old_value", "new_value").rows() == [("csat", 10.0, 20.0)]


def test_the_same_again_appends_nothing(lake: Lake) -> None:
    published(lake, 1, row())
    published(lake, 2, row())
    assert known(lake) == [("nps", 10.0, "p1")]
    assert len(lake.published_names("parts")) == 1


def test_what_is_prepared_is_shown_to_the_publish_and_to_nobody_else(lake: Lake) -> None:
    revision = prepared(lake, 1, row())
    assert revision.history.collect().height == 1
    assert known(lake) == []


def test_a_publish_that_failed_leaves_nothing(lake: Lake) -> None:
    published(lake, 1, row())
    prepared(lake, 2, row(value=99.0))
    assert known(lake) == [("nps", 10.0, "p1")]
    published(lake, 3, row(value=11.0))
    assert known(lake) == [("nps", 10.0, "p1"), ("nps", 11.0, "p3")]
    published(lake, 4, row(value=11.0))
    assert len(lake.published_names("parts")) == 2


def test_a_publish_killed_after_its_warehouse_counts(lake: Lake) -> None:
    published(lake, 1, row())
    write(lake, prepared(lake, 2, row(value=11.0)))
    both = [("nps", 10.0, "p1"), ("nps", 11.0, "p2")]
    assert known(lake) == both
    settle_history(lake, PLAN.project)
    assert known(lake) == both
    assert lake.published("next").receipt() is None
    published(lake, 3, row(value=11.0))
    assert known(lake) == both


def test_a_publish_killed_while_it_commits_counts_once(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(lake, prepared(lake, 1, row()))
    pending = lake.published("next")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(pending), "remove", killed)
        with pytest.raises(KeyboardInterrupt):
            commit_revision(lake)
    assert known(lake) == [("nps", 10.0, "p1")]
    published(lake, 2, row())
    assert known(lake) == [("nps", 10.0, "p1")]


def test_a_damaged_warehouse_is_no_publish(lake: Lake) -> None:
    write(lake, prepared(lake, 1, row()))
    lake.warehouse.write_bytes(b"not a database")
    assert published_id(lake.warehouse) is None
    settle_history(lake, PLAN.project)
    assert known(lake) == []


def test_known_at_rises_though_the_clock_goes_back(lake: Lake) -> None:
    first = published(lake, 5, row())
    second = published(lake, 1, row(value=11.0))
    assert second.known_at == first.known_at + dt.timedelta(microseconds=1)


def test_many_parts_become_one_a_year(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        published(lake, number * 100, row(value=float(number)))
    before = scan_value_history(lake, PLAN.project).sort("known_at").collect()
    restated = scan_restatements(lake, PLAN.project).sort("known_at").collect()
    monkeypatch.setattr(module, "MAX_PARTS", 3)
    prepared(lake, 500, row(value=9.0))  # a failed publish has merged nothing
    assert_frame_equal(scan_value_history(lake, PLAN.project).sort("known_at").collect(), before)
    published(lake, 400, row(value=3.0))
    published(lake, 401, row(value=3.0))
    assert sorted(name[:5] for name in lake.published_names("parts")) == ["2024-", "2025-"]
    after = scan_value_history(lake, PLAN.project).sort("known_at").collect()
    assert_frame_equal(after, before)
    assert_frame_equal(scan_restatements(lake, PLAN.project).sort("known_at").collect(), restated)


def test_dimensions_may_come_and_go(lake: Lake) -> None:
    published(lake, 1, row())
    cut = Plan(project(segment_sets={"by_country": ["country"]}))
    with_country = scan_value_history(lake, cut.project).collect()
    assert with_country["country"].to_list() == [None]
