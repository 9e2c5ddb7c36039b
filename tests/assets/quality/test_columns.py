"""Columns of extracts; their types are the file's own, if the format has types."""

from pathlib import Path

import polars as pl
import pytest

from assets.quality import columns
from assets.quality.columns import columns_of_extracts
from tests.assets.core.company import Company, day

PRODUCTS = {"erp_product": {"columns": {"product_id": "id"}}}


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def parquet_source(company: Company) -> None:
    company.source("typed", PRODUCTS, files={"path": "typed_{date}.parquet", "format": "parquet"})


def deliver(company: Company, number: int, frame: pl.DataFrame) -> None:
    frame.write_parquet(company.files / f"typed_{day(number)}.parquet")
    company.pull("typed", number)


def found(company: Company) -> list[tuple[str, object, list[tuple[str, str]]]]:
    return [
        (name, rows, [(one["name"], one["type"]) for one in parts])
        for name, _, rows, parts in columns_of_extracts(company.lake, company.project)
    ]


def test_columns_of_text_formats_are_text(company: Company) -> None:
    company.source("plain", PRODUCTS)
    company.deliver("plain", 0, "id,weight\n1,2.5\n2,3\n")

    assert found(company) == [("plain", 2, [("id", "text"), ("weight", "text")])]


def test_an_absent_file_has_no_rows_to_tell(company: Company) -> None:
    company.source("plain", PRODUCTS, on_missing="skip")
    company.pull("plain", 0)

    assert found(company) == [("plain", None, [])]


def test_columns_of_parquet_have_its_types(company: Company) -> None:
    parquet_source(company)
    deliver(company, 0, pl.DataFrame({"id": ["1"], "weight": [2.5]}))
    deliver(company, 1, pl.DataFrame({"id": ["1"], "weight": [2]}))

    assert found(company) == [
        ("typed", 1, [("id", "String"), ("weight", "Float64")]),
        ("typed", 1, [("id", "String"), ("weight", "Int64")]),
    ]


def test_a_column_without_values_has_the_type_of_its_neighbours(company: Company) -> None:
    parquet_source(company)
    nothing = pl.DataFrame({"id": ["1"], "weight": [None]})
    for number, frame in enumerate([nothing, pl.DataFrame({"id": ["1"], "weight": [2]}), nothing]):
        deliver(company, number, frame)

    assert [parts[1] for _, _, parts in found(company)] == [("weight", "Int64")] * 3


def test_a_file_is_opened_once(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet_source(company)
    deliver(company, 0, pl.DataFrame({"id": ["1"]}))
    first = found(company)
    opened = []
    monkeypatch.setattr(columns.pl, "read_parquet_schema", opened.append)

    assert found(company) == first
    assert opened == []


def test_a_restated_file_is_looked_at_again(company: Company) -> None:
    parquet_source(company)
    deliver(company, 0, pl.DataFrame({"id": ["1"]}))
    found(company)
    deliver(company, 0, pl.DataFrame({"id": [1]}))

    assert found(company) == [("typed", 1, [("id", "Int64")])]
