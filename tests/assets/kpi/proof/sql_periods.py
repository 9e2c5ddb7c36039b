"""KPIs on events summed over periods and segments in SQL; what they are is in `event_kpis`."""

from collections.abc import Iterable, Mapping

import duckdb
import polars as pl

from tests.assets.kpi.proof.event_kpis import InSql
from tests.assets.kpi.proof.sql_events import CARRIED, NO_ACCOUNT
from tests.assets.kpi.proof.sql_tables import segment_key


def sets_of(one: InSql, sets: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Segment sets that a KPI carries."""
    carried = CARRIED["sold"] if one.table == "orders" else CARRIED[one.table]
    strange = frozenset().union(*CARRIED.values())
    return {
        name: dimensions
        for name, dimensions in sets.items()
        if all(
            dimension in carried or (dimension not in strange and one.table not in NO_ACCOUNT)
            for dimension in dimensions
        )
    }


def note_first_event(connection: duckdb.DuckDBPyConnection, kpis: Iterable[InSql]) -> None:
    """Note the first day of any event that a KPI is of: windows lie wholly in what is known."""
    days = {
        f"SELECT min({one.day}) AS since FROM {one.table} WHERE {one.concerns}"  # noqa: S608
        for one in kpis
    }
    connection.execute(
        f"CREATE TABLE first_event AS SELECT min(since) AS since FROM ({' UNION ALL '.join(days)})"  # noqa: S608
    )


def _parts(
    one: InSql,
    sets: Mapping[str, tuple[str, ...]],
    columns: str,
    where: str,
    *,
    days: str = "period_day",
) -> str:
    """One query of all grains and sets; windows of 28 days are of the total only."""
    parts = []
    for name, dimensions in sets_of(one, sets).items():
        is_of_lines = any(dimension.startswith("product_") for dimension in dimensions)
        table = "sold" if one.table == "orders" and is_of_lines else one.table
        grains = "" if name == "total" else "AND p.period_grain <> 'rolling_28d'"
        parts.append(f"""
            SELECT p.period_grain, p.period_start, '{name}' AS segment_set,
                {segment_key(dimensions)} AS segment_key, {columns}
            FROM {table} e JOIN {days} p ON p.period_day = e.{one.day} {grains}
            WHERE ({one.concerns}) AND {where} AND (p.period_grain NOT LIKE 'rolling%'
                OR p.period_start >= (SELECT since FROM first_event))
            GROUP BY p.period_grain, p.period_start, segment_key
        """)  # noqa: S608 names of this module
    return " UNION ALL ".join(parts)


def expected(
    connection: duckdb.DuckDBPyConnection,
    one: InSql,
    sets: Mapping[str, tuple[str, ...]],
    *,
    days: str = "period_day",
) -> pl.DataFrame:
    """period_grain, period_start, segment_set, segment_key, value, numerator, denominator, n.

    Args:
        connection: The database.
        one: The KPI.
        sets: Segment sets and their dimensions.
        days: Table of the days of each period, with the last one known.
    """
    columns = f"""
        CAST({one.numerator} AS DOUBLE) AS numerator,
        CAST({one.denominator} AS DOUBLE) AS denominator, CAST({one.n} AS BIGINT) AS n,
        CAST({one.also_excluded} AS BIGINT) AS also_excluded, CAST({one.value or "NULL"} AS DOUBLE)
            AS own_value"""
    rows = _parts(one, sets, columns, f"({one.counts})", days=days)
    ratio = f"CASE WHEN denominator > 0 THEN {one.factor} * numerator / denominator END"
    value = "own_value" if one.value else ratio
    return pl.DataFrame(
        connection.sql(f"SELECT *, {value} AS value FROM ({rows})").to_arrow_table()  # noqa: S608
    )


def left_out(
    connection: duckdb.DuckDBPyConnection, one: InSql, sets: Mapping[str, tuple[str, ...]]
) -> pl.DataFrame:
    """period_grain, period_start, segment_set, segment_key, count of rows that do not count."""
    where = f"NOT coalesce({one.counts}, false)"
    rows = _parts(one, sets, "count(*) AS count", where)
    return pl.DataFrame(connection.sql(rows).to_arrow_table())
