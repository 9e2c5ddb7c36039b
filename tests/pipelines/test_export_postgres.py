"""Exports of a real PostgreSQL: the same tables, types and values as those of the DuckDB file."""

from collections.abc import Iterator
from pathlib import Path

import fastexcel
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.pipelines.company import Company
from tests.pipelines.conftest import Barometer
from tests.postgres import postgres_server

_WAREHOUSE = "version: 1\nwarehouse: {kind: postgres, dsn: '${BAROMETER_DSN}'}"


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with postgres_server() as uri:
        yield uri


def _tables(folder: Path) -> dict[str, pl.DataFrame]:
    """Exported tables, less the stamps that differ from publish to publish."""
    read = {path.stem: pl.read_parquet(path) for path in folder.glob("*.parquet")}
    return {
        name: rows.drop(pl.selectors.contains("publish_id", "_at")).sort(pl.selectors.all())
        for name, rows in read.items()
        if name not in {"run_log", "kpi_restatement"}
    }


def test_both_warehouses_export_the_same(
    loaded: Company,
    invoke: Barometer,
    dsn: str,
    tmp_path: Path,
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    embedded, served = tmp_path / "embedded", tmp_path / "served"
    assert invoke(loaded, "export", "--to", str(embedded)).exit_code == 0
    monkeypatch.setenv("BAROMETER_DSN", dsn)
    loaded.configure(("version: 1", _WAREHOUSE))
    assert invoke(loaded, "run").exit_code == 0
    result = invoke(loaded, "export", "--to", str(served))
    assert result.exit_code == 0, result.output

    expected, found = _tables(embedded), _tables(served)
    assert found.keys() == expected.keys()
    assert found["kpi_value"].height > 0
    for name, rows in expected.items():
        assert_frame_equal(found[name], rows)
    instants = pl.read_parquet_schema(served / "run_log.parquet")["published_at"]
    assert instants == pl.Datetime("us", "UTC")

    for kind in ("csv", "xlsx"):
        arguments = ["export", "dim_kpi", "--to", str(served), "--format", kind]
        assert invoke(loaded, *arguments).exit_code == 0
    codes = sorted(expected["dim_kpi"]["kpi_code"])
    assert pl.read_csv(served / "dim_kpi.csv")["kpi_code"].to_list() == codes
    sheet = fastexcel.read_excel(served / "dim_kpi.xlsx").load_sheet(0).to_polars()
    assert sheet["kpi_code"].to_list() == codes
