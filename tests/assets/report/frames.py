"""Small published frames: one KPI or two, a few periods, two segments."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import polars as pl

from assets.report.edition import Edition
from assets.report.published import Published, Quality, Row
from schemas.config.project import Project
from schemas.config.report import ReportConfig

MONTHS = ("2025-01", "2025-02", "2025-03")

_OPTIONAL = {
    "value": pl.Float64, "n": pl.Int64, "ci_low": pl.Float64, "ci_high": pl.Float64,
    "previous_value": pl.Float64, "change": pl.Float64, "change_p_value": pl.Float64,
    "is_significant": pl.Boolean, "year_ago_value": pl.Float64, "target": pl.Float64,
    "benchmark": pl.Float64, "gap_to_benchmark": pl.Float64, "status": pl.String,
    "suppression": pl.String, "method_id": pl.String,
}  # fmt: skip


def row(month: str = "2025-02", **told: Any) -> Row:
    """A value of the whole company; what is not told is null."""
    start = dt.date.fromisoformat(f"{month}-01")
    return {
        "kpi_code": "nps", "period_start": start, "period_end": start, "label": month,
        "is_complete": month != MONTHS[-1], "segment_set": "total", "segment_key": "all",
        "segment": "Total", **dict.fromkeys(_OPTIONAL), **told,
    }  # fmt: skip


def segment(key: str, **told: Any) -> Row:
    """A value of a segment in the leading month."""
    return row(**{"segment_set": "by_region", "segment_key": key, "segment": key, **told})


def values(*rows: Row) -> pl.DataFrame:
    """Rows as a frame of the columns that the report reads."""
    schema = dict.fromkeys(row()) | _OPTIONAL
    return pl.DataFrame(list(rows), schema=schema)


def kpi(code: str = "nps", **told: Any) -> Row:
    """A row of dim_kpi."""
    return {
        "kpi_code": code, "name_en": f"{code} in words", "name_fr": f"{code} en mots",
        "family": "experience", "unit": "points", "direction": "higher_is_better",
        "formula": "promoters less detractors", "min_n": 1, **told,
    }  # fmt: skip


QUALITY = Quality((), (), 0, (), (), 0, (), (), ())


def project(*sets: str, **report: Any) -> Project:
    """A company that ranks one set, or others."""
    return Project.model_validate(
        {
            "version": 1,
            "company": {"name": "Tiny <Company>", "time_zone": "Europe/Paris", "currency": "EUR"},
            "start_date": "2025-01-01",
            "sources": {"s": {"system": "crm", "mode": "snapshot", "files": {
                "root": ".", "path": "x_{date}.csv", "format": "csv"}}},
            "segment_sets": {name: ["region"] for name in sets or ("by_region",)},
            "report": ReportConfig.model_validate(report).model_dump(),
        }
    )  # fmt: skip


def edition(
    totals: list[Row],
    segments: list[Row] | None = None,
    *,
    kpis: list[Row] | None = None,
    quality: Quality = QUALITY,
    sets: Sequence[str] = (),
    **report: Any,
) -> Edition:
    """An edition of the report on some rows."""
    run = {
        "publish_id": "p1", "published_at": dt.datetime(2025, 3, 2, 6, tzinfo=dt.UTC),
        "as_of": dt.date(2025, 3, 1), "rows_quarantined": 0,
    }  # fmt: skip
    published = Published(
        run, pl.DataFrame(kpis or [kpi()]), values(*totals), values(*(segments or [])), quality
    )
    return Edition(project(*sets, **report), published)
