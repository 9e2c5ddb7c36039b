"""The fast reader gives what was written, wherever the borders of its blocks fall."""

import csv
import io
from pathlib import Path
from typing import Literal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.raw.extract.csv_reader import open_csv
from assets.raw.extract.csv_records import RecordReader
from assets.raw.extract.quotes import QuoteGuard
from schemas.config.files import FileOptions
from schemas.errors import ExtractError

SMALL_BLOCK_BYTES = 2_048
FIELDS = st.one_of(
    st.sampled_from(
        ["", "007", '"', '""', ",", "\n", "\r\n", "\r", 'a"b', "é✓😀", " x ", "#", ";"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(FIELDS, min_size=width, max_size=width), max_size=30)
)
OPTIONS = FileOptions(root=".", path="a.csv", format="csv")


def read(path: Path, options: FileOptions = OPTIONS) -> list[tuple[str, ...]]:
    with open_csv(path, "a.csv", options, block_bytes=SMALL_BLOCK_BYTES) as opened:
        frames = [pl.DataFrame(batch) for batch in opened.batches]
    return [tuple(value or "" for value in row) for frame in frames for row in frame.rows()]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    table=TABLES,
    repeat=st.sampled_from([1, 1, 40]),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_the_csv_module_writes_is_read_back(
    tmp_path: Path,
    table: list[list[str]],
    repeat: int,
    end: str,
    quoting: Literal[0, 1],
    encoding: str,
) -> None:
    # One empty field alone on a line is quoted by the writer, so that no line is blank.
    width = len(table[0]) if table else 2
    rows = table * repeat
    if end == "\n" and any("\r" in field for row in rows for field in row):
        quoting = csv.QUOTE_ALL  # the writer does not see that \r ends a line, too
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=end, quoting=quoting)
    writer.writerow([f"column {place}" for place in range(width)])
    writer.writerows(rows)
    path = tmp_path / "a.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    options = OPTIONS.model_copy(update={"encoding": encoding.removesuffix("-sig")})
    assert read(path, options) == [tuple(row) for row in rows]


BROKEN = st.lists(
    st.sampled_from(['"', '"', ",", "\n", "a", "b,c\n", '"x"', '""', "\r\n"]), max_size=25
).map("".join)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=BROKEN)
def test_fast_and_exact_reader_accept_the_same_texts(tmp_path: Path, body: str) -> None:
    """Whatever the quoting, either both give the same records or the file is refused."""
    text = f"h,i\n{body}"
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    try:
        exact = [record.fields for record in RecordReader(io.StringIO(text, newline=""), OPTIONS)]
        is_sound = all(len(fields) == 2 for fields in exact)
    except csv.Error:
        is_sound = False
    try:
        found = read(path)
    except ExtractError:
        assert not is_sound
    else:
        assert is_sound
        assert found == [tuple(fields) for fields in exact[1:]]


@settings(max_examples=60, deadline=None)
@given(body=BROKEN, size=st.integers(1, 7))
def test_the_guard_does_not_depend_on_the_chunks(body: str, size: int) -> None:
    whole, pieces = QuoteGuard(",", '"'), QuoteGuard(",", '"')
    whole.feed(body.encode())
    for start in range(0, len(body), size):
        pieces.feed(body[start : start + size].encode())
    whole.finish()
    pieces.finish()
    assert whole.is_by_the_book == pieces.is_by_the_book


@pytest.mark.parametrize("shift", range(4))
def test_windows_line_ends_in_quotes_at_the_borders_of_blocks(tmp_path: Path, shift: int) -> None:
    """Arrow loses the second character there if it sees the border (apache/arrow#51368)."""
    field = "\r\n" * (SMALL_BLOCK_BYTES // 4)
    path = tmp_path / "a.csv"
    path.write_bytes(("a,b\r\n" + "x" * shift + f',"{field}"\r\n' * 20).encode())
    assert {row[1] for row in read(path)} == {field}


def test_many_quoted_line_ends_over_the_real_block_size(tmp_path: Path) -> None:
    field = "line\nand, more\n" * 20
    path = tmp_path / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows([i, field] for i in range(40_000))
    assert path.stat().st_size > 12_000_000
    with open_csv(path, "a.csv", OPTIONS) as opened:
        frame = pl.concat(pl.DataFrame(batch) for batch in opened.batches)
    assert frame["id"].to_list() == [str(i) for i in range(40_000)]
    assert frame["text"].unique().to_list() == [field]
