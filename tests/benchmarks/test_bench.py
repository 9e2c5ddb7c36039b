"""The pipeline against the bare script, which shares no code with it: every value must agree."""

import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest

from benchmarks import bare
from benchmarks.compare import DifferenceError, check_equal, published
from benchmarks.configuration import configuration
from benchmarks.extracts import extracts
from benchmarks.layers import LAYERS
from benchmarks.settings import Settings
from pipelines.config import load_project
from pipelines.dates import days
from schemas.config.project import Project

SETTINGS = Settings(
    answers_per_day=480,
    order_lines_per_day=480,
    accounts=400,
    long_days=36,
    short_days=10,
    extra_days=1,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return extracts(tmp_path_factory.mktemp("extracts"), SETTINGS)


@pytest.fixture(scope="module")
def expected(folder: Path) -> pl.DataFrame:
    return _expected(folder, SETTINGS.last_on)


@pytest.fixture
def project(folder: Path, tmp_path: Path) -> Project:
    start = SETTINGS.long_start.isoformat()
    document = configuration(folder, start=start, accounts="accounts")
    (tmp_path / "barometer.yaml").write_text(json.dumps(document))
    return load_project(tmp_path / "barometer.yaml")


def _load(lake: Path, project: Project, first: dt.date, last: dt.date) -> pl.DataFrame:
    for layer in LAYERS.values():
        layer(lake, project, list(days(first, last)))
    return published(lake / "warehouse" / "cx_barometer.duckdb")


def _expected(folder: Path, last: dt.date) -> pl.DataFrame:
    return bare.values(folder, SETTINGS.long_start, last, accounts="accounts")


def test_the_pipeline_and_the_bare_script_agree(
    folder: Path, expected: pl.DataFrame, project: Project, tmp_path: Path
) -> None:
    last = SETTINGS.last_on
    found = _load(tmp_path / "lake", project, SETTINGS.long_start, last)
    assert check_equal(expected, found) == expected.height > 15_000

    # and again with one more day on top, of which late rows reach into the days before
    last += dt.timedelta(days=1)
    found = _load(tmp_path / "lake", project, last, last)
    assert check_equal(_expected(folder, last), found) > expected.height


def test_all_kpis_grains_and_segment_sets_are_compared(expected: pl.DataFrame) -> None:
    assert set(expected["kpi_code"]) == {
        "nps", "nps_promoter_share", "nps_passive_share", "nps_detractor_share", "csat",
        "csat_mean", "ces_mean", "ces_top_share", "ces_net", "average_transaction_value",
        "churn_rate", "retention_rate",
    }  # fmt: skip
    assert set(expected["period_grain"]) == {"day", "week", "month", "quarter", "year"}
    assert set(expected["segment_set"]) == {
        "total", "by_region", "by_tier", "by_touchpoint", "by_category", "by_region_tier",
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        pl.col("value") * (1 + 1e-7),
        pl.col("n") + 1,
        pl.when(pl.col("value") < 0).then("ci_low").alias("ci_low"),
        pl.lit(float("nan")).alias("value"),
    ],
)
def test_a_difference_is_found(expected: pl.DataFrame, change: pl.Expr) -> None:
    with pytest.raises(DifferenceError, match="values differ"):
        check_equal(expected, expected.with_columns(change))


def test_a_missing_value_is_found(expected: pl.DataFrame) -> None:
    with pytest.raises(DifferenceError, match=r"^1 of"):
        check_equal(expected, expected.slice(1))


def test_equal_settings_give_equal_extracts(folder: Path, tmp_path: Path) -> None:
    again = extracts(tmp_path, SETTINGS)
    names = sorted(path.relative_to(folder) for path in folder.rglob("*.csv"))
    assert names == sorted(path.relative_to(again) for path in again.rglob("*.csv"))
    assert all((folder / name).read_bytes() == (again / name).read_bytes() for name in names)
