"""Readers may read published views and nothing else, after every publish."""

import dataclasses
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from assets.publish.content import Content
from assets.publish.postgres.roles import apply_roles, roles_sql
from schemas.config.warehouse import WarehouseConfig
from schemas.errors import PublishError
from schemas.table import Column
from tests.assets.publish.postgres.conftest import Warehouse
from tests.assets.publish.postgres.contents import FIXED, WHOLE, contents

ROLES = {"loader_role": "a_loader", "reader_role": "a_reader"}


@pytest.fixture
def reader(
    dsn: str, warehouse: Warehouse, admin: "psycopg.Connection[Any]"
) -> "psycopg.Connection[Any]":
    config = warehouse(**ROLES).config
    apply_roles(config)
    apply_roles(config)  # again, it changes nothing
    admin.execute(
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analyst') "
        "THEN CREATE ROLE analyst LOGIN; GRANT a_reader TO analyst; END IF; END $$"
    )
    return psycopg.connect(make_conninfo(dsn, user="analyst"), autocommit=True)


def test_a_reader_reads_published_views_and_nothing_else(
    dsn: str, warehouse: Warehouse, reader: "psycopg.Connection[Any]"
) -> None:
    target = warehouse(dsn=make_conninfo(dsn, user="a_loader"), **ROLES)
    schema, data = target.config.schema_name, target.config.data_schema
    wider = dataclasses.replace(FIXED, columns=(Column("more", "text", "More."), *FIXED.columns))
    with reader:
        for number in (1, 2):
            target.publish(contents(number), f"p{number}")
            row = reader.execute(WHOLE.format(schema).encode()).fetchone()
            assert row == (10, 1, 1, True, f"p{number}")
        first, second, fixed = contents(3)
        new = fixed.rows.with_columns(more=fixed.rows["code"]).select("more", "code")
        target.publish([first, second, Content(wider, new)], "p3")  # the view is made anew
        assert reader.execute(WHOLE.format(schema).encode()).fetchone() == (10, 1, 1, True, "p3")
        query = "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace"
        chunk = reader.execute(query + " AND relkind = 'r'", [data]).fetchone()
        assert chunk is not None
        for denied in (
            f"TABLE {data}._publish",
            f"TABLE {data}.{chunk[0]}",
            f"DELETE FROM {schema}.value",  # noqa: S608
            f"UPDATE {schema}.value SET number = 1",  # noqa: S608
            f"DROP VIEW {schema}.value",
            f"CREATE TABLE {schema}.mine (x int)",
            f"CREATE TABLE {data}.mine (x int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(denied.encode())


def test_the_loader_needs_no_more_than_its_role(
    dsn: str, warehouse: Warehouse, reader: "psycopg.Connection[Any]"
) -> None:
    reader.close()
    target = warehouse(dsn=make_conninfo(dsn, user="a_loader"), **ROLES)
    for number in range(5):
        target.publish(contents(number), f"p{number}")
    assert target.rollback() == "p3"
    with pytest.raises(PublishError, match="permission denied") as caught:
        apply_roles(target.config.model_copy(update={"loader_role": "another"}))
    assert "administrator" in str(caught.value)


def test_the_sql_is_for_people_to_read() -> None:
    config = WarehouseConfig.model_validate(
        {"kind": "postgres", "dsn": "postgresql://x:sesame@h/d", "schema": "cx"}
    )
    text = roles_sql(config)
    assert "sesame" not in text
    assert 'GRANT USAGE ON SCHEMA "cx" TO "bi_reader"' in text
    assert 'IN SCHEMA "cx" GRANT SELECT ON TABLES TO "bi_reader"' in text
