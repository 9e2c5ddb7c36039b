from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.transforms.quality.null_rate import judge_null_rate
from assets.transforms.quality.observed import NULLS
from assets.transforms.quality.outcome import no_outcomes
from schemas.config.quality import NullRate
from tests.assets.transforms.quality.frames import (
    MAPPING,
    RANKS,
    by_day,
    day,
    nulls,
    shuffled,
    statuses,
)

BEFORE = dict.fromkeys(range(56), (100, 2))


def outcomes(frame: pl.DataFrame, **limits: Any) -> pl.DataFrame:
    return judge_null_rate(
        frame, NullRate.model_validate(limits), MAPPING, table="erp_product", source="shop"
    )


def judged(counts: dict[int, tuple[int, int]], **limits: Any) -> dict[int, dict[str, Any]]:
    return by_day(outcomes(nulls(counts), **limits))


def test_a_column_that_goes_empty_shows_on_the_day() -> None:
    found = judged({**BEFORE, 56: (100, 100)})[56]
    assert (found["asset"], found["subject"], found["unit"]) == (
        "core/erp_product",
        "name",
        "share",
    )
    assert found["observed"] == pytest.approx(0.98)
    assert (found["status"], found["upper_limit"]) == ("error", 0.5)
    assert (found["rows_checked"], found["rows_unexpected"]) == (100, 100)
    assert found["message"] == (
        "100.0 % without a value that day (100 of 100 rows), 2.0 % in the 56 days before: "
        "98.0 points"
    )
    assert found["mend"] == (
        "see in the extract whether the raw column of sources.shop.tables.erp_product.columns.name "
        "is empty or has a new name or code (`from`, `values`, `null_values`, `format` there); "
        "mend that key, or have the source send the values again, then "
        "`barometer run --date 2024-02-26`; if it is as it should be, "
        "change the limits under "
        "`quality.tables.erp_product.null_rate` (or `quality.sources.shop.null_rate`)"
    )


def test_a_slow_source_is_looked_at_by_the_window() -> None:
    slow = dict.fromkeys(range(56), (10, 0))
    found = judged({**slow, **dict.fromkeys(range(56, 63), (10, 3))})[62]
    assert (found["status"], found["rows_checked"]) == ("warn", 70)
    assert found["message"] == (
        "30.0 % without a value in 7 days (21 of 70 rows), 0.0 % in the 56 days before: 30.0 points"
    )


def test_the_reference_ends_where_the_recent_window_begins() -> None:
    # days 0 … 49 and 50 … 56 around a gap: only 43 of the reference's 56 days are there
    counts = dict.fromkeys(range(7, 50), (10, 1)) | {56: (60, 3)}
    found = judged(counts)[56]
    assert found["message"] == (
        "5.0 % without a value in 7 days (3 of 60 rows), 10.0 % in the 56 days before: -5.0 points"
    )


def test_what_chance_explains_passes() -> None:
    few = dict.fromkeys(range(56), (1, 0))
    found = judged({**few, 56: (50, 9)}, least_rows=40)[56]
    assert found["observed"] > 0.1
    assert found["status"] == "passed"
    assert found["message"].endswith(", which chance may explain")


def test_a_fall_passes() -> None:
    found = judged({**dict.fromkeys(range(56), (100, 90)), 56: (100, 0)})[56]
    assert found["status"] == "passed"
    assert found["observed"] < 0


def test_too_few_rows_on_either_side() -> None:
    found = judged({0: (1000, 0), 6: (1000, 1000), 90: (10, 10)})
    assert {row["status"] for row in found.values()} == {"skipped"}
    assert found[90]["message"] == (
        "10 rows in 7 days and 0 in the 56 days before; no judgement on fewer than 50"
    )


def test_columns_do_not_mix() -> None:
    both = pl.concat(
        [nulls({**BEFORE, 56: (100, 2)}, "name"), nulls({**BEFORE, 56: (100, 99)}, "custom.tone")]
    )
    last = outcomes(both).filter(pl.col("period_start") == day(56))
    assert dict(last.select("subject", "status").iter_rows()) == {
        "custom.tone": "error",
        "name": "passed",
    }
    assert "sources.shop.tables.erp_product.custom.tone" in last["mend"][0]


def test_odd_counts_do_not_raise() -> None:
    odd = [
        ("erp_product", "shop", day(0), None, None, None),
        ("erp_product", "shop", day(0), "name", 0, 0),
        ("erp_product", "shop", None, "name", 5, 1),
    ]
    found = outcomes(pl.DataFrame(odd, schema=NULLS, orient="row"))
    assert found["status"].to_list() == ["skipped", "skipped"]
    assert found["message"].null_count() == 0
    assert_frame_equal(outcomes(pl.DataFrame(schema=NULLS)), no_outcomes())


def test_no_alarm_on_a_steady_rate() -> None:
    """33 alarms in 128,000 judged days of columns (rates 1 … 50 %, 10 … 500 rows a day)."""
    generator = np.random.default_rng(1)
    rows = generator.poisson(60, (40, 365))
    lacking = generator.binomial(rows, 0.3)
    frames = [
        nulls({i: (int(rows[c, i]), int(lacking[c, i])) for i in range(365)}, f"c{c}")
        for c in range(40)
    ]
    found = outcomes(pl.concat(frames)).filter(pl.col("status") != "skipped")
    assert found.height > 14_000
    assert found.filter(pl.col("status") != "passed").height <= 30


COUNTS = st.dictionaries(
    st.integers(0, 100),
    st.tuples(st.integers(0, 80), st.integers(0, 80)).map(lambda pair: (sum(pair), pair[0])),
    min_size=1,
    max_size=60,
)


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.integers(0, 99))
def test_order_of_rows_does_not_matter(counts: dict[int, tuple[int, int]], seed: int) -> None:
    frame = nulls(counts)
    assert_frame_equal(outcomes(shuffled(frame, seed)), outcomes(frame))


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.floats(0, 1), st.floats(0, 1))
def test_status_is_monotone_in_the_limits(
    counts: dict[int, tuple[int, int]], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    strict = statuses(outcomes(nulls(counts), warn_above=low, error_above=None))
    loose = statuses(outcomes(nulls(counts), warn_above=high, error_above=None))
    assert all(RANKS.index(loose[key]) <= RANKS.index(strict[key]) for key in strict)


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.integers(0, 100), st.integers(0, 200))
def test_a_restated_day_changes_only_windows_that_hold_it(
    counts: dict[int, tuple[int, int]], number: int, rows: int
) -> None:
    before = judged({**counts, number: (200, 0)}, reference_days=14)
    after = judged({**counts, number: (200, rows)}, reference_days=14)
    for key in before:
        assert 0 <= key - number < 7 + 14 or before[key] == after[key]
