"""The fact `answer`: whose answers they are, and choices where a measure reads them."""

import pytest

from assets.transforms.dimensions import question_dimensions, survey_dimensions
from assets.transforms.facts import Cut, FactFrame, Lookups
from assets.transforms.facts_answer import answer_fact
from tests.assets.kpi.histories import at, frame

SURVEYS = [
    {"survey_id": "c", "kind": "relational", "audience": "customer"},
    {"survey_id": "e", "kind": "relational", "audience": "employee"},
]


def fact(metric: str) -> FactFrame:
    """An answer to the question `q` of this metric in each survey, and in an unknown one."""
    surveys = [one["survey_id"] for one in SURVEYS]
    questions = [{"survey_id": one, "question_id": "q", "metric": metric} for one in surveys]
    responses = [
        {"response_id": f"r{one}", "survey_id": one, "responded_at": at("2026-01-05")}
        for one in (*surveys, "lost")
    ]
    answers = [
        {"response_id": one["response_id"], "question_id": "q", "choice": "fan"}
        for one in responses
    ]
    lookups = Lookups(
        surveys=survey_dimensions(frame("survey", SURVEYS).lazy()).collect(),
        questions=question_dimensions(frame("survey_question", questions).lazy()),
    )
    tables = {
        "survey_response": frame("survey_response", responses).lazy(),
        "survey_answer": frame("survey_answer", answers).lazy(),
    }
    return answer_fact(tables, lookups, Cut({}, "Europe/Paris"))


def test_the_audience_is_that_of_the_survey_and_customers_without_one() -> None:
    found = fact("nps").wide.select("survey", "is_customer").collect()
    whose = {str(survey): is_customer for survey, is_customer in found.rows()}
    assert whose == {"c": True, "e": False, "lost": True}


@pytest.mark.parametrize(("metric", "choice"), [("moment_of_truth", "fan"), ("nps_reason", None)])
def test_choices_are_read_where_a_measure_needs_them(metric: str, choice: str | None) -> None:
    assert fact(metric).wide.collect()["choice"].to_list() == [choice] * 3
