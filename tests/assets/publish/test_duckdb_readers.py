"""The DuckDB file under readers, killed publishers, foreign writers and a full disk."""

import os
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from assets.lake.atomic import sweep_leftovers
from assets.publish.duckdb_file import DuckdbFile
from schemas.errors import PublishError
from tests.assets.publish.duckdb_readers import (
    go_on_reading,
    publish,
    publish_and_die,
    publish_until_it_fails,
    read,
    write_and_die,
)
from tests.processes import processes

BY_STEP, BY_CLOCK, READERS, PUBLISHES = 46, 4, 2, 16


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "warehouse" / "cx.duckdb"


def names(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.rglob("*") if each.is_file())


def test_killed_at_any_step_or_moment(path: Path) -> None:
    publish(path, 0)
    chosen, shown, outcomes = random.Random(7), 0, {"old": 0, "new": 0}
    for number in range(1, BY_STEP + BY_CLOCK + 1):
        by_step = number <= BY_STEP
        how = {"step": number if by_step else None, "seconds": chosen.uniform(0, 0.2)}
        process = processes().Process(target=publish_and_die, args=[path, number], kwargs=how)
        process.start()
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL)
        row = read(path)
        is_new = row == (10, 1, 1, True, f"p{number}")
        assert is_new or row == (10, 1, 1, True, f"p{shown}"), (how, row)
        outcomes["new" if is_new else "old"] += 1
        shown = number if is_new else shown
        if number % 10 == 0:  # others are mended by the next one, killed as it may be
            publish(path, number + 1000)
            shown = number + 1000
            assert read(path) == (10, 1, 1, True, f"p{shown}")
    assert min(outcomes.values()) > 5, outcomes
    sweep_leftovers(path.parent)  # as every run begins
    for number in (2001, 2002, 2003):
        publish(path, number)
    assert [name.partition("-")[2] for name in names(path)] == [
        "p2001.duckdb", "p2002.duckdb", "p2003.duckdb", "",
    ]  # fmt: skip
    assert DuckdbFile(path, 3).rollback() == "p2002"
    assert read(path) == (10, 1, 1, True, "p2002")


def test_readers_that_join_meet_whole_publishes_only(path: Path) -> None:
    publish(path, 0)
    seen, stop = processes().SimpleQueue(), processes().Event()
    readers = [
        processes().Process(
            target=go_on_reading, args=[path, seen, stop], kwargs={"is_patient": bool(number % 2)}
        )
        for number in range(READERS)
    ]
    for reader in readers:
        reader.start()
    answers = []
    try:
        for number in range(1, PUBLISHES + 1):
            publish(path, number)
            while not seen.empty():
                answers.append(seen.get())
    finally:
        stop.set()
        while any(reader.is_alive() for reader in readers):
            while not seen.empty():
                answers.append(seen.get())
    assert [reader.exitcode for reader in readers] == [0] * READERS
    assert {row[:4] for each in answers for row in each} == {(10, 1, 1, True)}
    assert all(len({row[4] for row in each}) == 1 for each in answers)
    assert len({each[0][4] for each in answers}) > 5
    assert len(answers) > PUBLISHES


def test_publishes_are_kept_and_gone_back_to_one_by_one(path: Path) -> None:
    file = DuckdbFile(path, 3)
    with pytest.raises(PublishError, match="no publish before"):
        file.rollback()
    for number in (1, 2, 3, 4):
        publish(path, number)
    assert names(path) == [*(f"00000{n}-p{n}.duckdb" for n in (2, 3, 4)), "cx.duckdb"]
    assert file.rollback() == "p3"
    assert read(path)[-1] == "p3"
    publish(path, 5)
    assert read(path)[-1] == "p5"
    assert file.rollback() == "p3"  # p4 was gone back from, and is not gone back to
    assert file.rollback() == "p2"
    with pytest.raises(PublishError, match="no publish before") as caught:
        file.rollback()
    assert "warehouse.keep_publishes" in str(caught.value)
    assert read(path) == (10, 1, 1, True, "p2")


def test_a_file_that_has_no_kept_name_is_kept_too(path: Path) -> None:
    publish(path, 1)
    shutil.rmtree(path.with_name("kept"))
    publish(path, 2)
    assert DuckdbFile(path, 3).rollback() == "p1"
    assert read(path) == (10, 1, 1, True, "p1")


def test_a_damaged_kept_file_is_not_shown(path: Path) -> None:
    publish(path, 1)
    publish(path, 2)
    first = path.with_name("kept") / "000001-p1.duckdb"
    first.chmod(0o644)
    first.write_bytes(b"no database")
    with pytest.raises(PublishError, match="cannot be read"):
        DuckdbFile(path, 3).rollback()
    assert read(path) == (10, 1, 1, True, "p2")


def test_what_a_foreign_writer_left_is_not_of_the_next_publish(path: Path) -> None:
    publish(path, 1)
    path.chmod(0o644)
    writer = processes().Process(target=write_and_die, args=[path])
    writer.start()
    writer.join()
    assert f"{path.name}.wal" in names(path)
    publish(path, 2)
    assert f"{path.name}.wal" not in names(path)
    with duckdb.connect(path, read_only=True) as connection:
        found = connection.execute("SELECT code FROM fixed ORDER BY 1").fetchall()
    assert found == [(code,) for code in "abcde"]


def test_published_files_are_read_only(path: Path) -> None:
    publish(path, 1)
    for each in path.parent.rglob("*.duckdb"):
        assert each.stat().st_mode & 0o222 == 0, each


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["/usr/bin/mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no small file system can be mounted here: {error!r}")
    yield folder
    subprocess.run(["/usr/bin/umount", "-l", str(folder)], check=True)


def test_a_full_disk_leaves_the_old_publish(small_disk: Path) -> None:
    path = small_disk / "cx.duckdb"
    publish(path, 1)
    (small_disk / "filler").write_bytes(os.urandom(2_400_000))
    with pytest.raises(PublishError, match="the previous publish stays") as caught:
        publish_until_it_fails(path)
    assert "free disk space" in str(caught.value)
    row = read(path)
    assert row[:4] == (10, 1, 1, True)
    (small_disk / "filler").unlink()
    publish(path, 10)
    assert read(path) == (10, 1, 1, True, "p10")
