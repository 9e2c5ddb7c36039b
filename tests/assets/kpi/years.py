"""Two years of leads and resolved interactions: long enough for every period and comparison."""

import datetime as dt
import random
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import polars as pl

from assets.lake.layout import Lake
from tests.assets.kpi.histories import UTC, write_month

FIRST, LAST = dt.date(2023, 12, 10), dt.date(2026, 2, 17)
MINUTES = (10, 20, 40, 80, 160, 320, 640)
"""Durations that are far apart: each is a bucket of the histogram of its own."""

Rows = Sequence[dict[str, Any]]
Days = Iterable[tuple[dt.date, dt.date, dt.date]]


def leads(seed: int) -> list[dict[str, Any]]:
    """A few leads a day, at noon."""
    draw, rows = random.Random(seed), []
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + dt.timedelta(days=number)
        rows += [
            {
                "lead_id": f"{day}-{one}",
                "created_at": dt.datetime.combine(day, dt.time(12), UTC),
                "outcome": draw.choice(["won", "lost", "lost", "open"]),
                "source": draw.choice(["web", "fair"]),
            }
            for one in range(draw.randint(0, 4))
        ]
    return rows


def interactions(seed: int) -> list[dict[str, Any]]:
    """About one a day, each resolved after one of `MINUTES`, later years more slowly."""
    draw, rows = random.Random(seed), []
    for number in range((LAST - FIRST).days + 1):
        opened = dt.datetime.combine(FIRST + dt.timedelta(days=number), dt.time(8), UTC)
        shift = number * 3 // ((LAST - FIRST).days + 1)
        rows += [
            {
                "interaction_id": f"{opened}-{one}",
                "opened_at": opened,
                "resolved_at": opened + dt.timedelta(minutes=draw.choice(MINUTES[shift:])),
            }
            for one in range(draw.randint(0, 2))
        ]
    return rows


def by_month(rows: Rows, column: str) -> dict[str, list[dict[str, Any]]]:
    """Rows by history month."""
    months: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        months.setdefault(row[column].strftime("%Y-%m"), []).append(row)
    return months


def write_years(lake: Lake, seed: int) -> None:
    """Write both tables into a lake."""
    for month, rows in by_month(leads(seed), "created_at").items():
        write_month(lake, "crm_lead", month, rows)
    for month, rows in by_month(interactions(seed), "opened_at").items():
        write_month(lake, "crm_interaction", month, rows)


def conversion_sql(seed: int, periods: Days) -> pl.DataFrame:
    """Conversion rate over days, in SQL: the total and each source.

    Args:
        seed: Which leads.
        periods: Start to call the period by, first and last day.
    """
    created = pl.DataFrame(leads(seed))  # noqa: F841  DuckDB finds it by its name
    schema = {"period_start": pl.Date, "first": pl.Date, "last": pl.Date}
    asked = pl.DataFrame(list(periods), schema=schema, orient="row")  # noqa: F841
    query = """
        WITH placed AS (
            SELECT period_start, source, (outcome = 'won')::INT AS won
            FROM asked JOIN created ON (created_at AT TIME ZONE 'UTC')::DATE BETWEEN first AND last)
        SELECT period_start, 'total' AS segment_set, 'all' AS segment_key,
            100.0 * avg(won) AS value, count(*) AS n FROM placed GROUP BY ALL
        UNION ALL
        SELECT period_start, 'via', source, 100.0 * avg(won), count(*) FROM placed GROUP BY ALL
    """
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.sql(query).pl()


def medians_p_value(
    seed: int, now: tuple[dt.date, dt.date], then: tuple[dt.date, dt.date]
) -> float:
    """P-value of Mood's median test of two stretches of days, two added to either class."""
    from scipy import stats

    rows = interactions(seed)

    def minutes(days: tuple[dt.date, dt.date]) -> list[int]:
        kept = [row for row in rows if days[0] <= row["opened_at"].date() <= days[1]]
        return [int((row["resolved_at"] - row["opened_at"]).total_seconds() // 60) for row in kept]

    one, other = minutes(now), minutes(then)
    both = [*one, *other]
    cut = min(MINUTES, key=lambda v: (abs(sum(m <= v for m in both) / len(both) - 0.5), v))
    parts = []
    for sample in (one, other):
        total = len(sample) + 4
        share = (sum(m <= cut for m in sample) + 2) / total
        parts.append((share, share * (1 - share) / total, len(sample) - 1))
    (p, v, df), (q, w, ef) = parts
    freedom = (v + w) ** 2 / (v**2 / df + w**2 / ef)
    return float(2 * stats.t.sf(abs(p - q) / (v + w) ** 0.5, freedom))
