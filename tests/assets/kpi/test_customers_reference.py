"""Every KPI of customers equals its independent definition in SQL, for every grain and segment."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.kpi.tables import scan_values
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from tests.assets.kpi.customers_company import CODES, SETTINGS, customers_company, write
from tests.assets.kpi.customers_reference import KPIS, connect, expected
from tests.assets.kpi.histories import project

Built = tuple[pl.DataFrame, duckdb.DuckDBPyConnection]
AS_OF = dt.date(2027, 1, 25)
DAYS, WINDOW = 40, 60
KEYS = ["period_grain", "period_start", "segment_set", "segment_key"]
GRAINS = {
    "day", "week", "month", "quarter", "year", "fiscal_month", "fiscal_quarter", "fiscal_year",
    "rolling_12m",
}  # fmt: skip


@pytest.fixture(scope="module", params=["orders", "contracts"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[
    Built
]:  # fmt: skip
    """Values of a company, and the database that holds its accounts."""
    lake, made = Lake(Path(tmp_path_factory.mktemp("lake"))), customers_company(5)
    write(made, lake)
    basis = request.param
    codes = CODES if basis == "orders" else ["churn_rate", "retention_rate", "reactivation_rate"]
    kpis = {
        "codes": codes,
        "churn": {"basis": basis, "inactivity_days": DAYS},
        "cross_sell": {"window_days": WINDOW},
    }
    build_values(lake, project(kpis=kpis, **SETTINGS), as_of=AS_OF)
    with connect(made, basis=basis, days=DAYS, window=WINDOW, as_of=AS_OF) as connection:
        yield scan_values(lake).collect(), connection


@pytest.mark.parametrize("code", KPIS)
def test_value_equals_sql(built: Built, code: str) -> None:
    values, connection = built
    found = values.filter(pl.col("kpi_code") == code)
    if found.is_empty():
        pytest.skip("counted once, on the basis of orders")
    right = expected(connection, code)
    # nobody is lost yet when the windows of twelve months begin
    assert set(right["period_grain"]) >= GRAINS - {"rolling_12m"}
    assert_frame_equal(
        found.select(*KEYS, "value", pl.col("n").cast(pl.Int64)),
        right.select(*KEYS, "value", pl.col("n").cast(pl.Int64)),
        check_row_order=False,
        rel_tol=1e-9,
        abs_tol=1e-9,
    )
