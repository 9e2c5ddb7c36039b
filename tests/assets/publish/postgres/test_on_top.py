"""Whatever changed, a publish on top of another shows what a first publish would show."""

import dataclasses
import datetime as dt
import json
from typing import Any

import polars as pl
import psycopg
import pytest

from assets.publish.content import Content
from assets.publish.postgres import chunks
from assets.publish.postgres.manifest import FORMAT
from schemas.errors import PublishError
from schemas.table import Column
from schemas.warehouse import KPI_VALUE
from tests.assets.publish.postgres.conftest import Warehouse
from tests.assets.publish.postgres.contents import WHOLE, contents

Admin = psycopg.Connection[Any]
LAST = dt.date(2026, 6, 30)
IS_OLD = pl.col("period_start") < dt.date(2025, 2, 1)


def values() -> Content:
    """Two KPIs by day, month and year, back from the last day, in two segments."""
    days = pl.date_range(dt.date(2024, 12, 1), LAST, "1d", eager=True)
    periods = pl.concat([
        pl.DataFrame({"period_grain": grain, "period_start": starts})
        for grain, starts in (
            ("day", days),
            ("month", days.dt.truncate("1mo").unique()),
            ("year", days.dt.truncate("1y").unique()),
        )
    ])  # fmt: skip
    codes = pl.DataFrame({"kpi_code": ["csat", "nps"]})
    segments = pl.DataFrame({"segment_set": "by_tier", "segment_key": ["gold", "silver"]})
    rows = periods.join(codes, how="cross").join(segments, how="cross").with_row_index("n")
    named = rows.with_columns(pl.col("n").cast(pl.Float64).alias("value"))
    return shaped(KPI_VALUE, named)


def shaped(table: Any, rows: pl.DataFrame) -> Content:
    schema = table.polars_schema()
    filled = rows.with_columns(
        pl.lit(None if kind not in (pl.String, pl.Boolean) else ("" if kind == pl.String else True))
        .cast(kind)
        .alias(name)
        for name, kind in schema.items()
        if name not in rows.columns
    )
    whole = filled.with_columns(
        period_end=pl.col("period_start"), known_at=pl.lit(dt.datetime(2026, 7, 1, tzinfo=dt.UTC)),
        excluded=pl.lit(0),
    )  # fmt: skip
    return Content(table, whole.select(schema.names()).cast(schema))


def changed(rows: pl.DataFrame, where: pl.Expr, **to: object) -> Content:
    return Content(
        KPI_VALUE,
        rows.with_columns(
            pl.when(where).then(pl.lit(value)).otherwise(name).cast(rows.schema[name]).alias(name)
            for name, value in to.items()
        ),
    )


def wider(rows: pl.DataFrame) -> Content:
    table = dataclasses.replace(
        KPI_VALUE, columns=(*KPI_VALUE.columns, Column("more", "text", "More."))
    )
    return Content(table, rows.with_columns(more=pl.lit("x")))


def retyped(rows: pl.DataFrame) -> Content:
    columns = tuple(
        dataclasses.replace(one, type="decimal") if one.name == "value" else one
        for one in KPI_VALUE.columns
    )
    table = dataclasses.replace(KPI_VALUE, columns=columns)
    return Content(table, rows.cast({"value": table.polars_schema()["value"]}))


CHANGES = {
    "old days restated": lambda rows: changed(rows, IS_OLD & (pl.col("n") % 7 == 0), value=-1.0),
    "a segment renamed": lambda rows: changed(
        rows, pl.col("segment_key") == "gold", segment_key="a'u\\"
    ),
    "values withheld": lambda rows: changed(
        rows, pl.col("segment_key") == "gold", value=None, n=None, suppression="min_n"
    ),
    "a KPI removed": lambda rows: Content(KPI_VALUE, rows.filter(pl.col("kpi_code") != "csat")),
    "old years removed": lambda rows: Content(KPI_VALUE, rows.filter(~IS_OLD)),
    "no rows": lambda rows: Content(KPI_VALUE, rows.clear()),
    "few rows": lambda rows: Content(KPI_VALUE, rows.head(1)),
    "a column more": wider,
    "another type": retyped,
}


def shown(admin: Admin, schema: str) -> tuple[list[Any], list[Any]]:
    """Rows of the view, and its columns with types and comments."""
    columns = admin.execute(
        "SELECT attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum), "
        "obj_description(attrelid) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0",
        [f"{schema}.kpi_value"],
    ).fetchall()
    rows = admin.execute(f"SELECT * FROM {schema}.kpi_value v ORDER BY v::text".encode())  # noqa: S608
    return rows.fetchall(), columns


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_shows_what_a_first_publish_shows(
    change: str, warehouse: Warehouse, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "LEAST_ROWS", 10)
    target = warehouse()
    fresh = warehouse(schema=f"{target.config.schema_name}_fresh")
    before = values()
    after = CHANGES[change](before.rows)
    target.publish([before], "p1")
    first = shown(admin, target.config.schema_name)
    target.publish([after], "p2")
    fresh.publish([after], "p2")
    assert shown(admin, target.config.schema_name) == shown(admin, fresh.config.schema_name)
    assert len(shown(admin, target.config.schema_name)[0]) == after.rows.height
    assert target.rollback() == "p1"
    assert shown(admin, target.config.schema_name) == first
    target.publish([after], "p3")
    target.publish([before], "p1")  # and back to what was there
    assert shown(admin, target.config.schema_name) == first


def test_another_text_loads_nothing_and_keeps_views_that_depend(
    warehouse: Warehouse, admin: Admin
) -> None:
    target = warehouse()
    schema = target.config.schema_name
    target.publish(contents(1), "p1")
    admin.execute(f"CREATE VIEW {schema}.mine AS SELECT code FROM {schema}.value".encode())  # noqa: S608
    names = "SELECT relname, oid FROM pg_class WHERE relnamespace = %s::regnamespace"
    before = admin.execute(names, [target.config.data_schema]).fetchall()
    value, *others = contents(1)
    told = dataclasses.replace(value.table, description="Told anew.")
    target.publish([Content(told, value.rows), *others], "p2")
    assert admin.execute(names, [target.config.data_schema]).fetchall() == before
    comment = admin.execute("SELECT obj_description(%s::regclass)", [f"{schema}.value"])
    assert comment.fetchone() == ("Told anew.",)
    assert admin.execute(f"SELECT count(*) FROM {schema}.mine".encode()).fetchone() == (5,)  # noqa: S608


def test_a_warehouse_of_an_earlier_version_is_gone_on_with(
    warehouse: Warehouse, admin: Admin
) -> None:
    target = warehouse()
    schema = target.config.schema_name
    target.publish(contents(1), "p1")
    admin.execute(f"ALTER TABLE {schema}_data._publish DROP COLUMN format".encode())
    assert target.published_id() == "p1"
    target.publish(contents(2), "p2")
    assert target.rollback() == "p1"
    row = admin.execute(WHOLE.format(schema).encode()).fetchone()
    assert row == (10, 1, 1, True, "p1")


def test_a_warehouse_of_a_later_version_is_left_alone(warehouse: Warehouse, admin: Admin) -> None:
    target = warehouse()
    schema = target.config.schema_name
    target.publish(contents(1), "p1")
    target.publish(contents(2), "p2")
    of_later = json.dumps([{"what": "nobody knows yet"}])
    admin.execute(
        f"INSERT INTO {schema}_data._publish (publish_id, is_current, views, format) "  # noqa: S608
        "VALUES ('p9', false, %s::jsonb, %s)".encode(),
        [of_later, FORMAT + 1],
    )
    for refused in (lambda: target.publish(contents(3), "p3"), target.rollback):
        with pytest.raises(PublishError, match="a later version of the product"):
            refused()
    assert admin.execute(WHOLE.format(schema).encode()).fetchone() == (10, 1, 1, True, "p2")
