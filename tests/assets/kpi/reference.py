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
    SELECT e.*, {_SEGMENTS}, coalesce(e.touchpoint, s.touchpoint, '(unknown)') AS place,
        coalesce(s.audience, 'customer') AS audience
    FROM (SELECT *, {_DAY.format("responded_at")} AS day FROM survey_response) e
    {_ACCOUNT}
    LEFT JOIN survey s ON s.survey_id = e.survey_id;
CREATE VIEW scored AS
    SELECT r.day, r.country, r.who, r.place, r.audience, coalesce(r.weight, 1) AS w,
        x.score AS v, q.*,
        q.scale_max - q.scale_min + 1 AS points, coalesce(q.higher_is_better, true) AS up
    FROM survey_answer x
    JOIN response r ON r.response_id = x.response_id
    JOIN survey_question q ON q.survey_id = r.survey_id AND q.question_id = x.question_id
    WHERE x.score IS NOT NULL AND NOT isnan(x.score)
        AND x.score BETWEEN q.scale_min AND q.scale_max
        AND NOT coalesce(list_contains(string_split(q.na_codes, '|'),
                                       CAST(CAST(x.score AS BIGINT) AS VARCHAR)), false);
CREATE VIEW answer AS FROM scored WHERE audience = 'customer';
CREATE VIEW staff_answer AS FROM scored WHERE audience = 'employee';
CREATE VIEW moment AS
    SELECT r.day, r.country, r.who, r.place, x.choice
    FROM survey_answer x
    JOIN response r ON r.response_id = x.response_id AND r.audience = 'customer'
    JOIN survey_question q ON q.survey_id = r.survey_id AND q.question_id = x.question_id
        AND q.metric = 'moment_of_truth';
CREATE VIEW comment AS
    SELECT r.day, r.country, r.who, r.place, q.metric, x.choice,
        bool_or(q.metric = 'sentiment')
            OVER (PARTITION BY r.survey_id, date_trunc('month', r.day)) AS is_classified
    FROM survey_answer x
    JOIN response r ON r.response_id = x.response_id AND r.audience = 'customer'
    JOIN survey_question q ON q.survey_id = r.survey_id AND q.question_id = x.question_id
        AND q.metric IN ('comment', 'sentiment');
CREATE VIEW orders AS
    SELECT e.order_id, e.day, {_SEGMENTS}, coalesce(e.channel, '(unknown)') AS place,
        coalesce(is_return, false) AS back, net_amount
    FROM (SELECT *, {_DAY.format("ordered_at")} AS day FROM erp_order) e
    {_ACCOUNT}
    WHERE lower(coalesce(status, '')) NOT IN ('canceled', 'cancelled')
        AND coalesce(currency, 'EUR') = 'EUR';
CREATE VIEW records AS
    SELECT e.*, {_SEGMENTS}, coalesce(e.channel, '(unknown)') AS place,
        coalesce(is_return, false) AS back, {_DAY.format("delivered_at")} AS delivered_day,
        {_DAY.format("promised_at")} AS promised_day
    FROM (SELECT *, {_DAY.format("ordered_at")} AS day FROM erp_order) e {_ACCOUNT}
    WHERE lower(coalesce(status, '')) NOT IN ('canceled', 'cancelled');
CREATE VIEW margins AS
    SELECT r.*, c.cost FROM records r JOIN (
        SELECT order_id, sum(CAST(quantity AS DECIMAL(12, 2)) * unit_cost) AS cost
        FROM erp_order_line GROUP BY order_id HAVING count(quantity * unit_cost) = count(*)
    ) c ON c.order_id = r.order_id
    WHERE coalesce(r.currency, 'EUR') = 'EUR' AND r.net_amount IS NOT NULL;
CREATE VIEW leads AS
    SELECT e.*, {_SEGMENTS}, {_DAY.format("closed_at")} AS closed_day, '' AS place
    FROM (SELECT *, {_DAY.format("created_at")} AS day FROM crm_lead) e {_ACCOUNT};
CREATE VIEW days AS
    SELECT unnest(generate_series(TIMESTAMP '2025-11-01', TIMESTAMP '2026-04-30', INTERVAL 1 DAY))
        AS midnight;
CREATE VIEW hours AS
    SELECT calendar, timezone('Europe/Paris', midnight + to_minutes(opens)) AS opens,
        timezone('Europe/Paris', midnight + to_minutes(closes)) AS closes
    FROM days JOIN (VALUES ('office', 1, 5, 540, 750), ('office', 1, 5, 810, 1080),
                           ('calls', 1, 7, 420, 1320))
        w(calendar, first_day, last_day, opens, closes)
        ON isodow(midnight) BETWEEN first_day AND last_day
    WHERE calendar = 'calls'
        OR strftime(midnight, '%m-%d') NOT IN ('12-24', '12-25', '01-01')
    UNION ALL
    SELECT 'office', timezone('Europe/Paris', midnight + to_minutes(540)),
        timezone('Europe/Paris', midnight + to_minutes(720))
    FROM days WHERE midnight = TIMESTAMP '2025-12-24';
CREATE MACRO business_minutes(begins_at, ends_at, kind) AS (
    SELECT sum(greatest(0, epoch(least(closes, ends_at)) - epoch(greatest(opens, begins_at))))
        / 60.0
    FROM hours WHERE calendar = kind
);
CREATE VIEW interactions AS
    SELECT e.*, {_SEGMENTS}, {_DAY.format("resolved_at")} AS resolved_day,
        coalesce(e.channel, '(unknown)') AS place,
        date_diff('second', opened_at, first_response_at) / 60.0 AS response,
        date_diff('second', opened_at, resolved_at) / 60.0 AS resolution,
        CASE WHEN channel = 'phone' THEN 'calls' ELSE 'office' END AS desk,
        business_minutes(opened_at, first_response_at, desk) AS business_response,
        business_minutes(opened_at, resolved_at, desk) AS business_resolution,
        coalesce(talk_seconds, 0) + coalesce(hold_seconds, 0) + coalesce(wrap_seconds, 0)
            AS handling
    FROM (SELECT *, {_DAY.format("opened_at")} AS day FROM crm_interaction) e {_ACCOUNT};
"""  # noqa: S608 names of this module, no input

_WHOLE = "v = floor(v)"
_GOOD = "CASE WHEN up THEN v ELSE scale_min + scale_max - v END"
_NPS = f"metric = 'nps' AND scale_min = 0 AND scale_max = 10 AND {_WHOLE}"
_CSAT = f"metric = 'csat' AND points IN (3, 4, 5, 6, 7, 10, 11) AND {_WHOLE}"
_TOP = f"""({_GOOD}) > scale_max -
    CASE points WHEN 3 THEN 1 WHEN 10 THEN 3 WHEN 11 THEN 3 ELSE 2 END"""
_RESCALED = f"100 * (({_GOOD}) - scale_min) / (scale_max - scale_min)"
_LIKERT = f"points IN (5, 7) AND {_WHOLE}"
_CES = f"metric = 'ces' AND {_LIKERT}"
_EASY = f"({_GOOD}) > scale_max - CASE points WHEN 7 THEN 3 ELSE 2 END"
_NET = f"""CASE WHEN ({_GOOD}) > scale_max - 2 THEN 1
    WHEN ({_GOOD}) < scale_min + CASE points WHEN 7 THEN 3 ELSE 2 END THEN -1 ELSE 0 END"""
_CATEGORY = "CASE WHEN v >= 9 THEN 1 WHEN v <= 6 THEN -1 ELSE 0 END"
_FIRST = "contact_count = 1 AND coalesce(reopen_count, 0) = 0"
_MARGIN = "CASE WHEN back THEN abs(cost) - abs(net_amount) ELSE net_amount - cost END"
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
    "enps": ("staff_answer", "day", f"100.0 * avg({_CATEGORY})", _NPS),
    **{
        f"cxi_{part}": (
            "answer", "day", f"100.0 * avg({_NET})", f"metric = 'cxi_{part}' AND {_LIKERT}",
        )
        for part in ("effectiveness", "ease", "emotion")
    },
    "cxi": (
        "answer", "day",
        f"""CASE WHEN count(DISTINCT metric) = 3 THEN 100.0 / 3 * (
            avg({_NET}) FILTER (metric = 'cxi_effectiveness')
            + avg({_NET}) FILTER (metric = 'cxi_ease')
            + avg({_NET}) FILTER (metric = 'cxi_emotion')) END""",
        f"metric LIKE 'cxi_%' AND {_LIKERT}",
    ),
    "net_sentiment": (
        "comment", "day",
        "100.0 * avg(CASE choice WHEN 'positive' THEN 1 WHEN 'negative' THEN -1 ELSE 0 END)",
        "metric = 'sentiment' AND choice IN ('positive', 'neutral', 'negative')",
    ),
    "sentiment_coverage": (
        "comment", "day",
        """100.0 * count(*) FILTER (choice IN ('positive', 'neutral', 'negative'))
            / nullif(count(*) FILTER (metric = 'comment'), 0)""",
        "is_classified",
    ),
    "employee_engagement": (
        "staff_answer", "day", f"avg({_RESCALED})", "metric = 'engagement'",
    ),
    **{
        f"moment_of_truth_{kind}": (
            "moment", "day", f"100.0 * avg((choice = '{choice}')::INT)",
            "choice IN ('below', 'as', 'above', 'fan')",
        )
        for kind, choice in (
            ("below", "below"), ("as_expected", "as"), ("above", "above"), ("fan", "fan"),
        )
    },
    "repurchase_intent": (
        "answer", "day",
        "100.0 * avg((v = CASE WHEN up THEN scale_max ELSE scale_min END)::INT)",
        f"metric = 'repurchase_intent' AND points BETWEEN 2 AND 11 AND {_WHOLE}",
    ),
    "average_transaction_value": (
        "orders", "day",
        f"CAST(sum({_MONEY}) AS DOUBLE) / nullif(count(*) FILTER (NOT back), 0)",
        "net_amount IS NOT NULL",
    ),
    "margin_per_transaction": (
        "margins", "day",
        f"CAST(sum({_MARGIN}) AS DOUBLE) / nullif(count(*) FILTER (NOT back), 0)", "true",
    ),
    "margin_rate": (
        "margins", "day",
        f"""CASE WHEN sum({_MONEY}) > 0 THEN
            100.0 * CAST(sum({_MARGIN}) AS DOUBLE) / CAST(sum({_MONEY}) AS DOUBLE) END""",
        "true",
    ),
    "return_rate": (
        "records", "day",
        "100.0 * count(*) FILTER (back) / nullif(count(*) FILTER (NOT back), 0)",
        "is_return IS NOT NULL",
    ),
    "on_time_delivery_rate": (
        "records", "delivered_day", "100.0 * avg((delivered_day <= promised_day)::INT)",
        "NOT back AND promised_day IS NOT NULL AND delivered_day >= day",
    ),
    "conversion_rate": ("leads", "day", "100.0 * avg((outcome = 'won')::INT)", "true"),
    "conversion_rate_closed": (
        "leads", "closed_day", "100.0 * avg((outcome = 'won')::INT)",
        "outcome <> 'open' AND closed_at IS NOT NULL",
    ),
    "first_response_time_mean": ("interactions", "day", "avg(response)", "response >= 0"),
    "resolution_time_mean": ("interactions", "resolved_day", "avg(resolution)", "resolution >= 0"),
    "first_response_business_time_mean": (
        "interactions", "day", "avg(business_response)", "response >= 0",
    ),
    "resolution_business_time_mean": (
        "interactions", "resolved_day", "avg(business_resolution)", "resolution >= 0",
    ),
    "reopen_rate": (
        "interactions", "resolved_day", "100.0 * avg((reopen_count > 0)::INT)",
        "resolved_at IS NOT NULL AND reopen_count IS NOT NULL",
    ),
    "average_handle_time": ("interactions", "day", "avg(handling) / 60", "handling > 0"),
    "support_cost_per_contact_direct": (
        "interactions", "resolved_day", "CAST(sum(cost) AS DOUBLE) / count(*)",
        "resolved_at IS NOT NULL AND cost IS NOT NULL",
    ),
    "first_contact_resolution": (
        "interactions", "resolved_day", f"100.0 * avg(({_FIRST})::INT)",
        "resolved_at IS NOT NULL AND contact_count IS NOT NULL",
    ),
}  # fmt: skip
"""KPI → (view, day column, value, rows that count)."""

QUANTILES: Mapping[str, tuple[str, str, str, str]] = {
    f"{name}_{label}": ("interactions", day, f"quantile_cont({column}, {share})", f"{where} >= 0")
    for name, day, column, where in (
        ("first_response_time", "day", "response", "response"),
        ("resolution_time", "resolved_day", "resolution", "resolution"),
        ("first_response_business_time", "day", "business_response", "response"),
        ("resolution_business_time", "resolved_day", "business_resolution", "resolution"),
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
