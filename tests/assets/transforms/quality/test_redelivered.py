from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.transforms.quality.observed import REDELIVERIES
from assets.transforms.quality.outcome import no_outcomes
from assets.transforms.quality.redelivered import judge_redelivered
from schemas.config.quality import Redelivered
from tests.assets.transforms.quality.frames import by_day, day, shuffled, with_empty_chunks


def frame(*counts: tuple[int | None, int | None]) -> pl.DataFrame:
    rows = [("erp_product", "shop", day(number), *pair) for number, pair in enumerate(counts)]
    return pl.DataFrame(rows, schema=REDELIVERIES, orient="row")


def judged(*counts: tuple[int | None, int | None]) -> dict[int, dict[str, Any]]:
    found = judge_redelivered(frame(*counts), Redelivered(), table="erp_product", source="shop")
    return by_day(found)


@pytest.mark.parametrize(
    ("counts", "status", "upper", "message"),
    [
        (
            (1000, 500), "passed", 0.5,
            "500 of 1000 rows (50.0 %) came unchanged in the 7 days before",
        ),
        (
            (1000, 600), "warn", 0.5,
            "600 of 1000 rows (60.0 %) came unchanged in the 7 days before",
        ),
        (
            (1000, 973), "error", 0.95,
            (
                "973 of 1000 rows (97.3 %) came unchanged in the 7 days before: an old file under "
                "a new name?"
            ),
        ),
        ((19, 19), "skipped", 0.5, "19 rows; no judgement on fewer than 20"),
        ((None, None), "skipped", 0.5, "0 rows; no judgement on fewer than 20"),
    ],
)  # fmt: skip
def test_share_that_came_before(
    counts: tuple[int | None, int | None], status: str, upper: float, message: str
) -> None:
    found = judged(counts)[0]
    assert (found["status"], found["upper_limit"], found["message"]) == (status, upper, message)


def test_the_mend_names_the_run_and_the_mode() -> None:
    mend = judged((1000, 1000))[0]["mend"]
    assert "have the right one sent and `barometer run --date 2024-01-01`" in mend
    assert "`sources.shop.mode`" in mend


def test_order_and_emptiness() -> None:
    rows = frame((100, 0), (100, 100), (30, 20), (0, 0))
    limits = Redelivered()
    found = judge_redelivered(rows, limits, table="erp_product", source="shop")
    again = judge_redelivered(shuffled(rows, 3), limits, table="erp_product", source="shop")
    assert_frame_equal(again, found)
    empty = judge_redelivered(rows.clear(), limits, table="erp_product", source="shop")
    assert_frame_equal(empty, no_outcomes())


def test_chunks_that_a_filter_left_empty_do_no_harm() -> None:
    rows, limits = frame((1000, 973), (1000, 0)), Redelivered()
    empty = with_empty_chunks(rows)
    assert empty["date"].chunk_lengths() == [0, 2]
    assert_frame_equal(
        judge_redelivered(empty, limits, table="erp_product", source="shop"),
        judge_redelivered(rows, limits, table="erp_product", source="shop"),
    )
