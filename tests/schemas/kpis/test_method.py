"""What `method_id` says of the configuration, and the survey options of each KPI."""

from typing import Any

import pytest

from schemas.config.kpis import KpiConfig
from schemas.errors import ConfigError
from schemas.kpis.catalogue import CATALOGUE, Published, published_kpis
from schemas.kpis.method import method_options
from tests.assets.kpi.histories import project

HOURS = {"default": "desk", "calendars": {"desk": {"hours": {"mon": ["09:00-18:00"]}}}}
KNOWN_FROM = {"crm_contract": "2026-03-03", "erp_employee": "2026-03-04"}
LONGER = {"default": "desk", "calendars": {"desk": {"hours": {"mon": ["09:00-19:00"]}}}}


def options(code: str, days: int = 0, /, **config: Any) -> str:
    return method_options(CATALOGUE[code], KpiConfig.model_validate(config), dedupe_days=days)


def published(**kpis: Any) -> dict[str, Published]:
    return {one.code: one for one in published_kpis(project(kpis=kpis))}


@pytest.mark.parametrize(
    ("code", "config", "expected"),
    [
        ("nps", {}, ""),
        ("first_contact_resolution", {}, "+variant=contact_count"),
        (
            "first_contact_resolution",
            {"first_contact_resolution": {"variant": "window", "window_days": 3}},
            "+variant=window,days=3",
        ),
        ("survey_response_rate", {"response_window_days": 14}, "+window=14d"),
        ("csat", {}, ""),
        ("csat", {"csat_top_boxes": {7: 3, 5: 1}}, "+boxes=5/1,7/3"),
        ("csat_mean", {"csat_top_boxes": {5: 1}}, ""),
        ("churn_rate", {}, "+basis=orders,days=180"),
        ("churn_rate", {"churn": {"basis": "contracts"}}, "+basis=contracts"),
        ("churn_rate", {"known_from": KNOWN_FROM}, "+basis=orders,days=180"),
        (
            "churn_rate",
            {"churn": {"basis": "contracts"}, "known_from": KNOWN_FROM},
            "+basis=contracts+known_from=2026-03-03",
        ),
        ("nrr", {}, ""),
        ("nrr", {"known_from": KNOWN_FROM}, "+known_from=2026-03-03"),
        ("renewal_rate", {"known_from": KNOWN_FROM}, "+known_from=2026-03-03"),
        ("employee_turnover", {"known_from": KNOWN_FROM}, "+known_from=2026-03-04"),
        ("employee_turnover", {"known_from": {"crm_contract": "2026-03-03"}}, ""),
        ("average_contract_value", {"known_from": KNOWN_FROM}, ""),
    ],
)
def test_rules_of_the_configuration(code: str, config: dict[str, Any], expected: str) -> None:
    assert options(code, **config) == expected


def test_answers_given_again() -> None:
    assert options("nps", 90) == "+dedupe=90d"


def test_other_business_hours_are_another_method() -> None:
    code = "resolution_business_time_mean"
    one, other = (options(code, business_time=hours) for hours in (HOURS, LONGER))
    assert one.startswith("+hours=")
    assert one != other
    assert options("resolution_time_mean", business_time=HOURS) == ""


def test_options_of_all_survey_kpis_and_of_one() -> None:
    found = published(
        dedupe_days=30,
        weights="response",
        survey_options={"nps": {"dedupe_days": 90}, "csat": {"dedupe_days": 0, "weights": "none"}},
        variants={"nps_all": {"of": "nps"}},
    )
    assert found["nps"].state == "nps:weighted:dedupe=90"
    assert found["enps"].state == "enps:weighted:dedupe=30"
    assert found["csat"].state == "csat"
    assert found["nps_all"].state == "nps"
    assert found["average_transaction_value"].state == "transaction_value"
    assert found["enps"].method == "+dedupe=30d"


@pytest.mark.parametrize(
    ("kpis", "culprit"),
    [
        ({"survey_options": {"npx": {}}}, r"kpis\.survey_options: npx"),
        ({"survey_options": {"margin_rate": {"dedupe_days": 9}}}, r"margin_rate\.dedupe_days"),
        ({"survey_options": {"margin_rate": {"weights": "response"}}}, r"margin_rate\.weights"),
        ({"variants": {"x": {"of": "churn_rate", "dedupe_days": 9}}}, r"variants\.x\.dedupe_days"),
    ],
)
def test_options_that_a_kpi_cannot_have_are_refused(kpis: dict[str, Any], culprit: str) -> None:
    with pytest.raises(ConfigError, match=culprit):
        published(**kpis)


def test_no_response_rate_without_the_link_to_the_invitation() -> None:
    tables = ("survey", "survey_response", "survey_invitation")
    fed = project(tables)
    assert "survey_response_rate" in {one.code for one in published_kpis(fed)}
    document = fed.model_dump(exclude_unset=True)
    del document["sources"]["all"]["tables"]["survey_response"]["columns"]["invitation_id"]
    unlinked = type(fed).model_validate(document)
    assert "survey_response_rate" not in {one.code for one in published_kpis(unlinked)}
