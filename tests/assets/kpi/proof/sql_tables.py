"""A lake's history in DuckDB: its Parquet files as tables, days, rates and segments in SQL.

Nothing is shared with the code that it checks but the history files and the list of periods.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

import duckdb
import polars as pl

from assets.lake.layout import Lake
from schemas.config.project import Project
from schemas.registry import TABLES, canonical

VALIDITY = {"_closed_on": pl.Date(), "_valid_from": pl.Date(), "_valid_to": pl.Date()}

ACCOUNT_DIMENSIONS: Mapping[str, str] = {
    "account_kind": "kind",
    **{
        name: name
        for name in ("region", "country", "city", "industry", "plan", "tier", "gender",
                     "acquisition_channel")
    },
}  # fmt: skip
"""Dimension → column of the account."""


def connect(
    lake: Lake, project: Project, periods: pl.DataFrame, *, as_of: dt.date
) -> duckdb.DuckDBPyConnection:
    """A database that holds the history, the periods, the rates and the accounts' versions."""
    connection = duckdb.connect()
    for name in TABLES:
        _table(connection, lake, name)
    connection.register("_period", periods.to_arrow())
    script = f"""
        CREATE TABLE period AS
            SELECT period_grain, period_start, period_end,
                least(period_end, DATE '{as_of}') AS last
            FROM _period;
        CREATE TABLE period_day AS
            SELECT period_grain, period_start, last,
                CAST(unnest(generate_series(period_start, period_end, INTERVAL 1 DAY)) AS DATE)
                    AS period_day
            FROM period;
        CREATE MACRO local_day(moment) AS
            CAST(timezone('{project.company.time_zone}', moment) AS DATE);
        CREATE MACRO code(currency) AS nullif(upper(trim(currency)), '');
        CREATE MACRO in_reporting(amount, rate) AS
            round(CAST(amount AS DECIMAL(19, 4)) * CAST(rate AS DECIMAL(19, 12)), 4);
        CREATE TABLE fx AS
            SELECT code(currency) AS fx_currency, rate_date, rate AS fx_rate FROM erp_fx_rate;
    """  # noqa: S608 names and dates, no input
    connection.execute(script)
    connection.execute("""
        CREATE TABLE account AS
        SELECT *,
            CASE WHEN row_number() OVER w = 1 THEN DATE '0001-01-01' ELSE _valid_from END
                AS holds_from,
            coalesce(lead(_valid_from) OVER w, DATE '9999-12-31') AS holds_until
        FROM crm_account
        WINDOW w AS (PARTITION BY account_id ORDER BY _valid_from NULLS FIRST)
    """)
    return connection


def _table(connection: duckdb.DuckDBPyConnection, lake: Lake, name: str) -> None:
    """One history table, with its contract's columns even where there is none."""
    months = lake.history_months(name)
    paths = [path for month in months if (path := lake.history(name, month).path("data.parquet"))]
    empty = pl.DataFrame(schema={**canonical(name).polars_schema(), **VALIDITY})
    connection.register("_empty", empty.to_arrow())
    files = "".join(f", '{path}'" for path in paths)[2:]
    union = f"UNION ALL BY NAME FROM read_parquet([{files}], union_by_name = true)" if paths else ""
    connection.execute(f"CREATE TABLE {name} AS FROM _empty {union}")
    connection.unregister("_empty")


def account_columns(dimensions: Sequence[str]) -> str:
    """Dimensions of the account `a` as columns `d_…`."""
    found = []
    for name in dimensions:
        if name.startswith("custom."):
            attribute = name.removeprefix("custom.")
            found.append(f"a.custom->>'$.{attribute}' AS {column(name)}")
        elif name in ACCOUNT_DIMENSIONS:
            found.append(f"a.{ACCOUNT_DIMENSIONS[name]} AS {column(name)}")
    return "".join(f", {one}" for one in found)


def account_join(owner: str, day: str) -> str:
    """Join of the account `a` as of a day."""
    return f"""LEFT JOIN account a ON a.account_id = {owner}
        AND a.holds_from <= {day} AND {day} < a.holds_until"""


def rated(table: str, day: str, project: Project) -> str:
    """A table with the `rate` of its currency on a day, null where none is recent enough."""
    reporting, age = project.company.currency, project.kpis.exchange.max_age_days
    return f"""(
        SELECT e.*, CASE WHEN coalesce(code(e.currency), '{reporting}') = '{reporting}' THEN 1
                         WHEN {day} - fx.rate_date <= {age} THEN fx.fx_rate END AS rate
        FROM {table} e
        ASOF LEFT JOIN fx ON fx.fx_currency = code(e.currency) AND {day} >= fx.rate_date
    )"""  # noqa: S608 names of columns


def column(dimension: str) -> str:
    """Column of a dimension."""
    return f"d_{dimension.replace('.', '_')}"


def segment_key(dimensions: Sequence[str]) -> str:
    r"""Key of a segment set: values joined by `|`, which is escaped within one."""
    values = [f"coalesce(CAST({column(name)} AS VARCHAR), '(unknown)')" for name in dimensions]
    if not values:
        return "'all'"
    if len(values) == 1:
        return values[0]
    return " || '|' || ".join(
        rf"replace(replace({value}, '\', '\\'), '|', '\|')" for value in values
    )
