"""The audit can fail: rows that do not arrive as they were sent are never shown."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import adbc_driver_manager.dbapi
import polars as pl
import psycopg
import pyarrow as pa
import pytest

from assets.publish.content import Content
from schemas.errors import PublishError
from tests.assets.publish.postgres.conftest import Warehouse
from tests.assets.publish.postgres.contents import WHOLE, contents
from tests.assets.publish.test_duckdb_file import ROW, THING

Damage = Callable[[pl.DataFrame], pl.DataFrame]
SENT = [ROW, ROW | {"part": "p", "ratio": 1e12, "order": 4}, ROW | {"part": "q", "order": None}]


def thing(*rows: dict[str, Any]) -> Content:
    return Content(THING, pl.DataFrame([*rows], schema=THING.polars_schema()))


def _first(name: str, value: object) -> Damage:
    is_first = pl.col("part").is_null()
    return lambda rows: rows.with_columns(
        pl.when(is_first).then(pl.lit(value)).otherwise(name).cast(rows.schema[name]).alias(name)
    )


DAMAGES = [
    pytest.param(lambda rows: rows.head(2), "rows: 2", id="a row is lost"),
    pytest.param(lambda rows: pl.concat([rows, rows.head(1)]), "rows: 4", id="a row comes twice"),
    pytest.param(
        lambda rows: pl.concat([rows.head(2), rows.head(1)]),
        "sum of order",
        id="a row instead of another",
    ),
    pytest.param(_first("order", 7), "sum of order", id="an integer"),
    pytest.param(_first("ratio", 0.2), "sum of ratio", id="a small figure beside a large one"),
    pytest.param(_first("amount", 1), "sum of amount", id="an amount"),
    pytest.param(_first("made_on", dt.date(2024, 3, 2)), "sum of made_on", id="a day"),
    pytest.param(_first("is_new", False), "sum of is_new", id="a flag"),
    pytest.param(_first("known_at", None), "values of known_at: 2", id="an instant is lost"),
]


def damaged(patch: pytest.MonkeyPatch, damage: Damage) -> None:
    """What is sent to the server is not what was to be sent."""
    ingest = adbc_driver_manager.dbapi.Cursor.adbc_ingest

    def other(cursor: Any, name: str, batches: Any, **how: Any) -> Any:
        rows = pl.DataFrame(batches.read_all())
        arrow: pa.Table = damage(rows).to_arrow(compat_level=pl.CompatLevel.oldest())
        return ingest(cursor, name, arrow.to_reader(), **how)

    patch.setattr(adbc_driver_manager.dbapi.Cursor, "adbc_ingest", other)


@pytest.mark.parametrize(("damage", "found"), DAMAGES)
def test_rows_that_arrive_changed_are_not_shown(
    damage: Damage,
    found: str,
    warehouse: Warehouse,
    admin: "psycopg.Connection[Any]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = warehouse()
    target.publish(contents(1), "p1")
    with monkeypatch.context() as patch:
        damaged(patch, damage)
        with pytest.raises(PublishError, match="the audit of the written rows failed") as caught:
            target.publish([thing(*SENT)], "p2")
    assert found in str(caught.value)
    query = WHOLE.format(target.config.schema_name).encode()
    assert admin.execute(query).fetchone() == (10, 1, 1, True, "p1")
    target.publish([thing(*SENT)], "p3")
    assert target.published_id() == "p3"


def test_a_key_that_comes_twice_is_not_shown(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = warehouse()
    target.publish([thing(*SENT)], "p1")
    with monkeypatch.context() as patch:
        damaged(patch, lambda rows: rows.with_columns(part=pl.lit("p")))
        with pytest.raises(PublishError, match=r"values of part: 3"):
            target.publish([thing(*SENT, ROW | {"part": "r"})], "p2")
        # the same counts and sums, and yet not the same rows: the key is made last
        damaged(patch, lambda rows: rows.with_columns(part=pl.lit("p")))
        with pytest.raises(PublishError, match="could not create unique index"):
            target.publish([thing(*SENT[1:])], "p2")
    assert target.published_id() == "p1"


def test_the_loader_itself_cannot_change_what_was_audited(
    warehouse: Warehouse, admin: "psycopg.Connection[Any]"
) -> None:
    target = warehouse()
    target.publish(contents(1), "p1")
    query = (
        "SELECT count(*) FILTER (WHERE relacl::text ~ '=[^/]*[awdD]'), count(*) FROM pg_class "
        "WHERE relnamespace = %s::regnamespace AND relkind = 'r' AND relname <> '_publish'"
    )
    found = admin.execute(query, [target.config.data_schema]).fetchone()
    assert found == (0, 3)
