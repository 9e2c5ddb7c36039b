"""Exports: what is published arrives as it is, and no spreadsheet runs a cell."""

import csv
import datetime as dt
import re
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import fastexcel
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.lake.layout import Lake
from pipelines import export as exporting
from pipelines.export import Format, Order, export_tables
from pipelines.export_excel import MAX_TEXT
from pipelines.published_rows import open_file
from schemas.errors import BarometerError, PublishError
from tests.pipelines.company import Company, hash_tree
from tests.pipelines.conftest import Barometer

Export = Callable[..., Path]

NAUGHTY = ("=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t1", "\r1", "\n1", "＝1+1")  # noqa: RUF001  full width
PLAIN = ("", "a=b", "'=1", "1-2", "é, \"ü\"; 'ß'", "http://example.org", "two\nlines", "007")
ROWS = pl.DataFrame(
    {
        "name": [*NAUGHTY, *PLAIN, None],
        "number": [0.1, -1.5, 1 / 3, 1e-7, 1e22, -0.0, None, *range(11)],
        "count": [-1, 10**15, 2**62, *range(15)],
        "amount": [Decimal("-0.1000"), Decimal("12345678901234567890.1234"), *[None] * 16],
        "is_on": [True, False, None] * 6,
        "day": [dt.date(2026, 3, 31), dt.date(1850, 1, 1), *[None] * 16],
        "at": [dt.datetime(2026, 3, 31, 22, 30, 15, 123456, tzinfo=dt.UTC), *[None] * 17],
    },
    schema={
        "name": pl.String(),
        "number": pl.Float64(),
        "count": pl.Int64(),
        "amount": pl.Decimal(38, 4),
        "is_on": pl.Boolean(),
        "day": pl.Date(),
        "at": pl.Datetime("us", "UTC"),
    },
    strict=False,
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A warehouse with one table of everything that may go wrong, and one without rows."""
    lake = Lake(tmp_path / "lake")
    lake.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(lake.warehouse) as connection:
        connection.register("given", ROWS.to_arrow())
        connection.execute("CREATE TABLE trial AS SELECT * FROM given")
        connection.execute("COMMENT ON COLUMN trial.name IS '=A description'")
        connection.execute("CREATE TABLE nothing (name VARCHAR, number DOUBLE)")
        connection.execute("CREATE TABLE run_log (publish_id VARCHAR, published_at TIMESTAMPTZ)")
        connection.execute("INSERT INTO run_log VALUES ('p1', '2026-01-01'), ('p2', '2026-01-02')")
    return lake


@pytest.fixture
def export(lake: Lake, tmp_path: Path) -> Export:
    def run(kind: Format, table: str = "trial", **more: Any) -> Path:
        order = Order([table], tmp_path / "out", kind, more.pop("only", {}), **more)
        with open_file(lake.warehouse) as reader:
            (written,) = export_tables(reader, order, {})
        return written.path

    return run


def _cells(path: Path, *, encoding: str = "utf-8") -> Iterator[list[str]]:
    with path.open(encoding=encoding, newline="") as file:
        yield from csv.reader(file)


def _sheet(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read("xl/worksheets/sheet1.xml").decode()


def test_parquet_holds_the_very_rows(export: Export) -> None:
    assert_frame_equal(pl.read_parquet(export("parquet")), ROWS)


def test_csv_holds_every_value_and_neutralises_formulas(export: Export) -> None:
    header, *rows = _cells(export("csv"))
    assert header == ROWS.columns
    names = [row[0] for row in rows]
    assert names == [*("'" + text for text in NAUGHTY), *PLAIN, ""]
    assert [row[1] for row in rows[:2]] == ["0.1", "-1.5"]  # numbers keep their sign
    assert [float(row[1]) for row in rows if row[1]] == ROWS["number"].drop_nulls().to_list()
    assert [int(row[2]) for row in rows] == ROWS["count"].to_list()
    assert [row[3] for row in rows[:2]] == ["-0.1000", "12345678901234567890.1234"]
    assert [row[5] for row in rows[:2]] == ["2026-03-31", "1850-01-01"]
    assert rows[0][6] == "2026-03-31T22:30:15.123456Z"


def test_csv_tells_an_empty_text_from_none(export: Export) -> None:
    text = export("csv").read_text(encoding="utf-8")
    assert '\n"",' in text  # the empty name
    assert "\n,10.0," in text  # no name


def test_csv_is_known_for_utf_8_by_excel_only_if_asked(export: Export) -> None:
    assert not export("csv").read_bytes().startswith(b"\xef\xbb\xbf")
    path = export("csv", has_bom=True)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfname,")
    assert next(_cells(path, encoding="utf-8-sig")) == ROWS.columns


def test_excel_reads_back_what_is_published(export: Export) -> None:
    sheet = fastexcel.read_excel(export("xlsx")).load_sheet(0, dtypes={"name": "string"})
    read = sheet.to_polars()
    assert read.columns == ROWS.columns
    assert read["name"].to_list() == ROWS["name"].to_list()
    assert read["is_on"].to_list() == ROWS["is_on"].to_list()
    assert read["number"].to_list() == [
        None if value is None else pytest.approx(value, rel=1e-15) for value in ROWS["number"]
    ]


def test_excel_has_no_formula_no_link_and_text_where_a_number_would_lose_digits(
    export: Export,
) -> None:
    xml = _sheet(export("xlsx"))
    assert "<f>" not in xml
    assert "hyperlink" not in xml
    assert re.search(r's="(\d)" t="inlineStr"><is><t>=1\+1</t>', xml)
    assert "<t>12345678901234567890.1234</t>" in xml
    assert f"<t>{2**62}</t>" in xml
    assert f"<t>{10**15}</t>" in xml
    assert "<t>1850-01-01</t>" in xml
    assert re.search(r'<c r="D2"><v>-0.10*</v></c>', xml)
    assert re.search(r'<c r="F2" s="\d"><v>46112</v></c>', xml)  # a date of Excel's


def test_excel_freezes_the_header_and_explains_its_columns(export: Export) -> None:
    path = export("xlsx")
    xml = _sheet(path)
    assert 'state="frozen"' in xml
    assert f'<autoFilter ref="A1:G{ROWS.height + 1}"/>' in xml
    with zipfile.ZipFile(path) as archive:
        assert "=A description" in archive.read("xl/comments1.xml").decode()


@pytest.mark.parametrize("kind", ["parquet", "csv", "xlsx"])
def test_a_table_without_rows_has_its_header(export: Export, kind: Format) -> None:
    path = export(kind, "nothing")
    if kind == "parquet":
        assert pl.read_parquet(path).schema == {"name": pl.String(), "number": pl.Float64()}
    elif kind == "csv":
        assert path.read_bytes() == b"name,number\r\n"
    else:
        assert fastexcel.read_excel(path).load_sheet(0).to_polars().columns == ["name", "number"]


def test_a_table_too_long_for_a_sheet_is_refused_with_the_way_out(
    export: Export, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(exporting, "MAX_ROWS", ROWS.height - 1)
    with pytest.raises(PublishError, match="longer than an Excel sheet") as caught:
        export("xlsx")
    assert "--only" in str(caught.value)
    assert "Parquet" in str(caught.value)
    assert not (tmp_path / "out").exists()
    assert export("xlsx", only={"is_on": ["true", "false"]}).exists()


def test_a_text_too_long_for_a_cell_is_told_and_leaves_no_file(
    export: Export, lake: Lake, tmp_path: Path
) -> None:
    before = export("xlsx").read_bytes()
    with duckdb.connect(lake.warehouse) as connection:
        connection.execute("UPDATE trial SET name = repeat('😀', ?)", [MAX_TEXT // 2 + 1])
    with pytest.raises(PublishError, match="longer than an Excel cell"):
        export("xlsx")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["trial.xlsx"]
    assert (tmp_path / "out" / "trial.xlsx").read_bytes() == before


def test_rows_are_chosen_by_value_never_by_sql(export: Export) -> None:
    path = export("parquet", only={"name": ["=1+1", "' OR 1=1 --"]})
    assert pl.read_parquet(path)["name"].to_list() == ["=1+1"]
    path = export("parquet", only={"day": ["2026-03-31"], "is_on": ["true"]})
    assert pl.read_parquet(path).height == 1


@pytest.mark.parametrize(
    ("order", "told"),
    [
        (Order(["kpi_values"], Path("out"), "csv", {}), "no such published table"),
        (Order(["trial"], Path("out"), "csv", {"region": ["North"]}), "no such column"),
        (Order([], Path("out"), "csv", {"day": ["2026-03-31"]}), "no such column"),
    ],
)
def test_what_is_not_published_is_told(lake: Lake, order: Order, told: str) -> None:
    with open_file(lake.warehouse) as reader, pytest.raises(PublishError, match=told) as caught:
        export_tables(reader, order, {})
    assert caught.value.allowed
    assert not order.folder.exists()


def test_nothing_published_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(PublishError, match="nothing is published"),
        open_file(Lake(tmp_path).warehouse),
    ):
        pass


@pytest.mark.parametrize("kind", ["parquet", "csv", "xlsx"])
def test_a_folder_that_cannot_be_made_is_told(lake: Lake, tmp_path: Path, kind: Format) -> None:
    (tmp_path / "taken").write_text("")
    order = Order(["trial"], tmp_path / "taken", kind, {})
    with (
        open_file(lake.warehouse) as reader,
        pytest.raises(BarometerError, match="cannot be written") as caught,
    ):
        export_tables(reader, order, {})
    assert caught.value.mend


def test_a_publish_in_the_meantime_changes_nothing(lake: Lake, tmp_path: Path) -> None:
    with open_file(lake.warehouse) as reader:
        other = tmp_path / "other.duckdb"
        with duckdb.connect(other) as connection:
            connection.execute("CREATE TABLE trial (name VARCHAR)")
        other.replace(lake.warehouse)
        assert reader.publish_id() == "p2"
        (written,) = export_tables(reader, Order(["trial"], tmp_path / "out", "parquet", {}), {})
    assert_frame_equal(pl.read_parquet(written.path), ROWS)


def test_the_command_exports_every_table_of_one_publish(
    loaded_once: Company, invoke: Barometer, tmp_path: Path
) -> None:
    before = hash_tree(loaded_once.lake.root)
    result = invoke(loaded_once, "export", "--to", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    (publish_id,) = loaded_once.table("run_log")["publish_id"]
    assert result.stdout.splitlines()[-1] == f"publish {publish_id}"
    value = pl.read_parquet(tmp_path / "out" / "kpi_value.parquet")
    published = loaded_once.table("kpi_value").cast({"known_at": value.schema["known_at"]})
    assert_frame_equal(value, published, check_row_order=False)
    assert value["kpi_code"].is_sorted()
    assert len(list((tmp_path / "out").iterdir())) == len(result.stdout.splitlines()) - 1
    assert hash_tree(loaded_once.lake.root) == before


def test_the_command_chooses_rows(loaded_once: Company, invoke: Barometer, tmp_path: Path) -> None:
    arguments = ["export", "kpi_value", "--to", str(tmp_path), "--format", "csv", "--bom"]
    only = ["--only", "period_grain=month", "--only", "kpi_code=nps", "--only", "kpi_code=csat"]
    result = invoke(loaded_once, *arguments, *only)
    assert result.exit_code == 0, result.output
    rows = pl.read_csv(tmp_path / "kpi_value.csv")
    assert set(rows["period_grain"]) == {"month"}
    assert set(rows["kpi_code"]) == {"nps"}


def test_the_command_refuses_a_choice_that_is_none(
    loaded_once: Company, invoke: Barometer, tmp_path: Path
) -> None:
    result = invoke(loaded_once, "export", "--to", str(tmp_path), "--only", "period_grain")
    assert result.exit_code == 2
    assert "column=value" in result.output
