from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.transforms.quality.categories import OTHER, judge_categories
from assets.transforms.quality.observed import CATEGORIES
from assets.transforms.quality.outcome import OUTCOME, no_outcomes
from schemas.config.quality import Categories
from tests.assets.transforms.quality.frames import (
    MAPPING,
    RANKS,
    by_day,
    categories,
    day,
    shuffled,
    statuses,
)

Counts = dict[int, dict[str | None, int]]
USUAL: dict[str | None, int] = {"web": 40, "shop": 40, "phone": 20}
BEFORE: Counts = dict.fromkeys(range(56), USUAL)


def outcomes(frame: pl.DataFrame, **limits: Any) -> pl.DataFrame:
    given = Categories.model_validate(limits)
    return judge_categories(frame, given, MAPPING, table="erp_product", source="shop")


def judged(counts: Counts, **limits: Any) -> dict[int, dict[str, Any]]:
    return by_day(outcomes(categories(counts), **limits))


def test_a_category_that_is_gone_moves_the_shares() -> None:
    found = judged({**BEFORE, 56: {"web": 80, "phone": 20}}, recent_days=1)[56]
    assert (found["asset"], found["subject"], found["unit"]) == (
        "core/erp_product",
        "category",
        "distance",
    )
    assert found["observed"] == pytest.approx(0.4)
    assert (found["status"], found["upper_limit"], found["rows_checked"]) == ("warn", 0.2, 100)
    assert found["rows_unexpected"] is None
    assert found["message"] == (
        "100 rows of 1 day against 5600 in the 56 days before: shares are 0.4 apart; moved most: "
        "'shop' 40.0 % → 0.0 %, 'web' 40.0 % → 80.0 %"
    )
    assert found["mend"] == (
        "see whether the source renamed or added codes, or whether an extract lacks a part of its "
        "rows; map the codes under sources.shop.tables.erp_product.columns.category (`values`), or "
        "have the extract sent again, then `barometer run --date 2024-02-26`; if it is as it "
        "should be, change the limits under "
        "`quality.tables.erp_product.categories` (or `quality.sources.shop.categories`)"
    )


def test_a_distance_can_be_an_error() -> None:
    found = judged({**BEFORE, 56: {"phone": 700}}, recent_days=1, error_above=0.5)[56]
    assert (found["status"], found["upper_limit"]) == ("error", 0.5)


def test_new_categories_are_shown_though_shares_hardly_move() -> None:
    found = judged({**BEFORE, 56: {**USUAL, "GTX Pro": 30, "kiosk": 3}})[56]
    assert found["observed"] == pytest.approx(33 / 733)
    assert (found["status"], found["upper_limit"], found["unit"]) == ("warn", 0.02, "share")
    assert (found["rows_checked"], found["rows_unexpected"]) == (733, 33)
    assert found["message"] == (
        "33 of 733 rows (4.5 %) in 7 days are of categories not seen in the 56 days before: "
        "'GTX Pro' 4.1 %, 'kiosk' 0.4 %"
    )
    assert judged({**BEFORE, 56: {**USUAL, "GTX Pro": 30}}, new_above=None)[56]["status"] == (
        "passed"
    )


def test_new_ones_of_a_column_of_many_rare_values_are_no_news() -> None:
    # every row of every day is the only one of its kind
    rare: Counts = {i: {f"{i}-{j}": 1 for j in range(10)} for i in range(70)}
    found = judged(rare)
    assert {found[i]["status"] for i in range(20, 70)} == {"passed"}


def test_the_rest_is_never_new_and_may_hide_a_category() -> None:
    assert judged({**BEFORE, 56: {**USUAL, OTHER: 30}})[56]["status"] == "passed"
    hidden: Counts = {i: {**USUAL, OTHER: 10} for i in range(56)}
    assert judged({**hidden, 56: {**USUAL, "kiosk": 30}})[56]["status"] == "passed"


def test_what_chance_explains_passes() -> None:
    few: Counts = {i: {"a": 2, "b": 1} for i in range(20)}
    found = judged({**few, 20: {"a": 16, "b": 24}}, recent_days=1)[20]
    assert found["status"] == "skipped"
    found = judged({**few, 20: {"a": 28, "b": 27}}, recent_days=1, warn_above=0.1)[20]
    assert found["status"] == "passed"
    assert found["message"] == (
        "55 rows of 1 day against 60 in the 56 days before: shares are 0.16 apart, which chance "
        "may explain"
    )


def test_too_few_rows_are_said() -> None:
    found = judged({0: {"a": 10}, 90: {"a": 10}})[90]
    assert (found["status"], found["observed"]) == ("skipped", None)
    assert found["message"] == (
        "10 rows in 7 days and 0 in the 56 days before; no judgement on fewer than 50"
    )


def test_null_categories_and_no_rows_do_not_raise() -> None:
    odd: Counts = {0: {None: 5, "a": 0}, 1: {"": 3, "x\n{}": 1}}
    found = outcomes(categories(odd))
    assert found["period_start"].to_list() == [day(1)]
    for empty in (pl.DataFrame(schema=CATEGORIES), categories({0: {None: 5}})):
        assert_frame_equal(outcomes(empty), no_outcomes())


def test_no_alarm_on_steady_shares() -> None:
    """Over 85,000 judged days of columns of 3 … 300 categories 0.3 % gave an alarm.

    Neighbouring days share most of their window, so alarms come in runs: the rate of runs is
    lower still.
    """
    generator = np.random.default_rng(5)
    for kinds in (3, 60):
        weights = 1 / np.arange(1, kinds + 1) ** 1.2
        rates = 20 * weights / weights.sum()
        found = pl.concat(
            outcomes(
                categories(
                    {
                        i: {f"k{k}": int(n) for k, n in enumerate(generator.poisson(rates))}
                        for i in range(120)
                    }
                )
            )
            for _ in range(10)
        ).filter(pl.col("status") != "skipped")
        assert found.height > 1000
        assert found.filter(pl.col("status") != "passed").height <= 0.02 * found.height


COUNTS = st.dictionaries(
    st.integers(0, 60),
    st.dictionaries(st.sampled_from(["a", "b", "c", OTHER, None]), st.integers(0, 60), max_size=4),
    min_size=1,
    max_size=30,
)


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.integers(0, 99))
def test_order_of_rows_does_not_matter(counts: Counts, seed: int) -> None:
    frame = categories(counts)
    found = outcomes(frame)
    assert found.schema == OUTCOME
    assert_frame_equal(outcomes(shuffled(frame, seed)), found)


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.floats(0, 1), st.floats(0, 1))
def test_status_is_monotone_in_the_limits(counts: Counts, one: float, other: float) -> None:
    low, high = sorted((one, other))
    strict = statuses(outcomes(categories(counts), warn_above=low, new_above=low))
    loose = statuses(outcomes(categories(counts), warn_above=high, new_above=high))
    assert all(RANKS.index(loose[key]) <= RANKS.index(strict[key]) for key in strict)


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.integers(0, 60), st.integers(1, 90))
def test_a_restated_day_changes_only_windows_that_hold_it(
    counts: Counts, number: int, rows: int
) -> None:
    before = judged({**counts, number: {"a": 50}}, reference_days=14)
    after = judged({**counts, number: {"b": rows}}, reference_days=14)
    for key in before:
        assert 0 <= key - number < 7 + 14 or before[key] == after[key]
