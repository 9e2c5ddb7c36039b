"""Which benchmark stands beside a value."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from assets.transforms.benchmarks import with_benchmarks

D = dt.date
_VALUES = {
    "kpi_code": pl.String, "period_end": pl.Date, "country": pl.String, "value": pl.Float64,
    "benchmark": pl.Float64, "gap_to_benchmark": pl.Float64,
}  # fmt: skip
_FIGURES = {
    "kpi_code": pl.String, "period_start": pl.Date, "industry": pl.String, "country": pl.String,
    "value": pl.Float64,
}  # fmt: skip
FIGURES = [
    ("nps", D(2026, 1, 1), None, None, 10.0),
    ("nps", D(2026, 2, 1), None, None, 12.0),
    ("nps", D(2026, 1, 1), None, "FR", 20.0),
    ("nps", D(2026, 1, 1), "retail", None, 30.0),
    ("nps", D(2026, 3, 1), "retail", "FR", 40.0),
    ("npss", D(2020, 1, 1), None, None, 99.0),
]


def beside(
    rows: list[tuple[Any, ...]], *, industry: str | None = None, country: str | None = None
) -> list[tuple[float | None, float | None]]:
    """Benchmark and gap of rows of code, end, country, value."""
    full = [(*row, None, None) for row in rows]
    values = pl.DataFrame(full, schema=_VALUES, orient="row")
    figures = pl.DataFrame(FIGURES, schema=_FIGURES, orient="row")
    own = {"industry": industry, "country": country}
    found = with_benchmarks(values, figures, own)
    assert found.columns == values.columns
    assert found.select("kpi_code", "period_end", "country", "value").equals(
        values.select("kpi_code", "period_end", "country", "value")
    )
    return found.select("benchmark", "gap_to_benchmark").rows()


@pytest.mark.parametrize(
    ("end", "expected"),
    [(D(2025, 12, 31), None), (D(2026, 1, 1), 10.0), (D(2026, 1, 31), 10.0), (D(2026, 2, 1), 12.0)],
)
def test_the_latest_that_holds_by_the_end(end: dt.date, expected: float | None) -> None:
    gap = None if expected is None else 15.0 - expected
    assert beside([("nps", end, None, 15.0)]) == [(expected, gap)]


def test_the_company_is_compared_with_its_own_industry_and_country() -> None:
    row = ("nps", D(2026, 3, 31), None, 15.0)
    assert beside([row], country="FR") == [(20.0, -5.0)]
    assert beside([row], industry="retail") == [(30.0, -15.0)]
    assert beside([row], industry="retail", country="FR") == [(40.0, -25.0)]
    assert beside([row], industry="retail", country="DE") == [(30.0, -15.0)]
    assert beside([row], industry="banking", country="DE") == [(12.0, 3.0)]


def test_a_segment_is_compared_with_its_own_country() -> None:
    end = D(2026, 1, 31)
    rows = [("nps", end, "FR", 15.0), ("nps", end, "DE", 15.0), ("nps", end, "(unknown)", 15.0)]
    assert beside(rows, country="FR") == [(20.0, -5.0), (10.0, 5.0), (10.0, 5.0)]


def test_a_benchmark_of_another_code_is_not_used() -> None:
    assert beside([("csat", D(2026, 3, 31), None, 15.0)]) == [(None, None)]


def test_without_a_value_there_is_no_gap() -> None:
    assert beside([("nps", D(2026, 1, 31), None, None)]) == [(10.0, None)]
    assert beside([]) == []
