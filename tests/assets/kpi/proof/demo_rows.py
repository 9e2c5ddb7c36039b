"""Single events and customers of the demo by month, as intervals are computed from."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from tests.assets.kpi.proof import intervals
from tests.assets.kpi.proof.agreement import published
from tests.assets.kpi.proof.event_kpis import event_kpis
from tests.assets.kpi.proof.lakes import Proof

MONEY = "CASE WHEN back THEN -abs(net) ELSE net END"
MARGIN = "CASE WHEN back THEN abs(cost) - abs(net) ELSE net - cost END"
GOOD = "100 * (good - lo) / (hi - lo)"

MEANS: Mapping[str, str] = {
    "csat_mean": GOOD,
    "employee_engagement": GOOD,
    "first_response_time_mean": "response",
    "resolution_business_time_mean": "business_resolution",
    "average_handle_time": "handling / 60.0",
    "support_cost_per_contact_direct": "cost",
}
"""KPI → what a row has."""

RATIOS: Mapping[str, tuple[str, str, float]] = {
    "average_transaction_value": (MONEY, "(NOT back)::INT", 1),
    "margin_per_transaction": (MARGIN, "(NOT back)::INT", 1),
    "margin_rate": (MARGIN, MONEY, 100),
}
"""KPI → what a row adds above and below, unit."""

CUSTOMER_MEANS: Mapping[str, tuple[str, str, str]] = {
    "revenue_per_customer": ("revenue", "x", "true"),
    "clv_historical": ("lifetime", "net", "valued"),
    "clv_historical_margin": ("lifetime", "margin", "costed"),
    "average_contract_value": ("signing", "x", "true"),
    "contact_rate": ("supported", "100 * contacts", "true"),
    "support_cost_per_promoter": ("supported", "cost", "category = 'promoter'"),
}
"""KPI → table, what a customer has, customers that count."""

CUSTOMER_RATIOS: Mapping[str, tuple[str, str, str, str, float]] = {
    "nrr": ("retained", "kept", "y", "true", 100),
    "grr": ("retained", "least(kept, y)", "y", "true", 100),
    "clv_simple": ("lifetime", "net", "gone::INT", "valued", 1),
    "clv_basket": ("lifetime", "gained", "gone::INT", "valued", 1),
}
"""KPI → table, what a customer adds above and below, customers that count, unit."""

BEFORE_KNOWN: Mapping[str, tuple[str, dt.date, str]] = {
    "nrr": (
        "month",
        dt.date(2026, 3, 1),
        """SELECT count(DISTINCT who) FROM contract WHERE monthly > 0
        AND starts_on <= DATE '2026-02-28' AND last_on >= DATE '2026-02-28'""",
    ),
    "renewal_rate": (
        "week",
        dt.date(2026, 3, 2),
        """SELECT count(*) FROM contract WHERE who IS NOT NULL AND last_on >= ends_on
        AND ends_on BETWEEN DATE '2026-03-02' AND DATE '2026-03-08'""",
    ),
    "employee_turnover": (
        "quarter",
        dt.date(2026, 1, 1),
        """SELECT count(*) FROM staff WHERE last_on >= hired_on
        AND hired_on <= DATE '2026-03-31' AND last_on >= DATE '2026-01-01'""",
    ),
}
"""KPI → grain and start of a period before `kpis.known_from`, and how many are met in it."""

TO_DATE = """
CREATE TABLE to_date_day AS
SELECT grain AS period_grain, start AS period_start, last,
    CAST(unnest(generate_series(first, last, INTERVAL 1 DAY)) AS DATE) AS period_day
FROM (VALUES ('month', DATE '2026-04-01', DATE '2026-03-01', DATE '2026-03-10'),
             ('week', DATE '2026-04-06', DATE '2026-03-30', DATE '2026-04-03'))
    v(grain, start, first, last)
"""
"""Periods that run on the tenth of April, a Friday, and the days that they are compared with."""


def months(demo: Proof, code: str) -> dict[dt.date, dict[str, float]]:
    """First day of a month → the total's row."""
    rows = published(demo, code).filter(
        pl.col("period_grain") == "month", pl.col("segment_set") == "total"
    )
    return {row["period_start"]: row for row in rows.to_dicts()}


def check_ends(row: dict[str, float], ends: intervals.Ends, rel: float = 1e-9) -> None:
    for name, end in zip(("ci_low", "ci_high"), ends, strict=True):
        expected = None if end is None else pytest.approx(end, rel=rel, abs=1e-9)
        assert row[name] == expected, (row["kpi_code"], row["period_start"], name)


def bounds(demo: Proof, code: str) -> tuple[float | None, float | None]:
    return next(one.kpi.bounds for one in demo.plan.published if one.code == code)


def events_by_month(proof: Proof, code: str, *columns: str) -> dict[Any, list[list[float]]]:
    """First day of a month → what each event that counts has."""
    one = event_kpis("contact_count")[code]
    return _by_start(
        proof,
        f"""SELECT CAST(date_trunc('month', {one.day}) AS DATE) AS start, {_doubles(columns)}
        FROM {one.table} WHERE ({one.concerns}) AND ({one.counts})""",  # noqa: S608 fixed names
    )


def records_by_month(
    proof: Proof, table: str, where: str, *columns: str
) -> dict[Any, list[list[float]]]:
    """First day of a month → what each record of a population has."""
    return _by_start(
        proof,
        f"""SELECT period_start, {_doubles(columns)} FROM {table}
        WHERE period_grain = 'month' AND {where}""",  # noqa: S608 fixed names
    )


def _doubles(columns: tuple[str, ...]) -> str:
    return ", ".join(f"CAST({column} AS DOUBLE)" for column in columns)


def _by_start(proof: Proof, query: str) -> dict[Any, list[list[float]]]:
    found: dict[Any, list[list[float]]] = {}
    for start, *row in proof.connection.sql(query).fetchall():
        found.setdefault(start, [[] for _ in row])
        for column, value in zip(found[start], row, strict=True):
            column.append(value)
    return found
