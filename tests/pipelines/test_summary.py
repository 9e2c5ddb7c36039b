"""What a run says of itself: a few lines, whatever the number of tables and reasons."""

import datetime as dt
import io

import pytest
from rich.console import Console

from assets.lake.layout import Lake
from pipelines.config import load_project
from pipelines.run import RunOutcome
from pipelines.summary import MAX_REASONS, print_nothing_new, print_summary
from schemas.config.project import Project
from tests.pipelines.company import DAYS, Company

SECONDS = {"raw": 1.04, "core": 2.0, "history": 0.5, "kpi": 0.0, "publish": 0.26}


def _outcome(*, failures: dict[str, str] | None = None) -> RunOutcome:
    first, last = dt.date.fromisoformat(DAYS[0]), dt.date.fromisoformat(DAYS[-1])
    return RunOutcome("run-1", first, last, not failures, SECONDS, failures or {})


def _said(project: Project, lake: Lake, outcome: RunOutcome | None) -> list[str]:
    console = Console(file=io.StringIO(), width=40)
    if outcome is None:
        print_nothing_new(project, lake, console=console)
    else:
        print_summary(project, lake, outcome, console=console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.fixture
def project(loaded_once: Company) -> Project:
    return load_project(loaded_once.config, {})


def test_a_finished_run_in_a_few_lines(loaded_once: Company, project: Project) -> None:
    assert _said(project, loaded_once.lake, _outcome()) == [
        "Tiny Company: 2025-01-30 … 2025-02-01 done  (run run-1)",
        "Seconds by layer: raw 1.0, core 2.0, history 0.5, kpi 0.0, publish 0.3; 3.8 in all",
        "Rows of 6 tables, all dates: 35 accepted, 3 quarantined, 0 superseded",
        "          3  erp_order.ordered_at: expect_column_values_to_not_be_null",
        "Checks: 62 passed, 63 skipped",
        f"Published: {loaded_once.lake.warehouse}",
        f"Report: {loaded_once.lake.report}",
        "Next: `barometer status`; `barometer ui` for lineage and checks; or ask the warehouse:",
        "  select * from kpi_value where kpi_code = 'nps' and period_grain = 'month'",
        "  and segment_set = 'total' order by period_start",
    ]


def test_nothing_new_in_a_few_lines(loaded_once: Company, project: Project) -> None:
    said = _said(project, loaded_once.lake, None)
    assert said[0] == "Tiny Company: nothing new, every file is loaded as it is"
    assert said[1:] == _said(project, loaded_once.lake, _outcome())[2:]


def test_a_failed_run_says_why_and_what_to_do(loaded_once: Company, project: Project) -> None:
    why = "orders [1].csv, line 2: a quote is never closed"
    said = _said(project, loaded_once.lake, _outcome(failures={"raw__orders": why}))
    assert said[0].endswith("failed  (run run-1)")
    assert said[2] == f"raw__orders: {why}"
    assert f"What was published before is as it was: {loaded_once.lake.warehouse}" in said
    assert not [line for line in said if line.startswith("Published")]


def test_a_first_run_that_failed_does_not_speak_of_a_publish(
    company: Company, project: Project
) -> None:
    said = _said(project, company.lake, _outcome(failures={"raw__orders": "no file"}))
    assert "Rows of 0 tables, all dates: 0 accepted, 0 quarantined, 0 superseded" in said
    assert not [line for line in said if "published" in line.lower()]


def test_at_most_the_most_frequent_reasons_are_told(loaded: Company, project: Project) -> None:
    orders = loaded.lake.core("erp_order", "orders", dt.date.fromisoformat(DAYS[0]))
    receipt = orders.receipt()
    assert receipt is not None
    reasons = {f"column_{n}: expectation": n for n in range(1, 9)}
    with orders.replace("many reasons") as draft:
        draft.facts.update(receipt.facts | {"reasons": reasons})
    said = _said(project, loaded.lake, _outcome())
    told = [line.split() for line in said if "erp_order.column_" in line]
    assert [int(words[0]) for words in told] == [8, 7, 6, 5, 4][:MAX_REASONS]
    assert "  and 4 further reasons: `barometer status`" in said
