"""Counts of partitions: from receipts, and of rows; only what is new or changed is counted."""

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.lake.layout import Lake
from assets.quality import profiles
from assets.quality.profiles import observe
from assets.transforms.quality import observed as schemas
from tests.assets.core.company import Company
from tests.assets.history.builder import Row, day, instant
from tests.assets.quality.lakes import contents, project, put_core

FRAMES = {
    "extracts": schemas.EXTRACTS,
    "partitions": schemas.PARTITIONS,
    "refusals": schemas.REFUSALS,
    "nulls": schemas.NULLS,
    "categories": schemas.CATEGORIES,
    "scores": schemas.SCORES,
    "redeliveries": schemas.REDELIVERIES,
}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def product(identifier: str, /, **given: Any) -> Row:
    return {"product_id": identifier, "category": "tools"} | given


def answer(response: str, question: str, score: float | None) -> Row:
    return {"response_id": response, "question_id": question, "score": score}


def response(name: str, survey: str) -> Row:
    return {
        "response_id": name,
        "survey_id": survey,
        "responded_at": instant("2026-03-01T08:00:00"),
    }


def test_an_empty_lake_has_empty_frames(lake: Lake) -> None:
    found = observe(lake, project("erp_product", "survey_answer"))

    assert {name: getattr(found, name).schema for name in FRAMES} == FRAMES
    assert all(getattr(found, name).is_empty() for name in FRAMES)


def test_counts_and_reasons_come_from_receipts(lake: Lake) -> None:
    reasons = {"custom.a: b: expect_column_values_to_be_in_set": 2}
    put_core(lake, "erp_product", day(0), [product("1")], reasons=reasons)

    found = observe(lake, project("erp_product"))

    assert found.partitions.rows() == [("erp_product", "main", day(0), 3, 1, 2, 0)]
    assert found.refusals.rows() == [
        ("erp_product", "main", day(0), "custom.a: b", "expect_column_values_to_be_in_set", 2)
    ]


def test_nulls_of_every_date_and_nullable_column(lake: Lake) -> None:
    put_core(lake, "erp_product", day(0), [product("1"), product("2", category=None, name="n")])
    put_core(lake, "erp_product", day(1), [])

    found = observe(lake, project("erp_product")).nulls

    assert found.select("date", "column", "rows", "nulls").rows() == [
        (day(0), "category", 2, 1),
        (day(0), "family", 2, 2),
        (day(0), "name", 2, 1),
        (day(1), "category", 0, 0),
        (day(1), "family", 0, 0),
        (day(1), "name", 0, 0),
    ]


def test_categories_by_frequency_without_nulls(lake: Lake) -> None:
    rows = [product(f"{i}", family=None if i else "f", name=f"{i}") for i in range(3)]
    put_core(lake, "erp_product", day(0), [*rows, product("9", category="toys")])

    found = observe(lake, project("erp_product")).categories

    assert found.select("column", "category", "rows").rows() == [
        ("category", "tools", 3),
        ("category", "toys", 1),
        ("family", "f", 1),
    ]


def test_rare_categories_of_a_date_are_put_together(lake: Lake) -> None:
    often = [product(f"a{i}-{j}", category=f"often {i:02}") for i in range(50) for j in range(2)]
    once = [product(f"b{i}", category=f"a once {i}") for i in range(7)]
    put_core(lake, "erp_product", day(0), [*often, *once])

    found = observe(lake, project("erp_product")).categories

    assert found.height == 51
    assert found.filter(pl.col("category") == "(other)")["rows"].to_list() == [7]
    assert set(found.filter(pl.col("category") != "(other)")["rows"]) == {2}


@pytest.mark.parametrize("dates", [1, 30])
def test_an_identifier_in_disguise_is_no_category(lake: Lake, dates: int) -> None:
    for number in range(dates):
        ids = [f"{number}-{i}" for i in range(1200 // dates)]
        rows = [product(name, category=name, family="f") for name in ids]
        put_core(lake, "erp_product", day(number), rows)

    found = observe(lake, project("erp_product")).categories

    assert set(found["column"]) == {"family"}


def test_personal_data_are_no_categories_and_blanked_columns_have_no_nulls(lake: Lake) -> None:
    put_core(lake, "crm_account", day(0), [{"account_id": "a", "email": "x", "region": "North"}])
    company = project("crm_account")
    without_key = company.model_copy(
        update={"privacy": company.privacy.model_copy(update={"pii_key": None})}
    )

    found, blanked = observe(lake, company), observe(lake, without_key)

    assert set(found.categories["column"]) == {"region"}
    assert {"email", "name", "phone"} <= set(found.nulls["column"])
    assert "custom" not in set(found.nulls["column"])
    assert not {"email", "name", "phone"} & set(blanked.nulls["column"])


def test_scores_by_survey_where_the_response_tells_it(lake: Lake) -> None:
    put_core(lake, "survey_response", day(0), [response("r1", "A"), response("r2", "B")])
    answers = [answer("r1", "q", 9), answer("r2", "q", 9), answer("r3", "q", 9)]
    more = [answer("r1", "p", None), answer("r2", "p", 1.5)]
    put_core(lake, "survey_answer", day(0), [*answers, *more])

    found = observe(lake, project("survey_answer", "survey_response")).scores

    assert found.select("survey_id", "question_id", "score", "rows").rows() == [
        (None, "q", 9.0, 1),
        ("A", "q", 9.0, 1),
        ("B", "p", 1.5, 1),
        ("B", "q", 9.0, 1),
    ]


def test_a_response_that_comes_later_the_same_day_names_the_survey(lake: Lake) -> None:
    company = project("survey_answer", "survey_response")
    put_core(lake, "survey_answer", day(0), [answer("r", "q", 9)])
    before = observe(lake, company).scores["survey_id"].to_list()

    put_core(lake, "survey_response", day(0), [response("r", "A")])

    assert before == [None]
    assert observe(lake, company).scores["survey_id"].to_list() == ["A"]


def test_fine_scores_are_grouped_within_their_range(lake: Lake) -> None:
    rows = [answer(f"r{i}", "q", i / 7) for i in range(1000)]
    put_core(lake, "survey_answer", day(0), rows)

    found = observe(lake, project("survey_answer")).scores

    assert found.height == 200
    assert found["rows"].sum() == 1000
    assert (found["score"].min(), found["score"].max()) == (0.0, 999 / 7)


def test_a_removed_date_vanishes(lake: Lake) -> None:
    company = project("erp_product")
    for number in (0, 1):
        put_core(lake, "erp_product", day(number), [product("1")])
    observe(lake, company)

    lake.core("erp_product", "main", day(0)).remove()
    found = observe(lake, company)

    for frame in (found.partitions, found.nulls, found.categories, found.redeliveries):
        assert set(frame["date"]) == {day(1)}
    assert found.redeliveries["redelivered"].to_list() == [0]


def test_only_new_and_changed_dates_are_counted(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[dt.date] = []
    count = profiles.count_batch

    def counting(lake: Lake, plan: Any, dates: Any) -> dict[str, pl.DataFrame]:
        counted.extend(dates)
        return count(lake, plan, dates)

    monkeypatch.setattr(profiles, "count_batch", counting)
    company = project("erp_product")
    for number in range(3):
        put_core(lake, "erp_product", day(number), [product("1")])

    observe(lake, company)
    before = contents(lake)
    observe(lake, company)
    assert contents(lake) == before
    put_core(lake, "erp_product", day(1), [product("2")])
    put_core(lake, "erp_product", day(3), [product("3")])
    observe(lake, company)

    assert counted == [day(0), day(1), day(2), day(1), day(3)]


def test_batches_do_not_show(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    company = project("erp_product")
    for number in range(5):
        put_core(lake, "erp_product", day(number), [product("1"), product(f"n{number}")])
    whole = observe(lake, company)
    lake.quality("profile", "erp_product", "main").remove()
    monkeypatch.setattr(profiles, "BATCH_ROWS", 3)

    in_parts = observe(lake, company)

    for name in FRAMES:
        assert_frame_equal(getattr(in_parts, name), getattr(whole, name))


def test_declared_rows_are_left_out(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.source("products", {"erp_product": {"columns": {"product_id": "id"}}})
    company.document["surveys"] = {
        "S": {"kind": "relational", "questions": {"q": {"metric": "nps", "scale": [0, 10]}}}
    }
    company.build("survey", "configuration", 0)

    found = observe(company.lake, company.project)

    assert found.partitions.is_empty()
    assert found.nulls.is_empty()


def test_constants_have_no_nulls_and_cells_of_a_wide_survey_have(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.source(
        "wide",
        {
            "survey_response": {
                "columns": {
                    "response_id": "id", "survey_id": {"value": "S"}, "responded_at": "at",
                    "channel": {"value": "web"}, "language": "language",
                }
            },
            "survey_answer": {
                "columns": {"response_id": "id"},
                "unpivot": {"scores": {"q1": "one"}, "texts": {"q2": "two"}},
            },
        },
    )  # fmt: skip
    company.deliver("wide", 0, "id,at,language,q1,q2\n1,2024-03-01,fr,5,\n2,2024-03-01,,7,good\n")
    company.build("survey_response", "wide", 0)
    company.build("survey_answer", "wide", 0)

    found = observe(company.lake, company.project)

    assert found.nulls.select("table", "column", "rows", "nulls").rows() == [
        ("survey_response", "language", 2, 1),
        ("survey_answer", "score", 3, 1),
        ("survey_answer", "text", 3, 2),
    ]
    assert found.categories.select("column", "category").rows() == [("language", "fr")]
    assert found.scores.select("survey_id", "question_id", "score").rows() == [
        ("S", "one", 5.0),
        ("S", "one", 7.0),
    ]
