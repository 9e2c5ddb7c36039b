import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy import stats

from assets.transforms.quality.observed import SCORES
from assets.transforms.quality.outcome import OUTCOME, no_outcomes
from assets.transforms.quality.scores import judge_scores
from schemas.config.quality import Scores
from tests.assets.transforms.quality.frames import (
    RANKS,
    by_day,
    scores,
    shuffled,
    statuses,
)

FIVE = [1, 2, 2, 3, 3, 4, 4, 4, 5, 5, 5, 5]
ELEVEN = [0, 2, 5, 6, 7, 7, 8, 8, 9, 9, 10, 10]
FIVE_SHARES = [0.06, 0.08, 0.16, 0.3, 0.4]
ELEVEN_SHARES = [0.03, 0.01, 0.02, 0.03, 0.03, 0.08, 0.08, 0.14, 0.2, 0.18, 0.2]


def outcomes(frame: pl.DataFrame, **limits: Any) -> pl.DataFrame:
    return judge_scores(frame, Scores.model_validate(limits), source="shop")


def judged(given: dict[int, Any], **limits: Any) -> dict[int, dict[str, Any]]:
    return by_day(outcomes(scores(given), **limits))


def test_a_scale_that_grew_is_an_error_on_the_first_day() -> None:
    found = judged({**dict.fromkeys(range(56), FIVE), 56: ELEVEN})[56]
    assert (found["asset"], found["subject"], found["status"]) == (
        "core/survey_answer",
        "web/q1",
        "error",
    )
    assert (found["observed"], found["upper_limit"], found["unit"]) == (10 / 12, 0.05, "share")
    assert (found["rows_checked"], found["rows_unexpected"]) == (12, 10)
    assert found["message"] == (
        "10 of the day's 12 scores are outside of the range of the 56 days before: 1\u20135 "
        "before, 0\u201310 now; the scale seems to have changed"
    )
    assert found["mend"] == (
        "if the scale was changed, mend the question's scale "
        "(`surveys.<survey_id>.questions.<question_id>.scale`, or `scale_min` and `scale_max` in "
        "the source of survey_question), or have the survey sent under a new survey_id or "
        "question_id, then `barometer run --date 2024-02-26`; if it is as it should be, "
        "change the limits under "
        "`quality.tables.survey_answer.scores` (or `quality.sources.shop.scores`)"
    )


def test_a_scale_that_shrank_shows_within_the_recent_window() -> None:
    high = [0, 6, 7, 8, 8, 9, 9, 9, 10, 10, 10, 10]
    found = judged({**dict.fromkeys(range(56), high), **dict.fromkeys(range(56, 59), FIVE)})
    assert (found[58]["status"], found[58]["upper_limit"]) == ("error", 0.5)
    assert found[58]["message"] == (
        "36 scores in 3 days against 672 in the 56 days before: distributions are 0.92 apart "
        "(0\u201310 before, 1\u20135 now)"
    )


def test_the_recent_window_is_as_short_as_can_be() -> None:
    steady = dict.fromkeys(range(56), FIVE)
    assert judged(steady)[55]["rows_checked"] == 36
    assert judged(steady, least_rows=12)[55]["rows_checked"] == 12
    assert judged(steady, least_rows=13)[55]["rows_checked"] == 24
    assert judged(steady, least_rows=500)[55]["rows_checked"] == 84


def test_the_reference_ends_where_the_recent_window_begins() -> None:
    found = judged({0: FIVE * 3, 1: FIVE * 3}, reference_days=1)[1]
    assert found["message"] == (
        "36 scores in 1 day against 36 in the 1 day before: distributions are 0 apart, which "
        "chance may explain"
    )


def test_distance_and_significance_equal_scipys() -> None:
    generator = np.random.default_rng(3)
    one, other = generator.integers(0, 11, 60), generator.integers(2, 11, 45)
    right = stats.ks_2samp(one, other, method="asymp")
    found = judged({0: one.tolist(), 1: other.tolist()}, outside_above=None)[1]
    assert found["observed"] == pytest.approx(right.statistic)
    level = math.sqrt(60 * 45 / 105) * right.statistic
    chance = float(stats.kstwobign.sf(level))
    for significance, is_chance in ((chance * 1.01, False), (chance * 0.99, True)):
        again = judged(
            {0: one.tolist(), 1: other.tolist()}, outside_above=None, significance=significance
        )
        assert again[1]["message"].endswith("chance may explain") == is_chance


def test_two_slips_of_the_keyboard_are_no_new_scale() -> None:
    found = judged({**dict.fromkeys(range(56), FIVE), 56: [*FIVE[:10], 55, 0]})[56]
    assert found["status"] == "passed"


def test_a_short_reference_does_not_tell_the_range() -> None:
    # 3 of 12 below the least of 36 may well be chance
    given = {0: [8] * 36, 1: [8] * 9 + [7] * 3}
    found = judged(given, least_rows=12, warn_above=None, error_above=None)[1]
    assert found["status"] == "passed"


def test_the_check_of_the_range_can_be_switched_off() -> None:
    given = {**dict.fromkeys(range(56), FIVE), 56: ELEVEN}
    assert judged(given, outside_above=None)[56]["unit"] == "distance"


def test_surveys_and_questions_do_not_mix() -> None:
    given = dict.fromkeys(range(56), FIVE)
    frame = pl.concat(
        [
            scores(given),
            scores(dict.fromkeys(range(56), ELEVEN), survey="shop"),
            scores(given, survey=None, question="q{}\u0000"),
        ]
    )
    found = outcomes(frame)
    assert found["subject"].unique().sort().to_list() == ["q{}\u0000", "shop/q1", "web/q1"]
    assert set(found["status"]) == {"passed", "skipped"}


def test_too_few_scores_are_said() -> None:
    found = judged({0: FIVE, 1: FIVE})[1]
    assert (found["status"], found["observed"]) == ("skipped", None)
    assert found["message"] == (
        "24 scores in 7 days and 0 in the 56 days before; no judgement on fewer than 30"
    )


def test_scores_that_are_no_numbers_do_not_raise() -> None:
    odd = scores({0: [math.nan, math.inf, -math.inf], 1: [1e300, -0.0, 0.0]}, survey=None)
    found = outcomes(odd)
    assert found["rows_checked"].to_list() == [3]
    assert_frame_equal(outcomes(pl.DataFrame(schema=SCORES)), no_outcomes())
    assert_frame_equal(outcomes(odd.filter(pl.col("score").is_nan())), no_outcomes())


def drawn(
    generator: np.random.Generator, shares: list[float], least: int, *, days: range, rate: float
) -> dict[int, Any]:
    values = np.arange(least, least + len(shares))
    p = np.array(shares) / sum(shares)
    return {i: generator.choice(values, generator.poisson(rate), p=p).tolist() for i in days}


@pytest.mark.parametrize(
    ("shares", "least"), [(FIVE_SHARES, 1), (ELEVEN_SHARES, 0), ([1 / 7] * 7, 1)]
)
def test_no_alarm_on_a_steady_distribution(shares: list[float], least: int) -> None:
    """17 alarms in 165,000 judged days of questions (2 … 200 scores a day): 1 in 10,000."""
    generator = np.random.default_rng(11)
    frames = [
        scores(drawn(generator, shares, least, days=range(200), rate=rate), question=f"q{i}-{rate}")
        for rate in (5, 12, 60)
        for i in range(6)
    ]
    found = outcomes(pl.concat(frames)).filter(pl.col("status") != "skipped")
    assert found.height > 2500
    assert found.filter(pl.col("status") != "passed").height <= 3


def test_a_survey_changed_from_1_5_to_0_10_is_caught_on_the_first_day() -> None:
    generator = np.random.default_rng(12)
    frames = []
    for i in range(60):
        given = drawn(generator, FIVE_SHARES, 1, days=range(28), rate=12)
        p = np.array(ELEVEN_SHARES)
        given[28] = generator.choice(np.arange(11), 12, p=p / p.sum()).tolist()
        frames.append(scores(given, question=f"q{i:02}"))
    first = outcomes(pl.concat(frames)).group_by("subject").last()
    assert first["status"].to_list() == ["error"] * 60
    assert set(first["unit"]) == {"share"}


def test_a_survey_changed_from_0_10_to_1_5_is_caught_within_the_recent_window() -> None:
    generator = np.random.default_rng(13)
    frames = []
    for i in range(60):
        given = drawn(generator, ELEVEN_SHARES, 0, days=range(56), rate=12)
        given |= drawn(generator, FIVE_SHARES, 1, days=range(56, 63), rate=12)
        frames.append(scores(given, question=f"q{i:02}"))
    found = outcomes(pl.concat(frames))
    by_question = found.group_by("subject", maintain_order=True)
    since = by_question.agg(third=pl.col("status").get(58), week=pl.col("status").slice(56))
    assert since["third"].is_in(["warn", "error"]).all()
    assert since["week"].list.contains("error").to_list() == [True] * 60


GIVEN = st.dictionaries(
    st.integers(0, 40),
    st.lists(st.integers(0, 6), max_size=40),
    min_size=1,
    max_size=20,
)


@settings(max_examples=40, deadline=None)
@given(GIVEN, st.integers(0, 99))
def test_order_of_rows_does_not_matter(given: dict[int, list[int]], seed: int) -> None:
    frame = scores(given)
    found = outcomes(frame)
    assert found.schema == OUTCOME
    assert_frame_equal(outcomes(shuffled(frame, seed)), found)


@settings(max_examples=40, deadline=None)
@given(GIVEN, st.floats(0, 1), st.floats(0, 1))
def test_status_is_monotone_in_the_limits(
    given: dict[int, list[int]], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    frame = scores(given)
    strict = statuses(outcomes(frame, warn_above=low, error_above=None, outside_above=low))
    loose = statuses(outcomes(frame, warn_above=high, error_above=None, outside_above=high))
    assert all(RANKS.index(loose[key]) <= RANKS.index(strict[key]) for key in strict)


@settings(max_examples=40, deadline=None)
@given(GIVEN, st.integers(0, 40), st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_a_restated_day_changes_only_windows_that_hold_it(
    given: dict[int, list[int]], number: int, restated: list[int]
) -> None:
    limits = {"recent_days": 3, "reference_days": 7}
    before = judged({**given, number: [3] * 20}, **limits)
    after = judged({**given, number: restated}, **limits)
    for key in before:
        assert 0 <= key - number < 3 + 7 or before[key] == after[key]
