"""Money and support equal their independent definition in SQL, for every grain and segment."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.kpi.states import build_states
from assets.kpi.tables import scan_dimension, scan_values
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from schemas.warehouse import GRAINS
from tests.assets.kpi.support_company import (
    AS_OF,
    support_company,
    support_project,
    write_support,
)
from tests.assets.kpi.support_reference import (
    CUSTOMERS,
    EVENTS,
    connect_support,
    expected_of_customers,
    expected_of_events,
)

Built = tuple[pl.DataFrame, duckdb.DuckDBPyConnection, str]
KEYS = ["period_start", "segment_set", "segment_key"]


@pytest.fixture(scope="module", params=["orders", "contracts"])
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Built]:
    """Values of a company, and the database that holds its tables."""
    lake, made = Lake(Path(tmp_path_factory.mktemp("lake"))), support_company(11)
    project = support_project(request.param)
    write_support(lake, made)
    build_states(lake, project, as_of=AS_OF)
    build_values(lake, project, as_of=AS_OF)
    periods = scan_dimension(lake, "dim_period").collect()
    with connect_support(made, periods) as connection:
        yield scan_values(lake).collect(), connection, request.param


def _found(values: pl.DataFrame, code: str, grain: str) -> pl.DataFrame:
    return values.filter(pl.col("kpi_code") == code, pl.col("period_grain") == grain)


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("code", EVENTS)
def test_money_equals_sql(built: Built, code: str, grain: str) -> None:
    values, connection, _ = built
    right = expected_of_events(connection, code, grain)
    sets = right["segment_set"].unique().implode()
    found = _found(values, code, grain).filter(pl.col("segment_set").is_in(sets))
    assert right.height > 0
    assert_frame_equal(
        found.select(*KEYS, "value"), right.select(*KEYS, "value"),
        check_row_order=False, rel_tol=1e-9, abs_tol=1e-9,
    )  # fmt: skip


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("code", CUSTOMERS)
def test_support_of_customers_equals_sql(built: Built, code: str, grain: str) -> None:
    values, connection, basis = built
    right = expected_of_customers(connection, code, grain, basis)
    found = _found(values, code, grain)
    assert right.height > 0
    assert_frame_equal(
        found.select(*KEYS, "n", "value"), right.select(*KEYS, "n", "value"),
        check_row_order=False, rel_tol=1e-9, abs_tol=1e-9,
    )  # fmt: skip
