"""Reading the KPI tables as they are published: `kpi_value`, `kpi_exclusion`, the dimensions."""

import polars as pl

from assets.kpi.history_inputs import scan_slot
from assets.kpi.lifetime import scan_assumptions
from assets.kpi.values import value_slots
from assets.kpi.withheld import refresh_withheld
from assets.lake.layout import ALL, Lake
from assets.transforms.benchmarks import with_benchmarks
from assets.transforms.changes import with_changes
from assets.transforms.withholding import marked_exclusions, marked_values
from schemas.config.project import Project
from schemas.errors import LakeError
from schemas.kpis.catalogue import published_kpis
from schemas.lifetime_tables import CLV_ASSUMPTION
from schemas.table import Table
from schemas.warehouse import (
    DIM_KPI,
    DIM_PERIOD,
    DIM_SEGMENT,
    KPI_EXCLUSION,
    KPI_VALUE,
    TOTAL_SET,
    configured_dimensions,
    with_dimensions,
    with_summary,
)

_DIMENSIONS = (DIM_KPI, DIM_PERIOD, DIM_SEGMENT)


def scan_values(lake: Lake) -> pl.LazyFrame:
    """Rows of `kpi_value`, with the dimensions that they were built with."""
    return _scan_slots(lake, "value.parquet", with_summary(KPI_VALUE))


def scan_exclusions(lake: Lake) -> pl.LazyFrame:
    """Rows of `kpi_exclusion`, with the dimensions that they were built with."""
    return _scan_slots(lake, "exclusion.parquet", KPI_EXCLUSION)


def scan_dimension(lake: Lake, table: str) -> pl.LazyFrame:
    """Rows of `dim_kpi`, `dim_period` or `dim_segment`.

    Raises:
        LakeError: There is no such table.
    """
    contracts = {one.name: one for one in _DIMENSIONS}
    if table not in contracts:
        raise LakeError("no such dimension table", found=table, allowed=sorted(contracts))
    path = lake.kpi("dimension").path(f"{table}.parquet")
    empty = contracts[table].polars_schema().to_frame().lazy()
    return empty if path is None else pl.scan_parquet(path)


def scan_published(lake: Lake, project: Project) -> dict[str, tuple[Table, pl.LazyFrame]]:
    """Every published table of the KPI layer with its contract, by name."""
    dimensions = configured_dimensions(project)
    values, exclusions = (with_dimensions(one, dimensions) for one in (KPI_VALUE, KPI_EXCLUSION))
    marked, left_out = _marked(lake, project, values, exclusions)
    return {
        KPI_VALUE.name: (values, _compared(lake, project, marked)),
        KPI_EXCLUSION.name: (exclusions, left_out),
        **{
            one.name: (with_dimensions(one, dimensions), scan_dimension(lake, one.name))
            for one in _DIMENSIONS
        },
        CLV_ASSUMPTION.name: (CLV_ASSUMPTION, _assumptions(lake, marked)),
    }


def _assumptions(lake: Lake, marked: pl.DataFrame) -> pl.LazyFrame:
    """Rows of `clv_assumption` of periods whose total is not withheld: they tell its n."""
    keys = ["kpi_code", "period_grain", "period_start"]
    is_hidden = pl.col("suppression").is_not_null() & (pl.col("segment_set") == TOTAL_SET)
    hidden = marked.lazy().filter(is_hidden).select(keys)
    return scan_assumptions(lake).join(hidden, on=keys, how="anti", maintain_order="left")


def _marked(
    lake: Lake, project: Project, values: Table, exclusions: Table
) -> tuple[pl.DataFrame, pl.LazyFrame]:
    """Values and exclusions without what is withheld.

    It comes first, so that nothing later is computed from a figure that readers may not know.
    """
    stored = _scan_slots(lake, "value.parquet", with_summary(values)).collect()
    left_out = _scan_slots(lake, "exclusion.parquet", exclusions)
    withheld = refresh_withheld(lake, project, stored)
    codes = [code for one, _ in withheld for code in one.codes]
    if stored.filter(pl.col("kpi_code").is_in(codes)).is_empty():
        return stored, left_out
    marked = marked_values(stored, withheld)
    return marked, marked_exclusions(left_out, marked)


def _compared(lake: Lake, project: Project, marked: pl.DataFrame) -> pl.LazyFrame:
    """Values beside those of earlier periods, which stand in other slots, and of others."""
    estimators = {one.code: one.kpi.estimator for one in published_kpis(project)}
    changed = with_changes(
        marked, estimators, project.company.fiscal, confidence=project.kpis.confidence
    )
    benchmarks = scan_slot(lake.history("survey_benchmark", ALL), "survey_benchmark").collect()
    own = {"industry": project.company.industry, "country": project.company.country}
    # what a withheld value follows is published elsewhere; here nothing stands beside it
    beside = pl.when(pl.col("suppression").is_null()).then(
        pl.col("previous_value", "year_ago_value")
    )
    return with_benchmarks(changed, benchmarks, own).lazy().with_columns(beside)


def _scan_slots(lake: Lake, name: str, table: Table) -> pl.LazyFrame:
    paths = [path for slot in value_slots(lake) if (path := slot.path(name)) is not None]
    return pl.scan_parquet(paths) if paths else table.polars_schema().to_frame().lazy()
