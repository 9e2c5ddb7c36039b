"""Reading the KPI tables as they are published: `kpi_value`, `kpi_exclusion`, the dimensions."""

import polars as pl

from assets.kpi.values import value_slots
from assets.lake.layout import Lake
from assets.transforms.changes import with_changes
from schemas.config.project import Project
from schemas.errors import LakeError
from schemas.kpis.catalogue import published_kpis
from schemas.table import Table
from schemas.warehouse import (
    DIM_KPI,
    DIM_PERIOD,
    DIM_SEGMENT,
    KPI_EXCLUSION,
    KPI_VALUE,
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
    return {
        KPI_VALUE.name: (values, _changed(lake, project, values)),
        KPI_EXCLUSION.name: (exclusions, _scan_slots(lake, "exclusion.parquet", exclusions)),
        **{
            one.name: (with_dimensions(one, dimensions), scan_dimension(lake, one.name))
            for one in _DIMENSIONS
        },
    }


def _changed(lake: Lake, project: Project, table: Table) -> pl.LazyFrame:
    """Values beside those of earlier periods, which stand in other slots."""
    stored = _scan_slots(lake, "value.parquet", with_summary(table)).collect()
    estimators = {one.code: one.kpi.estimator for one in published_kpis(project)}
    return with_changes(stored, estimators, confidence=project.kpis.confidence).lazy()


def _scan_slots(lake: Lake, name: str, table: Table) -> pl.LazyFrame:
    paths = [path for slot in value_slots(lake) if (path := slot.path(name)) is not None]
    return pl.scan_parquet(paths) if paths else table.polars_schema().to_frame().lazy()
