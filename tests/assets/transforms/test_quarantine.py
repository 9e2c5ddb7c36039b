"""A refused row is kept whole, with every reason."""

import datetime as dt
import json
import math

import polars as pl
import pytest

from assets.transforms.quarantine import SCHEMA, as_extracted, count_reasons
from tests.assets.transforms.mapped import DAY, Mapped, raw_frame

NOT_IN_SET = "expect_column_values_to_be_in_set"
COLUMNS = {
    "order_id": "id",
    "ordered_at": "at",
    "status": {"from": "state", "values": {"GTX Pro": "pro", "GTX Basic": "basic", "Z": "z"}},
}


def test_the_row_as_it_was_extracted() -> None:
    cells = [
        {"id": "1", "at": "2024-03-01", "state": "Z", "more": "not mapped"},
        {"id": None, "at": " soon ", "state": "", "more": 'a "quoted"\nline'},
    ]
    found = Mapped(cells, "erp_order", columns=COLUMNS)
    assert found.quarantine.schema == SCHEMA
    assert found.raw() == [cells[1]]
    lineage = ["_source", "_source_file", "_row_number", "_logical_date"]
    assert found.quarantine.select(lineage).rows() == [("main", "a.csv", 2, DAY)]


def test_the_key_as_far_as_it_could_be_read() -> None:
    columns = {"order_id": "id", "line_number": "n"}
    cells = [{"id": "7", "n": "x"}, {"id": None, "n": "2"}]
    found = Mapped(cells, "erp_order_line", columns=columns)
    assert found.quarantine["key"].to_list() == [
        '{"order_id":"7","line_number":null}',
        '{"order_id":null,"line_number":"2"}',
    ]


@pytest.mark.parametrize(
    ("found", "suggestion"),
    [
        ("GTXPro", "GTX Pro"),
        ("gtx pro", "GTX Pro"),
        ("GTX Bsic", "GTX Basic"),
        ("completely else", None),
        ("z", "Z"),
    ],
)
def test_the_nearest_value_is_suggested(found: str, suggestion: str | None) -> None:
    cells = [{"id": "1", "at": "2024-03-01", "state": found}]
    reasons = Mapped(cells, "erp_order", columns=COLUMNS).reasons()
    assert reasons == [[("status", NOT_IN_SET, found, suggestion)]]


def test_every_row_gets_its_own_suggestion() -> None:
    states = ["GTXPro", "Z", "GTXBasic", "?", "GTXPro"]
    cells = [{"id": "1", "at": "2024-03-01", "state": state} for state in states]
    found = Mapped(cells, "erp_order", columns=COLUMNS)
    suggestions = [reasons[0][3] for reasons in found.reasons()]
    assert suggestions == ["GTX Pro", "GTX Basic", None, "GTX Pro"]


def test_cells_of_one_row_are_refused_apart() -> None:
    unpivot = {"scores": {"q1": "a", "q2": "b", "q3": "c"}}
    cells = [{"id": "1", "q1": "x", "q2": "5", "q3": "NaN"}]
    found = Mapped(cells, "survey_answer", columns={"response_id": "id"}, unpivot=unpivot)
    keys = set(found.quarantine["key"])
    assert keys == {
        '{"response_id":"1","question_id":"a","choice":null}',
        '{"response_id":"1","question_id":"c","choice":null}',
    }
    assert found.raw() == cells * 2


def test_rows_of_two_files_are_told_apart() -> None:
    cells = [{"id": None, "at": "2024-03-01", "state": "Z"}]
    two = pl.concat([raw_frame(cells, file="a.csv"), raw_frame(cells, file="b.csv")])
    found = Mapped(two, "erp_order", columns=COLUMNS)
    assert found.quarantine["_source_file"].to_list() == ["a.csv", "b.csv"]
    assert found.quarantine.height == 2


def test_reasons_are_counted_by_column_and_expectation() -> None:
    cells = [
        {"id": "1", "at": "?", "state": "a"},
        {"id": "2", "at": "2024-03-01", "state": "b"},
        {"id": "3", "at": "2024-03-01", "state": "Z"},
    ]
    counted = count_reasons(Mapped(cells, "erp_order", columns=COLUMNS).quarantine)
    assert counted == {
        "ordered_at: expect_column_values_to_be_of_type": 1,
        f"status: {NOT_IN_SET}": 2,
    }


def test_no_refused_rows_no_reasons() -> None:
    assert count_reasons(pl.DataFrame(schema=SCHEMA)) == {}


def test_what_json_has_no_word_for_is_kept_as_text() -> None:
    cells = pl.DataFrame(
        {
            "score": [math.nan, math.inf, 1e300, None],
            "weight": pl.Series([0.1, 0.2, -math.inf, 0.3], dtype=pl.Float32),
            "account": [7, None, 2**62, 0],
            "said": ['a "quoted"\nline', "\x00", "ünï 🙂", None],
        }
    )
    assert [json.loads(row) for row in as_extracted(cells)] == [
        {"score": "nan", "weight": 0.1, "account": 7, "said": 'a "quoted"\nline'},
        {"score": "inf", "weight": 0.2, "account": None, "said": "\x00"},
        {"score": 1e300, "weight": "-inf", "account": 2**62, "said": "ünï 🙂"},
        {"score": None, "weight": 0.3, "account": 0, "said": None},
    ]


def test_types_that_polars_does_not_write_as_json_are_kept() -> None:
    cells = pl.DataFrame(
        {
            "photo": [b"\xff\x00", None],
            "parts": [[b"a"], None],
            "scores": [[1.5, math.nan], []],
            "place": [{"lat": math.inf}, {"lat": 2.0}],
            "amount": pl.Series(["1.50", None]).cast(pl.Decimal(10, 2)),
            "on": [dt.date(2024, 3, 1), None],
        }
    )
    assert [json.loads(row) for row in as_extracted(cells)] == [
        {
            "photo": "/wA=",
            "parts": ["YQ=="],
            "scores": [1.5, "nan"],
            "place": {"lat": "inf"},
            "amount": "1.50",
            "on": "2024-03-01",
        },
        dict.fromkeys(["photo", "parts", "amount", "on"]) | {"scores": [], "place": {"lat": 2.0}},
    ]


def test_no_refused_rows_have_no_json() -> None:
    for dtype in (pl.String, pl.Float64, pl.Binary):
        assert as_extracted(pl.DataFrame(schema={"cell": dtype})).to_list() == []


def test_every_reason_of_a_row_is_told() -> None:
    cells = [{"id": None, "at": "soon", "state": "GTXPro"}]
    found = Mapped(cells, "erp_order", columns=COLUMNS)
    assert found.reasons() == [
        [
            ("ordered_at", "expect_column_values_to_be_of_type", "soon", None),
            ("status", NOT_IN_SET, "GTXPro", "GTX Pro"),
            ("order_id", "expect_column_values_to_not_be_null", None, None),
        ]
    ]
    assert count_reasons(found.quarantine) == dict.fromkeys(
        [
            "order_id: expect_column_values_to_not_be_null",
            "ordered_at: expect_column_values_to_be_of_type",
            f"status: {NOT_IN_SET}",
        ],
        1,
    )


@pytest.mark.parametrize("cell", [" ", "\t", "\u00a0"])
def test_a_cell_of_blanks_counts_as_a_value(cell: str) -> None:
    cells = [{"id": "1", "at": "2024-03-01", "state": "Z", "amount": cell}]
    found = Mapped(cells, "erp_order", columns={**COLUMNS, "net_amount": "amount"})
    unreadable = "expect_column_values_to_be_of_type"
    assert found.reasons() == [[("net_amount", unreadable, cell, None)]]
