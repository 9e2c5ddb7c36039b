"""Money and support once more, in SQL on DuckDB over the same history."""

from collections.abc import Mapping

import duckdb
import polars as pl

from tests.assets.kpi.company import Company
from tests.assets.kpi.histories import frame
from tests.assets.kpi.support_company import AS_OF, INACTIVITY_DAYS, MAX_AGE_DAYS

_DAY = "CAST(timezone('Europe/Paris', {}) AS DATE)"
_AGE = """
    CASE WHEN a.birth_year IS NULL THEN '(unknown)'
         WHEN year(e.year_of) - a.birth_year < 18 THEN '0-17'
         WHEN year(e.year_of) - a.birth_year < 25 THEN '18-24'
         WHEN year(e.year_of) - a.birth_year < 35 THEN '25-34'
         WHEN year(e.year_of) - a.birth_year < 45 THEN '35-44'
         WHEN year(e.year_of) - a.birth_year < 55 THEN '45-54'
         WHEN year(e.year_of) - a.birth_year < 65 THEN '55-64'
         ELSE '65+' END
"""
_VIP = "coalesce(a.custom->>'$.vip', '(unknown)')"
_ACCOUNT = f"""
    coalesce(a.country, '(unknown)') AS country,
    {_AGE} || '|' || replace(replace({_VIP}, '\\', '\\\\'), '|', '\\|') AS who
"""
_VERSION = """
    LEFT JOIN crm_account a ON a.account_id = e.account_id
        AND coalesce(a._valid_from, DATE '0001-01-01') <= e.place_on
        AND e.place_on < coalesce(a._valid_to, DATE '9999-12-31')
"""

VIEWS = f"""
CREATE MACRO code(c) AS nullif(upper(trim(c)), '');
CREATE MACRO rate(c, d) AS (
    SELECT CASE WHEN coalesce(code(c), 'EUR') = 'EUR' THEN 1 ELSE (
        SELECT arg_max(r.rate, r.rate_date) FROM erp_fx_rate r
        WHERE code(r.currency) = code(c) AND r.rate_date BETWEEN d - {MAX_AGE_DAYS} AND d
    ) END
);
CREATE MACRO in_euro(x, c, d) AS
    round(CAST(x AS DECIMAL(19, 4)) * CAST(rate(c, d) AS DECIMAL(19, 12)), 4);
CREATE VIEW sold AS
    SELECT *, {_DAY.format("ordered_at")} AS day, coalesce(is_return, false) AS back
    FROM erp_order WHERE lower(coalesce(status, '')) NOT IN ('canceled', 'cancelled');
CREATE VIEW orders AS
    SELECT e.*, {_ACCOUNT} FROM (
        SELECT *, day AS place_on, day AS year_of, in_euro(net_amount, currency, day) AS net,
            rate(currency, day) AS rate
        FROM sold
    ) e {_VERSION};
CREATE VIEW margins AS
    SELECT o.*, c.cost FROM orders o JOIN (
        SELECT s.order_id, sum(in_euro(round(CAST(l.quantity AS DECIMAL(12, 2)) * l.unit_cost, 4),
                                       s.currency, s.day)) AS cost
        FROM sold s JOIN erp_order_line l ON l.order_id = s.order_id
        GROUP BY s.order_id HAVING count(l.quantity * l.unit_cost) = count(*)
    ) c ON c.order_id = o.order_id
    WHERE o.net IS NOT NULL;
CREATE VIEW contact AS
    SELECT *, {_DAY.format("opened_at")} AS day FROM crm_interaction;
CREATE VIEW ledger AS
    SELECT incurred_on AS day, department, touchpoint,
        in_euro(amount, currency, incurred_on) AS cost
    FROM erp_cost WHERE lower(trim(kind)) = 'support';
CREATE VIEW support AS
    SELECT day, department, touchpoint, cost, 0 AS contacts FROM ledger WHERE cost IS NOT NULL
    UNION ALL
    SELECT day, department, touchpoint, cost, 1 FROM contact;
CREATE VIEW placed_support AS
    SELECT *, coalesce(touchpoint, '(unknown)') AS touch,
        coalesce(department, '(unknown)') || '|' || coalesce(touchpoint, '(unknown)') AS place
    FROM support;
CREATE VIEW opinion AS
    SELECT r.account_id, {_DAY.format("r.responded_at")} AS day, r.responded_at,
        CASE WHEN x.score >= 9 THEN 'promoter' WHEN x.score <= 6 THEN 'detractor'
             ELSE 'passive' END AS category
    FROM survey_answer x
    JOIN survey_response r ON r.response_id = x.response_id
    JOIN survey s ON s.survey_id = r.survey_id AND s.audience = 'customer'
    JOIN survey_question q ON q.survey_id = r.survey_id AND q.question_id = x.question_id
    WHERE q.metric = 'nps' AND q.scale_min = 0 AND q.scale_max = 10
        AND x.score BETWEEN 0 AND 10 AND x.score = floor(x.score);
CREATE VIEW customer_orders AS
    SELECT DISTINCT p.period_grain, p.period_start, p.period_end, s.account_id
    FROM period p JOIN sold s ON NOT s.back AND s.account_id IS NOT NULL
        AND s.day <= p.period_end AND s.day + {INACTIVITY_DAYS} >= p.period_start
    WHERE p.period_start >= (SELECT min(day) FROM sold) + {INACTIVITY_DAYS};
CREATE VIEW customer_contracts AS
    SELECT DISTINCT p.period_grain, p.period_start, p.period_end, c.account_id
    FROM period p JOIN crm_contract c ON c.starts_on <= p.period_end
        AND least(coalesce(c.ends_on, DATE '9999-01-01'),
                  coalesce(c.cancelled_on - 1, DATE '9999-01-01')) >= greatest(
                      c.starts_on, p.period_start - 1);
"""  # noqa: S608 names of this module, no input

_MONEY = "CASE WHEN back THEN -abs(net) ELSE net END"
_MARGIN = "CASE WHEN back THEN abs(cost) - abs(net) ELSE net - cost END"
_SALES = "nullif(count(*) FILTER (NOT back), 0)"

EVENTS: Mapping[str, tuple[str, str, str, tuple[str, ...]]] = {
    "average_transaction_value": (
        "orders", f"CAST(sum({_MONEY}) AS DOUBLE) / {_SALES}", "net IS NOT NULL",
        ("country", "who"),
    ),
    "margin_per_transaction": (
        "margins", f"CAST(sum({_MARGIN}) AS DOUBLE) / {_SALES}", "true", ("country", "who"),
    ),
    "margin_rate": (
        "margins",
        f"""CASE WHEN sum({_MONEY}) > 0
            THEN 100 * CAST(sum({_MARGIN}) AS DOUBLE) / sum({_MONEY}) END""",
        "true", ("country", "who"),
    ),
    "support_cost_total": (
        "placed_support", "CAST(sum(cost) AS DOUBLE)", "cost IS NOT NULL", ("touch", "place"),
    ),
    "support_cost_per_contact": (
        "placed_support", "CAST(sum(coalesce(cost, 0)) AS DOUBLE) / nullif(sum(contacts), 0)",
        "true", ("touch", "place"),
    ),
}  # fmt: skip
"""KPI → (view, value, rows that count, sets besides the total)."""

CUSTOMERS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "contact_rate": ("100.0 * avg(contacts)", "true", ("country", "who")),
    "support_cost_per_customer": (
        "any_value(total) / count(*)", "true", (),
    ),
    **{
        f"support_cost_per_{category}": (
            "avg(CAST(cost AS DOUBLE))", f"category = '{category}'", ("country", "who"),
        )
        for category in ("promoter", "passive", "detractor")
    },
}  # fmt: skip
"""KPI → (value, customers that count, sets besides the total)."""

CODES = {*EVENTS, *CUSTOMERS}
_PLACES = {"total": "'all'"}


def connect_support(company: Company, periods: pl.DataFrame) -> duckdb.DuckDBPyConnection:
    """A database that holds the company's tables, the periods and the views."""
    connection = duckdb.connect()
    ends = pl.col("period_end").clip(upper_bound=AS_OF)
    loaded = periods.filter(pl.col("period_start") <= AS_OF)
    connection.register("_period", loaded.with_columns(ends).to_arrow())
    connection.execute("CREATE TABLE period AS SELECT * FROM _period")
    for name, rows in company.tables.items():
        connection.register(f"_{name}", frame(name, rows).to_arrow())
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM _{name}")  # noqa: S608 fixed names
    connection.execute(VIEWS)
    return connection


def expected_of_events(
    connection: duckdb.DuckDBPyConnection, code: str, grain: str
) -> pl.DataFrame:
    """Values of a KPI on events: period_start, segment_set, segment_key, value."""
    view, value, where, sets = EVENTS[code]
    parts = [
        f"""SELECT p.period_start, '{name}' AS segment_set,
            {_PLACES.get(name, name)} AS segment_key, {value} AS value
        FROM {view} e JOIN period p ON e.day BETWEEN p.period_start AND p.period_end
        WHERE p.period_grain = '{grain}' AND {where} GROUP BY ALL"""  # noqa: S608 names of this module
        for name in ("total", *sets)
    ]
    return pl.DataFrame(connection.sql(" UNION ALL ".join(parts)).to_arrow_table())


def expected_of_customers(
    connection: duckdb.DuckDBPyConnection, code: str, grain: str, basis: str
) -> pl.DataFrame:
    """Values of a KPI on customers: period_start, segment_set, segment_key, n, value."""
    value, where, sets = CUSTOMERS[code]
    customers = f"""
        SELECT e.*, {_ACCOUNT} FROM (
            SELECT c.*, c.period_end AS place_on, c.period_start AS year_of,
                (SELECT count(*) FROM contact i WHERE i.account_id = c.account_id
                    AND i.day BETWEEN c.period_start AND c.period_end) AS contacts,
                (SELECT coalesce(sum(i.cost), 0) FROM contact i WHERE i.account_id = c.account_id
                    AND i.day BETWEEN c.period_start AND c.period_end) AS cost,
                (SELECT CAST(coalesce(sum(s.cost), 0) AS DOUBLE) FROM support s
                    WHERE s.day BETWEEN c.period_start AND c.period_end) AS total,
                (SELECT arg_max(o.category, o.responded_at) FROM opinion o
                    WHERE o.account_id = c.account_id AND o.day <= c.period_end) AS category
            FROM customer_{basis} c WHERE c.period_grain = '{grain}'
        ) e {_VERSION}"""  # noqa: S608 names of this module
    parts = [
        f"""SELECT period_start, '{name}' AS segment_set, {_PLACES.get(name, name)} AS segment_key,
            count(*) AS n, {value} AS value FROM ({customers}) WHERE {where} GROUP BY ALL"""  # noqa: S608
        for name in ("total", *sets)
    ]
    return pl.DataFrame(connection.sql(" UNION ALL ".join(parts)).to_arrow_table())
