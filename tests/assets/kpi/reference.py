"""The KPIs once more, in SQL on DuckDB over the same history, apart from the code they check.

Events are dated, joined and counted by DuckDB's own time zones, joins and aggregates.
"""

from collections.abc import Mapping

import duckdb
import polars as pl

from tests.assets.kpi.company import Company
from tests.assets.kpi.histories import frame

_DAY = "CAST(timezone('Europe/Paris', {}) AS DATE)"

_ACCOUNT = """
    LEFT JOIN crm_account a ON a.account_id = e.account_id
        AND coalesce(a._valid_from, DATE '0001-01-01') <= e.day
        AND e.day < coalesce(a._valid_to, DATE '9999-12-31')
"""
_AGE = """
    CASE WHEN a.birth_year IS NULL THEN '(unknown)'
         WHEN year(e.day) - a.birth_year < 18 THEN '0-17'
         WHEN year(e.day) - a.birth_year < 25 THEN '18-24'
         WHEN year(e.day) - a.birth_year < 35 THEN '25-34'
         WHEN year(e.day) - a.birth_year < 45 THEN '35-44'
         WHEN year(e.day) - a.birth_year < 55 THEN '45-54'
         WHEN year(e.day) - a.birth_year < 65 THEN '55-64'
         ELSE '65+' END
"""
_SEGMENTS = f"""
    coalesce(a.country, '(unknown)') AS country,
    {_AGE} || '|' || replace(replace(coalesce(a.custom->>'$.vip', '(unknown)'), '\\', '\\\\'),
                             '|', '\\|') AS who
"""

VIEWS = f"""
CREATE VIEW response AS
    SELECT e.*, {_SEGMENTS}, coalesce(e.touchpoint, s.touchpoint, '(unknown)') AS place
    FROM (SELECT *, {_DAY.format("responded_at")} AS day FROM survey_response) e
    {_ACCOUNT}
    LEFT JOIN survey s ON s.survey_id = e.survey_id
    WHERE coalesce(s.audience, 'customer') = 'customer';
CREATE VIEW answer AS
    SELECT r.day, r.country, r.who, r.place, coalesce(r.weight, 1) AS w, x.score AS v, q.*,
        q.scale_max - q.scale_min + 1 AS points, coalesce(q.higher_is_better, true) AS up
    FROM survey_answer x
    JOIN response r ON r.response_id = x.response_id
    JOIN survey_question q ON q.survey_id = r.survey_id AND q.question_id = x.question_id
    WHERE x.score IS NOT NULL AND NOT isnan(x.score)
        AND x.score BETWEEN q.scale_min AND q.scale_max
        AND NOT coalesce(list_contains(string_split(q.na_codes, '|'),
                                       CAST(CAST(x.score AS BIGINT) AS VARCHAR)), false);
CREATE VIEW orders AS
    SELECT e.order_id, e.day, {_SEGMENTS}, coalesce(e.channel, '(unknown)') AS place,
        coalesce(is_return, false) AS back, net_amount
    FROM (SELECT *, {_DAY.format("ordered_at")} AS day FROM erp_order) e
    {_ACCOUNT}
    WHERE lower(coalesce(status, '')) NOT IN ('canceled', 'cancelled')
        AND coalesce(currency, 'EUR') = 'EUR';
CREATE VIEW leads AS
    SELECT e.*, {_SEGMENTS}, {_DAY.format("closed_at")} AS closed_day, '' AS place
    FROM (SELECT *, {_DAY.format("created_at")} AS day FROM crm_lead) e {_ACCOUNT};
CREATE VIEW interactions AS
    SELECT e.*, {_SEGMENTS}, {_DAY.format("resolved_at")} AS resolved_day,
        coalesce(e.channel, '(unknown)') AS place,
        date_diff('second', opened_at, first_response_at) / 60.0 AS response,
        date_diff('second', opened_at, resolved_at) / 60.0 AS resolution
    FROM (SELECT *, {_DAY.format("opened_at")} AS day FROM crm_interaction) e {_ACCOUNT};
"""  # noqa: S608 names of this module, no input

_WHOLE = "v = floor(v)"
_GOOD = "CASE WHEN up THEN v ELSE scale_min + scale_max - v END"
_NPS = f"metric = 'nps' AND scale_min = 0 AND scale_max = 10 AND {_WHOLE}"
_CSAT = f"metric = 'csat' AND points IN (3, 4, 5, 6, 7, 10, 11) AND {_WHOLE}"
_TOP = f"""({_GOOD}) > scale_max -
    CASE points WHEN 3 THEN 1 WHEN 10 THEN 3 WHEN 11 THEN 3 ELSE 2 END"""
_RESCALED = f"100 * (({_GOOD}) - scale_min) / (scale_max - scale_min)"
_CES = f"metric = 'ces' AND points IN (5, 7) AND {_WHOLE}"
_EASY = f"({_GOOD}) > scale_max - CASE points WHEN 7 THEN 3 ELSE 2 END"
_NET = f"""CASE WHEN ({_GOOD}) > scale_max - 2 THEN 1
    WHEN ({_GOOD}) < scale_min + CASE points WHEN 7 THEN 3 ELSE 2 END THEN -1 ELSE 0 END"""
_CATEGORY = "CASE WHEN v >= 9 THEN 1 WHEN v <= 6 THEN -1 ELSE 0 END"
_FIRST = "contact_count = 1 AND coalesce(reopen_count, 0) = 0"
_MONEY = "CASE WHEN back THEN -abs(net_amount) ELSE net_amount END"

KPIS: Mapping[str, tuple[str, str, str, str]] = {
    "nps": ("answer", "day", f"100.0 * avg({_CATEGORY})", _NPS),
    "nps_weighted": ("answer", "day", f"100.0 * sum(w * ({_CATEGORY})) / sum(w)", _NPS),
    "nps_promoter_share": ("answer", "day", "100.0 * avg((v >= 9)::INT)", _NPS),
    "nps_passive_share": ("answer", "day", "100.0 * avg((v IN (7, 8))::INT)", _NPS),
    "nps_detractor_share": ("answer", "day", "100.0 * avg((v <= 6)::INT)", _NPS),
    "csat": ("answer", "day", f"100.0 * avg(({_TOP})::INT)", _CSAT),
    "csat_mean": ("answer", "day", f"avg({_RESCALED})", "metric = 'csat'"),
    "csat_mean_weighted": (
        "answer", "day", f"sum(w * {_RESCALED}) / sum(w)", "metric = 'csat'",
    ),
    "ces_mean": (
        "answer", "day",
        "CASE WHEN count(DISTINCT scale_min || '-' || scale_max || up) = 1 THEN avg(v) END",
        "metric = 'ces'",
    ),
    "ces_top_share": ("answer", "day", f"100.0 * avg(({_EASY})::INT)", _CES),
    "ces_net": ("answer", "day", f"100.0 * avg({_NET})", _CES),
    "average_transaction_value": (
        "orders", "day",
        f"CAST(sum({_MONEY}) AS DOUBLE) / nullif(count(*) FILTER (NOT back), 0)",
        "net_amount IS NOT NULL",
    ),
    "conversion_rate": ("leads", "day", "100.0 * avg((outcome = 'won')::INT)", "true"),
    "conversion_rate_closed": (
        "leads", "closed_day", "100.0 * avg((outcome = 'won')::INT)",
        "outcome <> 'open' AND closed_at IS NOT NULL",
    ),
    "first_response_time_mean": ("interactions", "day", "avg(response)", "response >= 0"),
    "resolution_time_mean": ("interactions", "resolved_day", "avg(resolution)", "resolution >= 0"),
    "first_contact_resolution": (
        "interactions", "resolved_day", f"100.0 * avg(({_FIRST})::INT)",
        "resolved_at IS NOT NULL AND contact_count IS NOT NULL",
    ),
}  # fmt: skip
"""KPI → (view, day column, value, rows that count)."""

QUANTILES: Mapping[str, tuple[str, str, str, str]] = {
    f"{name}_{label}": ("interactions", day, f"quantile_cont({column}, {share})", f"{column} >= 0")
    for name, day, column in (
        ("first_response_time", "day", "response"),
        ("resolution_time", "resolved_day", "resolution"),
    )
    for label, share in (("median", 0.5), ("p90", 0.9))
}

SETS: Mapping[str, str] = {"total": "'all'", "country": "country", "who": "who", "place": "place"}


def connect(company: Company) -> duckdb.DuckDBPyConnection:
    """A database that holds the company's tables and the views."""
    connection = duckdb.connect()
    for name, rows in company.tables.items():
        connection.register(f"_{name}", frame(name, rows).to_arrow())
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM _{name}")  # noqa: S608 fixed names
    connection.execute(VIEWS)
    return connection


def expected(
    connection: duckdb.DuckDBPyConnection, code: str, kpi: tuple[str, str, str, str], grain: str
) -> pl.DataFrame:
    """Values of a KPI: kpi_code, period_start, segment_set, segment_key, expected."""
    view, day, value, where = kpi
    parts = [
        f"""SELECT '{code}' AS kpi_code, CAST(date_trunc('{grain}', {day}) AS DATE) AS period_start,
            '{name}' AS segment_set, {key} AS segment_key, {value} AS expected
        FROM {view} WHERE {where} GROUP BY ALL"""  # noqa: S608 names of this module, no input
        for name, key in SETS.items()
        if not (name == "place" and view == "leads")
    ]
    table = connection.sql(" UNION ALL ".join(parts)).to_arrow_table()
    return pl.DataFrame(table)
