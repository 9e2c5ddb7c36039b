"""A metric of the semantic model adds up what adds up, and is null wherever rows do not."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.config import load_project
from pipelines.metric_sql import metric_expression, overlapping_sets
from schemas.kpis.catalogue import CATALOGUE, Published
from schemas.warehouse import KPI_VALUE


@pytest.fixture
def chosen() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two days of NPS and nothing else; the tests add what must not be added up."""
    connection = duckdb.connect()
    columns = ", ".join(f'"{name}" VARCHAR' for name in KPI_VALUE.polars_schema())
    connection.execute(f"CREATE TABLE kpi_value ({columns})")
    for name in ("numerator", "denominator", "value"):
        connection.execute(f"ALTER TABLE kpi_value ALTER {name} TYPE DOUBLE")
    _add(connection, period_start="2026-03-01", numerator=7, denominator=10)
    _add(connection, period_start="2026-03-02", numerator=-30, denominator=100)
    yield connection
    connection.close()


def _add(connection: duckdb.DuckDBPyConnection, **given: object) -> None:
    row: dict[str, object] = {
        "kpi_code": "nps",
        "period_grain": "day",
        "period_start": "2026-03-01",
        "segment_set": "total",
        "segment_key": "all",
        "method_id": "nps.v1:adjusted_wald",
    }
    row |= given
    marks = ", ".join("?" * len(row))
    insert = f"INSERT INTO kpi_value ({', '.join(row)}) VALUES ({marks})"  # noqa: S608
    connection.execute(insert, list(row.values()))


def _metric(
    connection: duckdb.DuckDBPyConnection,
    code: str = "nps",
    *,
    overlapping: tuple[str, ...] | None = (),
) -> object:
    kpi = CATALOGUE[code]
    expression = metric_expression(
        Published(code, kpi, "none"), is_additive=kpi.additive, overlapping=overlapping
    )
    return connection.execute(f"SELECT {expression} FROM kpi_value").fetchall()[0][0]  # noqa: S608


def test_sums_are_divided_not_values_averaged(chosen: duckdb.DuckDBPyConnection) -> None:
    assert _metric(chosen) == pytest.approx(-20.909, abs=0.001)  # the mean of the days would be +20


def test_rows_of_other_kpis_are_nothing_to_it(chosen: duckdb.DuckDBPyConnection) -> None:
    _add(chosen, kpi_code="csat", period_grain="month", numerator=1, denominator=2)
    assert _metric(chosen) == pytest.approx(-20.909, abs=0.001)


@pytest.mark.parametrize(
    "other",
    [
        {"period_grain": "month", "numerator": 1, "denominator": 2},
        {"segment_set": "by_region", "numerator": 1, "denominator": 2},
        {"method_id": "nps.v2:adjusted_wald", "numerator": 1, "denominator": 2},
        {"suppression": "min_n"},
    ],
)
def test_rows_that_do_not_add_up_give_nothing(
    chosen: duckdb.DuckDBPyConnection, other: dict[str, object]
) -> None:
    _add(chosen, period_start="2026-03-03", **other)
    assert _metric(chosen) is None


def test_windows_that_overlap_give_nothing(chosen: duckdb.DuckDBPyConnection) -> None:
    chosen.execute("UPDATE kpi_value SET period_grain = 'rolling_28d'")
    assert _metric(chosen) is None
    chosen.execute("DELETE FROM kpi_value WHERE period_start = '2026-03-02'")
    assert _metric(chosen) == pytest.approx(70)


def test_what_is_not_additive_is_told_of_a_single_row(chosen: duckdb.DuckDBPyConnection) -> None:
    _add(chosen, kpi_code="churn_rate", period_grain="month", value=7.0)
    assert _metric(chosen, "churn_rate") == pytest.approx(7)
    _add(chosen, kpi_code="churn_rate", period_grain="quarter", value=9.0)
    assert _metric(chosen, "churn_rate") is None


@pytest.mark.parametrize(
    ("segment_set", "known", "is_sum"),
    [
        ("by_region", ("by_category",), True),
        ("by_category", ("by_category",), False),
        ("by_region", None, False),  # which sets there are is not known
        ("total", None, True),
    ],
)
def test_an_order_of_several_products_counts_in_each_of_their_segments(
    chosen: duckdb.DuckDBPyConnection,
    segment_set: str,
    known: tuple[str, ...] | None,
    *,
    is_sum: bool,
) -> None:
    code = "average_transaction_value"
    for key in ("a", "b"):
        row = {"kpi_code": code, "segment_set": segment_set, "segment_key": key}
        _add(chosen, **row, numerator=60, denominator=2)
    whole = pytest.approx(30) if is_sum else None
    assert _metric(chosen, code, overlapping=known) == whole
    chosen.execute("DELETE FROM kpi_value WHERE segment_key = 'b'")
    row = {"kpi_code": code, "segment_set": segment_set, "segment_key": "a"}
    _add(chosen, **row, period_start="2026-03-02", numerator=40, denominator=2)
    assert _metric(chosen, code, overlapping=known) == pytest.approx(25)  # one segment, two days


def test_sets_of_products_are_those_in_which_orders_overlap() -> None:
    project = load_project(Path("barometer.yaml"), {})
    assert overlapping_sets(project) == ("by_category",)
