"""Core partitions: every row goes one of the ways, and nothing is built without need."""

import json
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.core import partitions
from schemas.errors import LakeError, MappingError
from schemas.registry import canonical
from tests.assets.core.company import PRODUCTS, Company, day

LATEST: dict[str, Any] = {**PRODUCTS, "latest_by": ["version"], "where": {"kind": ["x", None]}}


def test_every_row_goes_one_of_the_ways(company: Company) -> None:
    company.source("products", {"erp_product": LATEST})
    rows = "a,old,9,x\na,new,10,x\n,nameless,1,x\nb,b,1,y\nc,c,1,\n"
    company.deliver("products", 0, "id,name,version,kind\n" + rows)
    assert company.build("erp_product", "products", 0) == [day(0)]
    assert company.counts("erp_product", "products") == (5, 1, 4, 2, 1, 1)
    accepted = company.accepted("erp_product", "products")
    assert accepted.schema == canonical("erp_product").polars_schema()
    names = ["product_id", "name", "_source", "_source_file", "_row_number", "_logical_date"]
    file = "products_2024-03-01.csv"
    assert accepted.select(names).rows() == [
        ("a", "new", "products", file, 2, day(0)),
        ("c", "c", "products", file, 5, day(0)),
    ]
    refused = company.quarantined("erp_product", "products")
    assert refused is not None
    assert refused.select("_source_file", "_row_number").rows() == [(file, 3)]
    raw = {"id": None, "name": "nameless", "version": "1", "kind": "x"}
    assert json.loads(refused["raw"][0]) == raw
    facts = company.receipt("erp_product", "products").facts
    assert facts["reasons"] == {"product_id: expect_column_values_to_not_be_null": 1}
    assert facts["mode"] == "incremental"


def test_an_extract_without_rows_is_an_empty_partition(company: Company) -> None:
    company.source("products", {"erp_product": PRODUCTS})
    company.deliver("products", 0, "id,name\n")
    assert company.build("erp_product", "products", 0) == [day(0)]
    assert company.counts("erp_product", "products") == (0, 0, 0, 0, 0, 0)
    schema = canonical("erp_product").polars_schema()
    assert_frame_equal(company.accepted("erp_product", "products"), pl.DataFrame(schema=schema))


def test_a_partition_of_refused_rows_only(company: Company) -> None:
    company.source("products", {"erp_product": PRODUCTS})
    company.deliver("products", 0, "id,name\n,x\n,y\n")
    company.build("erp_product", "products", 0)
    assert company.counts("erp_product", "products") == (2, 0, 2, 0, 2, 0)


def test_days_without_an_extract_have_no_partition(company: Company) -> None:
    company.source("products", {"erp_product": PRODUCTS}, on_missing="skip")
    company.pull("products", 0)
    assert company.build("erp_product", "products", 0, 1) == []
    assert company.lake.core("erp_product", "products", day(0)).receipt() is None


# --- when a partition is built


def built_again(company: Company) -> bool:
    return company.build("erp_product", "products", 0) != []


def test_nothing_is_rewritten_while_nothing_changes(company: Company) -> None:
    company.source("products", {"erp_product": PRODUCTS})
    company.deliver("products", 0, "id,name\na,x\n")
    assert built_again(company)
    before = company.lake.core("erp_product", "products", day(0)).path("accepted.parquet")
    assert not built_again(company)
    company.write("products", 0, "id,name\na,x\n")
    company.pull("products", 0)
    assert not built_again(company)
    assert company.lake.core("erp_product", "products", day(0)).path("accepted.parquet") == before


@pytest.mark.parametrize(
    "change",
    [
        {"sources": {"tables": {"erp_product": {"columns": {"product_id": "id"}}}}},
        {"sources": {"mode": "snapshot"}},
        {"company": {"time_zone": "Asia/Tokyo"}},
        {"privacy": {"pii_key": "another"}},
        {"privacy": {"pii_key": None}},
    ],
)
def test_a_changed_configuration_builds_anew(company: Company, change: dict[str, Any]) -> None:
    company.source("products", {"erp_product": PRODUCTS})
    company.deliver("products", 0, "id,name\na,x\n")
    assert built_again(company)
    for part, values in change.items():
        document = company.document[part]
        (document["products"] if part == "sources" else document).update(values)
    assert built_again(company)
    assert not built_again(company)


def test_a_changed_extract_or_a_lost_file_builds_anew(company: Company) -> None:
    company.source("products", {"erp_product": PRODUCTS})
    company.deliver("products", 0, "id,name\na,x\n")
    assert built_again(company)
    company.deliver("products", 0, "id,name\na,y\n")
    assert built_again(company)
    path = company.lake.core("erp_product", "products", day(0)).path("accepted.parquet")
    assert path is not None
    path.unlink()
    assert built_again(company)
    assert company.accepted("erp_product", "products")["name"].to_list() == ["y"]


def test_new_code_builds_anew(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.source("products", {"erp_product": PRODUCTS})
    company.deliver("products", 0, "id,name\na,x\n")
    assert built_again(company)
    monkeypatch.setattr(partitions, "CODE_VERSION", -1)
    assert built_again(company)


# --- failures


def test_a_missing_column_is_told_and_the_partition_stays(company: Company) -> None:
    company.source("products", {"erp_product": PRODUCTS})
    company.deliver("products", 0, "id,name\na,x\n")
    company.build("erp_product", "products", 0)
    company.deliver("products", 0, "id,label\na,y\n")
    with pytest.raises(MappingError) as caught:
        company.build("erp_product", "products", 0)
    message = str(caught.value)
    assert "sources.products.tables.erp_product (2024-03-01)" in message
    assert "columns.name asks for 'name'" in message
    assert "id, label" in message
    assert company.accepted("erp_product", "products")["name"].to_list() == ["x"]


def test_lost_rows_are_a_defect_and_nothing_is_written(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.source("products", {"erp_product": PRODUCTS})
    company.deliver("products", 0, "id,name\na,x\nb,y\n")
    monkeypatch.setattr(partitions, "latest_rows", lambda rows, *_, **__: (rows.head(1), {}))
    with pytest.raises(LakeError, match="lost or made"):
        company.build("erp_product", "products", 0)
    assert company.lake.core("erp_product", "products", day(0)).receipt() is None


# --- several dates at once


def ordinary_days(company: Company) -> None:
    """Days whose columns come and go, with refused and superseded rows."""
    company.source("products", {"erp_product": LATEST})
    head = "id,name,version,kind"
    company.write("products", 0, f"{head}\na,1,1,x\na,2,2,x\n,3,1,x\n")
    company.write("products", 1, f"{head},more\na,4,1,x,m\n,5,1,x,m\nb,6,1,y,m\n")
    company.write("products", 2, f"more,{head}\nm,,7,1,x\n")
    company.write("products", 3, f"{head}\nc,8,1,x\n")
    for number in range(4):
        company.pull("products", number)


@pytest.mark.parametrize("batch_rows", [1, 3, 1_000])
def test_several_dates_at_once_are_as_one_at_a_time(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, batch_rows: int
) -> None:
    monkeypatch.setattr(partitions, "BATCH_ROWS", batch_rows)
    together, apart = Company(tmp_path / "together"), Company(tmp_path / "apart")
    for company in (together, apart):
        ordinary_days(company)
    assert together.build("erp_product", "products", 0, 1, 2, 3) == [day(n) for n in range(4)]
    for number in range(4):
        apart.build("erp_product", "products", number)
        receipts = [each.receipt("erp_product", "products", number) for each in (together, apart)]
        assert receipts[0].facts == receipts[1].facts
        assert receipts[0].content == receipts[1].content
        assert receipts[0].inputs == receipts[1].inputs


# --- typed extracts


def test_types_of_a_parquet_extract_are_read_as_their_text(company: Company) -> None:
    mapping = {
        "columns": {
            "order_id": "id",
            "ordered_at": "at",
            "delivered_at": "local",
            "net_amount": "amount",
            "is_return": "flag",
            "status": {"from": "code", "values": {"1": "new"}},
        },
        "where": {"code": ["1", "2"]},
    }
    files = {"path": "orders_{date}.parquet", "format": "parquet"}
    company.source("orders", {"erp_order": mapping}, files=files)
    frame = pl.DataFrame({"id": [7, 8, 9], "code": [1, 2, 3], "flag": [True, None, None]})
    frame = frame.with_columns(
        at=pl.lit("2024-03-01T12:00:00").str.to_datetime().dt.replace_time_zone("Asia/Tokyo"),
        local=pl.lit("2024-07-01T12:00:00").str.to_datetime(),
        amount=pl.lit("19.99").cast(pl.Decimal(10, 2)),
    )
    frame.write_parquet(company.files / f"orders_{day(0)}.parquet")
    company.pull("orders", 0)
    company.build("erp_order", "orders", 0)
    assert company.counts("erp_order", "orders") == (3, 1, 2, 1, 1, 0)
    row = company.accepted("erp_order", "orders").row(0, named=True)
    assert (row["order_id"], str(row["net_amount"]), row["is_return"]) == ("7", "19.9900", True)
    assert row["ordered_at"].isoformat() == "2024-03-01T03:00:00+00:00"
    assert row["delivered_at"].isoformat() == "2024-07-01T10:00:00+00:00"
    refused = company.quarantined("erp_order", "orders")
    assert refused is not None
    assert refused["reasons"][0][0]["found"] == "2"
    raw = json.loads(refused["raw"][0])
    assert (raw["id"], raw["code"], raw["flag"], raw["amount"]) == (8, 2, None, "19.99")


def test_types_that_change_from_day_to_day(company: Company) -> None:
    files = {"path": "products_{date}.parquet", "format": "parquet"}
    mapping = {"columns": {"product_id": "id", "name": {"from": "name", "values": {"1": "one"}}}}
    company.source("products", {"erp_product": mapping}, files=files)
    for number, values in enumerate([[1, 2], [1.0, 2.5], ["1", "x"]]):
        frame = pl.DataFrame({"id": ["a", "b"], "name": values})
        frame.write_parquet(company.files / f"products_{day(number)}.parquet")
        company.pull("products", number)
    company.build("erp_product", "products", 0, 1, 2)
    refused = [company.quarantined("erp_product", "products", number) for number in range(3)]
    texts = [[] if found is None else found["raw"].to_list() for found in refused]
    raws = [[json.loads(text)["name"] for text in day_texts] for day_texts in texts]
    assert raws == [[2], [1.0, 2.5], ["x"]]
