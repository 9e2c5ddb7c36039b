"""A pattern and a date find the right files, and none outside the root."""

import datetime as dt
import os
from pathlib import Path

import pytest

from assets.raw.extract.resolve import path_for_date, resolve_files
from schemas.errors import ExtractError
from tests.assets.raw.extract.conftest import LOGICAL_DATE, Bench


def names(bench: Bench, path: str, **given: str) -> list[str]:
    found = resolve_files(bench.options(path=path, **given), LOGICAL_DATE)
    return [file.display_name for file in found]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("crm_{date}.csv", "crm_2024-03-01.csv"),
        ("{date:%Y/%m}/crm_{date:%Y%m%d}.csv", "2024/03/crm_20240301.csv"),
        ("./a.csv", "a.csv"),
    ],
)
def test_dates_in_paths(path: str, expected: str) -> None:
    assert path_for_date(path, dt.date(2024, 3, 1)) == expected


def test_one_file(bench: Bench) -> None:
    path = bench.write("in/crm_20240331.csv", "a\n1\n")
    bench.write("in/crm_20240330.csv", "a\n")
    (file,) = resolve_files(bench.options(path="in/crm_{date:%Y%m%d}.csv"), LOGICAL_DATE)
    assert (file.display_name, file.size, file.is_local) == ("in/crm_20240331.csv", 4, True)
    assert file.fingerprint == f"4-{path.stat().st_mtime_ns}"


def test_nothing_matches(bench: Bench) -> None:
    assert names(bench, "a.csv") == []
    assert names(bench, "*.csv") == []


def test_patterns_are_sorted_and_leave_folders_and_hidden_files_out(bench: Bench) -> None:
    for name in ["b.csv", "a.csv", "x/c.csv", "x/y/d.csv", ".hidden.csv", ".git/e.csv", "a.txt"]:
        bench.write(name, "a\n")
    (bench.root / "folder.csv").mkdir()
    assert names(bench, "*.csv") == ["a.csv", "b.csv"]
    assert names(bench, "?.csv") == ["a.csv", "b.csv"]
    assert names(bench, "**/*.csv") == ["a.csv", "b.csv", "x/c.csv", "x/y/d.csv"]
    assert names(bench, "*/*.csv") == ["x/c.csv"]
    assert names(bench, ".hid*.csv") == [".hidden.csv"]


def test_brackets_are_ordinary_characters(bench: Bench, tmp_path: Path) -> None:
    bench.root = tmp_path / "odd [1]* root"
    for name in ["a[1].csv", "a1.csv"]:
        bench.write(name, "a\n")
    assert names(bench, "a[1].csv") == ["a[1].csv"]
    assert names(bench, "a[1]*.csv") == ["a[1].csv"]


def test_file_urls_are_local(bench: Bench) -> None:
    bench.write("a.csv", "a\n")
    assert names(bench, "a.csv", root=f"file://{bench.root}") == ["a.csv"]


def test_a_relative_root(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write("a.csv", "a\n")
    monkeypatch.chdir(bench.root.parent)
    assert names(bench, "*.csv", root="source") == ["a.csv"]


def test_links_that_stay_inside_are_followed(bench: Bench) -> None:
    bench.write("x/a.csv", "a\n")
    (bench.root / "latest.csv").symlink_to("x/a.csv")
    assert names(bench, "latest.csv") == ["latest.csv"]


@pytest.mark.parametrize("path", ["link.csv", "*.csv", "folder/*.csv", "folder/secret.csv"])
def test_links_that_lead_out_are_refused(bench: Bench, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.csv").write_text("a\n")
    (bench.root / "link.csv").symlink_to(tmp_path / "secret.csv")
    (bench.root / "folder").symlink_to(tmp_path)
    with pytest.raises(ExtractError, match="escapes the root folder"):
        names(bench, path)


def test_a_link_that_leads_nowhere(bench: Bench) -> None:
    (bench.root / "a.csv").symlink_to("gone.csv")
    with pytest.raises(ExtractError, match=r"a\.csv: the symbolic link leads nowhere"):
        names(bench, "a.csv")


def test_a_pipe_is_refused(bench: Bench) -> None:
    os.mkfifo(bench.root / "a.csv")
    with pytest.raises(ExtractError, match="not an ordinary file"):
        names(bench, "a.csv")


def test_a_folder_is_no_file(bench: Bench) -> None:
    (bench.root / "a.csv").mkdir()
    assert names(bench, "a.csv") == []


def test_a_missing_root_is_an_error_and_no_empty_answer(bench: Bench) -> None:
    with pytest.raises(ExtractError, match="the root folder does not exist"):
        names(bench, "a.csv", root=str(bench.root / "unmounted"))
