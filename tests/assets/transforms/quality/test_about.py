import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.transforms.quality.about import About, decided
from assets.transforms.quality.outcome import OUTCOME, no_outcomes
from tests.assets.transforms.quality.frames import day, with_empty_chunks

JUDGED = pl.DataFrame(
    {"date": [day(1), day(0)], "status": ["passed", "warn"], "rows": [5, 6]},
    schema_overrides={"date": pl.Date},
)


def outcomes(judged: pl.DataFrame) -> pl.DataFrame:
    return About("volume", "shop").outcomes(
        judged,
        rows_checked=pl.col("rows"),
        unit=pl.lit("times"),
        message=pl.format("on {}", pl.col("date")),
        mend=pl.format("look at {}", pl.col("date")),
    )


def test_outcomes_are_in_order_and_a_mend_stays_where_it_is_due() -> None:
    found = outcomes(JUDGED)
    assert found.schema == OUTCOME
    assert found.select("period_start", "message", "mend").rows() == [
        (day(0), "on 2024-01-01", "look at 2024-01-01"),
        (day(1), "on 2024-01-02", ""),
    ]
    assert_frame_equal(outcomes(JUDGED.clear()), no_outcomes())


def test_chunks_that_a_filter_left_empty_do_no_harm() -> None:
    empty = with_empty_chunks(JUDGED)
    assert empty["date"].chunk_lengths() == [0, 2]
    assert_frame_equal(outcomes(empty), outcomes(JUDGED))


def test_keys_are_as_narrow_as_the_check() -> None:
    assert About("volume", "shop").limits_key == "`quality.sources.shop.volume`"
    assert About("refused", "shop", "erp_order").limits_key == (
        "`quality.tables.erp_order.refused` (or `quality.sources.shop.refused`)"
    )


@pytest.mark.parametrize(
    ("warn", "error", "shown"),
    [(1.0, 2.0, [1.0, 2.0]), (None, 2.0, [2.0, 2.0]), (1.0, None, [1.0, None]),
     (None, None, [None, None])],
)  # fmt: skip
def test_the_limit_that_decided(
    warn: float | None, error: float | None, shown: list[float | None]
) -> None:
    statuses = pl.DataFrame({"status": ["warn", "error"]})
    assert statuses.select(decided(warn, error)).to_series().to_list() == shown
