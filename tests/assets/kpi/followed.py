"""A small company whose people answer again, call again and respond to invitations, from a seed.

With the KPIs on them once more, in SQL on DuckDB over the same rows.
"""

import datetime as dt
import random
from collections.abc import Mapping

import duckdb
import polars as pl

from assets.lake.layout import Lake
from tests.assets.kpi.company import DAYS, FIRST, PARIS, Table
from tests.assets.kpi.histories import frame, write_dimension, write_month

DIMENSIONS = ("crm_account", "survey", "survey_question")
EVENTS: Mapping[str, str] = {
    "survey_invitation": "sent_at",
    "survey_response": "responded_at",
    "crm_interaction": "opened_at",
}
HOUR = dt.timedelta(hours=1)
Tables = dict[str, Table]


def followed(seed: int, *, size: int = 120) -> Tables:
    """Draw the rows of every table: as many invitations, responses and interactions as `size`."""
    draw = random.Random(seed)
    tables: Tables = _dimensions(draw)
    tables["survey_invitation"] = [_invitation(draw, number) for number in range(size)]
    tables["survey_response"] = [
        _response(draw, number, tables["survey_invitation"]) for number in range(size)
    ]
    tables["survey_answer"] = [
        {"response_id": response["response_id"], "question_id": question, "score": score}
        for response in tables["survey_response"]
        for question in ("q", "c1", "c2", "lost")
        for score in [draw.choice([None, 11.0, 4.5, *[float(score) for score in range(1, 11)]])]
        if draw.random() < 0.8
    ]
    tables["crm_interaction"] = [_interaction(draw, number) for number in range(size)]
    return tables


def months_of(tables: Tables, name: str) -> dict[str, Table]:
    """Rows of an event table by history month."""
    months: dict[str, Table] = {}
    for row in tables[name]:
        months.setdefault(row[EVENTS[name]].astimezone(PARIS).strftime("%Y-%m"), []).append(row)
    return months


def write_events(lake: Lake, tables: Tables, name: str, month: str, rows: Table) -> None:
    """Replace one month of events, answers included."""
    write_month(lake, name, month, rows)
    if name == "survey_response":
        known = {row["response_id"] for row in rows}
        kept = [row for row in tables["survey_answer"] if row["response_id"] in known]
        write_month(lake, "survey_answer", month, kept)


def write(lake: Lake, tables: Tables) -> None:
    """Write every table into a lake."""
    for name in DIMENSIONS:
        write_dimension(lake, name, tables[name])
    for name in EVENTS:
        for month, rows in months_of(tables, name).items():
            write_events(lake, tables, name, month, rows)


def _moment(draw: random.Random) -> dt.datetime:
    return FIRST + dt.timedelta(seconds=draw.randrange(DAYS * 86_400))


def _person(draw: random.Random) -> str | None:
    return draw.choice([*[f"p{i}" for i in range(12)], "missing", None])


def _dimensions(draw: random.Random) -> Tables:
    countries = ["FR", "DE", None]
    accounts = [{"account_id": f"p{i}", "country": draw.choice(countries)} for i in range(12)]
    # one customer moves in the middle of it all
    moved = (FIRST + dt.timedelta(days=40)).date()
    accounts[0]["_valid_to"] = moved  # type: ignore[assignment]
    accounts.append({"account_id": "p0", "country": "XX", "_valid_from": moved})  # type: ignore[dict-item]
    surveys: Table = [
        {"survey_id": "s0", "kind": "relational", "audience": "customer", "channel": "email"},
        {"survey_id": "s1", "kind": "transactional", "audience": "customer"},
        {"survey_id": "s2", "kind": "relational", "audience": "employee"},
    ]
    questions: Table = [
        {"survey_id": survey["survey_id"], "question_id": code, "metric": metric,
         "scale_min": least, "scale_max": greatest}
        for survey in surveys
        for code, metric, least, greatest in (
            ("q", "nps", 0.0, 10.0), ("c1", "csat", 1.0, 5.0), ("c2", "csat", 1.0, 10.0),
        )
    ]  # fmt: skip
    return {"crm_account": accounts, "survey": surveys, "survey_question": questions}


def _invitation(draw: random.Random, number: int) -> dict[str, object]:
    sent = _moment(draw)
    return {
        "invitation_id": f"i{number}",
        "survey_id": draw.choice(["s0", "s0", "s1", "s2", "gone"]),
        "account_id": _person(draw),
        "sent_at": sent,
        "delivered_at": draw.choice([None, sent, sent + 5 * HOUR, sent + 60 * HOUR, sent - HOUR]),
        "channel": draw.choice(["sms", None]),
    }


def _response(draw: random.Random, number: int, invitations: Table) -> dict[str, object]:
    invitation = draw.choice(invitations)
    responded = invitation["sent_at"] + HOUR * draw.randrange(-30, 24 * 25)
    is_invited = draw.random() < 0.8
    return {
        "response_id": f"r{number:03}",
        "survey_id": draw.choice(["s0", "s1", "s2", "gone"]),
        "invitation_id": invitation["invitation_id"] if is_invited else "elsewhere",
        "account_id": _person(draw),
        "employee_id": draw.choice(["p1", "e1", "e2", None]),
        "responded_at": responded if is_invited else _moment(draw),
        "weight": draw.choice([None, 0.5, 2.0]),
    }


def _interaction(draw: random.Random, number: int) -> dict[str, object]:
    opened = _moment(draw)
    resolved = opened + dt.timedelta(seconds=draw.choice([0, draw.randrange(-600, 3_000_000)]))
    return {
        "interaction_id": f"x{number}",
        "account_id": _person(draw),
        "opened_at": opened,
        "resolved_at": resolved if draw.random() < 0.85 else None,
        "category": draw.choice(["bill", "bill", "order", None]),
    }


_DAY = "CAST(timezone('Europe/Paris', {}) AS DATE)"
_ACCOUNT = """
    LEFT JOIN crm_account a ON a.account_id = e.account_id
        AND coalesce(a._valid_from, DATE '0001-01-01') <= {0}
        AND {0} < coalesce(a._valid_to, DATE '9999-12-31')
"""

VIEWS = f"""
CREATE VIEW said AS
    SELECT {_DAY.format("e.responded_at")} AS day, e.responded_at, e.response_id,
        coalesce(a.country, '(unknown)') AS country, coalesce(s.kind, '(unknown)') AS kind,
        coalesce(s.audience, 'customer') AS audience, coalesce(e.weight, 1) AS w,
        CASE WHEN coalesce(s.audience, 'customer') = 'customer' THEN e.account_id
            ELSE e.employee_id END AS person,
        q.metric, q.scale_max, x.score AS v
    FROM survey_response e
    {_ACCOUNT.format(_DAY.format("e.responded_at"))}
    LEFT JOIN survey s ON s.survey_id = e.survey_id
    JOIN survey_answer x ON x.response_id = e.response_id
    JOIN survey_question q ON q.survey_id = e.survey_id AND q.question_id = x.question_id
    WHERE x.score IS NOT NULL AND x.score = floor(x.score)
        AND x.score BETWEEN q.scale_min AND q.scale_max;
CREATE MACRO placed(wanted, who, days) AS TABLE
    SELECT one.*, (
        SELECT min({_DAY.format("other.responded_at")})
        FROM said other
        WHERE other.metric = wanted AND other.audience = who AND other.person = one.person
            AND (other.responded_at, other.response_id) > (one.responded_at, one.response_id)
            AND {_DAY.format("other.responded_at")} <= one.day + CAST(days AS INTEGER)
    ) AS superseded_on
    FROM said one WHERE one.metric = wanted AND one.audience = who;
CREATE VIEW invited AS
    SELECT i.invitation_id, i.delivered_day AS day, coalesce(a.country, '(unknown)') AS country,
        coalesce(s.kind, '(unknown)') AS kind, coalesce(i.channel, s.channel, '(unknown)') AS via,
        EXISTS (FROM survey_response r WHERE r.invitation_id = i.invitation_id
            AND {_DAY.format("r.responded_at")} BETWEEN i.sent_day AND i.delivered_day + 10
        ) AS is_answered
    FROM (SELECT *, {_DAY.format("sent_at")} AS sent_day,
        {_DAY.format("delivered_at")} AS delivered_day FROM survey_invitation) i
    LEFT JOIN survey s ON s.survey_id = i.survey_id
    {_ACCOUNT.format("i.sent_day").replace("e.account_id", "i.account_id")}
    WHERE delivered_at IS NOT NULL AND coalesce(s.audience, 'customer') = 'customer';
CREATE VIEW solved AS
    SELECT {_DAY.format("e.resolved_at")} AS day, coalesce(a.country, '(unknown)') AS country,
        EXISTS (FROM crm_interaction o WHERE o.account_id = e.account_id
            AND o.category IS NOT DISTINCT FROM e.category AND o.opened_at > e.resolved_at
            AND {_DAY.format("o.opened_at")} <= {_DAY.format("e.resolved_at")} + 7
        ) AS is_repeated
    FROM crm_interaction e
    {_ACCOUNT.format(_DAY.format("e.opened_at"))}
    WHERE e.resolved_at >= e.opened_at AND e.account_id IS NOT NULL;
"""  # noqa: S608 names of this module, no input


def connect(tables: Tables) -> duckdb.DuckDBPyConnection:
    """A database that holds the tables and the views."""
    connection = duckdb.connect()
    for name, rows in tables.items():
        connection.register(f"_{name}", frame(name, rows).to_arrow())
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM _{name}")  # noqa: S608 fixed names
    connection.execute(VIEWS)
    return connection


def expected(
    connection: duckdb.DuckDBPyConnection,
    periods: pl.DataFrame,
    view: str,
    value: str,
    *,
    where: str,
    sets: Mapping[str, str],
) -> pl.DataFrame:
    """A KPI by period and segment.

    Args:
        connection: From `connect`.
        periods: period_start, period_end.
        view: Rows with a `day`.
        value: Aggregate of them.
        where: Rows that count, by `period_end` too.
        sets: Segment set → its key.
    """
    connection.register("periods", periods.to_arrow())
    parts = [
        f"""SELECT period_start, '{name}' AS segment_set, {key} AS segment_key,
            count(*) AS n, {value} AS expected
        FROM {view} JOIN periods p ON day BETWEEN p.period_start AND p.period_end
        WHERE {where} GROUP BY ALL"""  # noqa: S608 names of the tests, no input
        for name, key in sets.items()
    ]
    return pl.DataFrame(connection.sql(" UNION ALL ".join(parts)).to_arrow_table())
