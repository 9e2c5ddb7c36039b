"""Column names are settled by one set of rules."""

import pytest

from assets.raw.extract.header import column_names
from schemas.config.files import FileOptions
from tests.assets.raw.extract.conftest import Bench


def test_duplicate_names_are_refused_with_their_places(bench: Bench) -> None:
    message = bench.refusal("id,category,x,category\n1,2,3,4\n")
    assert message.startswith("a.csv, line 1: two columns have the same name")
    assert "'category' in columns 2 and 4" in message
    assert "duplicate_headers: number" in message


def test_duplicate_names_are_numbered(bench: Bench) -> None:
    rows = bench.rows("c,c,c_2,c\n1,2,3,4\n", duplicate_headers="number")
    assert rows == [("1", "2", "3", "4")]
    assert bench.result.columns == ("c", "c_3", "c_2", "c_4")


def test_names_that_differ_in_white_space_only_are_duplicates(bench: Bench) -> None:
    assert "two columns have the same name" in bench.refusal("id, id\n1,2\n")


def test_white_space_around_names_is_removed(bench: Bench) -> None:
    bench.rows('" id\u00a0",name \n1,2\n')
    assert bench.result.columns == ("id", "name")


@pytest.mark.parametrize("header", ["id,,name", 'id," ",name', "id,\u00a0,name"])
def test_empty_names(bench: Bench, header: str) -> None:
    message = bench.refusal(f"{header}\n1,2,3\n")
    assert "columns without a name" in message
    assert "column 2 of 3" in message


@pytest.mark.parametrize("name", ["_source_file", "_row_number", "_logical_date"])
def test_reserved_names(bench: Bench, name: str) -> None:
    message = bench.refusal(f"id,{name}\n1,2\n")
    assert "reserved for lineage" in message
    assert name in message


def test_another_number_of_names_than_columns(bench: Bench) -> None:
    message = bench.refusal("a,b\n1,2\n", header=["x"])
    assert "found:   2 columns" in message
    assert "allowed: 1" in message


def test_missing_columns_are_named_with_those_there_are(bench: Bench) -> None:
    message = bench.refusal("id,custmer\n1,2\n", expected_columns=["id", "customer", "city"])
    assert "no customer, city; there are: id, custmer" in message
    assert "customer may be custmer now" in message


def test_missing_columns_for_want_of_the_right_delimiter(bench: Bench) -> None:
    message = bench.refusal("id;name\n1;2\n", expected_columns=["id", "name"])
    assert "is `delimiter: ','` right?" in message


def test_names_given_are_taken_as_they_are() -> None:
    options = FileOptions(root=".", path="a", format="csv", header=("b", "a"))
    assert column_names(["", ""], options, "a") == ["b", "a"]
