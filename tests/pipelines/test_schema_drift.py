"""Columns that come, go or change their type: noted, refused with the key, blocked."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from tests.pipelines.company import DAYS, Company
from tests.pipelines.conftest import Barometer

AS_CSV = "path: orders_{date}.csv\n      format: csv"
AS_PARQUET = "path: orders_{date}.parquet\n      format: parquet"


def _result(company: Company, source: str, day: str) -> dict[str, object]:
    rows = company.table("data_quality_result").filter(
        pl.col("check_name") == "columns",
        pl.col("source") == source,
        pl.col("period_start") == dt.date.fromisoformat(day),
    )
    return rows.row(0, named=True)


def _rewrite(company: Company, day: str, old: str, new: str) -> None:
    path = company.extracts / f"orders_{day}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_new_column_is_noted_and_kept_in_raw(loaded: Company, invoke: Barometer) -> None:
    _rewrite(loaded, DAYS[2], "status,amount\n", "status,amount,voucher\n")
    _rewrite(loaded, DAYS[2], "10.00\n", "10.00,SPRING\n")
    _rewrite(loaded, DAYS[2], "25.50\n", "25.50,\n")
    _rewrite(loaded, DAYS[2], "5.00\n", "5.00,\n")
    result = invoke(loaded, "run")
    assert result.exit_code == 0, result.output
    noted = _result(loaded, "orders", DAYS[2])
    assert noted["status"] == "warn"
    assert "voucher" in str(noted["message"])
    path = loaded.lake.raw("orders", dt.date.fromisoformat(DAYS[2])).path("data.parquet")
    assert path is not None
    assert "SPRING" in pl.read_parquet(path)["voucher"].to_list()


def test_a_missing_column_is_an_error_with_the_key_that_asks_for_it(
    loaded: Company, invoke: Barometer
) -> None:
    before = loaded.values()
    _rewrite(loaded, DAYS[2], "amount", "net")
    result = invoke(loaded, "run")
    assert result.exit_code == 1
    assert "sources.orders.tables.erp_order" in result.output
    assert "columns.net_amount asks for 'amount'" in result.output
    assert loaded.values().equals(before)


@pytest.fixture
def typed(tmp_path: Path) -> Company:
    """A company whose orders come as Parquet, with amounts as numbers; the last day as text."""
    company = Company(tmp_path / "company")
    company.extracts.mkdir(parents=True)
    company.configure((AS_CSV, AS_PARQUET))
    for day in DAYS:
        company.deliver(day)
        rows = pl.read_csv(company.extracts / f"orders_{day}.csv", infer_schema=False)
        kind = pl.String if day == DAYS[2] else pl.Float64
        rows = rows.with_columns(pl.col("amount").cast(kind))
        rows.write_parquet(company.extracts / f"orders_{day}.parquet")
    return company


def test_a_retyped_column_blocks_publish_with_the_key_to_change(
    typed: Company, invoke: Barometer
) -> None:
    result = invoke(typed, "run")
    assert result.exit_code == 1
    assert f"columns of raw/orders orders {DAYS[2]}" in result.output
    assert "amount" in result.output
    assert "sources.orders.tables.erp_order.columns.net_amount" in result.output
