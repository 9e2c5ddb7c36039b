"""Several files make one Parquet file, whole or not at all."""

import dataclasses
from collections.abc import Iterator

import polars as pl
import pyarrow as pa
import pytest

from assets.raw.extract import to_parquet
from assets.raw.extract.resolve import resolve_files
from assets.raw.extract.results import ExtractResult, OpenedFile, ResolvedFile
from assets.raw.extract.to_parquet import extract_to_parquet
from schemas.errors import ExtractError, LakeError
from tests.assets.raw.extract.conftest import LOGICAL_DATE, Bench


def test_files_follow_each_other_with_row_numbers_of_their_own(bench: Bench) -> None:
    bench.write("2.csv", "b,a\ny,3\n")
    bench.write("1.csv", "a,b\n1,x\n2,\n")
    bench.write("3.csv", "a,b\n")
    frame = bench.extract(path="*.csv")
    assert frame.drop("_logical_date").rows() == [
        ("1", "x", "1.csv", 1),
        ("2", None, "1.csv", 2),
        ("3", "y", "2.csv", 1),
    ]
    assert [(file.source_file, file.rows) for file in bench.result.files] == [
        ("1.csv", 2),
        ("2.csv", 1),
        ("3.csv", 0),
    ]
    assert bench.result.rows == 3
    assert bench.result.notes == ("3.csv: header only, no rows",)


def test_files_of_one_date_must_agree_on_columns(bench: Bench) -> None:
    bench.write("1.csv", "a,b\n1,2\n")
    bench.write("2.csv", "a,c\n1,2\n")
    message = bench.refusal(path="*.csv")
    assert message.startswith("2.csv: the file has other columns than 1.csv")
    assert "no b; also c" in message


def test_no_files(bench: Bench) -> None:
    assert "there are no files to extract" in bench.refusal()


def test_what_stood_there_is_replaced(bench: Bench) -> None:
    bench.rows("a\n1\n")
    assert bench.rows("b\n2\n") == [("2",)]


def test_a_file_that_changes_while_it_is_read(bench: Bench) -> None:
    path = bench.write("a.csv", "a\n1\n")
    options = bench.options()
    files = resolve_files(options, LOGICAL_DATE)
    with path.open("a") as file:
        file.write("2\n")
    with pytest.raises(ExtractError, match=r"a\.csv: the file changed while being read"):
        extract_to_parquet(files, options, LOGICAL_DATE, target=bench.target, scratch=bench.scratch)
    assert not bench.target.exists()


def test_a_file_that_is_removed_while_it_is_read(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bench.write("a.csv", "a\n1\n")

    class Removing(to_parquet.Extraction):
        def add(self, opened: OpenedFile, file: ResolvedFile) -> None:
            super().add(opened, file)
            path.unlink()

    monkeypatch.setattr(to_parquet, "Extraction", Removing)
    assert "changed while being read" in bench.refusal()


def test_rows_that_the_writer_loses_are_noticed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Losing(to_parquet.Extraction):
        def result(self) -> ExtractResult:
            return dataclasses.replace(super().result(), rows=5)

    monkeypatch.setattr(to_parquet, "Extraction", Losing)
    bench.write("a.csv", "a\n1\n")
    with pytest.raises(LakeError, match="another number of rows"):
        bench.extract()
    assert list(bench.target.parent.iterdir()) == []


def test_a_run_that_is_interrupted_leaves_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(to_parquet.Extraction):
        def add(self, opened: OpenedFile, file: ResolvedFile) -> None:
            super().add(opened, file)
            raise KeyboardInterrupt

    monkeypatch.setattr(to_parquet, "Extraction", Interrupted)
    bench.write("a.csv", "a\n1\n")
    bench.target.parent.mkdir()
    bench.target.write_bytes(b"yesterday's")
    with pytest.raises(KeyboardInterrupt):
        bench.extract()
    bench.check_clean()
    assert bench.target.read_bytes() == b"yesterday's"


def test_rows_are_written_in_groups_of_a_good_size(bench: Bench) -> None:
    import pyarrow.parquet as pq

    bench.write("a.csv", "a\n" + f"{'x' * 30}\n" * 1_000_000)
    assert bench.extract().height == 1_000_000
    metadata = pq.read_metadata(bench.target)
    sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    assert min(sizes[:-1]) >= 262_144


def test_conservation_over_a_set_of_files(bench: Bench) -> None:
    for place in range(5):
        bench.write(f"{place}.csv", "a\n" + f"{place}\n" * place * 1_000)
    frame = bench.extract(path="*.csv")
    counts = dict(frame.group_by("_source_file").len().iter_rows())
    assert counts == {f"{place}.csv": place * 1_000 for place in range(1, 5)}
    assert bench.result.rows == sum(file.rows for file in bench.result.files) == frame.height
    assert frame.select(
        (pl.int_range(1, pl.len() + 1).over("_source_file") == pl.col("_row_number")).all()
    ).item()


def test_batches_without_columns(bench: Bench) -> None:
    """A reader may give records that have no field at all."""

    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.RecordBatch.from_struct_array(pa.array([{}] * 3, pa.struct([])))

    bench.write("a.json", "[{}, {}, {}]")
    assert sum(batch.num_rows for batch in batches()) == 3
    assert bench.extract(path="a.json", format="json")["_row_number"].to_list() == [1, 2, 3]
