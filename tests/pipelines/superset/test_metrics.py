"""Any roll-up that a BI tool makes of the bundle's metrics equals what the pipeline published."""

# The statements are the bundle's own.
# ruff: noqa: S608
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from pipelines.config import load_project
from pipelines.superset.datasets import METRICS, PUBLISHED_VALUE
from schemas.config.project import Project
from schemas.config.warehouse import WarehouseConfig
from tests.pipelines.company import Company
from tests.pipelines.superset.warehouses import (
    SCHEMA,
    dataset,
    documents_of,
    served,
)

TOLERANCE = 1e-9
Ask = Callable[[str], list[tuple[Any, ...]]]
Figures = dict[tuple[str, ...], tuple[float | None, float | None]]


@pytest.fixture(scope="module")
def project(published: Company) -> Project:
    return load_project(published.config, published.environment)


@pytest.fixture(scope="module")
def embedded(published: Company) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(published.lake.warehouse, read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def server(published: Company) -> Iterator[psycopg.Connection[Any]]:
    with served(published) as connection:
        yield connection


class Warehouse:
    """One of the two, with the dataset of metrics that the bundle has for it."""

    def __init__(self, ask: Ask, documents: Mapping[str, Mapping[str, Any]]) -> None:
        self.ask = ask
        found = dataset(documents, METRICS)
        self.sql = found["sql"]
        self.metrics = {one["metric_name"]: one["expression"] for one in found["metrics"]}

    def additive(self) -> list[str]:
        """KPIs whose sums add up."""
        rows = self.ask(f"SELECT DISTINCT kpi_code FROM ({self.sql}) AS t WHERE is_additive")
        return sorted(code for (code,) in rows)

    def day_to_period(self, expression: str, code: str, grain: str) -> Figures:
        """The metric over the days of each period and segment, beside what is published."""
        whole = f"date_trunc('{grain}', period_start)"
        return self._beside(
            f"SELECT CAST({whole} AS DATE) AS period_start, segment_set, segment_key, "
            f"{expression} AS rolled FROM ({self.sql}) AS t WHERE period_grain = 'day' "
            f"GROUP BY {whole}, segment_set, segment_key",
            f"kpi_code = '{code}' AND period_grain = '{grain}'",
            "r.period_start = v.period_start AND r.segment_set = v.segment_set "
            "AND r.segment_key = v.segment_key",
        )

    def segments_to_total(self, expression: str, code: str, grain: str) -> Figures:
        """The metric over the segments of each set and period, beside the total."""
        return self._beside(
            f"SELECT period_start, segment_set, '-' AS segment_key, {expression} AS rolled "
            f"FROM ({self.sql}) AS t WHERE period_grain = '{grain}' AND segment_set <> 'total' "
            f"GROUP BY period_start, segment_set",
            f"kpi_code = '{code}' AND period_grain = '{grain}' AND segment_set = 'total'",
            "r.period_start = v.period_start",
        )

    def _beside(self, rolled: str, where: str, on: str) -> Figures:
        query = (
            f"SELECT r.period_start, r.segment_set, r.segment_key, r.rolled, v.value "
            f"FROM ({rolled}) AS r JOIN (SELECT * FROM ({self.sql}) AS t WHERE {where}) AS v "
            f"ON {on}"
        )
        return {
            tuple(str(part) for part in key): (rolled, value)
            for *key, rolled, value in self.ask(query)
        }


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request: pytest.FixtureRequest, published: Company, project: Project) -> Warehouse:
    if request.param == "duckdb":
        embedded: duckdb.DuckDBPyConnection = request.getfixturevalue("embedded")
        documents = documents_of(project, published.lake.warehouse)
        return Warehouse(lambda sql: embedded.execute(sql).fetchall(), documents)
    server: psycopg.Connection[Any] = request.getfixturevalue("server")
    given = {"kind": "postgres", "dsn": server.info.dsn, "schema": SCHEMA}
    config = WarehouseConfig.model_validate(given)
    documents = documents_of(project.model_copy(update={"warehouse": config}), Path("none"))
    return Warehouse(lambda sql: server.execute(sql.encode()).fetchall(), documents)


def differing(figures: Figures) -> list[tuple[str, ...]]:
    """Where both have a figure, and they are not the same."""
    return [
        key
        for key, (rolled, value) in figures.items()
        if rolled is not None
        and value is not None
        and abs(rolled - value) > TOLERANCE * max(1.0, abs(value))
    ]


def compared(figures: Figures) -> int:
    return sum(rolled is not None and value is not None for rolled, value in figures.values())


def test_days_roll_up_to_every_period(warehouse: Warehouse) -> None:
    codes = warehouse.additive()
    assert len(codes) >= 6
    for code in codes:
        for grain in ("week", "month", "quarter", "year"):
            figures = warehouse.day_to_period(warehouse.metrics[code], code, grain)
            assert compared(figures) >= 2, (code, grain)
            assert differing(figures) == [], (code, grain)


def test_segments_roll_up_to_the_total(warehouse: Warehouse) -> None:
    seen = 0
    for code in warehouse.additive():
        figures = warehouse.segments_to_total(warehouse.metrics[code], code, "month")
        assert differing(figures) == [], code
        seen += compared(figures)
    assert seen >= 20


def test_a_mean_of_values_would_be_found_out(warehouse: Warehouse) -> None:
    naive = "AVG(CASE WHEN kpi_code = 'nps' THEN value END)"
    assert differing(warehouse.day_to_period(naive, "nps", "month"))
    assert differing(warehouse.segments_to_total(naive, "nps", "month"))


def test_every_metric_gives_each_published_row(warehouse: Warehouse) -> None:
    for code, expression in warehouse.metrics.items():
        if code == PUBLISHED_VALUE:
            continue
        rows = warehouse.ask(
            f"SELECT {expression}, MAX(value) FROM ({warehouse.sql}) AS t "
            f"WHERE kpi_code = '{code}' AND suppression IS NULL "
            "GROUP BY period_grain, period_start, segment_set, segment_key"
        )
        assert rows, code
        assert [row for row in rows if differing({("row",): row})] == [], code
        assert sum(one is None for one, _ in rows) == sum(value is None for _, value in rows)


def test_what_does_not_add_up_is_null(warehouse: Warehouse) -> None:
    for code, expression in warehouse.metrics.items():
        of = "" if code == PUBLISHED_VALUE else f"WHERE kpi_code = '{code}'"
        query = f"SELECT {expression} FROM ({warehouse.sql}) AS t {of}"
        assert warehouse.ask(query) == [(None,)], code


def test_the_joins_neither_lose_nor_double_a_row(warehouse: Warehouse) -> None:
    at = f"{SCHEMA}." if SCHEMA in warehouse.sql else ""
    (read,) = warehouse.ask(f"SELECT count(*) FROM ({warehouse.sql}) AS t")
    assert read == warehouse.ask(f"SELECT count(*) FROM {at}kpi_value")[0]
    nameless = "kpi IS NULL OR period IS NULL OR segment IS NULL OR unit_name IS NULL"
    assert warehouse.ask(f"SELECT count(*) FROM ({warehouse.sql}) AS t WHERE {nameless}") == [(0,)]
