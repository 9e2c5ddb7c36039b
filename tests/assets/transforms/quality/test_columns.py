import itertools
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.transforms.quality.columns import judge_columns
from schemas.config.quality import Columns
from tests.assets.transforms.quality.frames import by_day, extracts, shuffled, statuses

ASKED = {
    "Region": ("sources.shop.tables.crm_account.columns.region",),
    "id": (
        "sources.shop.tables.crm_account.columns.account_id",
        "sources.web.tables.crm_lead.columns.account_id.lookup.match",
    ),
}
BEFORE = {"id": "text", "Region": "text", "Note": "text"}


def judged(*days: dict[str, str], **limits: Any) -> pl.DataFrame:
    rows: dict[int, int | None] = dict.fromkeys(range(len(days)), 7)
    frame = extracts(rows, dict(enumerate(days)))
    return judge_columns(frame, Columns.model_validate(limits), ASKED, source="shop")


def test_the_first_extract_and_the_same_columns_pass() -> None:
    found = by_day(judged(BEFORE, BEFORE))
    assert statuses(judged(BEFORE, BEFORE)) == {0: "passed", 1: "passed"}
    assert found[0]["message"] == "3 columns in the first extract"
    assert found[1]["message"] == "3 columns as in the extract of 2024-01-01"
    assert (found[1]["observed"], found[1]["upper_limit"]) == (0.0, 0.0)


def test_another_order_passes() -> None:
    turned = dict(reversed(BEFORE.items()))
    assert statuses(judged(BEFORE, turned))[1] == "passed"


def test_a_new_column_is_noted() -> None:
    found = by_day(judged(BEFORE, BEFORE | {"Extra": "text"}))[1]
    assert (found["status"], found["observed"], found["rows_checked"]) == ("warn", 1.0, 7)
    assert found["message"] == "against the extract of 2024-01-01: new 'Extra'"
    assert found["mend"] == (
        "the column is kept in raw; map it under `sources.shop.tables` to use it; if such columns "
        "do not matter, set `new: null` under `quality.sources.shop.columns`"
    )


def test_a_column_that_is_gone_names_the_keys_that_ask_for_it() -> None:
    found = by_day(judged(BEFORE, {"Region": "text", "Note": "text", "ID": "text"}))[1]
    assert found["status"] == "error"
    assert found["message"] == (
        "against the extract of 2024-01-01: gone 'id', asked for by "
        "sources.shop.tables.crm_account.columns.account_id, "
        "sources.web.tables.crm_lead.columns.account_id.lookup.match, new 'ID'"
    )
    assert "`barometer check` and `barometer run --date 2024-01-02`" in found["mend"]


def test_a_column_that_nobody_asks_for_is_gone() -> None:
    after = {"id": "text", "Region": "text"}
    found = by_day(judged(BEFORE, after))[1]
    assert (found["status"], found["message"]) == (
        "warn",
        "against the extract of 2024-01-01: gone 'Note'",
    )
    assert statuses(judged(BEFORE, after, gone="error"))[1] == "error"


def test_a_retyped_column() -> None:
    found = by_day(judged(BEFORE, BEFORE | {"Region": "integer"}))[1]
    assert found["status"] == "error"
    assert found["message"] == (
        "against the extract of 2024-01-01: retyped 'Region' (text before, integer now), "
        "asked for by sources.shop.tables.crm_account.columns.region"
    )


def test_changes_without_severity_pass_and_are_still_told() -> None:
    found = by_day(judged(BEFORE, BEFORE | {"Extra": "text"}, new=None))[1]
    assert (found["status"], found["observed"], found["mend"]) == ("passed", 0.0, "")
    assert found["message"].endswith("new 'Extra'")


def test_the_next_extract_is_compared_with_the_changed_one() -> None:
    changed = BEFORE | {"Extra": "text"}
    assert statuses(judged(BEFORE, changed, changed)) == {0: "passed", 1: "warn", 2: "passed"}


def test_days_without_an_extract_are_passed_over() -> None:
    frame = extracts({0: 1, 1: None, 5: 1}, {0: BEFORE, 1: {}, 5: BEFORE})
    found = by_day(judge_columns(frame, Columns(), ASKED, source="shop"))
    assert found.keys() == {0, 5}
    assert found[5]["message"] == "3 columns as in the extract of 2024-01-01"


def test_only_the_first_columns_are_named() -> None:
    many = {f"c{i:02}": "text" for i in range(15)}
    message = by_day(judged(BEFORE, BEFORE | many))[1]["message"]
    assert message.endswith("new 'c09' and 5 more")


def test_a_long_name_is_cut_and_braces_and_line_breaks_do_no_harm() -> None:
    message = by_day(judged(BEFORE, BEFORE | {"a{}\nb" + "x" * 100: "text"}))[1]["message"]
    assert message == f"against the extract of 2024-01-01: new 'a{{}} b{'x' * 54}…'"


COLUMNS = st.dictionaries(st.sampled_from("abcde"), st.sampled_from(["text", "date"]), max_size=5)


@settings(max_examples=40, deadline=None)
@given(st.lists(COLUMNS, min_size=1, max_size=6), st.integers(0, 99))
def test_counts_and_order(days: list[dict[str, str]], seed: int) -> None:
    frame = extracts(dict.fromkeys(range(len(days)), 1), dict(enumerate(days)))
    found = judge_columns(frame, Columns(), {}, source="shop")
    again = judge_columns(shuffled(frame, seed), Columns(), {}, source="shop")
    assert_frame_equal(again, found)
    for number, (before, now) in enumerate(itertools.pairwise(days), start=1):
        changed = {name for name in before | now if before.get(name) != now.get(name)}
        assert by_day(found)[number]["observed"] == len(changed)


@pytest.mark.parametrize("columns", [[], None, [{"name": None, "type": None}]])
def test_columns_of_no_use_do_not_raise(columns: Any) -> None:
    frame = extracts({0: 1, 1: 1}, {0: BEFORE})
    odd = pl.Series("columns", [BEFORE_LIST, columns], dtype=frame.schema["columns"])
    found = judge_columns(frame.with_columns(odd), Columns(), ASKED, source="shop")
    assert found["message"].null_count() == 0


BEFORE_LIST = [{"name": name, "type": kind} for name, kind in BEFORE.items()]
