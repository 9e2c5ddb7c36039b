"""Processes of their own beside a DuckDB file: readers, and a publish that kills itself."""

import datetime as dt
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from assets.publish import duckdb_file
from assets.publish.content import Content
from assets.publish.duckdb_file import DuckdbFile
from schemas.operations import RUN_LOG
from tests.assets.publish.postgres.contents import contents

WHOLE = (
    "SELECT count(*), count(DISTINCT v.publish_id), count(DISTINCT v.number), "
    "bool_and(v.number = p.number AND v.publish_id = p.publish_id AND "
    "v.publish_id = f.publish_id AND v.publish_id = 'p' || v.number AND "
    "v.publish_id = l.current_publish_id), min(v.publish_id) "
    "FROM value v JOIN part p USING (code) JOIN fixed f USING (code) CROSS JOIN run_log l"
)
"""What a reader asks; of a whole publish the answer is 10 rows, 1, 1, true and its id."""

_STEPS = [
    (os, "link"), (os, "fsync"), (os, "replace"), (os, "unlink"), (os, "chmod"),
    (duckdb_file, "_write"), (duckdb_file, "_build"), (duckdb_file, "_audit"),
    (duckdb_file, "_audit_keys"), (DuckdbFile, "_show"), (DuckdbFile, "_keep_what_is_shown"),
]  # fmt: skip


def publish(path: Path, number: int, *, keep: int = 3) -> None:
    """Publish `p<number>` with its row of `run_log`."""
    log = pl.DataFrame([{
        "publish_id": f"p{number}",
        "run_id": "r",
        "published_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=number),
        "as_of": dt.date(2026, 1, 1),
        "kpi_values": 0,
        "rows_quarantined": 0,
    }])  # fmt: skip
    schema = RUN_LOG.polars_schema()
    tables = [*contents(number), Content(RUN_LOG, log.select(schema.names()).cast(schema))]
    DuckdbFile(path, keep).publish(tables, f"p{number}")


def read(path: Path) -> tuple[Any, ...]:
    """A reader's answer, by a connection of its own."""
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(WHOLE).fetchall()[0]


def publish_until_it_fails(path: Path) -> None:
    """Publish and keep all, each takes some more of the disk."""
    for number in range(2, 12):
        publish(path, number, keep=20)


def write_and_die(path: Path) -> None:
    """Add a row to a published file, as no reader should, and leave it in the file's log."""
    connection = duckdb.connect(path)
    connection.execute("INSERT INTO fixed VALUES ('mine', 'p1')")
    os.kill(os.getpid(), signal.SIGKILL)


def publish_and_die(path: Path, number: int, *, step: int | None, seconds: float) -> None:
    """Publish `p<number>`; be killed before that step, or after that time."""
    if step is not None:
        _count_down(step)
    else:
        threading.Thread(target=_die_in, args=[seconds], daemon=True).start()
    publish(path, number)


def go_on_reading(path: Path, seen: Any, stop: Any, *, is_patient: bool) -> None:
    """Read until told to stop; a patient reader asks five times of each open file."""
    random.seed(os.getpid())
    while not stop.is_set():
        with duckdb.connect(path, read_only=True) as connection:
            answers = []
            for _ in range(5 if is_patient else 1):
                answers.append(connection.execute(WHOLE).fetchall()[0])
                time.sleep(random.uniform(0, 0.02))
        seen.put(answers)


def _die_in(seconds: float) -> None:
    time.sleep(seconds)
    os.kill(os.getpid(), signal.SIGKILL)


def _count_down(step: int) -> None:
    left = [step]

    def wrapped(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*given, **named)

        return call

    for owner, name in _STEPS:
        setattr(owner, name, wrapped(getattr(owner, name)))
