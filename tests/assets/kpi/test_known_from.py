"""Without those who had left before the first extract, figures since then are those with them."""

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.kpi.plan import Plan
from assets.kpi.tables import scan_dimension, scan_exclusions, scan_values
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from assets.transforms.populations.registry import POPULATIONS
from schemas.config.project import Project
from tests.assets.kpi.company import Table
from tests.assets.kpi.staffed import LAST, staffed, staffed_project, write

KNOWN_FROM = dt.date(2025, 9, 1)
KEYS = ["kpi_code", "period_grain", "period_start", "segment_set", "segment_key"]
CODES = (
    "nrr", "grr", "upsell_rate", "renewal_rate", "churn_rate", "retention_rate",
    "employee_turnover", "training_cost_per_employee",
)  # fmt: skip


def asked(**kpis: Any) -> Project:
    settings = {
        "codes": [*CODES],
        "churn": {"basis": "contracts"},
        "periods": {"calendar": ["week", "month", "quarter"], "rolling": []},
        **kpis,
    }
    sets = {"region": ["region"], "department": ["department"]}
    return staffed_project(segment_sets=sets, kpis=settings)


def limited() -> Project:
    return asked(known_from={"crm_contract": KNOWN_FROM, "erp_employee": KNOWN_FROM})


def built(folder: Path, tables: dict[str, Table], *projects: Project) -> Lake:
    """A lake whose values were built under one configuration after another."""
    write(tables, lake := Lake(folder))
    for project in projects:
        build_values(lake, project, as_of=LAST)
    return lake


def ended_on(row: dict[str, Any]) -> dt.date:
    """First day out of force, or of no employment."""
    after = [row[name] + dt.timedelta(days=1) for name in ("ends_on", "left_on") if row.get(name)]
    missed = [row[name] for name in ("cancelled_on", "_closed_on") if row.get(name)]
    return min([*after, *missed], default=dt.date.max)


def of_survivors(tables: dict[str, Table]) -> dict[str, Table]:
    """What extracts hold that begin on the day, with all in force on the day before."""
    held = {
        name: [row for row in tables[name] if ended_on(row) >= KNOWN_FROM]
        for name in ("crm_contract", "erp_employee")
    }
    return {**tables, **held}


def figures(lake: Lake) -> pl.DataFrame:
    columns = ("value", "numerator", "denominator", "n")
    return scan_values(lake).select(*KEYS, *columns).sort(KEYS).collect()


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    """A company in which nobody is trained who has left."""
    found = staffed(17)
    ended = {row["employee_id"]: ended_on(row) for row in found["erp_employee"]}
    found["erp_training"] = [
        row
        for row in found["erp_training"]
        if row["held_on"] < ended.get(row["employee_id"], dt.date.max)
    ]
    return found


def test_figures_of_survivors_are_those_of_all(tmp_path: Path, tables: dict[str, Table]) -> None:
    held = of_survivors(tables)
    assert len(held["crm_contract"]) < len(tables["crm_contract"])
    assert len(held["erp_employee"]) < len(tables["erp_employee"])
    survivors = built(tmp_path / "survivors", held, limited())
    found = figures(survivors)
    assert set(found["kpi_code"]) == set(CODES)
    assert found["period_start"].min() == KNOWN_FROM
    assert_frame_equal(found, figures(built(tmp_path / "all", tables, limited())))
    # what is not told was 100 % of some who stayed
    untold = figures(built(tmp_path / "without", held, asked()))
    before = untold.filter(pl.col("period_start") < KNOWN_FROM, pl.col("kpi_code") == "grr")
    assert before.height > 0
    left_out = scan_exclusions(survivors).filter(pl.col("reason") == "look_back_incomplete")
    assert set(left_out.collect()["kpi_code"]) == set(CODES)
    assert left_out.collect()["period_start"].max() < KNOWN_FROM


def test_only_what_follows_customers_and_employees_is_built_anew() -> None:
    one, other = Plan(asked()), Plan(limited())
    assert one.state_signature("order") == other.state_signature("order")
    people = POPULATIONS["people"]
    assert one.population_signature(people) != other.population_signature(people)


def test_a_day_that_is_set_later_restates(tmp_path: Path, tables: dict[str, Table]) -> None:
    again = built(tmp_path / "again", tables, asked(), limited(), asked(), limited())
    anew = built(tmp_path / "anew", tables, limited())
    for scan in (scan_values, scan_exclusions):
        assert_frame_equal(scan(again).collect(), scan(anew).collect(), check_row_order=False)
    segments = scan_dimension(again, "dim_segment").collect()
    assert_frame_equal(
        segments, scan_dimension(anew, "dim_segment").collect(), check_row_order=False
    )
