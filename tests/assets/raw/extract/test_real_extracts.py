"""Real extracts, where they stand beside the repository, come out with their known figures."""

import os
from pathlib import Path

import polars as pl
import pytest

from examples.verify import VARIABLE
from tests.assets.raw.extract.conftest import Bench

BESIDE = Path(__file__).parents[5] / "shared" / "data"
DATA = Path(os.environ.get(VARIABLE) or BESIDE).absolute()

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"{VARIABLE} names no folder of the real extracts"
)


@pytest.mark.parametrize(
    ("path", "rows", "columns"),
    [
        ("olist/olist_orders_dataset.csv", 6_887, 8),
        ("olist/olist_order_reviews_dataset.csv", 6_866, 7),
        ("olist/marketing_qualified_leads.csv", 8_000, 4),
        ("olist/closed_deals.csv", 842, 14),
        ("sfo_survey/2017_SFO_Customer_Survey.csv", 2_831, 97),
    ],
)
def test_rows_and_columns(bench: Bench, path: str, rows: int, columns: int) -> None:
    frame = bench.extract(root=str(DATA), path=path)
    assert (frame.height, frame.width) == (rows, columns + 3)
    assert bench.result.notes == ()
    assert frame.drop("_row_number", "_logical_date").schema.dtypes() == [pl.String] * (columns + 1)


def test_payments_add_up(bench: Bench) -> None:
    frame = bench.extract(root=str(DATA), path="olist/olist_order_payments_dataset.csv")
    total = frame["payment_value"].cast(pl.Decimal(18, 2)).sum()
    assert str(total) == "1098002.10"


def test_reviews_with_line_breaks_in_quotes(bench: Bench) -> None:
    frame = bench.extract(root=str(DATA), path="olist/olist_order_reviews_dataset.csv")
    counts = frame["review_score"].value_counts().sort("review_score")["count"].to_list()
    assert counts == [796, 229, 568, 1326, 3947]
    assert frame["review_comment_message"].str.contains("\n").any()


def test_a_byte_order_mark(bench: Bench) -> None:
    bench.extract(root=str(DATA), path="olist/product_category_name_translation.csv")
    assert bench.result.columns[0] == "product_category_name"


def test_ids_with_leading_zeros(bench: Bench) -> None:
    frame = bench.extract(root=str(DATA), path="olist/olist_customers_dataset.csv")
    assert frame["customer_zip_code_prefix"].str.starts_with("0").any()


def test_a_zip_whose_header_names_a_column_twice(bench: Bench) -> None:
    given = {"root": str(DATA), "path": "incidents/*.zip"}
    assert "'category' in columns 17 and 18" in bench.refusal(**given)
    frame = bench.extract(**given, duplicate_headers="number")
    assert frame.height == 141_712
    assert {"category", "category_2"} <= set(frame.columns)
    assert frame["_source_file"][0].startswith("incidents/incident_event_log.zip!")
    assert "29/2/2016 01:16" in frame["opened_at"].to_list()
