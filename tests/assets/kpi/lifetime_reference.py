"""Lifetime values once more, in SQL on DuckDB and, for predictions, in the papers' closed forms."""

import datetime as dt
from collections.abc import Mapping

import duckdb
import polars as pl
from scipy.integrate import quad
from scipy.special import hyp2f1

from tests.assets.kpi.company import Table
from tests.assets.kpi.histories import frame

GRAINS: Mapping[str, tuple[str, str]] = {
    "month": ("date_trunc('month', day)", "1 month"),
    "quarter": ("date_trunc('quarter', day)", "3 months"),
    "year": ("date_trunc('year', day)", "12 months"),
    "fiscal_month": ("date_trunc('month', day)", "1 month"),
    "fiscal_quarter": (
        "date_trunc('quarter', day - INTERVAL 1 MONTH) + INTERVAL 1 MONTH", "3 months",
    ),
    "fiscal_year": ("date_trunc('year', day - INTERVAL 1 MONTH) + INTERVAL 1 MONTH", "12 months"),
}  # fmt: skip
"""Grain → first day of a day's period, and its length; the fiscal year begins in February."""

SETS: Mapping[str, str] = {
    "total": "'all'",
    "country": "country",
    "both": "country || '|' || vip",
}
INACTIVITY_DAYS = 40

_VIEWS = """
CREATE VIEW cost AS
    SELECT order_id,
        CASE WHEN count(unit_cost) = count(*)
             THEN sum(CAST(quantity AS DECIMAL(12, 2)) * unit_cost) END AS amount
    FROM erp_order_line GROUP BY order_id;
CREATE VIEW sale AS
    SELECT o.account_id, CAST(timezone('Europe/Paris', ordered_at) AS DATE) AS day,
        coalesce(is_return, false) AS back, coalesce(currency, 'EUR') <> 'EUR' AS unrated,
        CASE WHEN coalesce(currency, 'EUR') <> 'EUR' THEN NULL
             WHEN coalesce(is_return, false) THEN -abs(net_amount) ELSE net_amount END AS net,
        CASE WHEN coalesce(is_return, false) THEN -abs(c.amount) ELSE c.amount END AS cost
    FROM erp_order o LEFT JOIN cost c USING (order_id)
    WHERE lower(coalesce(status, '')) <> 'canceled';
"""

VALUES: Mapping[str, tuple[str, str]] = {
    "clv_historical": ("avg(CAST(net AS DOUBLE))", "no_net = 0"),
    "clv_historical_margin": ("avg(CAST(margin AS DOUBLE))", "no_net = 0 AND no_cost = 0"),
    "clv_simple": ("sum(CAST(net AS DOUBLE)) / nullif(count(*) FILTER (gone), 0)", "no_net = 0"),
    "clv_basket": ("sum(CAST(sold AS DOUBLE)) / nullif(count(*) FILTER (gone), 0)", "no_net = 0"),
}
"""KPI → value, and customers that count."""

BY_CHURN: Mapping[str, tuple[str, str]] = {
    code: (
        f"""sum(CAST({amount} AS DOUBLE)) / nullif(sum(lived), 0) * 365
            * count(*) FILTER (was) / nullif(count(*) FILTER (was AND gone), 0)""",
        "no_net = 0",
    )
    for code, amount in (("clv_simple", "net"), ("clv_basket", "sold"))
}
"""The same with a lifespan of 1 / churn."""


def connect(tables: Mapping[str, Table], last: dt.date) -> duckdb.DuckDBPyConnection:
    """A database that holds the tables, the sales, and what each customer bought by each period."""
    connection = duckdb.connect()
    for name, rows in tables.items():
        connection.register(f"_{name}", frame(name, rows).to_arrow())
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM _{name}")  # noqa: S608 fixed names
    connection.execute(_VIEWS)
    for grain, (start, length) in GRAINS.items():
        connection.execute(f"""
            CREATE TABLE period_{grain} AS
            SELECT DISTINCT CAST({start} AS DATE) AS start,
                least(CAST({start} + INTERVAL {length} AS DATE) - 1, DATE '{last}') AS finish
            FROM (SELECT unnest(generate_series((SELECT min(day) FROM sale), DATE '{last}',
                                                INTERVAL 1 DAY)) AS day);
            CREATE TABLE customer_{grain} AS
            SELECT c.*, coalesce(a.country, '(unknown)') AS country,
                coalesce(a.custom->>'$.vip', '(unknown)') AS vip,
                newest + {INACTIVITY_DAYS} <= finish AS gone,
                date_diff('day', oldest, least(newest + {INACTIVITY_DAYS}, finish)) AS lived
            FROM (
                SELECT start, finish, account_id, sum(net) AS net, sum(net - cost) AS margin,
                    sum(net) FILTER (NOT back) AS sold,
                    min(day) FILTER (NOT back) AS oldest, max(day) FILTER (NOT back) AS newest,
                    count(*) FILTER (net IS NULL) AS no_net,
                    count(*) FILTER (cost IS NULL) AS no_cost,
                    count(*) FILTER (NOT back AND day < finish - 364
                                     AND day >= finish - 364 - {INACTIVITY_DAYS}) > 0 AS was
                FROM period_{grain} JOIN sale ON day <= finish
                WHERE account_id IS NOT NULL
                GROUP BY ALL HAVING count(*) FILTER (NOT back) > 0
            ) c
            LEFT JOIN crm_account a ON a.account_id = c.account_id
                AND coalesce(a._valid_from, DATE '0001-01-01') <= finish
                AND finish < coalesce(a._valid_to, DATE '9999-12-31');
        """)  # noqa: S608 names of this module, no input
    return connection


def expected(
    connection: duckdb.DuckDBPyConnection, kpi: tuple[str, str], grain: str
) -> pl.DataFrame:
    """Values of a KPI: period_start, segment_set, segment_key, n, value."""
    value, where = kpi
    parts = [
        f"""SELECT start AS period_start, '{name}' AS segment_set, {key} AS segment_key,
            count(*) AS n, {value} AS value FROM customer_{grain} WHERE {where} GROUP BY ALL"""  # noqa: S608
        for name, key in SETS.items()
    ]
    return pl.DataFrame(connection.sql(" UNION ALL ".join(parts)).to_arrow_table())


def histories(connection: duckdb.DuckDBPyConnection, grain: str) -> pl.DataFrame:
    """x, t_x, T, valued x and mean value of each customer, its segments, and the share left."""
    return pl.DataFrame(
        connection.sql(f"""
            WITH bought AS (
                SELECT start, s.account_id, day, oldest,
                    CASE WHEN count(s.net) = count(*) THEN CAST(sum(s.net) AS DOUBLE) END AS worth
                FROM customer_{grain} c JOIN sale s ON s.account_id = c.account_id
                    AND day <= finish AND NOT back
                GROUP BY ALL
            ), each AS (
                SELECT start, account_id, count(*) - 1 AS x,
                    count(*) FILTER (day > oldest AND worth > 0) AS valued,
                    avg(worth) FILTER (day > oldest AND worth > 0) AS mean
                FROM bought GROUP BY ALL
            ), remaining AS (
                SELECT start, CAST(sum(net) AS DOUBLE) / CAST(sum(sold) AS DOUBLE) AS share
                FROM customer_{grain} WHERE no_net = 0 GROUP BY start
            )
            SELECT c.start AS period_start, x, date_diff('day', oldest, newest) AS t_x,
                date_diff('day', oldest, finish) AS age, valued, mean, share,
                {", ".join(f"{key} AS {name}" for name, key in SETS.items())}
            FROM customer_{grain} c JOIN each USING (start, account_id)
                JOIN remaining r ON r.start = c.start
        """).to_arrow_table()  # noqa: S608 names of this module, no input
    )


def purchases_ahead(
    parameters: Mapping[str, float], history: Mapping[str, float], time: float
) -> float:
    """Equation 10 of Fader, Hardie & Lee (2005)."""
    r, alpha, a, b = (parameters[name] for name in ("r", "alpha", "a", "b"))
    x, known = history["x"], alpha + history["age"]
    hyper = hyp2f1(r + x, b + x, a + b + x - 1, time / (known + time))
    found = (a + b + x - 1) / (a - 1) * (1 - (known / (known + time)) ** (r + x) * hyper)
    stopped = 0.0
    if x > 0:
        stopped = a / (b + x - 1) * (known / (alpha + history["t_x"])) ** (r + x)
    return float(found / (1 + stopped))


def predicted(
    parameters: Mapping[str, float], history: Mapping[str, float], *, horizon: float, delta: float
) -> float:
    """Discounted purchases, integrated by parts, times the mean of the Gamma-Gamma."""

    def ahead(time: float) -> float:
        return purchases_ahead(parameters, history, time) * 2.718281828459045 ** (-delta * time)

    count = ahead(horizon) + delta * quad(ahead, 0, horizon, epsabs=0, epsrel=1e-12)[0]
    p, q, v = (parameters[name] for name in "pqv")
    spent = history["valued"] * (history["mean"] or 0.0)
    return count * p * (v + spent) / (p * history["valued"] + q - 1) * history["share"]
