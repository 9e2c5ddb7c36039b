"""Contracts of the published tables and their dimension columns."""

import pytest

from schemas.dimensions import DIMENSIONS
from schemas.warehouse import (
    DIM_KPI,
    KPI_VALUE,
    TABLES,
    configured_dimensions,
    warehouse_tables,
    with_dimensions,
)
from tests.assets.kpi.histories import project

SETS = {"a": ["country", "custom.vip"], "b": ["country", "plan"]}


def test_dimensions_are_named_once_in_order_of_mention() -> None:
    assert configured_dimensions(project(segment_sets=SETS)) == ("country", "custom.vip", "plan")


def test_dimension_columns_follow_the_segment_key() -> None:
    names = with_dimensions(KPI_VALUE, ["country", "custom.vip"]).polars_schema().names()
    at = names.index("segment_key")
    assert names[at + 1 : at + 4] == ["country", "custom_vip", "value"]


def test_tables_without_segments_stay_as_they_are() -> None:
    assert with_dimensions(DIM_KPI, ["country"]) is DIM_KPI


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_no_dimension_has_the_name_of_a_column(table: object) -> None:
    shaped = with_dimensions(table, DIMENSIONS)  # type: ignore[arg-type]
    names = shaped.polars_schema().names()
    assert len(names) == len(set(names))


def test_every_table_is_published() -> None:
    names = [table.name for table in warehouse_tables(project(segment_sets=SETS))]
    assert names == [
        "dim_kpi",
        "dim_period",
        "dim_segment",
        "kpi_value",
        "kpi_exclusion",
        "clv_assumption",
    ]
