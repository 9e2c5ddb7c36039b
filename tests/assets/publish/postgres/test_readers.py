"""Readers, other publishers and a server in trouble: what is read is one whole publish."""

import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest

from assets.publish.content import Content
from assets.publish.postgres import loading
from schemas.errors import PublishError
from tests.assets.publish.postgres.conftest import Warehouse
from tests.assets.publish.postgres.contents import VALUE, WHOLE, contents

READERS, PUBLISHES = 8, 50


class Reading:
    """Readers that ask again and again, each time several queries in one transaction."""

    def __init__(self, dsn: str, schema: str) -> None:
        self.dsn, self.schema = dsn, schema
        self.stop = threading.Event()
        self.seen: list[tuple[Any, ...]] = []
        self.errors: list[Exception] = []

    def _read(self, number: int) -> None:
        joined = WHOLE.format(self.schema).encode()
        single = [
            f"SELECT min(publish_id), max(publish_id) FROM {self.schema}.{name}".encode()  # noqa: S608
            for name in ("fixed", "part", "value")
        ]
        if number % 2:
            single.reverse()  # locks the views in the order opposite to the others'
        try:
            with psycopg.connect(self.dsn, autocommit=True) as connection:
                if number % 4 == 3:
                    level = psycopg.IsolationLevel.REPEATABLE_READ
                    connection.isolation_level = level
                while not self.stop.is_set():
                    with connection.transaction():
                        connection.execute("SELECT 1")
                        ids = {each for q in single for each in connection.execute(q).fetchone()}  # type: ignore[union-attr]
                        row = connection.execute(joined).fetchone()
                        assert row is not None
                    self.seen.append((*row, ids == {row[-1]}))
                    time.sleep(0.002)
        except Exception as error:  # noqa: BLE001  whatever a reader meets is told by the test
            self.errors.append(error)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._read, args=[n]) for n in range(READERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()


def test_readers_that_join_meet_whole_publishes_only(dsn: str, warehouse: Warehouse) -> None:
    target = warehouse()
    target.publish(contents(0), "p0")
    readers = Reading(dsn, target.config.schema_name)
    with readers.going_on():
        for number in range(1, PUBLISHES + 1):
            target.publish(contents(number), f"p{number}")
    assert readers.errors == []
    assert {row[:4] for row in readers.seen} == {(10, 1, 1, True)}
    assert all(row[-1] for row in readers.seen)
    assert len({row[4] for row in readers.seen}) > PUBLISHES / 2
    assert len(readers.seen) > READERS * PUBLISHES / 2


@contextmanager
def open_transaction(dsn: str, *queries: str) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(dsn) as connection:
        for query in queries:
            connection.execute(query.encode())
        yield connection


def behind(work: Callable[[], object]) -> tuple[threading.Thread, list[Exception]]:
    """Work begun in a thread, and what it raises."""
    errors: list[Exception] = []

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  the test looks at it
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, errors


ISOLATION = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
OPEN = [
    pytest.param(["SELECT * FROM {0}.fixed"], id="has read a view"),
    pytest.param([ISOLATION, "SELECT 1"], id="has a snapshot, has read nothing"),
]


@pytest.mark.parametrize("queries", OPEN)
def test_an_open_transaction_delays_a_publish_and_is_not_broken(
    queries: list[str], dsn: str, warehouse: Warehouse
) -> None:
    target = warehouse()
    schema = target.config.schema_name
    target.publish(contents(1), "p1")
    with open_transaction(dsn, *(query.format(schema) for query in queries)) as reader:
        thread, errors = behind(lambda: target.publish(contents(2), "p2"))
        time.sleep(1.5)  # longer than PostgreSQL waits before it looks for deadlocks
        assert target.published_id() == "p1"
        row = reader.execute(WHOLE.format(schema).encode()).fetchone()
        assert row == (10, 1, 1, True, "p1")
        with open_transaction(dsn) as other:  # nobody else is kept from reading either
            assert other.execute(WHOLE.format(schema).encode()).fetchone() == row
    thread.join()
    assert errors == []
    assert target.published_id() == "p2"


def test_maintenance_of_the_data_does_not_delay_a_publish(
    dsn: str, warehouse: Warehouse, admin: "psycopg.Connection[Any]"
) -> None:
    target = warehouse(patience_seconds=1)
    target.publish(contents(1), "p1")
    query = "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = %s::regnamespace "
    names = admin.execute(query + "AND relkind = 'r'", [target.config.data_schema]).fetchall()
    chunks = ", ".join(name for (name,) in names if "_publish" not in name)
    with open_transaction(dsn, f"LOCK TABLE {chunks} IN SHARE UPDATE EXCLUSIVE MODE"):
        target.publish(contents(2), "p2")  # the lock is what autovacuum takes
    assert target.published_id() == "p2"


def test_a_publish_gives_up_clearly(dsn: str, warehouse: Warehouse) -> None:
    target = warehouse(patience_seconds=1)
    schema = target.config.schema_name
    target.publish(contents(1), "p1")
    with open_transaction(dsn, f"SELECT * FROM {schema}.fixed") as reader:  # noqa: S608
        with pytest.raises(PublishError, match="open transactions of readers") as caught:
            target.publish(contents(2), "p2")
        assert f"server processes {reader.info.backend_pid}" in str(caught.value)
    target.publish(contents(2), "p2")
    assert target.published_id() == "p2"


def test_two_publishers_take_turns(
    dsn: str, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, hasty = warehouse(), warehouse(), warehouse(patience_seconds=0.3)
    first.publish(contents(0), "p0")
    loaded = loading.counting
    began = threading.Event()

    def slow(*given: Any) -> str:
        began.set()
        time.sleep(0.5)
        return loaded(*given)

    monkeypatch.setattr(loading, "counting", slow)
    one, errors = behind(lambda: first.publish(contents(1), "p1"))
    assert began.wait(10)
    with pytest.raises(PublishError, match="another publisher is at work"):
        hasty.publish(contents(2), "p2")
    two, others = behind(lambda: second.publish(contents(3), "p3"))
    one.join()
    two.join()
    assert errors == others == []
    assert first.published_id() == "p3"
    assert first.rollback() == "p1"


@pytest.mark.parametrize("lost", ["the loader's", "the publisher's"])
def test_a_lost_connection_leaves_the_old_publish(
    lost: str,
    warehouse: Warehouse,
    admin: "psycopg.Connection[Any]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = warehouse()
    target.publish(contents(1), "p1")
    counted = loading.counting
    # a loader is within its transaction then, the publisher waits for it with none
    state = "idle" if lost == "the publisher's" else "idle in transaction"

    def cut_off(*given: Any) -> str:
        query = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'cx_barometer' AND state = %s"
        )
        admin.execute(query, [state])
        return counted(*given)

    with monkeypatch.context() as patched:
        patched.setattr(loading, "counting", cut_off)
        with pytest.raises(PublishError, match="the previous publish stays"):
            target.publish(contents(2), "p2")
    assert target.published_id() == "p1"
    target.publish(contents(2), "p2")
    assert target.published_id() == "p2"


@pytest.fixture
def small_disk(admin: "psycopg.Connection[Any]") -> Iterator[str]:
    """A tablespace of a few megabytes."""
    folder = Path(tempfile.mkdtemp(prefix="disk-"))
    mount = ["/usr/bin/mount", "-t", "tmpfs", "-o", "size=2m,mode=0777", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no small file system can be mounted here: {error!r}")
    try:
        subprocess.run(["/usr/bin/chown", "pgserver", str(folder)], check=True)
        folder.chmod(0o700)
        admin.execute(f"CREATE TABLESPACE small LOCATION '{folder}'".encode())
        yield "small"
        admin.execute("DROP TABLESPACE small")
    finally:
        subprocess.run(["/usr/bin/umount", "-l", str(folder)], check=True)
        folder.rmdir()


def test_a_full_disk_leaves_the_old_publish(
    small_disk: str, dsn: str, warehouse: Warehouse, admin: "psycopg.Connection[Any]"
) -> None:
    target = warehouse()
    target.publish(contents(1), "p1")
    full = warehouse(dsn=f"{dsn}&options=-c%20default_tablespace%3D{small_disk}")
    rows = pl.DataFrame({"code": [f"{n:040}" for n in range(60_000)], "number": [2] * 60_000})
    with pytest.raises(PublishError, match="No space left on device") as caught:
        full.publish([Content(VALUE, rows)], "p2")
    assert "free disk space on the server" in str(caught.value)
    assert target.published_id() == "p1"
    target.publish(contents(2), "p2")
    assert target.published_id() == "p2"
