"""Sound delimited files come out as they are."""

import datetime as dt

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.assets.raw.extract.conftest import Bench


def test_columns_are_text_and_lineage_comes_last(bench: Bench) -> None:
    bench.write("a.csv", "id,amount\n007,1.50\n008,2\n")
    expected = pl.DataFrame(
        {
            "id": ["007", "008"],
            "amount": ["1.50", "2"],
            "_source_file": ["a.csv", "a.csv"],
            "_row_number": [1, 2],
            "_logical_date": [dt.date(2024, 3, 31)] * 2,
        }
    )
    assert_frame_equal(bench.extract(), expected)
    assert bench.result.columns == ("id", "amount")
    assert (bench.result.rows, bench.result.files[0].rows) == (2, 2)
    assert bench.result.notes == ()


def test_leading_zeros_and_odd_numbers_stay(bench: Bench) -> None:
    assert bench.rows("a,b\n00123,1e5\n-0,NaN\n") == [("00123", "1e5"), ("-0", "NaN")]


def test_an_empty_field_is_null_and_a_quoted_one_an_empty_text(bench: Bench) -> None:
    assert bench.rows('a,b,c\n1,,""\n') == [("1", None, "")]


def test_quoted_delimiters_line_ends_and_doubled_quotes(bench: Bench) -> None:
    content = 'a,b\n"x,y","said ""hi""\nand left"\n"",""""\n'
    assert bench.rows(content) == [("x,y", 'said "hi"\nand left'), ("", '"')]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end(bench: Bench, end: str) -> None:
    assert bench.rows(end.join(["a,b", "1,2", "3,4"])) == [("1", "2"), ("3", "4")]


def test_the_last_line_end_may_be_missing(bench: Bench) -> None:
    assert bench.rows("a,b\n1,2") == [("1", "2")]


def test_blank_lines_are_no_records(bench: Bench) -> None:
    assert bench.rows("\na,b\n\n1,2\n\n\n3,4\n\n") == [("1", "2"), ("3", "4")]


def test_a_row_of_empty_fields_is_a_record(bench: Bench) -> None:
    assert bench.rows("a,b\n,\n1,2\n") == [(None, None), ("1", "2")]


def test_header_only_gives_no_rows_and_a_note(bench: Bench) -> None:
    frame_rows = bench.rows("a,b\n")
    assert frame_rows == []
    assert bench.result.columns == ("a", "b")
    assert bench.result.notes == ("a.csv: header only, no rows",)


def test_header_only_without_a_line_end(bench: Bench) -> None:
    assert bench.rows("a,b") == []


def test_white_space_in_fields_stays(bench: Bench) -> None:
    assert bench.rows("a,b\n x , \n") == [(" x ", " ")]


def test_another_delimiter_and_quote(bench: Bench) -> None:
    assert bench.rows("a;b\n'1;''2';3\n", delimiter=";", quote="'") == [("1;'2", "3")]


def test_tsv(bench: Bench) -> None:
    assert bench.rows('a\tb\n"1\t2"\t3,4\n', format="tsv") == [("1\t2", "3,4")]


def test_without_quoting_a_quote_is_a_character(bench: Bench) -> None:
    assert bench.rows('a,b\n"1,2"\n5" pipe,x\n', quote=None) == [('"1', '2"'), ('5" pipe', "x")]


def test_a_quote_inside_an_unquoted_field_is_a_character(bench: Bench) -> None:
    assert bench.rows('a,b\n5" pipe,"x"\n') == [('5" pipe', "x")]


def test_lines_above_the_header_are_left_out(bench: Bench) -> None:
    content = 'Report of "today\n\na,b\n1,2\n'
    assert bench.rows(content, skip_rows=2) == [("1", "2")]


def test_a_file_without_header(bench: Bench) -> None:
    content = "1,2\n3,4\n"
    assert bench.rows(content, has_header=False, header=["a", "b"]) == [("1", "2"), ("3", "4")]
    assert bench.result.columns == ("a", "b")


def test_names_given_replace_the_header(bench: Bench) -> None:
    assert bench.rows("x,x,\n1,2,3\n", header=["a", "b", "c"]) == [("1", "2", "3")]
    assert bench.result.columns == ("a", "b", "c")


def test_comments_are_left_out_but_not_inside_quotes(bench: Bench) -> None:
    content = '# made by x\n"a",b\n# why "not\n1,"x\n# y"\n#\n2,3\n'
    assert bench.rows(content, comment="#") == [("1", "x\n# y"), ("2", "3")]


def test_row_numbers_follow_the_file_over_many_blocks(bench: Bench) -> None:
    count = 700_000
    bench.write("a.csv", "id\n" + "".join(f"{i}\n" for i in range(1, count + 1)))
    frame = bench.extract()
    assert frame.height == count
    assert frame.select(
        (pl.col("id").cast(pl.Int64) == pl.col("_row_number")).all(),
        (pl.col("_row_number") == pl.int_range(1, count + 1)).all().alias("in order"),
    ).row(0) == (True, True)


def test_a_single_column_that_holds_another_delimiter_is_remarked_upon(bench: Bench) -> None:
    bench.rows("id;name\n1;x\n")
    assert "its name holds ';'" in bench.result.notes[0]


def test_unknown_columns_are_reported(bench: Bench) -> None:
    bench.rows("a,b,c\n1,2,3\n", expected_columns=["a"])
    assert bench.result.unknown_columns == ("b", "c")


def test_parquet_has_statistics_and_zstd(bench: Bench) -> None:
    import pyarrow.parquet as pq

    bench.rows("a\n1\n")
    column = pq.read_metadata(bench.target).row_group(0).column(0)
    assert column.compression == "ZSTD"
    assert column.statistics.max == "1"
