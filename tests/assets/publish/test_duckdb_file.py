"""Readers of the warehouse file see a whole publish: the old one or the new one."""

import dataclasses
import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from assets.publish.content import Content
from assets.publish.duckdb_file import DuckdbFile
from schemas.errors import PublishError
from schemas.table import Column, Table

THING = Table(
    name="thing",
    domain="warehouse",
    description='One row per thing; isn\'t "it"?',
    key=("code", "part"),
    columns=(
        Column("code", "text", "The thing's code.", nullable=False),
        Column("part", "text", "Part, null for all of it."),
        Column("amount", "decimal", "What it costs.", unit="currency"),
        Column("order", "integer", "Named like a word of SQL."),
        Column("ratio", "number", "Ratio."),
        Column("is_new", "boolean", "Whether it is new."),
        Column("made_on", "date", "Day it was made."),
        Column("known_at", "instant", "When it was known."),
    ),
)
ROW = {
    "code": "a'b",
    "part": None,
    "amount": Decimal("12345678901234567890.1234"),
    "order": 2**63 - 1,
    "ratio": 0.1,
    "is_new": True,
    "made_on": dt.date(2024, 3, 1),
    "known_at": dt.datetime(2024, 3, 1, 12, 30, tzinfo=dt.UTC),
}


def write_warehouse(path: Path, contents: list[Content], publish_id: str = "p1") -> None:
    DuckdbFile(path, 3).publish(contents, publish_id)


def content(*rows: dict[str, Any]) -> Content:
    return Content(THING, pl.DataFrame([*rows], schema=THING.polars_schema()))


def codes(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT code FROM thing ORDER BY 1").fetchall()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "warehouse" / "it's.duckdb"


def test_values_come_back_as_they_were(path: Path) -> None:
    write_warehouse(path, [content(ROW, ROW | {"part": "p", "amount": None})])
    with duckdb.connect(path, read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        query = "SELECT * EXCLUDE publish_id FROM thing ORDER BY part NULLS FIRST"
        found = pl.DataFrame(connection.sql(query).to_arrow_table())
    assert found.rows(named=True) == [ROW, ROW | {"part": "p", "amount": None}]


def test_tables_and_columns_are_commented(path: Path) -> None:
    write_warehouse(path, [content()])
    with duckdb.connect(path, read_only=True) as connection:
        tables = connection.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall()
        columns = connection.execute(
            "SELECT column_name, comment, is_nullable FROM duckdb_columns() "
            "WHERE table_name = 'thing'"
        ).fetchall()
    assert tables == [("thing", THING.description)]
    comments = {name: (comment, is_nullable) for name, comment, is_nullable in columns}
    assert comments["code"] == ("The thing's code.", False)
    assert comments["amount"] == ("What it costs. Unit: currency.", True)
    assert list(comments) == [*(column.name for column in THING.columns), "publish_id"]


def test_the_file_is_one_that_older_clients_read(path: Path) -> None:
    write_warehouse(path, [content(ROW)])
    with duckdb.connect() as connection:
        quoted = str(path).replace("'", "''")
        connection.execute(f"ATTACH '{quoted}' AS w (READ_ONLY)")
        query = "SELECT tags FROM duckdb_databases() WHERE database_name = 'w'"
        tags = connection.execute(query).fetchall()[0][0]
    assert str(tags["storage_version"]).startswith("v1.")


def test_an_open_reader_keeps_a_whole_old_file(path: Path) -> None:
    write_warehouse(path, [content(ROW)])
    with duckdb.connect(path, read_only=True) as reader:
        assert codes(reader) == ["a'b"]
        write_warehouse(path, [content(ROW | {"code": "new"})])
        assert codes(reader) == ["a'b"]
    with duckdb.connect(path, read_only=True) as reader:
        assert codes(reader) == ["new"]


FAULTS = [
    pytest.param([ROW, ROW], "2 rows, 1 distinct keys", id="key twice"),
    pytest.param([ROW | {"code": None}], "NOT NULL", id="mandatory value missing"),
]


@pytest.mark.parametrize(("rows", "found"), FAULTS)
def test_a_publish_that_fails_leaves_the_old_one(
    path: Path, rows: list[dict[str, Any]], found: str
) -> None:
    write_warehouse(path, [content(ROW)])
    before = path.read_bytes()
    with pytest.raises(PublishError, match=found) as caught:
        write_warehouse(path, [content(*rows)])
    assert "the previous publish stays" in str(caught.value)
    assert path.read_bytes() == before
    assert [each.read_bytes() for each in path.parent.rglob("*.*")] == [before, before]


def test_several_tables_are_published_together(path: Path) -> None:
    other = dataclasses.replace(THING, name="other")
    write_warehouse(path, [content(ROW)])
    twice = pl.concat([content(ROW).rows] * 2)
    with pytest.raises(PublishError, match=r"^other: "):
        write_warehouse(path, [content(ROW | {"code": "new"}), Content(other, twice)])
    with duckdb.connect(path, read_only=True) as reader:
        assert codes(reader) == ["a'b"]
        assert reader.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(1,)]


def test_a_damaged_old_file_is_no_hindrance(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database")
    write_warehouse(path, [content(ROW)])
    with duckdb.connect(path, read_only=True) as reader:
        assert codes(reader) == ["a'b"]
