"""The demo company's KPIs equal their independent definitions; segments add up to the total."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from demo.settings import Settings
from demo.simulate import simulate
from pipelines.config import load_project
from schemas.config.project import Project
from tests.assets.kpi.proof.agreement import (
    check_event_kpi,
    check_population_kpi,
    published,
    sums_that_are_off,
)
from tests.assets.kpi.proof.event_kpis import QUANTILES, event_kpis, note_first_event
from tests.assets.kpi.proof.lakes import Proof, prove
from tests.assets.kpi.proof.sql_events import create_events
from tests.assets.kpi.proof.sql_populations import COUNTED, create_populations
from tests.assets.kpi.proof.sums import NOT_A_SUM, check_sums

ROOT = Path(__file__).parents[4]
END = dt.date(2026, 4, 10)  # the spring clock change and a month's end are within
DAYS = 40
GRAINS = ("day", "week", "month", "quarter", "year", "rolling_12m")
EVENTS = {**event_kpis("contact_count"), **QUANTILES}
OTHERS = {"csat_weighted"}
"""Not published by the demo."""
ELSEWHERE = {"clv_predicted"}
"""Its model finds no parameters in so few days; its reference is that of the test company."""


def _with_short_windows(project: Project) -> Project:
    """The demo's configuration, with windows that are over within its days."""
    kpis = project.kpis
    windows = {
        "churn": kpis.churn.model_copy(update={"inactivity_days": 10}),
        "cross_sell": kpis.cross_sell.model_copy(update={"window_days": 14}),
        "contracts": kpis.contracts.model_copy(
            update={"renewal_grace_days": 5, "plan_order": ("basic", "plus", "pro")}
        ),
        "response_window_days": 5,
    }
    return project.model_copy(update={"kpis": kpis.model_copy(update=windows)})


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    folder = tmp_path_factory.mktemp("demo")
    simulate(folder / "extracts", Settings(customers=600, days=DAYS, end=END))
    given = {"BAROMETER_DEMO_DIR": str(folder / "extracts")}
    project = _with_short_windows(load_project(ROOT / "barometer.yaml", given))
    dates = [END - dt.timedelta(days=back) for back in reversed(range(DAYS))]
    proof = prove(folder, project, dates)
    as_of = END.isoformat()
    create_events(proof.connection, project, proof.plan.dimensions, as_of)
    note_first_event(proof.connection, EVENTS.values())
    create_populations(proof.connection, project, as_of=as_of, grains=GRAINS)
    return proof


def test_every_published_kpi_has_a_reference(demo: Proof) -> None:
    assert {one.code for one in demo.plan.published} == ({*EVENTS, *COUNTED} - OTHERS) | ELSEWHERE


@pytest.mark.parametrize("code", sorted(EVENTS.keys() - OTHERS))
def test_a_kpi_on_events_equals_sql(demo: Proof, code: str) -> None:
    rows = check_event_kpi(demo, code)
    # nobody has classified the demo's comments
    assert rows > 0 or code == "net_sentiment"


@pytest.mark.parametrize("code", COUNTED)
def test_a_kpi_on_a_population_equals_sql(demo: Proof, code: str) -> None:
    assert check_population_kpi(demo, code, GRAINS) > 0


def test_periods_are_those_of_the_calendar(demo: Proof) -> None:
    strange = demo.connection.sql("""
        SELECT * FROM period WHERE period_grain NOT LIKE 'rolling%' AND (
            period_start <> date_trunc(period_grain, period_start)
            OR period_end + 1 <> period_start + CASE period_grain
                WHEN 'day' THEN INTERVAL 1 DAY WHEN 'week' THEN INTERVAL 7 DAY
                WHEN 'month' THEN INTERVAL 1 MONTH WHEN 'quarter' THEN INTERVAL 3 MONTH
                ELSE INTERVAL 1 YEAR END)
        UNION ALL
        SELECT * FROM period WHERE period_grain = 'rolling_28d' AND period_end - period_start <> 27
        UNION ALL
        SELECT * FROM period WHERE period_grain = 'rolling_12m' AND (day(period_start) <> 1
            OR period_end + 1 <> period_start + INTERVAL 12 MONTH)
    """).fetchall()
    assert strange == []


def test_every_row_is_of_a_segment_set_that_its_kpi_carries(demo: Proof) -> None:
    grains = demo.values.filter(pl.col("period_grain") == "rolling_28d")
    assert set(grains["segment_set"]) == {"total"}
    nps = published(demo, "nps")
    assert set(nps["segment_set"]) == {*demo.sets()}
    assert set(published(demo, "conversion_rate")["segment_set"]) == {
        "total", "by_region", "by_tier", "by_region_tier",
    }  # fmt: skip


@pytest.mark.parametrize("code", sorted((EVENTS.keys() | COUNTED.keys()) - OTHERS - NOT_A_SUM))
def test_segments_of_a_set_add_up_to_the_total(demo: Proof, code: str) -> None:
    check_sums(demo.values, demo.exclusions, code, by_product={"by_category"})


def test_revenue_of_products_adds_up_though_an_order_counts_in_each(demo: Proof) -> None:
    for code in ("average_transaction_value", "margin_per_transaction", "margin_rate"):
        rows = published(demo, code).filter(pl.col("segment_set").is_in(["total", "by_category"]))
        assert sums_that_are_off(rows, ["numerator"]).is_empty()
        counts = sums_that_are_off(rows, ["n"])
        assert counts.height > 0
        assert (counts["n"] > counts["n_total"]).all()
