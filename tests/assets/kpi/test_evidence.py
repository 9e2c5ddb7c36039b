"""What changed between two publishes, by KPI and by segment set."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.history.ledger import PARTITIONS
from assets.kpi.evidence import Evidence, compare, gather
from assets.kpi.plan import Plan
from assets.lake.layout import Lake
from tests.assets.kpi.histories import at, project, write_dimension, write_month

SETS = {"country": ["country"], "touch": ["touchpoint"]}
RESPONSE = {"response_id": "r", "survey_id": "s", "responded_at": at("2025-03-04 10:00")}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path)
    write_dimension(lake, "crm_account", [{"account_id": "a"}])
    write_dimension(lake, "survey_question", [])
    write_month(lake, "survey_response", "2025-02", [])
    write_month(lake, "survey_response", "2025-03", [RESPONSE])
    merged(lake, "survey_response", ["2025-03-04"])
    return lake


def merged(lake: Lake, table: str, dates: list[str], content: str = "x") -> None:
    """The ledger of a table that has merged the extracts of some dates."""
    with lake.history_ledger(table).replace("test") as draft:
        stored = {"merged": [[date, "answers", content, "incremental", 1] for date in dates]}
        draft.path(PARTITIONS).write_text(json.dumps(stored), encoding="utf-8")


def plan(**settings: Any) -> Plan:
    return Plan(project(segment_sets=settings.pop("segment_sets", SETS), **settings))


def changed(before: Evidence, lake: Lake, now: Plan) -> tuple[pl.DataFrame, pl.DataFrame]:
    # as it comes back from the lake
    stored = Evidence(**json.loads(json.dumps(before.facts())))
    since = compare(now, stored, gather(lake, now))
    return since.kpis, since.sets


def of(kpis: pl.DataFrame, code: str) -> dict[str, Any]:
    return kpis.row(by_predicate=pl.col("kpi_code") == code, named=True)


def test_nothing_changed(lake: Lake) -> None:
    kpis, sets = changed(gather(lake, plan()), lake, plan())
    flags = ["is_redefined", "has_new", "has_reloaded", "is_lookup_changed"]
    assert kpis.select(pl.any_horizontal(flags).any()).item() is False
    assert kpis["changed_from"].null_count() == kpis.height
    assert sets.select(pl.any_horizontal("is_recut", "is_dimension_changed").any()).item() is False


def test_a_later_extract_is_new_and_touches_its_months(lake: Lake) -> None:
    before = gather(lake, plan())
    later = RESPONSE | {"response_id": "q"}
    write_month(lake, "survey_response", "2025-03", [RESPONSE, later])
    merged(lake, "survey_response", ["2025-03-04", "2025-03-05"])
    kpis, _ = changed(before, lake, plan())
    nps, sales = of(kpis, "nps"), of(kpis, "average_transaction_value")
    assert (nps["changed_from"], nps["has_new"]) == (dt.date(2025, 3, 1), True)
    assert (nps["has_reloaded"], nps["logical_dates"]) == (False, "2025-03-05")
    assert (sales["changed_from"], sales["has_new"], sales["logical_dates"]) == (None, False, None)


def test_an_extract_with_other_content_or_gone_is_told_apart(lake: Lake) -> None:
    before = gather(lake, plan())
    merged(lake, "survey_response", ["2025-03-04"], content="y")
    nps = of(changed(before, lake, plan())[0], "nps")
    assert (nps["has_new"], nps["has_reloaded"]) == (False, True)
    merged(lake, "survey_response", [])
    assert of(changed(before, lake, plan())[0], "nps")["has_reloaded"]


def test_many_dates_are_cut_short(lake: Lake) -> None:
    before = gather(lake, plan())
    merged(lake, "survey_response", [f"2025-03-{day:02}" for day in range(4, 31)])
    told = of(changed(before, lake, plan())[0], "nps")["logical_dates"]
    assert told.count(",") == 20
    assert told.endswith(", …")


def test_a_dimension_that_changed_touches_the_sets_it_carries(lake: Lake) -> None:
    before = gather(lake, plan())
    write_dimension(lake, "crm_account", [], [('{"account_id":"a"}', None, None, False)])
    kpis, sets = changed(before, lake, plan())
    assert dict(sets.select("segment_set", "is_dimension_changed").rows()) == {
        "total": False, "country": True, "touch": False,
    }  # fmt: skip
    assert of(kpis, "nps")["is_lookup_changed"] is False


def test_a_question_that_changed_touches_the_kpis_that_read_it(lake: Lake) -> None:
    before = gather(lake, plan())
    write_dimension(lake, "survey_question", [], [(None, None, None, False)])
    kpis, _ = changed(before, lake, plan())
    assert of(kpis, "nps")["is_lookup_changed"]
    assert not of(kpis, "average_transaction_value")["is_lookup_changed"]


PARAMETERS = [
    pytest.param({"cancelled_statuses": ["lost"]}, ("average_transaction_value",), id="statuses"),
    pytest.param({"csat_top_boxes": {5: 1}}, ("csat",), id="top boxes"),
    pytest.param({"churn": {"inactivity_days": 9}}, ("churn_rate",), id="inactivity"),
    pytest.param({"targets": {"nps": 5}, "confidence": 0.9}, (), id="no value depends on it"),
]


@pytest.mark.parametrize(("kpis", "expected"), PARAMETERS)
def test_parameters_redefine_the_kpis_they_are_about(
    lake: Lake, kpis: dict[str, Any], expected: tuple[str, ...]
) -> None:
    found, _ = changed(gather(lake, plan()), lake, plan(kpis=kpis))
    redefined = set(found.filter("is_redefined")["kpi_code"])
    watched = {"average_transaction_value", "csat", "churn_rate", "conversion_rate"}
    assert redefined & watched >= set(expected)
    assert "conversion_rate" not in redefined
    assert expected or not redefined


def test_a_set_of_other_dimensions_is_recut(lake: Lake) -> None:
    now = plan(segment_sets={"country": ["region"], "new": ["channel"]})
    _, sets = changed(gather(lake, plan()), lake, now)
    assert dict(sets.select("segment_set", "is_recut").rows()) == {
        "total": False, "country": True, "new": False,
    }  # fmt: skip
