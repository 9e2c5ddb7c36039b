"""docs/bi.md: every statement runs on both warehouses, says something, and says what is so."""

import datetime as dt
import math
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from statistics import fmean
from typing import Any

import duckdb
import polars as pl
import psycopg
import pytest
from polars.testing import assert_frame_equal

from assets.publish.warehouse import published_tables
from pipelines.config import load_project
from pipelines.export import Order, export_tables
from pipelines.published_postgres import open_postgres
from pipelines.published_rows import open_file
from schemas.config.warehouse import WarehouseConfig
from schemas.errors import PublishError
from schemas.kpis.catalogue import CATALOGUE
from tests.pipelines.company import Company
from tests.pipelines.cookbook import (
    COST_OF_A_MONTH,
    LATE,
    MONTHS,
    TIERS,
    Answer,
    answers,
    contacts,
    publish_twice,
)
from tests.pipelines.republished import republish
from tests.postgres import postgres_server

PAGE = (Path(__file__).parents[2] / "docs" / "bi.md").read_text(encoding="utf-8")
QUESTIONS: dict[str, str] = dict(
    re.findall(r"^### (?:\d+\. )?(.+?\?)\n.*?```sql\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
)
NPS, WORST, TOUCHPOINT, RESTATED, TRUST, COST, CHURN, CAUSE, TARGET, FRESH, ANY = QUESTIONS
FEBRUARY = [each for each in answers() if each.at.date() >= MONTHS[-1]]
JANUARY = [each for each in answers() if MONTHS[-2] <= each.at.date() < MONTHS[-1]]

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return publish_twice(tmp_path_factory.mktemp("cookbook") / "company")


@pytest.fixture(scope="module")
def embedded(company: Company) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(company.lake.warehouse, read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def served(company: Company) -> Iterator[WarehouseConfig]:
    """The same publish on a real PostgreSQL."""
    with postgres_server() as dsn:
        yield republish(company, dsn)


@pytest.fixture(scope="module")
def server(served: WarehouseConfig) -> Iterator[psycopg.Connection[Any]]:
    """What a BI tool has: the published schema."""
    dsn = served.dsn.get_secret_value() if served.dsn else ""
    with psycopg.connect(dsn, options=f"-c search_path={served.schema_name}") as connection:
        yield connection


def _ask(connection: duckdb.DuckDBPyConnection, question: str) -> Rows:
    found = connection.execute(QUESTIONS[question])
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _nps(of: Sequence[Answer]) -> float:
    return 100 * fmean((each.nps >= 9) - (each.nps <= 6) for each in of)


def test_the_page_asks_ten_questions_and_one_more() -> None:
    assert len(QUESTIONS) == 11
    assert PAGE.count("```sql") == len(QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_has_an_answer(embedded: duckdb.DuckDBPyConnection, question: str) -> None:
    rows = _ask(embedded, question)
    assert rows
    assert all(any(value is not None for value in row.values()) for row in rows)


@pytest.mark.parametrize("question", QUESTIONS)
def test_postgres_gives_the_same_answer(
    embedded: duckdb.DuckDBPyConnection, server: psycopg.Connection[Any], question: str
) -> None:
    found = server.execute(QUESTIONS[question].encode()).fetchall()
    wanted = [tuple(row.values()) for row in _ask(embedded, question)]
    assert len(found) == len(wanted)
    assert all(
        _is_equal(one, other)
        for row, like in zip(_ordered(found), _ordered(wanted), strict=True)
        for one, other in zip(row, like, strict=True)
    )


def test_both_warehouses_export_the_same_files(
    company: Company, served: WarehouseConfig, tmp_path: Path
) -> None:
    contracts = {table.name: table for table in published_tables(load_project(company.config))}
    with open_file(company.lake.warehouse) as reader:
        publish_id, tables = reader.publish_id(), reader.tables()
        there = export_tables(reader, Order((), tmp_path / "file", "parquet", {}), contracts)
    with open_postgres(served) as reader:
        assert reader.publish_id() == publish_id
        assert [table.name for table in reader.tables()] == [table.name for table in tables]
        assert [list(one.columns) for one in reader.tables()] == [list(t.columns) for t in tables]
        here = export_tables(reader, Order((), tmp_path / "server", "parquet", {}), contracts)
        only = {"is_complete": ["true"], "period_start": ["2026-02-01"], "kpi_code": ["nps"]}
        assert reader.count("kpi_value", only) > 0
    for one, other in zip(there, here, strict=True):
        assert one.rows == other.rows
        read = pl.read_parquet(other.path)
        assert_frame_equal(pl.read_parquet(one.path), read, check_row_order=False)


def test_a_server_without_a_publish_is_told(served: WarehouseConfig) -> None:
    elsewhere = served.model_copy(update={"schema_name": "elsewhere"})
    with pytest.raises(PublishError, match="nothing is published"), open_postgres(elsewhere):
        pass


def _ordered(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows in an order that does not depend on how a database collates texts."""
    return sorted(
        rows, key=lambda row: tuple(str(value) for value in row if isinstance(value, str))
    )


def _is_equal(one: object, other: object) -> bool:
    if isinstance(one, int | float | Decimal) and isinstance(other, int | float | Decimal):
        return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
    return one == other


def test_the_change_of_nps_is_that_of_the_answers(embedded: duckdb.DuckDBPyConnection) -> None:
    latest = _ask(embedded, NPS)[0]
    assert latest["label"] == "2026-02"
    assert latest["value"] == pytest.approx(_nps(FEBRUARY))
    assert latest["change"] == pytest.approx(_nps(FEBRUARY) - _nps(JANUARY))
    assert latest["n"] == len(FEBRUARY)


def test_too_few_answers_are_no_segment_to_worry_about(
    embedded: duckdb.DuckDBPyConnection,
) -> None:
    assert {row["label"] for row in _ask(embedded, WORST)} == {"North"}


def test_the_touchpoint_that_disappoints(embedded: duckdb.DuckDBPyConnection) -> None:
    worst = _ask(embedded, TOUCHPOINT)[0]
    satisfied = [each.csat >= 4 for each in FEBRUARY]
    there = [each.csat >= 4 for each in FEBRUARY if each.touchpoint == "support"]
    assert worst["touchpoint"] == "support"
    assert worst["gap"] == pytest.approx(100 * (fmean(there) - fmean(satisfied)))


def test_late_answers_are_told(embedded: duckdb.DuckDBPyConnection) -> None:
    told = {row["kpi_code"]: row for row in _ask(embedded, RESTATED)}
    before = [each for each in FEBRUARY if not each.is_late]
    assert told["nps"]["old_value"] == pytest.approx(_nps(before))
    assert (told["nps"]["old_n"], told["nps"]["new_n"]) == (len(before), len(FEBRUARY))
    assert told["nps"]["reasons"] == "late_rows"
    assert told["nps"]["logical_dates"] == LATE


def test_cost_of_a_contact(embedded: duckdb.DuckDBPyConnection) -> None:
    told = {row["label"]: row["cost_per_contact"] for row in _ask(embedded, COST)}
    for month in MONTHS:
        assert told[f"{month:%Y-%m}"] == pytest.approx(COST_OF_A_MONTH / contacts(month))


def test_a_year_ago_is_there(embedded: duckdb.DuckDBPyConnection) -> None:
    latest = [row for row in _ask(embedded, CHURN) if row["label"] == "2026-02"]
    assert {row["tier"] for row in latest} == set(TIERS)
    assert all(row["year_ago_value"] is not None for row in latest)


def test_segments_explain_the_whole_change(embedded: duckdb.DuckDBPyConnection) -> None:
    rows = {row["tier"]: row for row in _ask(embedded, CAUSE)}
    whole = sum(row["within_points"] + row["mix_points"] for row in rows.values())
    assert whole == pytest.approx(_nps(FEBRUARY) - _nps(JANUARY))
    assert any(abs(row["mix_points"]) > 1 for row in rows.values())
    for tier in TIERS:
        own = [each for each in FEBRUARY if each.tier == tier]
        assert rows[tier]["nps_after"] == pytest.approx(_nps(own))
        assert rows[tier]["withheld_rows"] == 0


def test_targets(embedded: duckdb.DuckDBPyConnection) -> None:
    rows = {row["name_en"]: row for row in _ask(embedded, TARGET)}
    assert set(rows) == {CATALOGUE["nps"].name_en, CATALOGUE["csat"].name_en}
    nps = rows[CATALOGUE["nps"].name_en]
    assert nps["gap_to_target"] == pytest.approx(_nps(FEBRUARY) - 10)


def test_what_was_refused_shows_beside_its_source(embedded: duckdb.DuckDBPyConnection) -> None:
    rows = {row["source"]: row for row in _ask(embedded, FRESH)}
    assert {name: row["refusals_of_last_week"] for name, row in rows.items()} == {
        "accounts": 0, "answers": 0, "contacts": 0, "costs": 0, "orders": 1,
    }  # fmt: skip
    assert all(row["days_behind"] == 0 for row in rows.values())


def test_any_days_add_up(embedded: duckdb.DuckDBPyConnection) -> None:
    days = dt.date(2026, 3, 1) - dt.timedelta(days=14)
    own = [each for each in answers() if each.at.date() > days]
    (row,) = _ask(embedded, ANY)
    assert row["nps"] == pytest.approx(_nps(own))
    assert row["answers"] == len(own)


def test_who_can_be_trusted(embedded: duckdb.DuckDBPyConnection) -> None:
    rows = pl.DataFrame(_ask(embedded, TRUST))
    assert set(rows["verdict"]) == {"usable"}
    assert "support_cost_per_contact" in rows["kpi_code"]


def test_every_published_table_is_on_the_page(embedded: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'"
    told = PAGE.split("## The tables")[1].split("## Ten questions")[0]
    assert all(f"| `{name}` |" in told for (name,) in embedded.execute(query).fetchall())
