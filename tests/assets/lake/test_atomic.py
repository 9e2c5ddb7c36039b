"""A file is there whole or not at all, whatever happens to the writer."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from assets.lake.atomic import atomic_path, sweep_leftovers, verify_parquet
from schemas.errors import LakeError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_file_appears_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "new" / "deep" / "a.parquet"
    with atomic_path(target) as temporary:
        temporary.write_text("content")
        assert not target.exists()
        assert temporary.parent == target.parent
    assert target.read_text() == "content"
    assert names(target.parent) == ["a.parquet"]


def test_the_old_file_is_whole_until_the_end(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with atomic_path(target) as temporary, target.open() as reader:
        temporary.write_text("new")
        assert target.read_text() == "old"
    with target.open() as reader:
        assert reader.read() == "new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_everything_as_it_was(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def write_half() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        write_half()
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_writing_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="nothing was written"), atomic_path(tmp_path / "a"):
        pass
    assert names(tmp_path) == []


def test_temporaries_are_told_from_tables(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.parquet")
    with atomic_path(tmp_path / "b.parquet") as temporary:
        pl.DataFrame({"a": [2]}).write_parquet(temporary)
        assert temporary.name.startswith(f".tmp-{os.getpid()}-")
        assert pl.read_parquet(tmp_path / "*.parquet")["a"].to_list() == [1]


def test_a_long_name_fits(tmp_path: Path) -> None:
    target = tmp_path / ("é" * 120 + ".parquet")
    with atomic_path(target) as temporary:
        temporary.write_text("x")
    assert target.exists()


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    target = tmp_path / "a"
    with atomic_path(target) as one, atomic_path(target) as other:
        one.write_text("one")
        other.write_text("other")
    assert target.read_text() == "one"
    assert names(tmp_path) == ["a"]


def test_a_killed_run_leaves_the_old_file_and_a_leftover_to_sweep(tmp_path: Path) -> None:
    target = tmp_path / "sub" / "a.txt"
    target.parent.mkdir()
    target.write_text("old")
    code = (
        "import sys, time, pathlib\n"
        "from assets.lake.atomic import atomic_path\n"
        "with atomic_path(pathlib.Path(sys.argv[1])) as t:\n"
        "    t.write_text('half'); print('ready', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(target)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert sweep_leftovers(tmp_path) == []  # it still runs
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert target.read_text() == "old"
    (leftover,) = sweep_leftovers(tmp_path)
    assert leftover.name.startswith(f".tmp-{process.pid}-")
    assert names(target.parent) == ["a.txt"]


def test_own_writes_are_not_swept_but_an_earlier_run_with_the_same_id_is(tmp_path: Path) -> None:
    earlier = tmp_path / f".tmp-{os.getpid()}-0123abcd-b.parquet.part"
    earlier.write_text("half")
    with atomic_path(tmp_path / "a") as temporary:
        temporary.write_text("x")
        assert sweep_leftovers(tmp_path) == [earlier]
    assert names(tmp_path) == ["a"]


def test_other_files_are_not_swept(tmp_path: Path) -> None:
    for name in [".tmp-99999999.part", ".tmp-x-1-a.part", "tmp-1-a.part", ".tmp-1-a.parquet"]:
        (tmp_path / name).write_text("x")
    assert [path.name for path in sweep_leftovers(tmp_path)] == []


def test_a_missing_folder_holds_nothing(tmp_path: Path) -> None:
    assert sweep_leftovers(tmp_path / "none") == []


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    target, seen, is_done = tmp_path / "a", set[int](), threading.Event()
    target.write_bytes(b"x" * 100_000)

    def read() -> None:
        while not is_done.is_set():
            seen.add(len(target.read_bytes()))
            time.sleep(0.001)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(20):
        with atomic_path(target) as temporary:
            temporary.write_bytes(b"y" * 100_000)
    is_done.set()
    reader.join()
    assert seen == {100_000}


FRAME = pl.DataFrame({"a": ["x", "y"], "n": [1, 2]})


def test_a_sound_parquet_file_is_verified(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    FRAME.write_parquet(path)
    verify_parquet(path, 2)
    verify_parquet(path, 2, FRAME.schema)
    verify_parquet(path, 2, {"a": pl.String(), "n": pl.Int64()})
    pa_path = tmp_path / "b.parquet"
    table = pa.table({"a": ["x", "y"]})
    import pyarrow.parquet as pq

    pq.write_table(table, pa_path)
    verify_parquet(pa_path, 2, table.schema)


@pytest.mark.parametrize(
    ("rows", "schema", "expected"),
    [
        (3, None, "found:   2 rows\n  allowed: 3 rows"),
        (2, {"a": pl.String(), "n": pl.Int32()}, "found:   n: Int64\n  allowed: n: Int32"),
        (2, {"a": pl.String()}, "found:   n: Int64\n  allowed: nothing more"),
        (2, {"n": pl.Int64(), "a": pl.String()}, "allowed: n: Int64, a: String"),
    ],
)
def test_a_parquet_file_that_is_not_what_was_meant(
    tmp_path: Path, rows: int, schema: dict[str, pl.DataType] | None, expected: str
) -> None:
    path = tmp_path / "a.parquet"
    FRAME.write_parquet(path)
    with pytest.raises(LakeError) as caught:
        verify_parquet(path, rows, schema)
    assert expected in str(caught.value)


def test_an_arrow_schema_that_differs(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    FRAME.write_parquet(path)
    with pytest.raises(LakeError, match="another schema"):
        verify_parquet(path, 2, pa.schema([("a", pa.string()), ("n", pa.int32())]))


@pytest.mark.parametrize("content", [b"", b"PAR1 no PAR1"])
def test_a_parquet_file_that_cannot_be_read_back(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    with pytest.raises(LakeError, match="cannot be read back"):
        verify_parquet(path, 2)
