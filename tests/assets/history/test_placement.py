from pathlib import Path

import pytest

from assets.lake.layout import Lake
from tests.assets.history.builder import (
    contents,
    day,
    history,
    keys,
    line,
    merge,
    months,
    order,
    put_rows,
    rebuild,
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path)
    put_rows(lake, "erp_order", day(0), [order("a", "2026-01-05"), order("b", "2026-02-05")])
    put_rows(lake, "erp_order_line", day(0), [line("a"), line("a", 2), line("b"), line("c")])
    merge(lake, "erp_order")
    merge(lake, "erp_order_line")
    return lake


def places(lake: Lake) -> dict[str, list[str]]:
    return keys(lake, "erp_order_line", "order_id")


def test_children_live_in_the_month_of_their_parent(lake: Lake) -> None:
    assert places(lake) == {"2026-01": ["a", "a"], "2026-02": ["b"], "unplaced": ["c"]}


def test_orphans_are_placed_when_their_parent_arrives(lake: Lake) -> None:
    put_rows(lake, "erp_order", day(1), [order("c", "2026-02-07")])
    merge(lake, "erp_order")
    report = merge(lake, "erp_order_line")
    assert report.merged == 0
    assert report.months_rewritten == ("2026-02", "unplaced")
    assert places(lake) == {"2026-01": ["a", "a"], "2026-02": ["b", "c"]}


def test_children_follow_a_parent_that_moves(lake: Lake) -> None:
    put_rows(lake, "erp_order", day(1), [order("a", "2026-02-07"), order("b", "2026-01-07")])
    merge(lake, "erp_order")
    merge(lake, "erp_order_line")
    assert places(lake) == {"2026-01": ["b"], "2026-02": ["a", "a"], "unplaced": ["c"]}


def test_children_of_a_parent_that_goes_are_orphans_again(lake: Lake) -> None:
    put_rows(lake, "erp_order", day(0), [order("b", "2026-02-05")])
    merge(lake, "erp_order")
    merge(lake, "erp_order_line")
    assert places(lake) == {"2026-02": ["b"], "unplaced": ["a", "a", "c"]}


def test_a_new_version_finds_the_old_one_where_the_parent_is_now(lake: Lake) -> None:
    put_rows(lake, "erp_order", day(1), [order("a", "2026-03-07"), order("c", "2026-03-07")])
    put_rows(lake, "erp_order_line", day(1), [line("a", 2, "new"), line("c", 1, "new")])
    merge(lake, "erp_order")
    merge(lake, "erp_order_line")
    assert places(lake) == {"2026-02": ["b"], "2026-03": ["a", "a", "c"]}
    products = sorted(history(lake, "erp_order_line", "2026-03").get_column("product_id"))
    assert products == ["new", "new", "p"]


def test_a_parent_that_only_changes_moves_no_child(lake: Lake) -> None:
    before = contents(lake, "erp_order_line")
    put_rows(lake, "erp_order", day(1), [order("a", "2026-01-06", "paid")])
    merge(lake, "erp_order")
    assert merge(lake, "erp_order_line").months_rewritten == ()
    assert contents(lake, "erp_order_line") == before


def test_null_is_a_value_of_a_childs_key(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    answers = [
        {"response_id": "r", "question_id": "q", "choice": choice, "score": score}
        for choice, score in [(None, 1.0), ("x", 2.0)]
    ]
    put_rows(lake, "survey_answer", day(0), answers)
    put_rows(lake, "survey_answer", day(1), [{**answers[0], "score": 9.0}])
    merge(lake, "survey_answer")
    assert sorted(history(lake, "survey_answer").get_column("score")) == [2.0, 9.0]
    assert list(months(lake, "survey_answer")) == ["unplaced"]
    assert rebuild(lake, "survey_answer").months_rewritten == ()
