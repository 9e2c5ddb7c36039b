"""Each step of a mapping does what barometer.yaml says, and refuses what it cannot do."""

import json
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from assets.transforms.mapping import check_columns, required_columns
from schemas.config.mapping import TableMap
from schemas.errors import MappingError
from schemas.registry import canonical
from tests.assets.transforms.mapped import DAY, Mapped, mapped_text, raw_frame

NOT_IN_SET = "expect_column_values_to_be_in_set"
OF_TYPE = "expect_column_values_to_be_of_type"
NOT_NULL = "expect_column_values_to_not_be_null"
ON_SCALE = "expect_score_to_be_on_question_scale"


# --- where a value comes from


def test_from_one_column() -> None:
    assert mapped_text([{"a": "007"}, {"a": None}, {"a": ""}], **{"from": "a"}) == [
        "007",
        None,
        None,
    ]


def test_from_several_columns_with_a_separator() -> None:
    cells = [{"a": "1", "b": "2"}, {"a": "1", "b": None}, {"a": "", "b": "2"}]
    spec = {"from": ["a", "b"], "separator": "/"}
    assert mapped_text(cells, **spec) == ["1/2", None, None]


def test_from_a_template() -> None:
    cells = [{"d": "05", "e": "x"}, {"d": None, "e": "x"}, {"d": "", "e": "x"}, {"d": "?", "e": ""}]
    spec = {"template": "2017-{d}-{e}", "null_values": "?"}
    assert mapped_text(cells, **spec) == ["2017-05-x", None, None, None]


@pytest.mark.parametrize(
    ("value", "text"), [("x", "x"), (5, "5"), (1.5, "1.5"), (True, "true"), (False, "false")]
)
def test_from_a_constant(value: Any, text: str) -> None:
    assert mapped_text([{"a": "1"}, {"a": None}], value=value) == [text, text]


def test_a_column_that_is_not_mapped_is_empty_whatever_the_extract_has() -> None:
    found = Mapped([{"id": "1", "name": "raw"}], columns={"product_id": "id"})
    assert found.values("name") == [None]
    schema = canonical("erp_product").polars_schema()
    assert found.rows.select(schema.names()).schema == schema


def test_raw_columns_may_have_the_names_of_canonical_ones() -> None:
    columns = {"product_id": "name", "name": "category", "category": "product_id"}
    found = Mapped([{"product_id": "c", "name": "p", "category": "n"}], columns=columns)
    names = ["product_id", "name", "category"]
    assert found.rows.select(names).rows() == [("p", "n", "c")]


# --- the steps, in order


def test_null_values() -> None:
    cells = [{"a": "?"}, {"a": "n/a"}, {"a": " ?"}, {"a": "x"}]
    spec = {"from": "a", "null_values": ["?", "n/a"]}
    assert mapped_text(cells, **spec) == [None, None, " ?", "x"]


VALUES = {"A": "alpha", "B": None, "C": "gamma"}


@pytest.mark.parametrize(
    ("otherwise", "expected", "is_refused"),
    [
        ("quarantine", ["alpha", None, None, None], [False, False, True, False]),
        ("keep", ["alpha", None, "a", None], [False] * 4),
        ("null", ["alpha", None, None, None], [False] * 4),
    ],
)
def test_values(otherwise: str, expected: list[str | None], is_refused: list[bool]) -> None:
    cells = [{"a": "A"}, {"a": "B"}, {"a": "a"}, {"a": None}]
    spec = {"from": "a", "values": VALUES, "otherwise": otherwise}
    found = Mapped(cells, columns={"product_id": {"value": "p"}, "name": spec})
    assert found.values("name") == expected
    assert found.refused() == is_refused


def test_if_present_and_if_null() -> None:
    cells = [{"a": "2024-01-01"}, {"a": None}, {"a": ""}, {"a": "-"}]
    spec = {"from": "a", "null_values": "-", "if_present": "won", "if_null": "open"}
    assert mapped_text(cells, **spec) == ["won", "open", "open", "open"]


def test_if_null_fills_what_the_value_map_makes_null() -> None:
    spec = {"from": "a", "values": {"x": None}, "if_null": "none"}
    assert mapped_text([{"a": "x"}, {"a": None}], **spec) == ["none", "none"]


def test_reading_comes_last() -> None:
    columns = {
        "order_id": "id",
        "line_number": {"from": "n", "if_null": "1"},
        "net_amount": {"from": "cents", "multiply": "0.01"},
        "quantity": {"from": "q", "values": {"one": "1"}, "otherwise": "keep"},
    }
    cells = [
        {"id": "00", "n": None, "cents": "1999", "q": "one"},
        {"id": "01", "n": "2", "cents": None, "q": "2.5"},
    ]
    found = Mapped(cells, "erp_order_line", columns=columns)
    assert found.values("order_id") == ["00", "01"]
    assert found.values("line_number") == [1, 2]
    assert found.values("net_amount") == [Decimal("19.9900"), None]
    assert found.values("quantity") == [1.0, 2.5]
    assert found.refused() == [False, False]


def test_custom_attributes_are_one_json_object() -> None:
    custom = {
        "size": {"from": "n", "values": {"1": "small"}, "otherwise": "keep"},
        "area": {"from": ["a", "b"], "null_values": "?"},
    }
    cells = [{"id": "1", "n": "1", "a": "x", "b": "y"}, {"id": "2", "n": "9", "a": "?", "b": "y"}]
    found = Mapped(cells, "crm_account", columns={"account_id": "id"}, custom=custom)
    texts = found.values("custom")
    assert texts == ['{"area":"xy","size":"small"}', '{"area":null,"size":"9"}']


def test_custom_attributes_are_looked_up_and_refused_like_columns() -> None:
    custom = {
        "group": {"from": "id", "lookup": {"source": "o", "match": "k", "take": "v"}},
        "size": {"from": "n", "values": {"1": "small"}},
    }
    other = raw_frame([{"k": "a", "v": "group of a"}])
    found = Mapped(
        [{"id": "a", "n": "1"}, {"id": "b", "n": "7"}],
        "crm_account",
        context={"lookups": {"o": other}},
        columns={"account_id": "id"},
        custom=custom,
    )
    assert json.loads(found.values("custom")[0]) == {"group": "group of a", "size": "small"}
    assert found.reasons() == [[("custom.size", NOT_IN_SET, "7", None)]]


# --- which rows


def test_where_keeps_the_values_named() -> None:
    cells = [{"id": n, "k": k} for n, k in zip("abcde", ["x", "y", None, "", "z"], strict=True)]
    kept = {
        "one": Mapped(cells, columns={"product_id": "id"}, where={"k": "x"}),
        "some": Mapped(cells, columns={"product_id": "id"}, where={"k": ["x", "z"]}),
        "null": Mapped(cells, columns={"product_id": "id"}, where={"k": None}),
        "some or null": Mapped(cells, columns={"product_id": "id"}, where={"k": ["y", None]}),
        "none": Mapped(cells, columns={"product_id": "id"}, where={"k": []}),
    }
    assert {name: "".join(found.values("product_id")) for name, found in kept.items()} == {
        "one": "a",
        "some": "ae",
        "null": "cd",
        "some or null": "bcd",
        "none": "",
    }


def test_every_where_must_hold() -> None:
    cells = [{"id": "a", "k": "x", "l": "1"}, {"id": "b", "k": "x", "l": "2"}]
    found = Mapped(cells, columns={"product_id": "id"}, where={"k": "x", "l": "2"})
    assert found.values("product_id") == ["b"]


def test_sort_keys_are_numbers_where_they_can_be() -> None:
    cells = [{"id": "a", "v": v} for v in ["9", "10", "x", None, "NaN"]]
    found = Mapped(cells, columns={"product_id": "id"}, latest_by=["v"])
    assert found.values("_by_0_number") == [9.0, 10.0, None, None, None]
    assert found.values("_by_0_text") == ["9", "10", "x", None, "NaN"]


# --- wide surveys

WIDE: dict[str, Any] = {
    "columns": {"response_id": "id"},
    "unpivot": {
        "scores": {"q1": "nps", "q2": "csat"},
        "choices": {"q3": "why"},
        "texts": {"q4": "comment"},
        "null_values": ["-"],
        "split_choices": ";",
    },
}


def answers(found: Mapped) -> set[tuple[Any, ...]]:
    names = ["response_id", "question_id", "score", "choice", "text"]
    return set(found.rows.select(names).rows())


def test_one_answer_a_filled_cell() -> None:
    cells = [
        {"id": "1", "q1": "9", "q2": "", "q3": "price; ;delay", "q4": "so; so"},
        {"id": "2", "q1": "-", "q2": "4.5", "q3": None, "q4": ""},
        {"id": "3", "q1": None, "q2": None, "q3": ";", "q4": None},
    ]
    found = Mapped(cells, "survey_answer", **WIDE)
    assert answers(found) == {
        ("1", "nps", 9.0, None, None),
        ("1", "why", None, "price", None),
        ("1", "why", None, "delay", None),
        ("1", "comment", None, None, "so; so"),
        ("2", "csat", 4.5, None, None),
    }
    assert found.rows.height == 5


def test_choices_stay_whole_without_a_separator() -> None:
    unpivot = {"choices": {"q3": "why"}}
    cells = [{"id": "1", "q3": "a;b"}]
    found = Mapped(cells, "survey_answer", columns={"response_id": "id"}, unpivot=unpivot)
    assert found.values("choice") == ["a;b"]


def test_scores_with_a_decimal_comma() -> None:
    unpivot = {"scores": {"q": "csat"}, "decimal": ","}
    cells = [{"id": "1", "q": "4,5"}, {"id": "2", "q": "4.5"}]
    found = Mapped(cells, "survey_answer", columns={"response_id": "id"}, unpivot=unpivot)
    assert found.values("score") == [4.5, None]
    assert found.reasons() == [[("score", OF_TYPE, "4.5", None)]]


def test_a_cell_can_be_mapped_like_a_column() -> None:
    columns = {
        "response_id": "id",
        "question_id": {"template": "{survey}/{_question}"},
        "score": {"from": "_score", "values": {"good": "5", "bad": "1"}},
    }
    cells = [{"id": "1", "survey": "s", "q": "good"}, {"id": "2", "survey": "s", "q": "5"}]
    unpivot = {"scores": {"q": "csat"}}
    found = Mapped(cells, "survey_answer", columns=columns, unpivot=unpivot)
    assert found.values("question_id") == ["s/csat", "s/csat"]
    assert found.values("score") == [5.0, None]
    assert found.reasons() == [[("score", NOT_IN_SET, "5", None)]]


def test_a_column_may_serve_both_as_cell_and_as_column() -> None:
    columns = {"response_id": "id", "text": "why"}
    unpivot = {"scores": {"q": "nps"}, "choices": {"why": "reason"}}
    cells = [{"id": "1", "q": "9", "why": "price"}]
    found = Mapped(cells, "survey_answer", columns=columns, unpivot=unpivot, latest_by=["q"])
    assert answers(found) == {
        ("1", "nps", 9.0, None, "price"),
        ("1", "reason", None, "price", "price"),
    }


# --- refusals


def test_nan_is_never_a_score() -> None:
    cells = [{"id": "1", "q": "NaN"}, {"id": "2", "q": "inf"}, {"id": "3", "q": "10"}]
    unpivot = {"scores": {"q": "nps"}}
    found = Mapped(cells, "survey_answer", columns={"response_id": "id"}, unpivot=unpivot)
    assert found.values("score") == [None, None, 10.0]
    assert found.refused() == [True, True, False]


ORDER = {"order_id": "id", "ordered_at": "at", "net_amount": "amount"}


def test_an_unreadable_value_is_one_fault_not_two() -> None:
    cells = [{"id": "1", "at": "yesterday", "amount": "1"}, {"id": "2", "at": None, "amount": "1"}]
    found = Mapped(cells, "erp_order", columns=ORDER)
    assert found.reasons() == [
        [("ordered_at", OF_TYPE, "yesterday", None)],
        [("ordered_at", NOT_NULL, None, None)],
    ]


def test_an_unmapped_value_is_one_fault_not_two() -> None:
    columns = {
        "initiative_id": {"value": "i"},
        "account_id": "id",
        "arm": {"from": "arm", "values": {"T": "treated", "C": "control"}},
    }
    cells = [{"id": "1", "arm": "t"}, {"id": "2", "arm": None}, {"id": "3", "arm": "T"}]
    found = Mapped(cells, "crm_initiative_member", columns=columns)
    assert found.reasons() == [
        [("arm", NOT_IN_SET, "t", "T")],
        [("arm", NOT_NULL, None, None)],
    ]


def test_a_row_is_refused_for_every_reason_there_is() -> None:
    cells = [{"id": None, "at": "?", "amount": "1,5"}]
    found = Mapped(cells, "erp_order", columns=ORDER)
    assert sorted(found.reasons()[0]) == [
        ("net_amount", OF_TYPE, "1,5", None),
        ("order_id", NOT_NULL, None, None),
        ("ordered_at", OF_TYPE, "?", None),
    ]


def test_ranges_and_sets_of_the_contract() -> None:
    columns = {"account_id": "id", "kind": "kind", "birth_year": "year"}
    cells = [
        {"id": "1", "kind": "busines", "year": "1879"},
        {"id": "2", "kind": "business", "year": "1880"},
        {"id": "3", "kind": None, "year": None},
    ]
    found = Mapped(cells, "crm_account", columns=columns)
    assert found.refused() == [True, False, False]
    assert found.reasons() == [
        [
            ("kind", NOT_IN_SET, "busines", "business"),
            ("birth_year", "expect_column_values_to_be_between", "1879", None),
        ]
    ]


def test_blanked_personal_data_is_not_read_at_all() -> None:
    columns = {"account_id": "id", "email": "mail", "name": {"from": "n", "values": {"a": "b"}}}
    cells = [{"id": "1", "mail": "a@b.c", "n": "a"}]
    kept = Mapped(cells, "crm_account", columns=columns)
    blanked = Mapped(cells, "crm_account", context={"pseudonyms": False}, columns=columns)
    assert (kept.values("email"), kept.values("name")) == (["a@b.c"], ["b"])
    assert (blanked.values("email"), blanked.values("name")) == ([None], [None])


# --- question scales


def scales(*rows: tuple[Any, ...]) -> pl.LazyFrame:
    names = ["survey_id", "question_id", "scale_min", "scale_max", "na_scores"]
    schema = dict(zip(names, [pl.String, pl.String, pl.Float64, pl.Float64, pl.List(pl.Float64)],
                      strict=True))  # fmt: skip
    return pl.LazyFrame([*rows], schema=schema, orient="row")


LONG = {"response_id": "id", "question_id": "q", "score": "s"}


def long(*answers: tuple[str, str, str | None], **more: str) -> list[dict[str, str | None]]:
    return [{"id": id_, "q": q, "s": s, **more} for id_, q, s in answers]


def test_scores_off_the_scale_of_their_question() -> None:
    one = scales(("s", "nps", 0.0, 10.0, [99.0]), ("s", "free", None, None, [])).drop("survey_id")
    cells = long(
        ("1", "nps", "0"),
        ("2", "nps", "10"),
        ("3", "nps", "11"),
        ("4", "nps", "-1"),
        ("5", "nps", "99"),
        ("6", "nps", None),
        ("7", "free", "1000"),
        ("8", "unknown", "1000"),
    )
    found = Mapped(cells, "survey_answer", context={"scales": one}, columns=LONG)
    assert found.refused() == [False, False, True, True, False, False, False, False]
    assert found.reasons() == [
        [("score", ON_SCALE, "11.0", None)],
        [("score", ON_SCALE, "-1.0", None)],
    ]


def test_scales_that_differ_by_survey() -> None:
    two = scales(("five", "sat", 1.0, 5.0, []), ("ten", "sat", 0.0, 10.0, [5.5]))
    responses = pl.LazyFrame(
        {"_logical_date": [DAY] * 2, "response_id": ["1", "2"], "survey_id": ["five", "ten"]}
    )
    cells = long(("1", "sat", "7"), ("2", "sat", "7"), ("1", "sat", "5"), ("2", "sat", "0"))
    context = {"scales": two, "responses": responses}
    found = Mapped(cells, "survey_answer", context=context, columns=LONG)
    assert found.refused() == [True, False, False, False]


def test_columns_of_the_extract_do_not_pass_for_scales() -> None:
    two = scales(("five", "sat", 1.0, 5.0, []), ("ten", "sat", 0.0, 10.0, []))
    responses = pl.LazyFrame({"_logical_date": [DAY], "response_id": ["1"], "survey_id": ["five"]})
    cells = long(("1", "sat", "7"), survey_id="ten", scale_min="0", scale_max="10", na_scores="7")
    for context in (
        {"scales": two, "responses": responses},
        {"scales": two.head(1).drop("survey_id")},
    ):
        assert Mapped(cells, "survey_answer", context=context, columns=LONG).refused() == [True]


# --- what a mapping asks for


MAPPING = {
    "columns": {
        "account_id": {"from": ["a", "b"]},
        "name": {"template": "{c} {d}"},
        "kind": {"value": "business"},
        "plan": {"from": "e", "lookup": {"source": "o", "match": "x", "take": "y"}},
    },
    "custom": {"size": "f"},
    "where": {"g": "1"},
    "latest_by": ["h", "a"],
}


def test_columns_asked_for_and_the_key_that_asks() -> None:
    assert required_columns(TableMap.model_validate(MAPPING)) == {
        "a": "columns.account_id",
        "b": "columns.account_id",
        "c": "columns.name",
        "d": "columns.name",
        "e": "columns.plan",
        "f": "custom.size",
        "g": "where",
        "h": "latest_by",
    }
    asked = required_columns(TableMap.model_validate(WIDE))
    assert asked["q1"] == "unpivot.scores"
    assert set(asked) == {"id", "q1", "q2", "q3", "q4"}


def test_missing_columns_are_told_with_their_keys() -> None:
    mapping = TableMap.model_validate(MAPPING)
    check_columns(mapping, "abcdefgh", where="here")
    with pytest.raises(MappingError) as caught:
        check_columns(mapping, "abdegh", where="sources.main.tables.crm_account (2024-03-01)")
    message = str(caught.value)
    assert message.startswith("sources.main.tables.crm_account (2024-03-01): ")
    assert "columns.name asks for 'c'" in message
    assert "custom.size asks for 'f'" in message
    assert "a, b, d, e, g, h" in message
