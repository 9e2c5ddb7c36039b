"""Sheets become text columns without loss."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter

from tests.assets.raw.extract.conftest import Bench

Fill = Callable[[xlsxwriter.Workbook], None]


def workbook(*rows: list[Any], fill: Fill | None = None) -> bytes:
    """A workbook with these rows on its first sheet; `fill` may add more."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        sheet = book.add_worksheet("Data")
        for place, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(place, column, value)
                else:
                    sheet.write(place, column, value)
        if fill is not None:
            fill(book)
    return file.getvalue()


def rows(bench: Bench, content: bytes, **given: object) -> list[tuple[Any, ...]]:
    return bench.rows(content, **{"path": "a.xlsx", "format": "excel"} | given)


def test_values_become_text_without_loss(bench: Bench) -> None:
    content = workbook(
        ["int", "big", "float", "tiny", "text", "bool", "blank", "instant"],
        [
            42,
            123456789012345,
            0.1,
            1e-7,
            "007",
            True,
            None,
            dt.datetime.fromisoformat("2024-03-01T12:30:15"),
        ],
        [-1, 2.0, 2.5, 1e21, " x\ny", False, "", dt.datetime.fromisoformat("2024-02-29")],
    )
    first, second = rows(bench, content)
    instant, midnight = "2024-03-01 12:30:15", "2024-02-29 00:00:00"
    assert first == ("42", "123456789012345", "0.1", "0.0000001", "007", "true", None, instant)
    assert second[:3] == ("-1", "2", "2.5")
    assert float(second[3]) == 1e21
    assert second[4:6] == (" x\ny", "false")
    assert second[7] == midnight


def test_errors_times_and_durations(bench: Bench) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.get_worksheet_by_name("Data")
        sheet.write_formula(1, 1, "=NA()", None, "#N/A")
        sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")
        sheet.write_formula(3, 1, "=1+1", None, 2)
        sheet.write_datetime(1, 2, dt.time(13, 45), book.add_format({"num_format": "hh:mm"}))
        long = book.add_format({"num_format": "[h]:mm:ss"})
        sheet.write_datetime(1, 3, dt.timedelta(hours=36, seconds=5), long)

    content = workbook(["id", "e", "time", "span"], [1], [2], [3], fill=fill)
    assert rows(bench, content) == [
        ("1", "#N/A", "13:45:00", "36:00:05"),
        ("2", "#DIV/0!", None, None),
        ("3", "2", None, None),
    ]


def test_errors_and_durations_below_skipped_rows(bench: Bench) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.get_worksheet_by_name("Data")
        sheet.write_formula(3, 0, "=NA()", None, "#N/A")
        long = book.add_format({"num_format": "[h]:mm:ss"})
        sheet.write_datetime(3, 1, dt.timedelta(days=2), long)

    content = workbook(["Report"], [], ["e", "span"], fill=fill)
    assert rows(bench, content, skip_rows=2) == [("#N/A", "48:00:00")]


def test_a_table_that_does_not_begin_in_the_corner(bench: Bench) -> None:
    content = workbook([], ["", "a", "b"], ["", 1, 2])
    message = bench.refusal(content, path="a.xlsx", format="excel")
    assert "columns without a name" in message
    assert rows(bench, content, skip_rows=1, header=["x", "a", "b"])[0][1:] == ("1", "2")


def test_empty_rows_are_no_records_and_said_so(bench: Bench) -> None:
    assert rows(bench, workbook(["a", "b"], [1, 2], [], [3, 4])) == [("1", "2"), ("3", "4")]
    assert bench.result.notes == ("a.xlsx: 1 empty rows left out",)


def test_sheets_by_name_and_place(bench: Bench) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("Leads").write_column(0, 0, ["a", "second"])

    content = workbook(["a"], ["first"], fill=fill)
    assert rows(bench, content) == [("first",)]
    assert rows(bench, content, sheet="Leads") == [("second",)]
    assert rows(bench, content, sheet=2) == [("second",)]


@pytest.mark.parametrize("sheet", ["Leeds", 3])
def test_a_sheet_that_is_not_there(bench: Bench, sheet: str | int) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("Leads")

    content = workbook(["a"], fill=fill)
    message = bench.refusal(content, path="a.xlsx", format="excel", sheet=sheet)
    assert "the workbook has no such sheet" in message
    assert "'Data', 'Leads'" in message


def test_header_only(bench: Bench) -> None:
    assert rows(bench, workbook(["a", "b"])) == []
    assert bench.result.columns == ("a", "b")


def test_without_header(bench: Bench) -> None:
    content = workbook([1, "x"], [2, "y"])
    found = rows(bench, content, has_header=False, header=["a", "b"])
    assert found == [("1", "x"), ("2", "y")]


def test_an_empty_sheet(bench: Bench) -> None:
    message = bench.refusal(workbook(), path="a.xlsx", format="excel")
    assert "the sheet is empty" in message


def test_duplicate_names_say_the_sheet_and_row(bench: Bench) -> None:
    message = bench.refusal(workbook(["a", "a"], [1, 2]), path="a.xlsx", format="excel")
    assert message.startswith("a.xlsx, sheet 'Data', row 1: two columns have the same name")


def test_cells_beyond_the_names(bench: Bench) -> None:
    content = workbook(["a"], [1, 2])
    message = bench.refusal(content, path="a.xlsx", format="excel")
    assert "columns without a name" in message
    message = bench.refusal(content, path="a.xlsx", format="excel", has_header=False, header=["a"])
    assert "cells beyond the last named column" in message


def test_it_is_no_workbook(bench: Bench) -> None:
    message = bench.refusal("a,b\n1,2\n", path="a.xlsx", format="excel")
    assert message.startswith("a.xlsx: the workbook cannot be read")


def test_an_empty_file(bench: Bench) -> None:
    assert "the file is empty" in bench.refusal(b"", path="a.xlsx", format="excel")


def test_a_workbook_that_is_cut_short(bench: Bench) -> None:
    content = workbook(["a"], *[[i] for i in range(500)])
    message = bench.refusal(content[: len(content) // 2], path="a.xlsx", format="excel")
    assert message.startswith("a.xlsx: the workbook")


def test_a_zip_that_is_no_workbook(bench: Bench) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.csv", "a\n")
    message = bench.refusal(file.getvalue(), path="a.xlsx", format="excel")
    assert message.startswith("a.xlsx: the workbook cannot be read")


def test_a_workbook_that_is_a_bomb(bench: Bench) -> None:
    file = io.BytesIO(workbook(["a"], [1]))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/x.bin", b"\0" * 90_000_000)
    message = bench.refusal(file.getvalue(), path="a.xlsx", format="excel")
    assert "looks like a bomb" in message


def test_a_workbook_larger_than_allowed(bench: Bench) -> None:
    content = workbook(["a"], [1])
    message = bench.refusal(content, path="a.xlsx", format="excel", max_uncompressed_bytes=3_000)
    assert "unpacks to more than is allowed" in message


def test_a_workbook_in_a_zip(bench: Bench) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.xlsx", workbook(["a"], ["007"]))
    assert bench.rows(file.getvalue(), path="a.zip", format="excel") == [("007",)]
    assert bench.result.files[0].source_file == "a.zip!x.xlsx"


def test_an_empty_column_is_no_cause_for_a_warning(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    assert rows(bench, workbook(["a", "b"], ["x", None], ["y", None])) == [("x", None), ("y", None)]
    assert caplog.messages == []
