"""Answers are held to the scale of their question, as the questions stood that day."""

from typing import Any

import polars as pl
import pytest

from assets.core import partitions
from assets.core.references import question_partitions, question_scales
from tests.assets.core.company import Company, day

QUESTIONS: dict[str, Any] = {
    "columns": {
        "survey_id": "survey",
        "question_id": "question",
        "metric": {"value": "csat"},
        "scale_min": "low",
        "scale_max": "high",
        "na_codes": "na",
    }
}
RESPONSES: dict[str, Any] = {
    "columns": {"response_id": "id", "survey_id": "survey", "responded_at": {"value": "2024-03-01"}}
}
ANSWERS: dict[str, Any] = {
    "columns": {"response_id": "id", "question_id": "question", "score": "score"}
}
QUESTION_HEAD = "survey,question,low,high,na\n"
ANSWER_HEAD = "id,question,score\n"


@pytest.fixture
def asked(company: Company) -> Company:
    company.source("questions", {"survey_question": QUESTIONS}, mode="snapshot")
    company.source("responses", {"survey_response": RESPONSES})
    company.source("answers", {"survey_answer": ANSWERS})
    return company


def deliver(company: Company, number: int, **texts: str) -> None:
    heads = {"questions": QUESTION_HEAD, "responses": "id,survey\n", "answers": ANSWER_HEAD}
    tables = {"questions": "survey_question", "responses": "survey_response"}
    for name, text in texts.items():
        company.deliver(name, number, heads[name] + text)
        if name in tables:
            company.build(tables[name], name, number)


def scores(company: Company, number: int = 0) -> list[float]:
    return sorted(company.accepted("survey_answer", "answers", number)["score"])


def test_one_scale_a_question(asked: Company) -> None:
    questions = "s,sat,1,5,99|-1\nt,sat,1,5,99|-1\ns,free,,,\n"
    answers = "r,sat,5\nq,sat,6\np,sat,99\no,sat,-1\nn,sat,0\nm,free,1000\nl,other,1000\n"
    deliver(asked, 0, questions=questions, answers=answers)
    asked.build("survey_answer", "answers", 0)
    assert scores(asked) == [-1, 5, 99, 1000, 1000]
    facts = asked.receipt("survey_answer", "answers").facts
    assert facts["reasons"] == {"score: expect_score_to_be_on_question_scale": 2}


def test_scales_that_differ_by_survey(asked: Company) -> None:
    deliver(
        asked,
        0,
        questions="five,sat,1,5,\nten,sat,0,10,\n",
        responses="r,five\nq,ten\n",
        answers="r,sat,7\nq,sat,8\nr,sat,5\nq,sat,11\n",
    )
    asked.build("survey_answer", "answers", 0)
    assert scores(asked) == [5, 8]


def test_an_answer_without_its_response_is_held_to_the_widest_of_its_scales(
    asked: Company,
) -> None:
    questions = "five,sat,1,5,9\nten,sat,0,10,\nfive,open,0,10,\nten,open,,,\n"
    answers = "r,sat,8\nq,sat,11\np,sat,-1\nr,open,50\n"
    deliver(asked, 0, questions=questions, responses="x,five\n", answers=answers)
    asked.build("survey_answer", "answers", 0)
    assert scores(asked) == [8, 50]


def test_questions_are_those_of_the_day(asked: Company) -> None:
    deliver(asked, 0, questions="s,sat,1,5,\n", answers="r,sat,7\n")
    deliver(asked, 1, answers="r,sat,7\n")
    deliver(asked, 2, questions="s,sat,0,10,\n", answers="r,sat,7\n")
    deliver(asked, 3, answers="r,sat,7\nq,sat,11\n")
    asked.build("survey_answer", "answers", 0, 1, 2, 3)
    assert [scores(asked, number) for number in range(4)] == [[], [], [7], [7]]


def test_answers_are_built_anew_when_their_questions_change(asked: Company) -> None:
    deliver(asked, 0, questions="s,sat,1,5,\n", answers="r,sat,7\n")
    assert asked.build("survey_answer", "answers", 0)
    assert not asked.build("survey_answer", "answers", 0)
    deliver(asked, 0, questions="s,sat,1,7,\n")
    assert asked.build("survey_answer", "answers", 0)
    assert scores(asked) == [7]


def test_questions_that_arrive_later_are_better_than_none(asked: Company) -> None:
    deliver(asked, 0, answers="r,sat,7\n")
    deliver(asked, 2, questions="s,sat,1,5,\n")
    asked.build("survey_answer", "answers", 0)
    assert scores(asked) == []


def test_which_partitions_define_the_questions(asked: Company) -> None:
    for number in (1, 3):
        deliver(asked, number, questions="s,sat,1,5,\n")

    def numbers(number: int) -> list[int]:
        found = question_partitions(asked.lake, asked.project, day(number))
        return [(date - day(0)).days for _, date in found]

    assert [numbers(n) for n in range(5)] == [[1], [1], [1], [3], [3]]
    asked.document["sources"]["questions"]["mode"] = "incremental"
    assert [numbers(n) for n in range(5)] == [[1], [1], [1], [1, 3], [1, 3]]


def test_the_latest_definition_of_a_question(asked: Company) -> None:
    deliver(asked, 0, questions="s,sat,1,5,9\ns,nps,0,10,\n")
    deliver(asked, 1, questions="s,sat,1,7,9|8.5|x\n")
    both = [("questions", day(0)), ("questions", day(1))]
    found = question_scales(asked.lake, both)
    assert found.rows() == [("nps", 0.0, 10.0, []), ("sat", 1.0, 7.0, [9.0, 8.5])]


def test_without_questions_every_score_is_accepted(company: Company) -> None:
    company.source("answers", {"survey_answer": ANSWERS})
    deliver(company, 0, answers="r,sat,1000\n")
    company.build("survey_answer", "answers", 0)
    assert scores(company) == [1000]


def test_wide_answers_come_out_the_same_every_time(
    asked: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two columns that answer one question: what is in them decides, not chance."""
    columns = [f"c{n}" for n in range(12)]
    unpivot = {"scores": {name: f"q{n // 2}" for n, name in enumerate(columns)}}
    asked.source("wide", {"survey_answer": {"columns": {"response_id": "id"}, "unpivot": unpivot}})
    deliver(asked, 0, questions="".join(f"s,q{n},0,99,\n" for n in range(6)))
    rows = "".join(f"{n}," + ",".join(str((n * 7 + c) % 90) for c in range(12)) + "\n"
                   for n in range(300))  # fmt: skip
    asked.deliver("wide", 0, ",".join(["id", *columns]) + "\n" + rows)
    contents = set()
    for version in range(6):
        monkeypatch.setattr(partitions, "CODE_VERSION", version)
        assert asked.build("survey_answer", "wide", 0)
        contents.add(asked.receipt("survey_answer", "wide").content)
    assert len(contents) == 1
    assert asked.counts("survey_answer", "wide") == (300, 0, 3600, 1800, 0, 1800)
    accepted = asked.accepted("survey_answer", "wide")
    number = pl.col("response_id").cast(pl.Int64) * 7
    first = (number + pl.col("question_id").str.slice(1).cast(pl.Int64) * 2) % 90
    greater = pl.max_horizontal(first, (first + 1) % 90)
    assert accepted.select((pl.col("score") == greater).all()).item()
