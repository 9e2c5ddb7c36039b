"""Parquet files keep their types."""

import datetime as dt
import gzip
import io
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

from tests.assets.raw.extract.conftest import LINEAGE, Bench

FRAME = pl.DataFrame(
    {
        "id": ["007", None],
        "n": pl.Series([1, 2], dtype=pl.UInt8),
        "amount": pl.Series([Decimal("1.10"), None], dtype=pl.Decimal(12, 2)),
        "at": pl.Series(
            [dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC), None], dtype=pl.Datetime("us", "UTC")
        ),
        "tags": [["a"], []],
        "nested": [{"x": 1.5}, {"x": None}],
    }
)


def stored(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


def test_types_stay(bench: Bench) -> None:
    bench.write("a.parquet", stored(FRAME))
    frame = bench.extract(path="a.parquet", format="parquet")
    assert_frame_equal(frame.drop(LINEAGE), FRAME)
    assert frame["_row_number"].to_list() == [1, 2]


def test_categories_stay(bench: Bench) -> None:
    file = io.BytesIO()
    pq.write_table(pa.table({"a": pa.array(["x", "y", "x"]).dictionary_encode()}), file)
    assert bench.rows(file.getvalue(), path="a.parquet", format="parquet") == [
        ("x",),
        ("y",),
        ("x",),
    ]


def test_compressed_once_more(bench: Bench) -> None:
    content = gzip.compress(stored(FRAME))
    assert len(bench.rows(content, path="a.parquet.gz", format="parquet")) == 2


def test_without_rows(bench: Bench) -> None:
    assert bench.rows(stored(FRAME.clear()), path="a.parquet", format="parquet") == []
    assert bench.result.columns == tuple(FRAME.columns)


def test_files_of_one_date_must_agree_on_types(bench: Bench) -> None:
    bench.write("1.parquet", stored(pl.DataFrame({"a": [1]})))
    bench.write("2.parquet", stored(pl.DataFrame({"a": ["x"]})))
    message = bench.refusal(path="*.parquet", format="parquet")
    assert message.startswith("2.parquet: column a has another type than in 1.parquet")
    assert "int64" in message


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", stored(FRAME)[:-20], b"PAR1"])
def test_no_sound_parquet(bench: Bench, content: bytes) -> None:
    message = bench.refusal(content, path="a.parquet", format="parquet")
    assert message.startswith("a.parquet: this is not a sound Parquet file")


def test_a_damaged_page(bench: Bench) -> None:
    content = bytearray(stored(pl.DataFrame({"a": [str(i * 7919) for i in range(50_000)]})))
    content[1_000:9_000] = bytes(8_000)
    message = bench.refusal(bytes(content), path="a.parquet", format="parquet")
    assert message.startswith("a.parquet: this is not a sound Parquet file")


def test_an_empty_file(bench: Bench) -> None:
    assert "the file is empty" in bench.refusal(b"", path="a.parquet", format="parquet")


def test_reserved_names(bench: Bench) -> None:
    content = stored(pl.DataFrame({"_row_number": [1]}))
    assert "reserved" in bench.refusal(content, path="a.parquet", format="parquet")


def test_larger_than_allowed(bench: Bench) -> None:
    content = stored(pl.DataFrame({"a": ["x" * 1_000] * 1_000}))
    message = bench.refusal(
        content, path="a.parquet", format="parquet", max_uncompressed_bytes=len(content) + 1_000
    )
    assert "unpacks to more than is allowed" in message
