"""A pull takes what is new, keeps what it has, and never leaves half a partition."""

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.lake.layout import Lake
from assets.raw import pull as module
from assets.raw.pull import Pull, pull
from schemas.config.project import Source
from schemas.errors import ExtractError

DAY = dt.date(2024, 3, 1)


class Bench:
    """Extracts of one source under `files`, pulled into a lake."""

    def __init__(self, folder: Path) -> None:
        self.files = folder / "files"
        self.files.mkdir()
        self.lake = Lake(folder / "lake")
        self.options: dict[str, Any] = {
            "root": str(self.files), "path": "{date}/*.csv", "format": "csv"
        }  # fmt: skip
        self.on_missing = "fail"

    def write(self, text: str, name: str = "a.csv") -> Path:
        path = self.files / str(DAY) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def pull(self) -> Pull:
        document = {
            "system": "crm", "mode": "incremental", "on_missing": self.on_missing,
            "files": self.options,
        }  # fmt: skip
        found = pull(self.lake, "main", Source.model_validate(document), DAY)
        scratch = self.lake.scratch
        assert not scratch.exists() or not list(scratch.iterdir())
        return found

    def rows(self) -> list[tuple[Any, ...]]:
        path = self.path()
        assert path is not None
        return pl.read_parquet(path).drop("_logical_date").rows()

    def path(self) -> Path | None:
        return self.lake.raw("main", DAY).path("data.parquet")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_first_pull(bench: Bench) -> None:
    bench.write("id,n\n007,x\n8,\n")
    bench.write("id,n\n9,y\n", "b.csv")
    found = bench.pull()
    files = [f"{DAY}/a.csv", f"{DAY}/b.csv"]
    assert (found.date, found.status, found.rows, list(found.files)) == (DAY, "extracted", 3, files)
    assert bench.rows() == [
        ("007", "x", files[0], 1),
        ("8", None, files[0], 2),
        ("9", "y", files[1], 1),
    ]
    receipt = bench.lake.raw("main", DAY).receipt()
    assert receipt is not None
    assert receipt.facts["columns"] == ["id", "n"]
    assert receipt.facts["rows"] == 3


def test_an_unchanged_file_is_not_read_again(bench: Bench) -> None:
    bench.write("id\n1\n")
    first = bench.pull()
    path = bench.path()
    second = bench.pull()
    assert (second.status, second.rows, second.files) == ("unchanged", 1, first.files)
    assert bench.path() == path


@pytest.mark.parametrize("text", ["id\n2\n", "id\n1\n2\n"])
def test_a_changed_file_replaces_the_partition(bench: Bench, text: str) -> None:
    bench.write("id\n1\n")
    bench.pull()
    bench.write(text)
    found = bench.pull()
    assert found.status == "extracted"
    assert [row[0] for row in bench.rows()] == text.split()[1:]


def test_a_further_file_of_the_day_replaces_the_partition(bench: Bench) -> None:
    bench.write("id\n1\n")
    bench.pull()
    bench.write("id\n2\n", "late.csv")
    assert bench.pull().status == "extracted"
    assert [row[0] for row in bench.rows()] == ["1", "2"]


def test_changed_options_or_code_read_the_file_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("id;n\n1;2\n")
    bench.pull()
    bench.options["delimiter"] = ";"
    assert bench.pull().status == "extracted"
    assert bench.rows()[0][:2] == ("1", "2")
    monkeypatch.setattr(module, "CODE_VERSION", -1)
    assert bench.pull().status == "extracted"


def test_another_root_with_the_same_file_is_no_change(bench: Bench, tmp_path: Path) -> None:
    bench.write("id\n1\n")
    bench.pull()
    bench.files.rename(tmp_path / "moved")
    bench.options["root"] = str(tmp_path / "moved")
    assert bench.pull().status == "unchanged"


def test_files_that_are_gone_leave_their_partition(bench: Bench) -> None:
    path = bench.write("id\n1\n")
    bench.pull()
    path.unlink()
    found = bench.pull()
    assert (found.status, found.rows, list(found.files)) == ("kept", 1, [f"{DAY}/a.csv"])
    assert "kept" in found.notes[0]
    assert [row[0] for row in bench.rows()] == ["1"]


def test_a_day_that_may_lack_its_file(bench: Bench) -> None:
    bench.on_missing = "skip"
    assert bench.pull().status == "absent"
    receipt = bench.lake.raw("main", DAY).receipt()
    assert receipt is not None
    assert (receipt.files, receipt.facts["rows"]) == ({}, 0)
    assert bench.pull().status == "absent"
    bench.write("id\n1\n")
    assert bench.pull().status == "extracted"


def test_a_day_that_must_have_its_file(bench: Bench) -> None:
    with pytest.raises(ExtractError) as caught:
        bench.pull()
    message = str(caught.value)
    for part in ("source main", str(DAY), "{date}/*.csv", str(bench.files), "on_missing: skip"):
        assert part in message
    assert bench.lake.raw("main", DAY).receipt() is None


@pytest.mark.parametrize("text", ["", "id\n1,2\n", "id,id\n1,2\n", 'id\n"open\n'])
def test_a_failed_pull_leaves_the_partition_before_whole(bench: Bench, text: str) -> None:
    bench.write("id\n1\n")
    bench.pull()
    folder = bench.lake.raw("main", DAY).folder
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    changed = bench.write(text)
    with pytest.raises(ExtractError):
        bench.pull()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    changed.write_text("id\n3\n")
    bench.pull()
    assert [row[0] for row in bench.rows()] == ["3"]


def test_new_columns_are_kept_and_noted(bench: Bench) -> None:
    bench.options["expected_columns"] = ["id"]
    bench.write("id,new\n1,x\n")
    assert any("'new'" in note for note in bench.pull().notes)
    assert bench.rows()[0][:2] == ("1", "x")
    assert any("'new'" in note for note in bench.pull().notes)
