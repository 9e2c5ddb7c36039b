"""Broken delimited files are refused with the line and the mend, and nothing is written."""

import pytest

from assets.raw.extract.csv_records import MAX_RECORD_BYTES
from tests.assets.raw.extract.conftest import Bench


def test_an_empty_file(bench: Bench) -> None:
    message = bench.refusal(b"")
    assert message.startswith("a.csv: the file is empty")
    assert "0 bytes" in message


@pytest.mark.parametrize("content", [b"\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_a_file_without_any_record(bench: Bench, content: bytes) -> None:
    assert "the file has no header" in bench.refusal(content)


def test_nothing_below_the_skipped_lines(bench: Bench) -> None:
    assert "nothing below the 3 skipped lines" in bench.refusal("a\nb\n", skip_rows=3)


def test_a_last_row_that_is_cut_short(bench: Bench) -> None:
    message = bench.refusal("a,b,c\n1,2,3\n4,5")
    assert message.startswith("a.csv, line 3: the last row is cut short (half-written?)")
    assert "found:   2 fields" in message
    assert "allowed: 3" in message


def test_too_few_fields(bench: Bench) -> None:
    message = bench.refusal('a,b\n"x\ny",2\n3\n4,5\n')
    assert message.startswith("a.csv, line 4: the row has too few fields")


def test_too_many_fields(bench: Bench) -> None:
    message = bench.refusal("a,b\n1,2\n\n3,4,5\n")
    assert message.startswith("a.csv, line 4: the row has too many fields")
    assert "found:   3 fields" in message


def test_ragged_rows_are_refused_though_only_later_blocks_have_them(bench: Bench) -> None:
    sound = f"1,{'x' * 40}\n" * 250_000
    assert "line 250002: the row has too many" in bench.refusal(f"a,b\n{sound}1,2,3\n1,2\n")


def test_a_quote_that_is_never_closed(bench: Bench) -> None:
    message = bench.refusal('a,b\n1,2\n3,"4\n5,6\n')
    assert message.startswith("a.csv, line 3: a quote is never closed")


def test_a_quote_that_is_never_closed_in_the_header(bench: Bench) -> None:
    assert bench.refusal('a,"b\n1,2\n').startswith("a.csv, line 1: a quote is never closed")


def test_a_quote_that_is_never_closed_in_a_long_file(bench: Bench) -> None:
    rest = "5,6\n" * (MAX_RECORD_BYTES // 2)
    message = bench.refusal(f'a,b\n1,2\n3,"4\n{rest}')
    assert message.startswith("a.csv, line 3: a record is longer than any sound one")


def test_a_missing_closing_quote_that_would_merge_two_rows(bench: Bench) -> None:
    """The next quote closes the field, the rest joins it, and the number of fields is right."""
    message = bench.refusal('a,b,c\n1,"x,y\n2,"z",w\n3,4,5\n')
    assert message.startswith("a.csv, line 2: text behind a closing quote")


def test_broken_quoting_beside_quotes_that_are_characters(bench: Bench) -> None:
    message = bench.refusal('a,b\n5" pipe,1\n2,"x\n')
    assert message.startswith("a.csv, line 3: a quote is never closed")


def test_lines_are_counted_with_comments_and_skipped_lines(bench: Bench) -> None:
    content = 'junk "\n# one\na,b\n# two\n1,2\n# three\n1,2,3\n'
    message = bench.refusal(content, skip_rows=1, comment="#")
    assert message.startswith("a.csv, line 7: the row has too many fields")


def test_lines_are_counted_without_a_header(bench: Bench) -> None:
    message = bench.refusal("1,2\n1\n3,4\n", has_header=False, header=["a", "b"])
    assert message.startswith("a.csv, line 2: the row has too few fields")


@pytest.mark.parametrize("quote", ['"', None])
def test_messages_and_their_causes_keep_personal_data_out(bench: Bench, quote: str | None) -> None:
    with pytest.raises(Exception, match="too many") as caught:
        bench.rows("name,mail\nAnn,ann@example.com,oops\n", quote=quote)
    seen: BaseException | None = caught.value
    while seen is not None:
        assert "ann@example.com" not in str(seen)
        seen = seen.__cause__ or seen.__context__
