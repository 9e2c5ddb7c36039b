"""A real PostgreSQL for the tests of this folder, from a wheel; a schema of its own each test."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from assets.publish.postgres.warehouse import PostgresWarehouse
from schemas.config.warehouse import WarehouseConfig
from tests.postgres import postgres_server

Warehouse = Callable[..., PostgresWarehouse]


@pytest.fixture(scope="session")
def dsn() -> Iterator[str]:
    with postgres_server() as uri:
        with psycopg.connect(uri, autocommit=True) as connection:
            # clients are killed here, no machine
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield uri


@pytest.fixture
def warehouse(dsn: str) -> Warehouse:
    """Opens the test's own warehouse, with settings where they are given."""
    schema = f"s{secrets.token_hex(4)}"

    def opened(**settings: Any) -> PostgresWarehouse:
        given = {"kind": "postgres", "dsn": dsn, "schema": schema, "patience_seconds": 60}
        return PostgresWarehouse.of(WarehouseConfig.model_validate(given | settings))

    return opened


@pytest.fixture
def admin(dsn: str) -> Iterator["psycopg.Connection[Any]"]:
    """An administrator's connection."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection
