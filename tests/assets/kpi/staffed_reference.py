"""The KPIs of contracts and people once more, in SQL on DuckDB, apart from the code they check."""

from collections.abc import Mapping

import duckdb
import polars as pl

from tests.assets.kpi.company import Table
from tests.assets.kpi.histories import frame

GRAINS = ("day", "week", "month", "quarter", "year", "fiscal_month", "fiscal_quarter",
          "fiscal_year", "rolling_12m")  # fmt: skip
"""Fiscal years begin in February."""

_EVER = "DATE '9999-12-29'"
_RATED = """
    SELECT e.*, r.rate,
        CASE WHEN coalesce(upper(e.currency), 'EUR') = 'EUR' THEN 1::DECIMAL(18, 6)
             WHEN {day} - r.rate_date <= 7 THEN r.rate::DECIMAL(18, 6) END AS factor
    FROM {table} e ASOF LEFT JOIN erp_fx_rate r
        ON r.currency = upper(e.currency) AND {day} >= r.rate_date
"""

VIEWS = f"""
CREATE VIEW calendar AS
    SELECT CAST(unnest(generate_series(DATE '2023-01-01', DATE '2026-12-31', INTERVAL 1 DAY))
        AS DATE) AS d;
CREATE VIEW starting AS
    SELECT 'day' AS grain, d AS s, d AS e FROM calendar
    UNION ALL SELECT 'week', d, d + 6 FROM calendar WHERE isodow(d) = 1
    UNION ALL SELECT g, d, CAST(d + to_months(m) AS DATE) - 1 FROM calendar,
        (VALUES ('month', 1, 0), ('quarter', 3, 0), ('year', 12, 0), ('fiscal_month', 1, 0),
                ('fiscal_quarter', 3, 1), ('fiscal_year', 12, 1), ('rolling_12m', 12, NULL))
            k(g, m, shift)
    WHERE day(d) = 1 AND (shift IS NULL OR (month(d) - 1 - shift + 12) % m = 0);
CREATE VIEW period AS
    SELECT grain, s, least(e, as_of) AS e, s - 1 AS before
    FROM starting, known_on WHERE s <= as_of AND (grain <> 'rolling_12m' OR e <= as_of);
CREATE VIEW dated_contract AS
    SELECT *, CAST(timezone('Europe/Paris', signed_at) AS DATE) AS signed_day,
        coalesce(signed_day, starts_on) AS signed_on,
        least(coalesce(ends_on, {_EVER}), coalesce(cancelled_on - 1, {_EVER}),
              coalesce(_closed_on - 1, {_EVER})) AS last_on
    FROM crm_contract;
CREATE VIEW contract AS
    SELECT *, factor IS NOT NULL AS rated,
        round(CAST(value AS DECIMAL(18, 4)) * factor, 4)::DECIMAL(18, 4) AS total,
        round(CAST(recurring_amount AS DECIMAL(18, 4)) * factor, 4)::DECIMAL(18, 4) AS due,
        CASE recurring_unit WHEN 'month' THEN 1 WHEN 'quarter' THEN 3 WHEN 'year' THEN 12 END AS m,
        CASE WHEN kind = 'contract' AND recurring_amount IS NULL THEN 0
             ELSE (CAST(due * 10000 AS BIGINT) * 2 + m) // (2 * m) / 10000.0 END AS monthly,
        list_position(['basic', 'plus', 'pro'], lower(plan)) AS rank
    FROM ({_RATED.format(table="dated_contract", day="e.signed_on")});
CREATE VIEW moment AS
    SELECT p.*, c.*, c.starts_on <= p.before AND c.last_on >= p.before AS at_start,
        c.starts_on <= p.e AND c.last_on >= p.e AS at_end
    FROM period p, contract c WHERE at_start OR at_end;
CREATE VIEW customer AS
    SELECT grain, s, account_id, s AS day,
        coalesce(sum(monthly) FILTER (at_start), 0) AS y,
        coalesce(sum(monthly) FILTER (at_end), 0) AS x,
        count(*) FILTER (at_end) > 0 AND x > y AS richer,
        coalesce(max(rank) FILTER (at_end) > max(rank) FILTER (at_start), false) AS higher,
        count(*) FILTER (monthly IS NULL) > 0 AS unknown,
        count(*) FILTER (at_start AND monthly IS NULL) > 0 AS unknown_start,
        CASE WHEN count(*) FILTER (monthly IS NULL AND rated) > 0 THEN 'no_amount'
             WHEN unknown THEN 'no_rate' END AS why
    FROM moment WHERE account_id IS NOT NULL
    GROUP BY grain, s, account_id HAVING count(*) FILTER (at_start) > 0
    UNION ALL
    SELECT grain, s, NULL, s, 1, 0, false, false, true, true, 'no_account'
    FROM moment WHERE account_id IS NULL AND at_start;
CREATE VIEW retained AS
    SELECT *, CASE WHEN unknown THEN why END AS reason FROM customer WHERE y > 0 OR unknown_start;
CREATE VIEW retained_gross AS SELECT * REPLACE (least(x, y) AS x) FROM retained;
CREATE VIEW upsold AS
    SELECT grain, s, account_id, day, (richer OR higher)::INT AS x,
        CASE WHEN unknown AND NOT higher THEN why END AS reason FROM customer;
CREATE VIEW renewable AS
    SELECT p.grain, p.s, c.account_id, c.product_id, c.plan, c.ends_on AS day,
        EXISTS (FROM contract o WHERE o.contract_id <> c.contract_id AND o.last_on > c.ends_on
            AND o.last_on >= o.starts_on AND o.starts_on <= c.ends_on + 20
            AND (o.renewed_from = c.contract_id
                 OR (o.renewed_from IS NULL AND o.account_id = c.account_id
                     AND o.product_id IS NOT DISTINCT FROM c.product_id
                     AND o.starts_on > c.starts_on AND o.starts_on >= c.ends_on - 20)))::INT AS x,
        CASE WHEN c.account_id IS NULL THEN 'no_account'
             WHEN c.last_on < c.starts_on THEN 'never_in_force'
             WHEN c.last_on < c.ends_on THEN 'left_early'
             WHEN c.ends_on + 20 > as_of THEN 'grace_open' END AS reason
    FROM period p, known_on, contract c WHERE c.ends_on BETWEEN p.s AND p.e;
CREATE VIEW first_signing AS
    SELECT account_id, min(signed_on) AS day FROM contract
    WHERE last_on >= starts_on AND account_id IS NOT NULL GROUP BY account_id;
CREATE VIEW signing AS
    SELECT p.grain, p.s, c.account_id, f.day, CAST(sum(c.total) AS DOUBLE) AS x,
        CASE WHEN count(*) FILTER (c.total IS NULL AND rated) > 0 THEN 'no_amount'
             WHEN count(*) FILTER (c.total IS NULL) > 0 THEN 'no_rate' END AS reason
    FROM period p, contract c JOIN first_signing f ON f.account_id = c.account_id
    WHERE c.signed_on BETWEEN p.s AND p.e AND f.day BETWEEN p.s AND p.e AND last_on >= starts_on
    GROUP BY ALL
    UNION ALL
    SELECT p.grain, p.s, account_id, signed_on, 0,
        CASE WHEN account_id IS NULL THEN 'no_account' ELSE 'never_in_force' END
    FROM period p, contract WHERE signed_on BETWEEN p.s AND p.e
        AND (account_id IS NULL OR last_on < starts_on);
CREATE VIEW staff AS
    SELECT *, least(coalesce(left_on, {_EVER}), coalesce(_closed_on - 1, {_EVER})) AS last_on
    FROM erp_employee;
CREATE VIEW presence AS
    SELECT p.grain, p.s, p.e, department, region,
        least(last_on, p.e) - greatest(hired_on, p.s) + 1 AS days,
        CASE WHEN last_on < hired_on THEN 'never_employed' END AS reason,
        (last_on <= p.e)::INT AS gone, NULL AS cost
    FROM period p, staff
    WHERE (hired_on <= p.e AND last_on >= p.s AND last_on >= hired_on)
        OR (last_on < hired_on AND hired_on BETWEEN p.s AND p.e);
CREATE VIEW course AS
    SELECT p.grain, p.s, p.e, s.department, s.region, 0 AS days, 0 AS gone,
        CASE WHEN t.factor IS NULL THEN 'no_rate' WHEN t.cost IS NULL THEN 'no_amount' END
            AS reason,
        CAST(round(CAST(t.cost AS DECIMAL(18, 4)) * t.factor, 4) AS DECIMAL(18, 4)) AS cost
    FROM period p, ({_RATED.format(table="erp_training", day="e.held_on")}) t
    LEFT JOIN staff s ON s.employee_id = t.employee_id
    WHERE t.held_on BETWEEN p.s AND p.e;
CREATE VIEW turnover AS FROM presence;
CREATE VIEW trained AS
    FROM course
    UNION ALL BY NAME
    SELECT * EXCLUDE (reason), NULL AS reason FROM presence
    WHERE reason IS NULL
        AND (grain, s) IN (SELECT (grain, s) FROM course WHERE reason IS NULL);
"""  # noqa: S608 names of this module, no input

_DAYS = "(any_value(e) - any_value(s) + 1)"
KPIS: Mapping[str, tuple[str, str, str]] = {
    "nrr": ("retained", "100 * sum(x) / sum(y)", "count(*)"),
    "grr": ("retained_gross", "100 * sum(x) / sum(y)", "count(*)"),
    "upsell_rate": ("upsold", "100 * avg(x)", "count(*)"),
    "renewal_rate": ("renewable", "100 * avg(x)", "count(*)"),
    "average_contract_value": ("signing", "avg(x)", "count(*)"),
    "employee_turnover": (
        "turnover", f"CASE WHEN sum(days) > 0 THEN 100 * sum(gone) * {_DAYS} / sum(days) END",
        "count(*)",
    ),
    "training_cost_per_employee": (
        "trained",
        f"""CASE WHEN sum(days) > 0
            THEN CAST(coalesce(sum(cost), 0) AS DOUBLE) * {_DAYS} / sum(days) END""",
        "count(*) FILTER (cost IS NULL)",
    ),
}  # fmt: skip
"""KPI → (view, value, n)."""

_OWN = {"employee_turnover", "training_cost_per_employee"}


def sets_of(code: str) -> dict[str, str]:
    """Segment set → its key in SQL, of those that a KPI carries."""

    def known(column: str) -> str:
        return f"coalesce({column}, '(unknown)')"

    if code in _OWN:
        both = f"{known('department')} || '|' || {known('region')}"
        return {"total": "'all'", "region": known("region"), "department": known("department"),
                "staff": both}  # fmt: skip
    plan = known("e.plan" if code == "renewal_rate" else "a.plan")
    found = {"total": "'all'", "region": known("a.region"), "plan": plan,
             "mixed": f"{plan} || '|' || {known('a.country')}"}  # fmt: skip
    return {**found, "family": known("f.family")} if code == "renewal_rate" else found


def _rows(code: str) -> str:
    """Rows of a KPI joined to what its sets need."""
    view = KPIS[code][0]
    if code in _OWN:
        return view
    product = "LEFT JOIN erp_product f ON f.product_id = e.product_id"
    return f"""{view} e LEFT JOIN crm_account a ON a.account_id = e.account_id
        AND coalesce(a._valid_from, DATE '0001-01-01') <= e.day
        AND e.day < coalesce(a._valid_to, DATE '9999-12-31')
        {product if code == "renewal_rate" else ""}"""


def connect(tables: dict[str, Table], as_of: str) -> duckdb.DuckDBPyConnection:
    """A database that holds the tables and the views."""
    connection = duckdb.connect()
    for name, rows in tables.items():
        connection.register(f"_{name}", frame(name, rows).to_arrow())
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM _{name}")  # noqa: S608 fixed names
    connection.execute(f"CREATE TABLE known_on AS SELECT DATE '{as_of}' AS as_of")
    for statement in VIEWS.split(";\n"):
        connection.execute(statement)
    return connection


def expected(connection: duckdb.DuckDBPyConnection, code: str, grain: str) -> pl.DataFrame:
    """Values: period_start, segment_set, segment_key, value, n."""
    _, value, n = KPIS[code]
    return _united(
        connection, code, grain,
        f"CAST({value} AS DOUBLE) AS value, {n} AS n", "reason IS NULL", "",
    )  # fmt: skip


def excluded(connection: duckdb.DuckDBPyConnection, code: str, grain: str) -> pl.DataFrame:
    """Exclusions: period_start, segment_set, segment_key, reason, count."""
    return _united(
        connection, code, grain, "reason, count(*) AS count", "reason IS NOT NULL", ", reason"
    )


def _united(
    connection: duckdb.DuckDBPyConnection, code: str, grain: str, columns: str, where: str, by: str
) -> pl.DataFrame:
    parts = [
        f"""SELECT s AS period_start, '{name}' AS segment_set, {key} AS segment_key, {columns}
        FROM {_rows(code)} WHERE grain = '{grain}' AND {where} GROUP BY s, segment_key{by}"""  # noqa: S608
        for name, key in sets_of(code).items()
    ]
    return pl.DataFrame(connection.sql(" UNION ALL ".join(parts)).to_arrow_table())
