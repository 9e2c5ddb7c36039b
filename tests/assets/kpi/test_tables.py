"""The published tables have their contracts' shape, key and rules."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from assets.kpi.states import build_states
from assets.kpi.tables import scan_dimension, scan_published, scan_values
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from schemas.errors import LakeError
from tests.assets.kpi.company import company
from tests.assets.kpi.histories import at, frame, project, write_dimension, write_month

D = dt.date
NAMES = ["dim_kpi", "dim_period", "dim_segment", "kpi_exclusion", "kpi_value"]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[object, pl.DataFrame]]:
    asked = project(
        segment_sets={"pair": ["custom.vip", "country"], "product": ["product_category"]},
        kpis={"churn": {"inactivity_days": 12}, "targets": {"nps": 10}},
    )
    lake = Lake(Path(tmp_path_factory.mktemp("lake")))
    company(5, size=60).write(lake)
    build_states(lake, asked, as_of=D(2026, 1, 25))
    build_values(lake, asked, as_of=D(2026, 1, 25))
    tables = scan_published(lake, asked)
    return {name: (table, rows.collect()) for name, (table, rows) in tables.items()}


@pytest.mark.parametrize("name", NAMES)
def test_rows_keep_the_contract(
    published: dict[str, tuple[object, pl.DataFrame]], name: str
) -> None:
    table, rows = published[name]
    assert rows.height > 0
    assert rows.schema == table.polars_schema()  # type: ignore[attr-defined]
    assert rows.select(table.key).is_unique().all()  # type: ignore[attr-defined]
    for column in table.columns:  # type: ignore[attr-defined]
        values = rows[column.name]
        assert column.nullable or values.null_count() == 0, column.name
        if column.allowed:
            assert values.drop_nulls().is_in(list(column.allowed)).all(), column.name


def test_values_refer_to_the_dimensions(
    published: dict[str, tuple[object, pl.DataFrame]],
) -> None:
    values = published["kpi_value"][1]
    for name, keys in (
        ("dim_kpi", ["kpi_code"]),
        ("dim_period", ["period_grain", "period_start"]),
        ("dim_segment", ["segment_set", "segment_key"]),
    ):
        assert values.join(published[name][1], on=keys, how="anti").height == 0, name


def test_excluded_is_the_sum_of_the_reasons(
    published: dict[str, tuple[object, pl.DataFrame]],
) -> None:
    keys = ["kpi_code", "period_grain", "period_start", "segment_set", "segment_key"]
    exclusions = published["kpi_exclusion"][1].group_by(keys).agg(pl.col("count").sum())
    joined = published["kpi_value"][1].join(exclusions, on=keys, how="left")
    assert (joined["excluded"] == joined["count"].fill_null(0)).all()


def test_an_empty_lake_has_empty_tables(tmp_path: Path) -> None:
    lake, asked = Lake(tmp_path), project()
    assert build_states(lake, asked, as_of=D(2026, 1, 25)).refreshed == ()
    assert build_values(lake, asked, as_of=D(2026, 1, 25)).rows == 0
    assert scan_values(lake).collect().height == 0


def test_an_unknown_dimension_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="dim_product"):
        scan_dimension(Lake(tmp_path), "dim_product")


def test_contracts_can_be_the_basis_of_churn(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    asked = project(segment_sets={"country": ["country"]}, kpis={"churn": {"basis": "contracts"}})
    rows = [
        {"contract_id": "1", "account_id": "a", "starts_on": D(2025, 11, 3)},
        {"contract_id": "2", "account_id": "b", "starts_on": D(2025, 11, 4),
         "cancelled_on": D(2026, 1, 10)},
        {"contract_id": "3", "account_id": "b", "starts_on": D(2025, 11, 20),
         "ends_on": D(2025, 12, 31)},
        {"contract_id": "4", "account_id": None, "starts_on": D(2025, 11, 20)},
    ]  # fmt: skip
    write_month(lake, "crm_contract", "2025-11", frame("crm_contract", rows))
    write_dimension(lake, "crm_account", [{"account_id": "b", "country": "FR"}])
    build_states(lake, asked, as_of=D(2026, 2, 10))
    build_values(lake, asked, as_of=D(2026, 2, 10))
    found = scan_values(lake).filter(
        pl.col("period_grain") == "month", pl.col("kpi_code") == "churn_rate"
    )
    columns = ("period_start", "segment_key", "value", "n", "is_complete")
    assert found.sort("period_start", "segment_key").select(columns).collect().rows() == [
        (D(2025, 12, 1), "(unknown)", 0.0, 1, True),
        (D(2025, 12, 1), "FR", 0.0, 1, True),
        (D(2025, 12, 1), "all", 0.0, 2, True),
        (D(2026, 1, 1), "(unknown)", 0.0, 1, True),
        (D(2026, 1, 1), "FR", 100.0, 1, True),
        (D(2026, 1, 1), "all", 50.0, 2, True),
        (D(2026, 2, 1), "(unknown)", 0.0, 1, False),
        (D(2026, 2, 1), "all", 0.0, 1, False),
    ]


def test_churn_waits_for_a_whole_look_back(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    asked = project(kpis={"churn": {"inactivity_days": 40}})
    rows = [{"order_id": "1", "account_id": "a", "ordered_at": at("2026-01-10 12:00")}]
    write_month(lake, "erp_order", "2026-01", frame("erp_order", rows))
    build_values(lake, asked, as_of=D(2026, 3, 31))
    churn = scan_values(lake).filter(
        pl.col("kpi_code") == "churn_rate", pl.col("period_grain") == "month"
    )
    # February begins before 40 days of orders are known; on the first of March a is lost
    assert churn.collect().height == 0
    excluded = scan_published(lake, asked)["kpi_exclusion"][1].filter(
        pl.col("kpi_code") == "churn_rate", pl.col("period_grain") == "month"
    )
    assert excluded.select("period_start", "reason", "count").collect().rows() == [
        (D(2026, 2, 1), "look_back_incomplete", 1)
    ]


def test_who_comes_back_on_the_last_loaded_day_is_not_lost(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    asked = project(kpis={"churn": {"inactivity_days": 10}})
    sales = {
        "2026-01": [("z", "01-01"), ("a", "01-25"), ("b", "01-25")],
        "2026-02": [("a", "02-20")],
    }
    for month, days in sales.items():
        rows = [
            {"order_id": f"{who} {day}", "account_id": who, "ordered_at": at(f"2026-{day} 12:00")}
            for who, day in days
        ]
        write_month(lake, "erp_order", month, frame("erp_order", rows))
    build_values(lake, asked, as_of=D(2026, 2, 20))
    february = scan_values(lake).filter(
        pl.col("kpi_code") == "churn_rate",
        pl.col("period_grain") == "month",
        pl.col("period_start") == D(2026, 2, 1),
    )
    assert february.select("numerator", "n", "is_complete").collect().rows() == [(1.0, 2, False)]
