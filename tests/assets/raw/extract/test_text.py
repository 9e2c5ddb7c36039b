"""Encodings are read as configured, and wrong ones are found out."""

import pytest

from tests.assets.raw.extract.conftest import Bench

TEXT = "id,city\n1,Zürich\n2,Orléans\n"
ROWS = [("1", "Zürich"), ("2", "Orléans")]


@pytest.mark.parametrize(
    ("encoding", "written_as"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8"),
        ("UTF8", "utf-8-sig"),
        ("latin-1", "latin-1"),
        ("cp1252", "cp1252"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-32", "utf-32"),
        ("mac_roman", "mac_roman"),
    ],
)
def test_encodings(bench: Bench, encoding: str, written_as: str) -> None:
    assert bench.rows(TEXT.encode(written_as), encoding=encoding) == ROWS
    assert bench.result.columns == ("id", "city")
    assert bench.result.notes == ()


def test_a_multi_byte_encoding_with_ascii_in_its_second_bytes(bench: Bench) -> None:
    """Shift-JIS writes 表 with a backslash as its second byte, GB18030 some with a comma."""
    content = "id,name\n1,表示\n"
    assert bench.rows(content.encode("shift_jis"), encoding="shift_jis") == [("1", "表示")]


@pytest.mark.parametrize("written_as", ["utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_wide_text_given_as_utf8(bench: Bench, written_as: str) -> None:
    message = bench.refusal(TEXT.encode(written_as))
    assert message.startswith("a.csv, line 1: the file is not utf-8")
    assert "encoding: utf-" in message


def test_latin1_given_as_utf8_names_the_line(bench: Bench) -> None:
    message = bench.refusal(TEXT.encode("latin-1"))
    assert message.startswith("a.csv, line 2: the file is not utf-8")
    assert "byte 0xfc" in message
    assert "latin-1 or cp1252" in message


def test_a_wrong_byte_far_down(bench: Bench) -> None:
    content = b"a\n" + b"x\n" * 3_000_000 + b"\xe9\n"
    assert bench.refusal(content).startswith("a.csv, line 3000002: the file is not utf-8")


def test_a_character_cut_off_at_the_end(bench: Bench) -> None:
    assert "line 2: the file is not utf-8" in bench.refusal("a\né".encode()[:-1])


def test_a_byte_that_the_encoding_does_not_have(bench: Bench) -> None:
    assert "line 2: the file is not cp1252" in bench.refusal(b"a\n\x81\n", encoding="cp1252")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_utf8_mark_against_another_encoding(bench: Bench, encoding: str) -> None:
    message = bench.refusal(TEXT.encode("utf-8-sig"), encoding=encoding)
    assert "encoding: utf-8" in message


def test_utf8_given_as_utf16(bench: Bench) -> None:
    assert "the file is not utf-16" in bench.refusal("id,city\n1,x\n", encoding="utf-16")


def test_utf8_given_as_latin1_is_remarked_upon(bench: Bench) -> None:
    bench.rows(TEXT.encode(), encoding="latin-1")
    assert "also reads as UTF-8" in bench.result.notes[0]


def test_nul_bytes(bench: Bench) -> None:
    message = bench.refusal(b"id,city\n1,A" + b"x" * 40 + b"\n2,\0B\n")
    assert message.startswith("a.csv, line 3: the file holds NUL bytes")


def test_a_character_over_the_border_of_chunks(bench: Bench) -> None:
    count = 3_000_000
    assert bench.rows("a\nx" + "é" * count) == [("x" + "é" * count,)]
