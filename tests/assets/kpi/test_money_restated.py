"""Money in the layer: late rates restate what they touch, nothing is lost, rules are named."""

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.kpi.assets import tables_read
from assets.kpi.rates import rates_of
from assets.kpi.states import build_states
from assets.kpi.tables import scan_exclusions, scan_values
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from schemas.config.project import Project
from tests.assets.kpi.histories import at, project, write_dimension, write_month
from tests.assets.kpi.support_company import (
    AS_OF,
    MAX_AGE_DAYS,
    support_company,
    support_project,
    write_support,
)

D = dt.date
PROJECT = support_project()
RATES = [{"rate_date": D(2026, 1, 30), "currency": "USD", "rate": 0.5}]


def build(lake: Lake, asked: Project = PROJECT) -> tuple[str, ...]:
    """Refresh everything; the state slots that were written."""
    report = build_states(lake, asked, as_of=AS_OF)
    build_values(lake, asked, as_of=AS_OF)
    return report.refreshed


def order(number: int, moment: str, currency: str | None) -> dict[str, Any]:
    found = {"order_id": f"o{number}", "ordered_at": at(moment), "net_amount": 100.0}
    return {**found, "currency": currency}


def two_months(lake: Lake) -> None:
    """Dollars in January, before and after a rate, and euros alone in February."""
    january = [order(1, "2026-01-10 12:00", "USD"), order(2, "2026-01-31 12:00", "USD")]
    write_month(lake, "erp_order", "2026-01", january)
    write_month(lake, "erp_order", "2026-02", [order(3, "2026-02-01 12:00", "EUR")])
    cost = {"cost_id": "c1", "kind": "support", "amount": 10.0, "currency": "GBP"}
    write_month(lake, "erp_cost", "2026-01", [{**cost, "incurred_on": D(2026, 1, 31)}])
    write_dimension(lake, "erp_fx_rate", RATES)


def value(lake: Lake, code: str, month: dt.date) -> tuple[float | None, int]:
    row = scan_values(lake).filter(
        kpi_code=code, period_grain="month", period_start=month, segment_set="total"
    ).select("value", "excluded").collect()  # fmt: skip
    found: tuple[float | None, int] = row.row(0)
    return found


def test_a_late_rate_restates_the_months_that_it_serves_in(tmp_path: Path) -> None:
    lake, january = Lake(tmp_path), D(2026, 1, 1)
    two_months(lake)
    assert set(build(lake)) == {"order/2026-01", "order/2026-02", "cost/2026-01"}
    assert value(lake, "average_transaction_value", january) == (50.0, 1)
    assert build(lake) == ()
    # too old for any dollar of January, and another one of February
    other = [{"rate_date": D(2026, 1, 3), "currency": "USD", "rate": 3.0},
             {"rate_date": D(2026, 2, 1), "currency": "USD", "rate": 3.0}]  # fmt: skip
    write_dimension(lake, "erp_fx_rate", [*RATES, other[1]])
    assert build(lake) == ()
    late = {"rate_date": D(2026, 1, 9), "currency": "USD", "rate": 0.7}
    write_dimension(lake, "erp_fx_rate", [*RATES, *other, late])
    assert build(lake) == ("order/2026-01",)
    assert value(lake, "average_transaction_value", january) == (60.0, 0)
    pounds = {"rate_date": D(2026, 1, 31), "currency": "GBP", "rate": 1.25}
    write_dimension(lake, "erp_fx_rate", [*RATES, *other, late, pounds])
    assert build(lake) == ("cost/2026-01",)
    assert value(lake, "support_cost_total", january) == (12.5, 0)
    write_dimension(lake, "erp_fx_rate", [*other, late, pounds])
    assert build(lake) == ("order/2026-01",)
    assert value(lake, "average_transaction_value", january) == (70.0, 1)


def test_late_rates_give_what_a_rebuild_gives(tmp_path: Path) -> None:
    made, late, whole = support_company(3), Lake(tmp_path / "late"), Lake(tmp_path / "whole")
    write_support(whole, made)
    build(whole)
    write_support(late, made)
    rates = made.tables["erp_fx_rate"]
    for known in (rates[::2], rates[::-1]):
        write_dimension(late, "erp_fx_rate", known)
        build(late)
    for scan in (scan_values, scan_exclusions):
        assert_frame_equal(scan(late).collect(), scan(whole).collect(), check_exact=True)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Values and exclusions of the company."""
    lake = Lake(Path(tmp_path_factory.mktemp("lake")))
    write_support(lake, support_company(5))
    build(lake)
    return scan_values(lake).collect(), scan_exclusions(lake).collect()


def test_every_contact_counts_or_is_excluded(tables: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    values, exclusions = (
        one.filter(kpi_code="contact_rate", period_grain="month") for one in tables
    )
    excluded = exclusions.filter(pl.col("reason").is_in(["not_active", "no_account"]))
    keys = ["period_start", "segment_set"]
    counted = values.group_by(keys).agg(pl.col("numerator").sum())
    left_out = excluded.group_by(keys).agg(pl.col("count").sum())
    both = counted.join(left_out, on=keys)
    whole = both.with_columns(pl.col("numerator") + pl.col("count"))
    made = support_company(5).tables["crm_interaction"]
    days = pl.DataFrame({"at": [row["opened_at"] for row in made]}).select(
        pl.col("at").dt.convert_time_zone("Europe/Paris").dt.date().dt.truncate("1mo").alias("day")
    )
    number = dict(days["day"].value_counts().rows())
    assert whole.height > 0
    for start, _, contacts, _ in whole.rows():
        assert contacts == number[start]


@pytest.mark.parametrize(
    ("code", "sets"),
    [
        ("support_cost_total", {"total", "touch", "place"}),
        ("support_cost_per_contact", {"total", "touch", "place"}),
        ("support_cost_per_customer", {"total"}),
        ("contact_rate", {"total", "country", "who"}),
        ("support_cost_per_promoter", {"total", "country", "who"}),
    ],
)
def test_costs_are_cut_by_what_all_their_parts_carry(
    tables: tuple[pl.DataFrame, pl.DataFrame], code: str, sets: set[str]
) -> None:
    values, _ = tables
    assert set(values.filter(kpi_code=code)["segment_set"]) == sets


def test_sums_and_quotients_have_no_interval_and_no_test(
    tables: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    values = tables[0].filter(pl.col("kpi_code").is_in(["support_cost_total",
                                                        "support_cost_per_contact",
                                                        "support_cost_per_customer"]))  # fmt: skip
    assert values.height > 0
    for column in ("ci_low", "ci_high", "centre", "variance", "df"):
        assert values[column].null_count() == values.height


def test_the_method_says_that_own_costs_are_left_out(tmp_path: Path) -> None:
    lake, alone = Lake(tmp_path), {"support_cost": {"include_interaction_cost": False}}
    two_months(lake)
    build(lake, support_project(**alone))
    methods = scan_values(lake).filter(kpi_code="support_cost_per_contact").collect()
    assert methods.height == 0
    write_dimension(lake, "erp_fx_rate", [{**RATES[0], "currency": "GBP"}])
    build(lake, support_project(**alone))
    methods = scan_values(lake).filter(kpi_code="support_cost_per_contact").collect()
    assert set(methods["method_id"]) == {"support_cost_per_contact.v1:none+own_cost=no"}


def test_rates_are_those_of_the_lake_where_they_are_fed(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    assert rates_of(lake, PROJECT).frame is None
    write_dimension(lake, "erp_fx_rate", RATES)
    found = rates_of(lake, PROJECT)
    assert (found.reporting, found.max_age_days) == ("EUR", MAX_AGE_DAYS)
    assert found.frame is not None
    assert found.frame.rows() == [("USD", D(2026, 1, 30), 0.5)]
    assert rates_of(lake, project(["erp_order"])).frame is None


def test_the_assets_depend_on_every_table_that_is_read() -> None:
    read = set(tables_read(PROJECT))
    assert {"erp_fx_rate", "erp_cost", "crm_interaction", "survey_answer"} <= read
    assert tables_read(project(["crm_lead"])) == ["crm_lead"]
