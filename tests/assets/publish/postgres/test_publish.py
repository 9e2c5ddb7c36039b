"""What PostgreSQL shows is what was published, and only what changed is loaded."""

import dataclasses
import traceback
from typing import Any

import polars as pl
import psycopg
import pytest

from assets.publish.content import Content
from schemas.config.warehouse import WarehouseConfig
from schemas.errors import PublishError
from schemas.operations import RUN_LOG
from schemas.table import Column
from tests.assets.publish.postgres.conftest import Warehouse
from tests.assets.publish.postgres.contents import VALUE, WHOLE, contents
from tests.assets.publish.test_duckdb_file import ROW, content

Admin = psycopg.Connection[Any]


def whole(admin: Admin, schema: str) -> tuple[Any, ...] | None:
    return admin.execute(WHOLE.format(schema).encode()).fetchone()


def chunks(admin: Admin, schema: str) -> dict[str, int]:
    """Chunks that are there, with the identity of their tables."""
    query = (
        "SELECT relname, oid FROM pg_class WHERE relnamespace = %s::regnamespace "
        "AND relkind = 'r' AND relname <> '_publish'"
    )
    return dict(admin.execute(query, [f"{schema}_data"]).fetchall())


def test_values_come_back_as_they_were(warehouse: Warehouse, admin: Admin) -> None:
    target = warehouse()
    rows = [ROW, ROW | {"part": "p\\'", "amount": None, "ratio": float("nan")}]
    target.publish([content(*rows)], "p1")
    admin.execute("SET TimeZone = 'UTC'")
    query = f"SELECT * FROM {target.config.schema_name}.thing ORDER BY part NULLS FIRST"  # noqa: S608
    found = admin.execute(query.encode()).fetchall()
    assert found[0] == (*ROW.values(), "p1")
    assert found[1][:4] == ("a'b", "p\\'", None, ROW["order"])
    assert str(found[1][4]) == "nan"


def test_every_table_says_the_publish_and_what_it_is(warehouse: Warehouse, admin: Admin) -> None:
    target = warehouse()
    log = Content(RUN_LOG, RUN_LOG.polars_schema().to_frame())
    target.publish([*contents(1), log], "p1")
    schema = target.config.schema_name
    assert target.published_id() == "p1"
    assert whole(admin, schema) == (10, 1, 1, True, "p1")
    query = (
        "SELECT relname, obj_description(c.oid), array_agg(attname::text ORDER BY attnum), "
        "array_agg(col_description(c.oid, attnum) ORDER BY attnum) FROM pg_class c JOIN "
        "pg_attribute a ON attrelid = c.oid AND attnum > 0 WHERE relnamespace = %s::regnamespace "
        "GROUP BY 1, 2"
    )
    described = {row[0]: row[1:] for row in admin.execute(query, [schema]).fetchall()}
    assert described["value"][0] == VALUE.description
    assert described["value"][1] == ["code", "number", "publish_id"]
    assert described["value"][2][:2] == ["The code.", "Number of the publish. Unit: publishes."]
    assert described["run_log"][1][-1] == "current_publish_id"
    assert all(each is not None for _, _, texts in described.values() for each in texts)


def test_only_what_changed_is_loaded_and_old_publishes_go(
    warehouse: Warehouse, admin: Admin
) -> None:
    target = warehouse(keep_publishes=2)
    schema = target.config.schema_name
    target.publish(contents(1), "p1")
    first = chunks(admin, schema)
    target.publish(contents(1), "p1-again")
    assert chunks(admin, schema) == first
    target.publish(contents(2), "p2")
    second = chunks(admin, schema)
    assert len(first) == 3
    assert len(second) == 5  # value and part anew, and those of the publish that is kept
    assert first.items() <= second.items()
    target.publish(contents(3), "p3")
    third = chunks(admin, schema)
    assert len(third) == 5
    assert set(third) & set(first) == {name for name in first if name.startswith("fixed")}
    assert whole(admin, schema) == (10, 1, 1, True, "p3")


def test_going_back_and_on(warehouse: Warehouse, admin: Admin) -> None:
    target = warehouse()
    schema = target.config.schema_name
    with pytest.raises(PublishError, match="no publish before"):
        target.rollback()
    for number in (1, 2, 3):
        target.publish(contents(number), f"p{number}")
    assert target.rollback() == "p2"
    assert whole(admin, schema) == (10, 1, 1, True, "p2")
    target.publish(contents(4), "p4")
    assert whole(admin, schema) == (10, 1, 1, True, "p4")
    assert target.rollback() == "p2"  # p3 was gone back from, and is not gone back to
    assert target.rollback() == "p1"
    assert whole(admin, schema) == (10, 1, 1, True, "p1")
    with pytest.raises(PublishError, match="no publish before"):
        target.rollback()
    assert target.published_id() == "p1"


def test_columns_and_tables_follow_the_contract(warehouse: Warehouse, admin: Admin) -> None:
    target = warehouse()
    schema = target.config.schema_name
    target.publish(contents(1), "p1")
    wider = dataclasses.replace(
        VALUE, columns=(VALUE.columns[0], Column("note", "text", "Note."), VALUE.columns[1])
    )
    rows = pl.DataFrame({"code": ["a"], "note": ["n"], "number": [2]})
    target.publish([Content(wider, rows)], "p2")
    found = admin.execute(f"SELECT * FROM {schema}.value".encode()).fetchall()  # noqa: S608
    assert found == [("a", "n", 2, "p2")]
    assert admin.execute("SELECT to_regclass(%s)", [f"{schema}.fixed"]).fetchone() == (None,)
    assert target.rollback() == "p1"
    assert whole(admin, schema) == (10, 1, 1, True, "p1")


def test_what_depends_on_a_view_is_not_taken_away(warehouse: Warehouse, admin: Admin) -> None:
    target = warehouse()
    schema = target.config.schema_name
    target.publish(contents(1), "p1")
    admin.execute(f"CREATE VIEW {schema}.mine AS SELECT code FROM {schema}.fixed".encode())  # noqa: S608
    target.publish(contents(2), "p2")
    with pytest.raises(PublishError, match="depend") as caught:
        target.publish(contents(3)[:2], "p3")
    assert "drop what depends on the view" in str(caught.value)
    assert whole(admin, schema) == (10, 1, 1, True, "p2")


FAULTS = [
    pytest.param([ROW, ROW], "could not create unique index", id="key twice"),
    pytest.param([ROW | {"code": None}], "null value in column", id="mandatory value missing"),
]


@pytest.mark.parametrize(("rows", "found"), FAULTS)
def test_a_publish_that_fails_leaves_the_old_one(
    warehouse: Warehouse, admin: Admin, rows: list[dict[str, Any]], found: str
) -> None:
    target = warehouse()
    target.publish(contents(1), "p1")
    with pytest.raises(PublishError, match=found):
        target.publish([*contents(2), content(*rows)], "p2")
    assert whole(admin, target.config.schema_name) == (10, 1, 1, True, "p1")
    target.publish([*contents(2), content(ROW)], "p3")
    assert target.published_id() == "p3"


BROKEN = [
    "postgresql//cx_loader:sesame@host/db",
    "postgresql://cx_loader:sesame%zz@host/db",
    "postgresql://cx_loader:sesame@127.0.0.1:1/db",
    "host=127.0.0.1 port=1 password=sesame bogus",
    "host=127.0.0.1 port=1 password='sesame' dbname=db",
]


@pytest.mark.parametrize("dsn", BROKEN)
def test_no_error_tells_the_password(dsn: str, warehouse: Warehouse) -> None:
    with pytest.raises(PublishError) as caught:
        warehouse(dsn=dsn).published_id()
    assert "sesame" not in "".join(traceback.format_exception(caught.value))
    config = WarehouseConfig.model_validate({"kind": "postgres", "dsn": dsn})
    assert "sesame" not in f"{config!r} {config.model_dump_json()}"


def test_a_view_that_somebody_dropped_is_shown_by_the_next_publish(
    warehouse: Warehouse, admin: Admin
) -> None:
    target = warehouse()
    target.publish(contents(1), "p1")
    schema = target.config.schema_name
    admin.execute(f"DROP VIEW {schema}.value CASCADE".encode())
    assert target.published_id() is None
    target.publish(contents(2), "p2")
    assert target.published_id() == "p2"
    assert whole(admin, schema) == (10, 1, 1, True, "p2")
