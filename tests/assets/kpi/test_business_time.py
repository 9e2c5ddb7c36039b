"""Business hours in the plan: what is published, which fact has clocks, what becomes stale."""

import datetime as dt
from pathlib import Path
from typing import Any

from assets.kpi.plan import Plan
from assets.kpi.states import build_states
from assets.kpi.tables import scan_values
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from schemas.config.project import Project
from schemas.kpis.kpi import FactName
from tests.assets.kpi.company import company
from tests.assets.kpi.histories import project

FACTS: tuple[FactName, ...] = ("answer", "order", "lead", "interaction")


def with_hours(hours: str, **more: Any) -> Project:
    calendar = {"hours": {"mon": [hours]}}
    business_time = {"default": "desk", "calendars": {"desk": calendar}}
    return project(kpis={"business_time": business_time, **more})


def test_only_interactions_have_clocks() -> None:
    plan = Plan(with_hours("09:00-18:00"))
    clocks = {fact: {cut.clocks is not None for cut, _ in plan.views(fact)} for fact in FACTS}
    assert clocks == {
        "answer": {False}, "order": {False}, "lead": {False}, "interaction": {True},
    }  # fmt: skip


def test_clocks_are_not_made_for_nothing() -> None:
    assert Plan(project()).clocks is None
    assert Plan(with_hours("09:00-18:00", codes=["resolution_time_mean"])).clocks is None
    assert Plan(with_hours("09:00-18:00", codes=["resolution_business_time_p90"])).clocks


def test_without_business_hours_no_state_is_in_business_time() -> None:
    configured = set(Plan(with_hours("09:00-18:00")).measures)
    assert configured - set(Plan(project()).measures) == {
        "first_response_business_time",
        "resolution_business_time",
    }


def test_other_hours_make_only_interactions_stale(tmp_path: Path) -> None:
    lake, as_of = Lake(tmp_path), dt.date(2026, 1, 25)
    company(3, size=40).write(lake)
    values = {}
    for hours in ("09:00-18:00", "09:00-12:00"):
        configured = with_hours(hours)
        report = build_states(lake, configured, as_of=as_of)
        build_values(lake, configured, as_of=as_of)
        values[hours] = dict(
            scan_values(lake).filter(period_grain="year", period_start=dt.date(2026, 1, 1))
            .filter(segment_set="total").select("kpi_code", "value").collect().rows()
        )  # fmt: skip
    assert {label.split("/")[0] for label in report.refreshed} == {"interaction"}
    assert build_states(lake, configured, as_of=as_of).refreshed == ()
    longer, shorter = (values[hours] for hours in values)
    code = "resolution_business_time_mean"
    assert 0 < shorter[code] < longer[code] < longer["resolution_time_mean"]
    assert longer["resolution_time_mean"] == shorter["resolution_time_mean"]
