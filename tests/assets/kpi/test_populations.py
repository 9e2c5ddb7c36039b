"""Populations: refreshed as a rebuild would have them, and no more of them than need be."""

import datetime as dt
import random
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.kpi.extracts import refresh_extracts
from assets.kpi.plan import Plan
from assets.kpi.populations import PopulationReport, build_populations, population_slots
from assets.lake.layout import Lake
from schemas.config.project import Project
from tests.assets.kpi.company import Company
from tests.assets.kpi.customers_company import (
    CODES,
    SETTINGS,
    contracts_by_month,
    customers_company,
    write,
)
from tests.assets.kpi.histories import at, frame, project, write_dimension, write_month

AS_OF = dt.date(2027, 1, 25)
PERIODS = {"calendar": ["month", "year"], "fiscal": ["fiscal_quarter"]}


def asked(basis: str = "orders", **kpis: Any) -> Project:
    """A configuration with the customers' KPIs alone."""
    options = {
        "codes": CODES,
        "churn": {"basis": basis, "inactivity_days": 40},
        "cross_sell": {"window_days": 60},
        "periods": PERIODS,
    }
    return project(kpis={**options, **kpis}, **SETTINGS)


PROJECT = asked()


def build(lake: Lake, wanted: Project = PROJECT, as_of: dt.date = AS_OF) -> PopulationReport:
    return build_populations(lake, Plan(wanted), as_of=as_of)


def rows(lake: Lake, name: str) -> pl.DataFrame:
    """Rows of all slots of populations."""
    paths = [path for slot in population_slots(lake) if (path := slot.path(name)) is not None]
    return pl.concat([pl.read_parquet(path) for path in paths])


def assert_same(one: Lake, other: Lake) -> None:
    assert [slot.folder.relative_to(one.root) for slot in population_slots(one)] == [
        slot.folder.relative_to(other.root) for slot in population_slots(other)
    ]
    for name in ("value.parquet", "exclusion.parquet", "segment.parquet"):
        found = rows(one, name)
        assert found.height > 0
        assert_frame_equal(found, rows(other, name), check_exact=True)


@pytest.fixture(scope="module")
def made() -> Company:
    return customers_company(3, size=80)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, made: Company) -> Lake:
    found = Lake(tmp_path_factory.mktemp("built"))
    write(made, found)
    build(found)
    return found


@pytest.fixture
def lake(tmp_path: Path, built: Lake) -> Lake:
    """A copy of the built lake, to be changed."""
    return Lake(Path(shutil.copytree(built.root, tmp_path / "lake")))


@pytest.mark.parametrize("basis", ["orders", "contracts"])
def test_incremental_equals_rebuild(tmp_path: Path, made: Company, basis: str) -> None:
    """Months arrive in any order, half of their rows first."""
    lake, draw, wanted = Lake(tmp_path / "one"), random.Random(1), asked(basis)
    for name in ("crm_account", "erp_product"):
        write_dimension(lake, name, made.tables[name])
    arrivals = [("erp_order", *each) for each in made.events("erp_order", "ordered_at").items()]
    arrivals += [("crm_contract", *each) for each in contracts_by_month(made).items()]
    draw.shuffle(arrivals)
    for number, (name, month, found) in enumerate(arrivals):
        made.write_month(lake, name, month, found[::2])
        if number % 13 == 0:
            build(lake, wanted, AS_OF - dt.timedelta(days=len(arrivals) - number))
    for name, month, found in arrivals:
        made.write_month(lake, name, month, found)
    build(lake, wanted)
    other = Lake(tmp_path / "other")
    write(made, other)
    build(other, wanted)
    assert_same(lake, other)


def test_a_second_build_writes_nothing(lake: Lake) -> None:
    assert build(lake) == PopulationReport((), ())


def test_a_later_day_touches_periods_that_have_not_ended(lake: Lake) -> None:
    refreshed = build(lake, as_of=AS_OF + dt.timedelta(days=3)).refreshed
    assert {name for name in refreshed if name.startswith(("churn/", "buyer/"))} == {
        f"{population}/{period}"
        for population in ("churn", "buyer")
        for period in ("month-2027-01", "year-2027-01", "fiscal_quarter-2026-11")
    }


def test_another_configuration_gives_what_a_rebuild_gives(
    lake: Lake, made: Company, tmp_path: Path
) -> None:
    wanted = asked(codes=["churn_rate", "cross_sell_rate"], cross_sell={"window_days": 20})
    removed = build(lake, wanted).removed
    assert {name.partition("/")[0] for name in removed} == {
        "reactivation", "buyer", "buyer_to_date",
    }  # fmt: skip
    other = Lake(tmp_path / "other")
    write(made, other)
    build(other, wanted)
    assert_same(lake, other)


def test_without_such_kpis_nothing_is_kept(lake: Lake) -> None:
    assert len(build(lake, asked(codes=["nps"])).removed) > 0
    assert population_slots(lake) == []
    assert lake.kpi_names("extract", "sale") == []


def test_a_changed_family_is_seen_by_what_reads_families(
    lake: Lake, made: Company, tmp_path: Path
) -> None:
    products = [{**row, "family": "air"} if row["product_id"] == "p0" else row
                for row in made.tables["erp_product"]]  # fmt: skip
    write_dimension(lake, "erp_product", products, [('{"product_id":"p0"}', None, None, False)])
    refreshed = build(lake).refreshed
    assert {name.partition("/")[0] for name in refreshed} == {"cross_buyer"}
    other = Lake(tmp_path / "other")
    write(made, other)
    write_dimension(other, "erp_product", products)
    build(other)
    assert_same(lake, other)


@pytest.mark.parametrize(
    ("table", "key", "row", "populations"),
    [
        ("erp_product", "product_id", {"product_id": "p99", "family": "sea"}, {"cross_buyer"}),
        ("erp_product", "product_id", {"product_id": "unheard_of", "family": "sea"}, set()),
        ("crm_account", "account_id", {"account_id": "unheard_of", "country": "FR"}, set()),
        (
            "crm_account", "account_id", {"account_id": "missing", "country": "ZZ"},
            {"churn", "reactivation", "buyer", "buyer_to_date", "cross_buyer"},
        ),
    ],
)  # fmt: skip
def test_what_is_new_rebuilds_only_what_had_missed_it(
    lake: Lake, made: Company, table: str, key: str, row: dict[str, str], populations: set[str]
) -> None:
    change = (f'{{"{key}":"{row[key]}"}}', None, None, True)
    write_dimension(lake, table, [*made.tables[table], row], [change])
    assert {name.partition("/")[0] for name in build(lake).refreshed} == populations


def test_grains_that_a_kpi_has_not_are_not_counted(lake: Lake) -> None:
    names = {slot.folder.name.rpartition("-")[0].rpartition("-")[0] for slot in
             population_slots(lake)}  # fmt: skip
    # windows of 28 days are too many
    assert names == {"month", "year", "fiscal_quarter", "rolling_12m"}


def test_an_empty_lake_has_no_population(tmp_path: Path) -> None:
    assert build(Lake(tmp_path)) == PopulationReport((), ())


def test_a_new_rate_makes_only_the_months_stale_that_it_may_serve(tmp_path: Path) -> None:
    lake, wanted = Lake(tmp_path), project()
    orders = [
        {"order_id": "1", "account_id": "a", "ordered_at": at("2026-01-10 12:00"),
         "currency": "USD", "net_amount": 10},
        {"order_id": "2", "account_id": "a", "ordered_at": at("2026-02-10 12:00"),
         "currency": "USD", "net_amount": 10},
        {"order_id": "3", "account_id": "a", "ordered_at": at("2026-03-10 12:00"),
         "currency": "EUR", "net_amount": 10},
    ]  # fmt: skip
    for order, month in zip(orders, ("2026-01", "2026-02", "2026-03"), strict=True):
        write_month(lake, "erp_order", month, frame("erp_order", [order]))
    rates = [{"rate_date": dt.date(2026, 1, 9), "currency": "USD", "rate": 0.5}]
    write_dimension(lake, "erp_fx_rate", rates)
    before = refresh_extracts(lake, wanted, ["sale"])["sale"]
    net = [pl.read_parquet(one.path)["net_fixed"].item() for one in before]
    assert net == [50_000, None, 100_000]
    rates.append({"rate_date": dt.date(2026, 2, 9), "currency": "USD", "rate": 0.25})
    write_dimension(lake, "erp_fx_rate", rates)
    after = refresh_extracts(lake, wanted, ["sale"])["sale"]
    assert [one.path == old.path for one, old in zip(after, before, strict=True)] == [
        True, False, True,
    ]  # fmt: skip
    assert pl.read_parquet(after[1].path)["net_fixed"].item() == 25_000
