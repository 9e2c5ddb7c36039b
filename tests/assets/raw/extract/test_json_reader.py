"""JSON documents and lines become text columns without loss."""

import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.raw.extract import json_reader, json_records
from tests.assets.raw.extract.conftest import Bench


def test_scalars_keep_the_text_they_have(bench: Bench) -> None:
    content = (
        '[{"i": 7, "a": 1.10, "b": 12345678901234567890.123456789, "c": true, "d": null, '
        '"e": "", "f": "007", "g": -0, "h": 1E+2}]'
    )
    rows = bench.rows(content, format="json")
    expected = (
        "7",
        "1.10",
        "12345678901234567890.123456789",
        "true",
        None,
        "",
        "007",
        "-0",
        "1E+2",
    )
    assert rows == [expected]


def test_nested_values_are_compact_json(bench: Bench) -> None:
    content = '[{"a": {"x": [1.0, "é\\n", null, {}]}, "b": []}]'
    assert bench.rows(content, format="json") == [('{"x":[1.0,"é\\n",null,{}]}', "[]")]


def test_a_key_missing_in_a_record_is_null_wherever_it_first_comes_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_reader, "_BATCH_ROWS", 2)
    content = "".join(f"{json.dumps(record)}\n" for record in [{"a": 1}] * 5 + [{"b": 2, "a": 3}])
    rows = bench.rows(content, format="jsonl")
    assert rows == [("1", None)] * 5 + [("3", "2")]
    assert bench.result.columns == ("a", "b")
    assert bench.extract(format="jsonl")["_row_number"].to_list() == [1, 2, 3, 4, 5, 6]


def test_jsonl_without_last_line_end_and_with_blank_lines(bench: Bench) -> None:
    assert bench.rows('{"a":"x"}\r\n\r\n{"a":"y"}', format="jsonl") == [("x",), ("y",)]


def test_records_below_a_path(bench: Bench) -> None:
    content = '{"data": {"items": [{"a": 1}, {"a": 2}]}, "next": null}'
    assert bench.rows(content, format="json", records_path="data.items") == [("1",), ("2",)]


def test_compressed_and_in_another_encoding(bench: Bench) -> None:
    content = gzip.compress('[{"a":"é"}]'.encode("utf-16"))
    rows = bench.rows(content, path="a.json.gz", format="json", encoding="utf-16")
    assert rows == [("é",)]


@pytest.mark.parametrize(("format_", "content"), [("json", " [ ] \n"), ("jsonl", "\n")])
def test_no_records(bench: Bench, format_: str, content: str) -> None:
    assert bench.rows(content, format=format_, expected_columns=["a"]) == []
    assert bench.result.columns == ("a",)
    assert "no rows" in bench.result.notes[0]


def test_records_without_keys_count(bench: Bench) -> None:
    assert bench.rows('[{}, {"a": null}, {}]', format="json") == [(None,)] * 3
    bench.rows("[{}, {}]", format="json")
    assert bench.result.rows == 2


def test_several_files_share_their_keys(bench: Bench) -> None:
    bench.write("1.json", '[{"a": 1}]')
    bench.write("2.json", '[{"b": 2}]')
    frame = bench.extract(path="*.json", format="json")
    assert frame.select("a", "b").rows() == [("1", None), (None, "2")]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    records=st.lists(
        st.dictionaries(
            st.sampled_from(["a", "b", "c"]),
            st.one_of(st.none(), st.integers(), st.text(max_size=30), st.lists(st.booleans())),
            min_size=1,
        ),
        max_size=12,
    ),
    indent=st.sampled_from([None, 1]),
    ascii_only=st.booleans(),
)
def test_an_array_is_read_the_same_in_pieces_of_any_size(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    records: list[dict[str, object]],
    *,
    indent: int | None,
    ascii_only: bool,
) -> None:
    import io

    from assets.raw.extract.json_values import text_of

    monkeypatch.setattr(json_records, "_READ_CHARACTERS", 3)
    document = json.dumps(records, indent=indent, ensure_ascii=ascii_only)
    options = bench.options(format="json")
    found = [members for _, members in json_records.records_of(io.StringIO(document), options, "a")]
    expected = json.loads(document)
    assert [{key: text_of(value) for key, value in members.items()} for members in found] == [
        {
            key: None
            if value is None
            else value
            if isinstance(value, str)
            else json.dumps(value, separators=(",", ":"))
            for key, value in members.items()
        }
        for members in expected
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('[{"a": 1},\n {"a": }]', "a.json, line 2: this is not valid JSON"),
        ('[{"a": 1},\n {"a": 2}\n', "the end of the file (half-written?)"),
        ('[{"a": 1}, {"a": "x', "this is not valid JSON"),
        ('[{"a": 1}] [', "a.json, line 1: this is not valid JSON"),
        ('[{"a": 1} {"a": 2}]', "allowed: `,` or `]`"),
        ('[{"a": 1},]', "this is not valid JSON"),
        ('{"a": 1}\n{"a": 2}', "format: jsonl"),
        ('{"items": []}', "an object with the keys items"),
        ('"text"', "found:   a text"),
        ("12", "found:   a number"),
        ('[{"a": 1},\n3]', "a.json, line 2: a record is not an object"),
        ("[[1]]", "found:   an array"),
        ("[null]", "found:   null"),
        ('[{"a": 1,\n "a": 2}]', "an object has the same key twice"),
        ('[{"": 1}]', "a key without a name"),
        ('[{"_row_number": 1}]', "reserved for lineage"),
        ('[{"a": "\\ud800"}]', "half a character"),
        ('[{"a": "x\ny"}]', "this is not valid JSON"),
        ("", "the file is empty"),
        ("[" * 100_000, "the JSON is nested too deep"),
    ],
)
def test_broken_documents(bench: Bench, content: str, expected: str) -> None:
    assert expected in bench.refusal(content, path="a.json", format="json")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"a": 1}\n\n{"a": \n', "a.jsonl, line 3: this is not valid JSON"),
        ('{"a": 1}\n[]\n', "a.jsonl, line 2: a record is not an object"),
        ('{"a": 1}\n{"a": 1, "a": 2}\n', "a.jsonl, line 2: an object has the same key twice"),
        ('{"a": 1} {"a": 2}\n', "a.jsonl, line 1: this is not valid JSON"),
    ],
)
def test_broken_lines(bench: Bench, content: str, expected: str) -> None:
    assert bench.refusal(content, path="a.jsonl", format="jsonl").startswith(expected)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"data": {"other": []}}', "there is no 'items' in the document"),
        ('{"data": {"items": {}}}', "the records are not in an array"),
        ("[]", "there is no 'data' in the document"),
        ('{"data": \n{"items": [}', "a.json, line 2: this is not valid JSON"),
        ('{"data": {"items": [{"a": 1}, 2]}}', "record 2: a record is not an object"),
    ],
)
def test_broken_paths(bench: Bench, content: str, expected: str) -> None:
    message = bench.refusal(content, path="a.json", format="json", records_path="data.items")
    assert expected in message


def test_messages_keep_personal_data_out(bench: Bench) -> None:
    bench.write("a.json", '[{"mail": "ann@example.com"}, {"mail": "ann@example.com" x}]')
    with pytest.raises(Exception, match="not valid JSON") as caught:
        bench.extract(path="a.json", format="json")
    assert "ann" not in str(caught.value)
    assert "ann" not in repr(vars(caught.value.__cause__))
