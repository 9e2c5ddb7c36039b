"""Events in SQL: one table a fact, with its days, what is counted, and a column a dimension."""

from collections.abc import Mapping, Sequence

import duckdb

from schemas.config.project import Project
from tests.assets.kpi.proof.sql_tables import account_columns, account_join, column, rated

_ANSWERED = frozenset(
    {"touchpoint", "journey_cycle", "channel", "language", "survey", "survey_kind", "attribute",
     "product_category", "product_family"}
)  # fmt: skip

CARRIED: Mapping[str, frozenset[str]] = {
    "answer": _ANSWERED,
    "latest": _ANSWERED,
    "orders": frozenset({"channel"}),
    "sold": frozenset({"channel", "product_category", "product_family"}),
    "leads": frozenset({"lead_source"}),
    "interactions": frozenset({"channel", "department", "touchpoint", "category"}),
    "invitations": frozenset({"channel", "survey", "survey_kind"}),
    "support": frozenset({"department", "touchpoint"}),
}  # fmt: skip
"""Table → dimensions it carries besides those of the account."""

NO_ACCOUNT = frozenset({"support"})
"""Tables that name no account."""

_CARRY = {
    "answer": {
        "touchpoint": "coalesce(r.touchpoint, s.touchpoint)",
        "journey_cycle": "coalesce(r.journey_cycle, s.journey_cycle)",
        "channel": "coalesce(r.channel, s.channel)",
        "language": "r.language",
        "survey": "r.survey_id",
        "survey_kind": "s.kind",
        "attribute": "q.attribute",
        "product_category": "p.category",
        "product_family": "p.family",
    },
    "orders": {"channel": "e.channel"},
    "leads": {"lead_source": "e.source"},
    "interactions": {
        name: f"e.{name}" for name in ("channel", "department", "touchpoint", "category")
    },
    "invitations": {
        "channel": "coalesce(e.channel, s.channel)",
        "survey": "e.survey_id",
        "survey_kind": "s.kind",
    },
    "support": {"department": "department", "touchpoint": "touchpoint"},
}

_ANSWER = """
CREATE TABLE answer AS
SELECT x.response_id, r.responded_at, x.score AS v, x.choice, coalesce(r.weight, 1) AS w,
    local_day(r.responded_at) AS day, coalesce(r.account_id, r.employee_id) AS person,
    bool_or(q.metric = 'sentiment') OVER (
        PARTITION BY r.survey_id, date_trunc('month', local_day(r.responded_at))) AS classified,
    coalesce(s.audience, 'customer') AS audience, q.metric, q.scale_min AS lo, q.scale_max AS hi,
    q.scale_max - q.scale_min + 1 AS points, coalesce(q.higher_is_better, true) AS up,
    CASE WHEN up THEN x.score ELSE lo + hi - x.score END AS good,
    coalesce(list_contains(list_transform(string_split(q.na_codes, '|'),
        lambda c: TRY_CAST(trim(c) AS DOUBLE)), x.score), false) AS is_na $dimensions
FROM survey_answer x
JOIN survey_response r ON r.response_id = x.response_id
LEFT JOIN survey s ON s.survey_id = r.survey_id
LEFT JOIN survey_question q ON q.survey_id = r.survey_id AND q.question_id = x.question_id
LEFT JOIN erp_product p ON p.product_id = r.product_id
$account
"""

_LATEST = """
CREATE TABLE latest AS
WITH given AS (
    SELECT response_id, day, lead(day) OVER (
        PARTITION BY person ORDER BY responded_at, response_id) AS again_on
    FROM answer
    WHERE audience = 'customer' AND metric = 'nps' AND person IS NOT NULL AND NOT is_na
        AND lo = 0 AND hi = 10 AND up AND v BETWEEN 0 AND 10 AND v = floor(v)
)
SELECT a.*, g.again_on FROM answer a LEFT JOIN given g
    ON g.response_id = a.response_id AND g.again_on - g.day <= $dedupe_days
"""

_ORDERS = """
CREATE TABLE orders AS
SELECT e.order_id, e.channel AS via, e.day, local_day(delivered_at) AS delivered_day,
    local_day(promised_at) AS promised_day, e.rate, in_reporting(net_amount, e.rate) AS net,
    in_reporting(c.cost, 1) AS cost, c.order_id IS NOT NULL AS has_lines,
    coalesce(is_return, false) AS back, is_return IS NOT NULL AS back_known,
    lower(trim(coalesce(status, ''))) IN ($cancelled) AS cancelled $dimensions
FROM $orders e
LEFT JOIN ($costs GROUP BY l.order_id) c ON c.order_id = e.order_id
$account
"""

_COSTS = """
SELECT $keys,
    CASE WHEN count(l.quantity * l.unit_cost) = count(*) THEN sum(in_reporting(
        round(CAST(l.quantity AS DECIMAL(12, 2)) * l.unit_cost, 4), o.rate)) END AS cost,
    CASE WHEN count(l.net_amount) = count(*) THEN sum(in_reporting(l.net_amount, o.rate)) END
        AS net
FROM erp_order_line l JOIN $orders o ON o.order_id = l.order_id
LEFT JOIN erp_product p ON p.product_id = l.product_id
"""

_SOLD = """
CREATE TABLE sold AS
SELECT o.* EXCLUDE (net, cost), CASE WHEN has_lines THEN c.net ELSE o.net END AS net, c.cost
    $dimensions
FROM orders o LEFT JOIN ($costs GROUP BY ALL) c ON c.order_id = o.order_id
"""

_LEADS = """
CREATE TABLE leads AS
SELECT e.*, local_day(closed_at) AS closed_day, coalesce(closed_day, e.day) AS either_day
    $dimensions
FROM (SELECT *, local_day(created_at) AS day FROM crm_lead) e
$account
"""

_INTERACTIONS = """
CREATE TABLE interactions AS
SELECT e.*, local_day(resolved_at) AS resolved_day,
    date_diff('second', opened_at, first_response_at) / 60.0 AS response,
    date_diff('second', opened_at, resolved_at) / 60.0 AS resolution,
    CASE WHEN coalesce(talk_seconds, hold_seconds, wrap_seconds) IS NOT NULL THEN
        coalesce(talk_seconds, 0) + coalesce(hold_seconds, 0) + coalesce(wrap_seconds, 0) END
        AS handling $dimensions
FROM (SELECT *, local_day(opened_at) AS day FROM crm_interaction) e
$account
"""

_INVITATIONS = """
CREATE TABLE invitations AS
SELECT e.*, coalesce(s.audience, 'customer') AS audience,
    e.delivered_day + $window <= DATE '$as_of' AS closed,
    EXISTS (FROM survey_response r WHERE r.invitation_id = e.invitation_id
        AND local_day(r.responded_at) BETWEEN e.sent_day AND e.delivered_day + $window) AS answered
    $dimensions
FROM (SELECT *, local_day(sent_at) AS sent_day, local_day(delivered_at) AS delivered_day,
          coalesce(delivered_day, sent_day) AS day FROM survey_invitation) e
LEFT JOIN survey s ON s.survey_id = e.survey_id
$account
"""

_SUPPORT = """
CREATE TABLE support AS
SELECT incurred_on AS day, in_reporting(amount, rate) AS cost, 0 AS contacts, true AS counts
    $dimensions
FROM $ledger WHERE lower(trim(kind)) IN ($kinds)
UNION ALL
SELECT local_day(opened_at), cost, 1, true $dimensions FROM crm_interaction
"""


def create_events(
    connection: duckdb.DuckDBPyConnection, project: Project, dimensions: Sequence[str], as_of: str
) -> None:
    """Create the table of every fact.

    Args:
        connection: From `sql_tables.connect`.
        project: The configuration.
        dimensions: Dimensions of all segment sets.
        as_of: Last loaded day.
    """
    config = project.kpis

    def filled(script: str, view: str, owner: str, day: str) -> str:
        own = [
            f", {source} AS {column(name)}"
            for name, source in _CARRY[view].items()
            if name in dimensions
        ]
        account = "" if view in NO_ACCOUNT else account_columns(dimensions)
        return (
            script.replace("$dimensions", account + "".join(own))
            .replace("$account", account_join(owner, day))
            .replace("$as_of", as_of)
        )

    def quoted(words: Sequence[str]) -> str:
        return ", ".join(f"'{word.strip().lower()}'" for word in words)

    dated = "(SELECT *, local_day(ordered_at) AS day FROM erp_order)"
    orders = rated(dated, "e.day", project)
    by_product = [name for name in ("product_category", "product_family") if name in dimensions]
    keys = [f"p.{name.removeprefix('product_')} AS {column(name)}" for name in by_product]
    costs = _COSTS.replace("$orders", orders)
    own_costs = costs.replace("$keys", "l.order_id")
    lines = costs.replace("$keys", ", ".join(["l.order_id", *keys]))
    connection.execute(filled(_ANSWER, "answer", "r.account_id", "local_day(r.responded_at)"))
    again = max((one.dedupe_days for one in config.variants.values()), default=0)
    connection.execute(_LATEST.replace("$dedupe_days", str(again)))
    script = filled(_ORDERS, "orders", "e.account_id", "e.day").replace("$costs", own_costs)
    script = script.replace("$cancelled", quoted(config.cancelled_statuses))
    connection.execute(script.replace("$orders", orders))
    sold = _SOLD.replace("$costs", lines)
    sold = sold.replace("$dimensions", "".join(f", c.{column(name)}" for name in by_product))
    connection.execute(sold)
    connection.execute(filled(_LEADS, "leads", "e.account_id", "e.day"))
    connection.execute(filled(_INTERACTIONS, "interactions", "e.account_id", "e.day"))
    invitations = _INVITATIONS.replace("$window", str(config.response_window_days))
    connection.execute(filled(invitations, "invitations", "e.account_id", "e.sent_day"))
    support = _SUPPORT.replace("$ledger", rated("erp_cost", "e.incurred_on", project))
    support = support.replace("$kinds", quoted(config.support_cost.kinds))
    connection.execute(filled(support, "support", "", ""))
    _create_business_time(connection)


def _create_business_time(connection: duckdb.DuckDBPyConnection) -> None:
    """Business minutes of interactions on the demo's service desk: Monday to Saturday."""
    connection.execute("""
        CREATE TABLE desk AS
        SELECT timezone('Europe/Paris', d + to_minutes(opens)) AS opens,
            timezone('Europe/Paris', d + to_minutes(closes)) AS closes
        FROM (SELECT unnest(generate_series(TIMESTAMP '2026-01-01', TIMESTAMP '2026-12-31',
                                            INTERVAL 1 DAY)) AS d)
        JOIN (VALUES (1, 5, 480, 1140), (6, 6, 540, 1020)) w(first, last, opens, closes)
            ON isodow(d) BETWEEN first AND last
        WHERE strftime(d, '%m-%d') NOT IN ('01-01', '04-06', '05-01', '05-08', '05-14', '05-25',
            '07-14', '08-15', '11-01', '11-11', '12-25');
    """)
    for name, end in (("response", "first_response_at"), ("resolution", "resolved_at")):
        connection.execute(f"""
            ALTER TABLE interactions ADD COLUMN business_{name} DOUBLE;
            UPDATE interactions SET business_{name} = 0;
            UPDATE interactions SET business_{name} = s.spent FROM (
                SELECT interaction_id,
                    sum(epoch(least(closes, {end})) - epoch(greatest(opens, opened_at))) / 60.0
                        AS spent
                FROM crm_interaction JOIN desk ON opens < {end} AND closes > opened_at
                GROUP BY ALL
            ) s WHERE s.interaction_id = interactions.interaction_id;
        """)  # noqa: S608 names of this module
