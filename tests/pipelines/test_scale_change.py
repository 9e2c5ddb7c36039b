"""A survey whose scale changes from 1-5 to 0-10 is caught on the day, before a figure moves."""

import datetime as dt
import re
from pathlib import Path

import polars as pl
import pytest

from tests.pipelines.company import Company
from tests.pipelines.conftest import Barometer

FIRST = dt.date(2025, 1, 30)
DAYS = [str(FIRST + dt.timedelta(days=n)) for n in range(36)]
CHANGED = DAYS[-1]
OF_FIVE = (5, 4, 4, 5, 3, 4, 5, 2, 4, 5, 1, 4)
OF_TEN = (9, 8, 8, 10, 6, 8, 9, 4, 8, 10, 2, 7)


def _answers(company: Company, day: str, scores: tuple[int, ...]) -> None:
    rows = [f"{day}-{n},001,{day} 12:00:00,{score}" for n, score in enumerate(scores)]
    text = "\n".join(["id,account,at,nps", *rows, ""])
    (company.extracts / f"answers_{day}.csv").write_text(text, encoding="utf-8")


@pytest.fixture
def surveyed(tmp_path: Path) -> Company:
    """Five weeks of twelve scores a day, then a day on another scale; no scale is declared."""
    company = Company(tmp_path / "company")
    company.extracts.mkdir(parents=True)
    company.configure(
        ("{metric: nps, scale: [0, 10]}", "{metric: csat}"),
    )
    for day in DAYS:
        company.deliver_accounts(day)
        company.deliver_orders(day)
        _answers(company, day, OF_TEN if day == CHANGED else OF_FIVE)
    return company


def test_the_day_of_the_change_blocks_publish(surveyed: Company, invoke: Barometer) -> None:
    before = invoke(surveyed, "run", "--from", DAYS[0], "--to", DAYS[-2])
    assert before.exit_code == 0, before.output
    published = surveyed.values()

    refused = invoke(surveyed, "run", "--date", CHANGED)

    assert refused.exit_code == 1
    assert f"scores of core/survey_answer answers REL/nps {CHANGED}" in refused.output
    assert re.search(r"1.5 before", refused.output)
    assert "scale" in refused.output
    assert surveyed.values().equals(published)


def test_sent_again_on_the_old_scale_it_publishes(surveyed: Company, invoke: Barometer) -> None:
    assert invoke(surveyed, "run").exit_code == 1
    _answers(surveyed, CHANGED, OF_FIVE)
    result = invoke(surveyed, "run")
    assert result.exit_code == 0, result.output
    scores = surveyed.table("data_quality_result").filter(
        pl.col("check_name") == "scores", pl.col("period_start") == dt.date.fromisoformat(CHANGED)
    )
    assert scores["status"].to_list() == ["passed"]


def test_with_its_scale_declared_the_answers_off_it_are_refused(
    surveyed: Company, invoke: Barometer
) -> None:
    text = surveyed.config.read_text(encoding="utf-8")
    declared = text.replace("{metric: csat}", "{metric: csat, scale: [1, 5]}")
    surveyed.config.write_text(declared, encoding="utf-8")
    invoke(surveyed, "run")
    listed = invoke(surveyed, "quarantine", "list", "--table", "survey_answer")
    off_scale = sum(score > 5 for score in OF_TEN)
    assert "expect_score_to_be_on_question_scale" in listed.output
    assert str(off_scale) in listed.output
