"""KPIs of customers once more, in SQL on DuckDB: every account is met in every period.

Nothing is shared with the code that it checks but the history.
"""

import datetime as dt
from collections.abc import Mapping

import duckdb
import polars as pl

from tests.assets.kpi.company import Company
from tests.assets.kpi.histories import frame

_TABLES = ("crm_account", "erp_product", "erp_order", "erp_order_line", "crm_contract")

_PERIODS = """
CREATE TABLE period AS
WITH day AS (
    SELECT CAST(unnest(generate_series(DATE '2025-11-01', $as_of, INTERVAL 1 DAY)) AS DATE) AS d
), cut AS (
    SELECT DISTINCT grain, CAST(date_trunc(unit, d - off) + off AS DATE) AS period_start,
        CAST(date_trunc(unit, d - off) + len + off - INTERVAL 1 DAY AS DATE) AS period_end
    FROM day, (VALUES
        ('day', 'day', INTERVAL 1 DAY, INTERVAL 0 MONTH),
        ('week', 'week', INTERVAL 7 DAY, INTERVAL 0 MONTH),
        ('month', 'month', INTERVAL 1 MONTH, INTERVAL 0 MONTH),
        ('quarter', 'quarter', INTERVAL 3 MONTH, INTERVAL 0 MONTH),
        ('year', 'year', INTERVAL 12 MONTH, INTERVAL 0 MONTH),
        ('fiscal_month', 'month', INTERVAL 1 MONTH, INTERVAL 0 MONTH),
        ('fiscal_quarter', 'quarter', INTERVAL 3 MONTH, INTERVAL 1 MONTH),
        ('fiscal_year', 'year', INTERVAL 12 MONTH, INTERVAL 1 MONTH)
    ) g(grain, unit, len, off)
)
SELECT grain, period_start, least(period_end, $as_of) AS last FROM cut
UNION ALL
SELECT 'rolling_12m', d, CAST(d + INTERVAL 12 MONTH - INTERVAL 1 DAY AS DATE) FROM day
WHERE day(d) = 1 AND d >= $first AND d + INTERVAL 12 MONTH - INTERVAL 1 DAY <= $as_of;
"""

_VIEWS = """
CREATE VIEW record AS
    SELECT *, CAST(timezone('Europe/Paris', ordered_at) AS DATE) AS d,
        coalesce(is_return, false) AS back
    FROM erp_order WHERE lower(coalesce(status, '')) NOT IN ('canceled', 'cancelled');
CREATE VIEW sale AS SELECT account_id AS who, d, order_id FROM record
    WHERE NOT back AND account_id IS NOT NULL;
CREATE VIEW force AS SELECT account_id AS who, starts_on AS d,
        coalesce(least(ends_on, cancelled_on - 1), DATE '9000-01-01') AS until
    FROM crm_contract;
CREATE MACRO by_orders(owner, moment) AS
    EXISTS (FROM sale s WHERE s.who = owner AND s.d < moment AND s.d >= moment - $days);
CREATE MACRO by_contracts(owner, moment) AS
    EXISTS (FROM force f WHERE f.who = owner AND f.d < moment AND f.until >= moment - 1);
"""

_FOLLOWED = """
CREATE TABLE churn AS
    SELECT p.*, m.who, period_start AS seen, (NOT is_active(m.who, last + 1))::INT AS x
    FROM period p, (SELECT DISTINCT who FROM activity) m
    WHERE is_active(m.who, period_start) AND period_start >= $whole;
CREATE TABLE reactivation AS
    SELECT p.*, a.who, last AS seen,
        EXISTS (FROM activity b WHERE b.who = a.who AND b.d BETWEEN period_start AND last
            AND b.until >= b.d)::INT AS x
    FROM period p, (SELECT who, min(d) AS d FROM activity WHERE until >= d GROUP BY who) a
    WHERE a.d < period_start AND NOT is_active(a.who, period_start);
"""

_BOUGHT = """
CREATE TABLE repeat AS
    SELECT p.*, who, last AS seen, (count(*) >= 2)::INT AS x
    FROM period p JOIN sale ON d BETWEEN period_start AND last GROUP BY ALL;
CREATE TABLE to_date AS
    SELECT p.*, who, last AS seen, (count(*) >= 2)::INT AS x
    FROM period p JOIN sale ON d <= last GROUP BY ALL;
CREATE TABLE revenue AS
    SELECT p.*, account_id AS who, last AS seen,
        CAST(sum(CASE WHEN back THEN -abs(net_amount) ELSE net_amount END) AS DOUBLE) AS x
    FROM period p JOIN record ON d BETWEEN period_start AND last
    WHERE account_id IS NOT NULL AND net_amount IS NOT NULL AND coalesce(currency, 'EUR') = 'EUR'
    GROUP BY ALL HAVING count(*) FILTER (NOT back) > 0;
CREATE TABLE crossing AS
    SELECT p.*, who, last AS seen, (count(DISTINCT family) >= 2)::INT AS x
    FROM period p JOIN sale ON d BETWEEN last - $window + 1 AND last
    JOIN erp_order_line USING (order_id)
    JOIN erp_product USING (product_id)
    WHERE family IS NOT NULL AND last - $window + 1 >= (SELECT min(d) FROM sold)
    GROUP BY ALL;
"""

KPIS: Mapping[str, tuple[str, str]] = {
    "churn_rate": ("churn", "100.0 * avg(x)"),
    "retention_rate": ("churn", "100.0 - 100.0 * avg(x)"),
    "reactivation_rate": ("reactivation", "100.0 * avg(x)"),
    "repeat_purchase_rate": ("repeat", "100.0 * avg(x)"),
    "repeat_purchase_rate_to_date": ("to_date", "100.0 * avg(x)"),
    "revenue_per_customer": ("revenue", "avg(x)"),
    "cross_sell_rate": ("crossing", "100.0 * avg(x)"),
}
"""KPI → (table, value)."""

_AGE = """CASE WHEN a.birth_year IS NULL THEN '(unknown)'
    WHEN year(period_start) - a.birth_year < 18 THEN '0-17'
    WHEN year(period_start) - a.birth_year < 25 THEN '18-24'
    WHEN year(period_start) - a.birth_year < 35 THEN '25-34'
    WHEN year(period_start) - a.birth_year < 45 THEN '35-44'
    WHEN year(period_start) - a.birth_year < 55 THEN '45-54'
    WHEN year(period_start) - a.birth_year < 65 THEN '55-64' ELSE '65+' END"""
_VIP = r"""replace(replace(coalesce(a.custom->>'$.vip', '(unknown)'), '\', '\\'), '|', '\|')"""
SETS: Mapping[str, str] = {
    "total": "'all'",
    "country": "coalesce(a.country, '(unknown)')",
    "who": f"{_AGE} || '|' || {_VIP}",
}


def connect(
    made: Company, *, basis: str, days: int, window: int, as_of: dt.date
) -> duckdb.DuckDBPyConnection:
    """A database that has every account of every period.

    Args:
        made: The company.
        basis: `orders` or `contracts`.
        days: Days of inactivity after which a customer is lost.
        window: Days of the window of cross-selling.
        as_of: Last loaded day.
    """
    connection = duckdb.connect()
    for name in _TABLES:
        connection.register(f"_{name}", frame(name, made.tables[name]).to_arrow())
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM _{name}")  # noqa: S608 fixed names
    connection.execute(_VIEWS.replace("$days", str(days)))
    first = _earliest(connection, "record")
    given = {"$as_of": f"DATE '{as_of}'", "$first": f"DATE '{first}'", "$window": str(window)}
    activity, whole = "SELECT who, d, d AS until FROM sale", f"DATE '{first}' + {days}"
    if basis == "contracts":
        activity, whole = "SELECT who, d, until FROM force", "DATE '2000-01-01'"
        given["$first"] = f"DATE '{_earliest(connection, 'force')}'"
    connection.execute(f"CREATE VIEW activity AS {activity}")
    connection.execute(
        "CREATE VIEW sold AS SELECT d FROM sale JOIN erp_order_line USING (order_id)"
    )
    script = _PERIODS + _FOLLOWED.replace("is_active", f"by_{basis}") + _BOUGHT
    for name, value in {**given, "$whole": whole}.items():
        script = script.replace(name, value)
    connection.execute(script)
    return connection


def _earliest(connection: duckdb.DuckDBPyConnection, view: str) -> dt.date:
    found: dt.date = connection.sql(f"SELECT min(d) FROM {view}").fetchall()[0][0]  # noqa: S608 fixed names
    return found


def expected(connection: duckdb.DuckDBPyConnection, code: str) -> pl.DataFrame:
    """Values and n of a KPI: period_grain, period_start, segment_set, segment_key, value, n."""
    table, value = KPIS[code]
    parts = [
        f"""SELECT grain AS period_grain, period_start, '{name}' AS segment_set,
            {key} AS segment_key, {value} AS value, count(*) AS n
        FROM {table} m LEFT JOIN crm_account a ON a.account_id = m.who
            AND coalesce(a._valid_from, DATE '0001-01-01') <= m.seen
            AND m.seen < coalesce(a._valid_to, DATE '9999-12-31')
        GROUP BY ALL"""  # noqa: S608 names of this module, no input
        for name, key in SETS.items()
    ]
    return pl.DataFrame(connection.sql(" UNION ALL ".join(parts)).to_arrow_table())
