"""What the report reads of the published tables, as any reader of the warehouse sees them.

Only the periods and segments that it shows are read: a warehouse may hold millions of values.
Withheld values are withheld here too, for nothing behind the published tables is asked. How a
warehouse is opened is `assets.report.reading`' work.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from schemas.config.report import ReportGrain
from schemas.warehouse import KPI_VALUE

LATEST_PROBLEMS = 20
"""Checks and what they look at; of each the latest result is told, and how many there are."""
TOP_REASONS = 15
LATEST_RESTATEMENTS = 10

Row = dict[str, Any]

_NEVER = "0001-01-01"
"""Stands for the period of a warehouse without values."""

_PROBLEMS = """
    SELECT * FROM (
      SELECT asset, check_name, subject, status, period_start, message, mend,
             count(*) OVER (PARTITION BY asset, check_name, subject, status) AS times,
             row_number() OVER (PARTITION BY asset, check_name, subject, status
                                ORDER BY period_start DESC NULLS FIRST, message) AS back
      FROM data_quality_result WHERE status IN ('error', 'waived', 'warn')) AS found
    WHERE back = 1
    ORDER BY status, period_start DESC NULLS FIRST, asset, check_name, subject
"""

_VALUE_COLUMNS = (
    "kpi_code", "period_start", "period_end", "is_complete", "segment_set", "segment_key",
    "value", "n", "ci_low", "ci_high", "previous_value", "change", "change_p_value",
    "is_significant", "year_ago_value", "target", "benchmark", "gap_to_benchmark", "status",
    "suppression", "method_id",
)  # fmt: skip
_TYPES = pl.Schema(
    {
        **{
            name: kind for name, kind in KPI_VALUE.polars_schema().items() if name in _VALUE_COLUMNS
        },
        "label": pl.String(),
        "segment": pl.String(),
    }
)
"""A column without a value has no type of its own in an answer."""


@dataclass(frozen=True, slots=True)
class Quality:
    """State of the data.

    Attributes:
        sources: `source_status`.
        reasons: table_name, column_name, expectation, rows; the most frequent first.
        all_reasons: How many reasons there are.
        checks: status, results.
        problems: Of each check and subject the latest result that did not pass; `times`, how many
            there are.
        all_problems: How many such checks and subjects there are.
        restatements: Latest restatements of the whole company in the report's grain.
        restated: reasons, restated: how many values.
        inventory: KPIs that are stale or without data.
    """

    sources: tuple[Row, ...]
    reasons: tuple[Row, ...]
    all_reasons: int
    checks: tuple[Row, ...]
    problems: tuple[Row, ...]
    all_problems: int
    restatements: tuple[Row, ...]
    restated: tuple[Row, ...]
    inventory: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """What one publish holds of what the report shows.

    Attributes:
        run: Latest row of `run_log`; None where nothing was published.
        kpis: `dim_kpi`.
        totals: Values of the whole company over the periods of the trends.
        segments: Values of the segments in the latest complete period of the grain, or in the
            latest at all; `segment` has the segment's label.
        quality: State of the data.
    """

    run: Row | None
    kpis: pl.DataFrame
    totals: pl.DataFrame
    segments: pl.DataFrame
    quality: Quality


Ask = Callable[[str], pl.DataFrame]
"""Answers a query of one publish; SQL that DuckDB and PostgreSQL both speak."""


def read_published(ask: Ask, grain: ReportGrain, periods: int) -> Published:
    """Read what the report of a grain shows.

    Args:
        ask: Answers queries.
        grain: Grain of the periods.
        periods: How many periods the trends reach back.
    """
    starts = ask(
        "SELECT period_start, bool_and(is_complete) AS is_complete "  # noqa: S608  constants
        "FROM kpi_value "
        f"WHERE period_grain = '{grain}' AND segment_set = 'total' "
        f"GROUP BY period_start ORDER BY period_start DESC LIMIT {periods}"
    ).to_dicts()
    complete = [row["period_start"] for row in starts if row["is_complete"]]
    latest = complete[0] if complete else (starts[0]["period_start"] if starts else _NEVER)
    first = starts[-1]["period_start"] if starts else _NEVER
    totals = _values(grain, f"v.segment_set = 'total' AND v.period_start >= '{first}'")
    segments = _values(grain, f"v.segment_set <> 'total' AND v.period_start = '{latest}'")
    runs = ask("SELECT * FROM run_log ORDER BY published_at DESC LIMIT 1").to_dicts()
    return Published(
        run=runs[0] if runs else None,
        kpis=ask("SELECT * FROM dim_kpi ORDER BY kpi_code"),
        totals=ask(totals).cast(_TYPES).sort("kpi_code", "period_start"),
        segments=ask(segments).cast(_TYPES).sort("kpi_code", "segment_set", "segment_key"),
        quality=_quality(ask, grain),
    )


def _values(grain: str, which: str) -> str:
    columns = ", ".join(f"v.{name}" for name in _VALUE_COLUMNS)
    return (
        f"SELECT {columns}, p.label, s.label AS segment FROM kpi_value v "  # noqa: S608  constants
        "JOIN dim_period p ON p.period_grain = v.period_grain AND p.period_start = v.period_start "
        "JOIN dim_segment s ON s.segment_set = v.segment_set AND s.segment_key = v.segment_key "
        f"WHERE v.period_grain = '{grain}' AND {which}"
    )


def _quality(ask: Ask, grain: str) -> Quality:
    def rows(query: str) -> tuple[Row, ...]:
        return tuple(ask(query).to_dicts())

    reasons = rows(
        "SELECT table_name, column_name, expectation, CAST(sum(rows) AS BIGINT) AS rows "
        "FROM quarantine_summary GROUP BY table_name, column_name, expectation "
        "ORDER BY rows DESC, table_name, column_name, expectation",
    )
    problems = rows(_PROBLEMS)
    return Quality(
        sources=rows("SELECT * FROM source_status ORDER BY is_stale DESC, source"),
        reasons=reasons[:TOP_REASONS],
        all_reasons=len(reasons),
        checks=rows(
            "SELECT status, count(*) AS results FROM data_quality_result "
            "GROUP BY status ORDER BY status"
        ),
        problems=problems[:LATEST_PROBLEMS],
        all_problems=len(problems),
        restatements=rows(
            "SELECT r.*, p.label FROM kpi_restatement r JOIN dim_period p "  # noqa: S608  constants
            "ON p.period_grain = r.period_grain AND p.period_start = r.period_start "
            f"WHERE r.period_grain = '{grain}' AND r.segment_set = 'total' "
            "ORDER BY r.known_at DESC, r.period_start DESC, r.kpi_code "
            f"LIMIT {LATEST_RESTATEMENTS}"
        ),
        restated=rows(
            "SELECT reasons, count(*) AS restated FROM kpi_restatement "
            "GROUP BY reasons ORDER BY restated DESC, reasons"
        ),
        inventory=rows(
            "SELECT * FROM kpi_inventory WHERE status <> 'available' ORDER BY status, kpi_code"
        ),
    )
