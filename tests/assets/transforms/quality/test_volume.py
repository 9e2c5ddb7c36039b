import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.transforms.quality.observed import EXTRACTS
from assets.transforms.quality.outcome import OUTCOME, no_outcomes
from assets.transforms.quality.volume import judge_volume
from schemas.config.quality import Volume
from tests.assets.transforms.quality.frames import RANKS, by_day, extracts, shuffled, statuses

MONDAYS = {0: 100, 7: 120, 14: 110}


def judged(rows: dict[int, int | None], **limits: float | None) -> pl.DataFrame:
    return judge_volume(extracts(rows), Volume.model_validate(limits), source="shop")


def test_rows_are_compared_with_the_median_of_the_same_weekday() -> None:
    # the days between are of other weekdays and count for nothing
    found = by_day(judged({**MONDAYS, 1: 9000, 13: 9000, 21: 44}))[21]
    assert found == {
        "asset": "raw/shop",
        "check_name": "volume",
        "subject": "",
        "source": "shop",
        "period_grain": "day",
        "period_start": found["period_start"],
        "status": "warn",
        "observed": 0.4,
        "lower_limit": 0.5,
        "upper_limit": 2.0,
        "unit": "times",
        "rows_checked": 44,
        "rows_unexpected": None,
        "message": ("44 rows, 0.4 times the usual 110 (median of 3 extracts on the same weekday)"),
        "mend": (
            "have the source send the whole extract again, then `barometer run --date 2024-01-22`; "
            "if it is as it should be, change the "
            "limits under `quality.sources.shop.volume`"
        ),
    }


@pytest.mark.parametrize(
    ("rows", "status", "lower", "upper"),
    [
        (0, "error", 0.05, None),
        (5, "error", 0.05, None),
        (6, "warn", 0.5, 2.0),
        (54, "warn", 0.5, 2.0),
        (55, "passed", 0.5, 2.0),
        (220, "passed", 0.5, 2.0),
        (221, "warn", 0.5, 2.0),
    ],
)
def test_status_and_the_limits_that_decided(
    rows: int, status: str, lower: float, upper: float | None
) -> None:
    found = by_day(judged({**MONDAYS, 21: rows}))[21]
    assert (found["status"], found["lower_limit"], found["upper_limit"]) == (status, lower, upper)


def test_too_many_rows_can_be_an_error() -> None:
    found = by_day(judged({**MONDAYS, 21: 1100}, error_above=5.0))[21]
    assert (found["status"], found["upper_limit"]) == ("error", 5.0)
    assert found["mend"].startswith("look for rows sent twice")


def test_no_judgement_on_few_weeks_few_rows_or_no_extract() -> None:
    found = by_day(judged({0: 100, 7: 120, 14: 3, 21: None}))
    assert {row["status"] for row in found.values()} == {"skipped"}
    assert found[14]["message"] == (
        "2 extracts on this weekday of the 8 weeks before; no judgement on fewer than 3"
    )
    assert found[21]["message"] == "no extract that day"
    few = by_day(judged({0: 10, 7: 12, 14: 11, 21: 1}))[21]
    assert few["message"] == "11 rows are usual on this weekday; no judgement below 20"
    assert few["mend"] == ""


def test_days_without_an_extract_do_not_count_as_usual() -> None:
    found = by_day(judged({0: 100, 7: None, 14: 120, 21: 110, 28: 110}))[28]
    assert found["observed"] == 1.0


def test_weeks_before_the_window_do_not_count() -> None:
    rows: dict[int, int | None] = {7 * week: 10_000 for week in range(3)}
    rows |= {7 * week: 100 for week in range(3, 7)}
    assert statuses(judged(rows, weeks=3))[42] == "passed"


def test_no_extracts_no_outcomes() -> None:
    assert_frame_equal(
        judge_volume(pl.DataFrame(schema=EXTRACTS), Volume(), source="shop"), no_outcomes()
    )


ROWS = st.dictionaries(st.integers(0, 80), st.none() | st.integers(0, 500), min_size=1, max_size=50)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.integers(0, 99))
def test_order_of_rows_does_not_matter(rows: dict[int, int | None], seed: int) -> None:
    frame = extracts(rows)
    found = judge_volume(frame, Volume(), source="shop")
    assert found.schema == OUTCOME
    assert_frame_equal(judge_volume(shuffled(frame, seed), Volume(), source="shop"), found)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.floats(0, 1), st.floats(0, 1))
def test_status_is_monotone_in_the_limits(
    rows: dict[int, int | None], one: float, other: float
) -> None:
    wide, narrow = sorted((one, other))
    wider = statuses(judged(rows, warn_below=wide, error_below=None, warn_above=3 - wide))
    narrower = statuses(judged(rows, warn_below=narrow, error_below=None, warn_above=3 - narrow))
    assert all(RANKS.index(wider[key]) <= RANKS.index(narrower[key]) for key in wider)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.integers(0, 80), st.integers(0, 500))
def test_a_restated_day_changes_only_the_same_weekday_of_the_weeks_after(
    rows: dict[int, int | None], number: int, count: int
) -> None:
    before = by_day(judged({**rows, number: 1}))
    after = by_day(judged({**rows, number: count}))
    for key in before:
        holds = (key - number) % 7 == 0 and 0 <= key - number <= 7 * Volume().weeks
        assert holds or before[key] == after[key]
