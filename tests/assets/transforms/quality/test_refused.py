from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.transforms.quality.observed import PARTITIONS, REFUSALS
from assets.transforms.quality.outcome import no_outcomes
from assets.transforms.quality.refused import judge_refused
from schemas.config.mapping import TableMap
from schemas.config.quality import Refused
from tests.assets.transforms.quality.frames import MAPPING, by_day, day, shuffled

TYPE = "expect_column_values_to_be_of_type"
IN_SET = "expect_column_values_to_be_in_set"


def partitions(counts: dict[int, tuple[int, int]]) -> pl.DataFrame:
    rows = [
        ("erp_product", "shop", day(number), mapped, mapped - refused, refused, 0)
        for number, (mapped, refused) in counts.items()
    ]
    return pl.DataFrame(rows, schema=PARTITIONS, orient="row")


def refusals(reasons: dict[int, list[tuple[str | None, str | None, int]]]) -> pl.DataFrame:
    rows = [
        ("erp_product", "shop", day(number), *reason)
        for number, of_day in reasons.items()
        for reason in of_day
    ]
    return pl.DataFrame(rows, schema=REFUSALS, orient="row")


def judged(
    counts: dict[int, tuple[int, int]],
    reasons: dict[int, list[tuple[str | None, str | None, int]]],
    mapping: TableMap = MAPPING,
    **limits: Any,
) -> dict[int, dict[str, Any]]:
    frame = judge_refused(
        partitions(counts),
        refusals(reasons),
        Refused.model_validate(limits),
        mapping,
        table="erp_product",
        source="shop",
    )
    return by_day(frame)


def test_the_most_frequent_reasons_with_their_keys() -> None:
    reasons: list[tuple[str | None, str | None, int]] = [
        ("name", "expect_column_values_to_not_be_null", 2),
        ("category", IN_SET, 9),
        ("custom.tone", IN_SET, 1),
        ("product_id", "expect_column_values_to_not_be_null", 1),
    ]
    found = judged({0: (100, 10)}, {0: reasons})[0]
    assert found["status"] == "warn"
    assert (found["asset"], found["observed"], found["upper_limit"]) == (
        "core/erp_product",
        0.1,
        0.05,
    )
    assert (found["rows_checked"], found["rows_unexpected"]) == (100, 10)
    assert found["message"] == (
        "10 of 100 rows (10.0 %) are in quarantine: category expect_column_values_to_be_in_set in "
        "9 rows (sources.shop.tables.erp_product.columns.category), "
        "name expect_column_values_to_not_be_null in 2 rows "
        "(sources.shop.tables.erp_product.columns.name), "
        "custom.tone expect_column_values_to_be_in_set in 1 row "
        "(sources.shop.tables.erp_product.custom.tone) and 1 more"
    )
    assert found["mend"] == (
        "`barometer quarantine explain erp_product` shows the rows and their reasons; mend the "
        "mapping under sources.shop.tables.erp_product.columns.category, or have the source mend "
        "the rows, then `barometer quarantine resubmit`; if it is as it should be, "
        "change the limits under "
        "`quality.tables.erp_product.refused` (or `quality.sources.shop.refused`)"
    )


def test_a_retyped_column_is_named_with_what_to_change() -> None:
    found = judged({0: (40, 40)}, {0: [("category", TYPE, 38), ("name", IN_SET, 2)]})[0]
    assert (found["status"], found["upper_limit"]) == ("error", 0.5)
    assert found["message"].endswith(
        "; column category seems to have been retyped, or its format changed"
    )
    assert (
        "change `format`, `decimal`, `thousands`, `null_values` (or `skipped_hour`, for local "
        "times that a clock change skips) under sources.shop.tables.erp_product.columns.category, "
        "then `barometer quarantine resubmit`"
    ) in found["mend"]


def test_a_format_that_changed_in_some_rows() -> None:
    found = judged({0: (100, 17)}, {0: [("category", TYPE, 16), ("name", IN_SET, 1)]})[0]
    assert found["message"].endswith(
        "; the format of column category seems to have changed in some rows"
    )
    mixed = judged({0: (100, 17)}, {0: [("category", TYPE, 8), ("name", IN_SET, 9)]})[0]
    assert mixed["message"].endswith("(sources.shop.tables.erp_product.columns.category)")


def test_cells_of_an_unpivot_have_the_key_of_the_unpivot() -> None:
    mapping = TableMap.model_validate(
        {"columns": {"response_id": "id"}, "unpivot": {"scores": {"Q1": "nps"}}}
    )
    found = judged({0: (40, 40)}, {0: [("score", TYPE, 40)]}, mapping)[0]
    assert "(sources.shop.tables.erp_product.unpivot.scores)" in found["message"]


def test_nothing_in_quarantine_and_too_few_rows() -> None:
    found = judged({0: (100, 0), 1: (19, 19), 2: (0, 0)}, {})
    assert [found[number]["status"] for number in range(3)] == ["passed", "skipped", "skipped"]
    assert found[0]["message"] == "none of 100 rows is in quarantine"
    assert found[1]["message"] == "19 rows; no judgement on fewer than 20"
    assert found[2]["observed"] is None


def test_reasons_that_lack_a_column_do_not_raise() -> None:
    found = judged({0: (40, 40)}, {0: [(None, IN_SET, 30), ("", None, 10)]})[0]
    assert "(sources.shop.tables.erp_product)" in found["message"]
    assert judged({0: (40, 40)}, {})[0]["mend"] != ""


def test_no_partitions_no_outcomes() -> None:
    empty = judge_refused(
        pl.DataFrame(schema=PARTITIONS),
        pl.DataFrame(schema=REFUSALS),
        Refused(),
        MAPPING,
        table="erp_product",
        source="shop",
    )
    assert_frame_equal(empty, no_outcomes())


COUNTS = st.dictionaries(st.integers(0, 20), st.integers(0, 60), min_size=1)


@settings(max_examples=30, deadline=None)
@given(COUNTS, st.integers(0, 99))
def test_order_of_rows_does_not_matter_and_no_other_day_counts(
    counts: dict[int, int], seed: int
) -> None:
    rows = partitions({number: (60, refused) for number, refused in counts.items()})
    reasons = refusals(
        {number: [("name", IN_SET, n), ("category", TYPE, n)] for number, n in counts.items()}
    )

    def judge(rows: pl.DataFrame) -> pl.DataFrame:
        return judge_refused(
            rows, shuffled(reasons, seed), Refused(), MAPPING, table="erp_product", source="shop"
        )

    found = judge(rows)
    assert_frame_equal(judge(shuffled(rows, seed)), found)
    for number, outcome in by_day(found).items():
        alone = judge(rows.filter(pl.col("date") == day(number)))
        assert by_day(alone)[number] == outcome


@pytest.mark.parametrize("limits", [{"warn_above": None, "error_above": None}])
def test_no_limits_nothing_to_show(limits: dict[str, None]) -> None:
    found = judged({0: (40, 40)}, {}, **limits)[0]
    assert (found["status"], found["upper_limit"]) == ("passed", None)
