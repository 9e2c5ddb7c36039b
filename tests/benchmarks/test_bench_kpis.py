"""The KPI layer against the bare script of all KPIs, which shares no code with it."""

from pathlib import Path

import polars as pl
import pytest

from assets.kpi.states import build_states
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from benchmarks.bare_kpis.__main__ import values
from benchmarks.bench_kpis import Bench, KpiResults
from benchmarks.compare import DifferenceError
from benchmarks.kpi_compare import QUANTILES, check, computed
from benchmarks.kpi_configuration import NOT_BY_HAND, SEGMENT_SETS, kpi_configuration
from benchmarks.kpi_history import history
from benchmarks.kpi_profile import table, timed
from benchmarks.kpi_settings import KpiSettings
from benchmarks.measure import Measurement
from schemas.config.project import Project
from schemas.kpis.catalogue import CATALOGUE, published_kpis

SETTINGS = KpiSettings.scaled(0.003)
CALENDAR = ("month", "quarter")
"""Days and weeks have as many values as the other grains together many times over."""

GRAINS = (*CALENDAR, "rolling_28d", "rolling_12m")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return history(tmp_path_factory.mktemp("bench") / "lake", SETTINGS)


@pytest.fixture(scope="module")
def project() -> Project:
    codes = [code for code in CATALOGUE if code not in NOT_BY_HAND]
    return Project.model_validate(kpi_configuration(codes, calendar=CALENDAR))


@pytest.fixture(scope="module")
def parts(lake: Path, project: Project) -> dict[str, float]:
    with timed() as found:
        build_states(Lake(lake), project, as_of=SETTINGS.last_on)
        build_values(Lake(lake), project, as_of=SETTINGS.last_on)
    return found


@pytest.fixture(scope="module")
def found(lake: Path, parts: dict[str, float]) -> pl.DataFrame:
    assert parts
    return computed(lake)


@pytest.fixture(scope="module")
def expected(lake: Path) -> pl.DataFrame:
    every = values(lake, SETTINGS.last_on)
    return every.filter(pl.col("period_grain").is_in(GRAINS))


def test_every_value_is_the_scripts(expected: pl.DataFrame, found: pl.DataFrame) -> None:
    assert check(expected, found) == found.height


def test_every_kpi_is_compared(expected: pl.DataFrame, project: Project) -> None:
    assert set(expected["kpi_code"]) == {one.code for one in published_kpis(project)}
    assert set(CATALOGUE) - set(expected["kpi_code"]) == set(NOT_BY_HAND)


def test_every_set_and_grain_is_compared(expected: pl.DataFrame) -> None:
    assert set(expected["segment_set"]) == {"total", *SEGMENT_SETS}
    assert set(expected["period_grain"]) == set(GRAINS)


def test_a_different_value_is_found(expected: pl.DataFrame, found: pl.DataFrame) -> None:
    other = expected.with_columns(pl.col("value") + 1e-6)
    with pytest.raises(DifferenceError, match="values differ"):
        check(other, found)


def test_a_different_quantile_is_found(expected: pl.DataFrame, found: pl.DataFrame) -> None:
    other = expected.with_columns(pl.when(QUANTILES).then(pl.col("value") * 1.1).otherwise("value"))
    with pytest.raises(DifferenceError, match="quantiles differ"):
        check(other, found)


def test_a_missing_quantile_is_found(expected: pl.DataFrame, found: pl.DataFrame) -> None:
    lost = pl.struct("kpi_code", "period_start", "segment_key").is_first_distinct() & QUANTILES
    with pytest.raises(DifferenceError, match="quantiles differ"):
        check(expected, found.filter(~lost))


def test_the_profile_names_facts_populations_and_steps(parts: dict[str, float]) -> None:
    assert {"fact answer", "population churn", "grain month", "step settle"} <= set(parts)
    assert len(table(parts)) == len(parts) + 2


def test_the_report_compares_the_sums_of_both_layers(tmp_path: Path) -> None:
    def took(seconds: float) -> Measurement:
        return Measurement(seconds, seconds, 2 * seconds, 0.5)

    bench = Bench(SETTINGS, tmp_path)
    results = KpiResults(bench.settings, [took(10)], [took(4)], [took(21)])
    assert results.ratio("wall_seconds") == 2.5
    assert "**not met**: states and values 2.50 times bare" in results.markdown()


def test_scaled_settings_keep_the_days() -> None:
    assert SETTINGS.days == KpiSettings().days
    assert SETTINGS.accounts == 600
    assert SETTINGS.digest != KpiSettings().digest
