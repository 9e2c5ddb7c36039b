"""A slot's files are replaced together or not at all, whenever the writer dies."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assets.lake.slot import RECEIPT, Slot, fingerprint
from schemas.errors import LakeError

ROOT = Path(__file__).parents[3]


def put(slot: Slot, inputs: str, **texts: str) -> None:
    with slot.replace(inputs) as draft:
        for name, text in texts.items():
            draft.path(f"{name}.txt").write_text(text)
        draft.facts["written"] = sorted(texts)


def held(slot: Slot) -> dict[str, str]:
    """Logical name → content, of what the receipt names."""
    receipt = slot.receipt()
    names = receipt.files if receipt else {}
    return {name: (slot.folder / file).read_text() for name, file in names.items()}


@pytest.fixture
def slot(tmp_path: Path) -> Slot:
    return Slot(tmp_path / "deep" / "slot")


def test_a_slot_that_was_never_written(slot: Slot) -> None:
    assert slot.receipt() is None
    assert slot.path("a.txt") is None
    assert not slot.is_current("x")


def test_what_was_written(slot: Slot) -> None:
    put(slot, "one", a="1", b="2")
    receipt = slot.receipt()
    assert receipt is not None
    assert (receipt.inputs, receipt.facts) == ("one", {"written": ["a", "b"]})
    assert held(slot) == {"a.txt": "1", "b.txt": "2"}
    assert slot.path("c.txt") is None
    assert slot.is_current("one")
    assert not slot.is_current("two")


def test_a_later_write_replaces_all_files_and_sweeps(slot: Slot) -> None:
    put(slot, "one", a="1", b="2")
    (slot.folder / "left-over.txt").write_text("of a killed run")
    put(slot, "two", a="3")
    assert held(slot) == {"a.txt": "3"}
    assert len(list(slot.folder.iterdir())) == 2


def test_a_reader_of_the_old_file_goes_on_reading_it(slot: Slot) -> None:
    put(slot, "one", a="old")
    path = slot.path("a.txt")
    assert path is not None
    with path.open() as reader:
        put(slot, "two", a="new")
        assert reader.read() == "old"


def test_a_slot_may_hold_a_receipt_only(slot: Slot) -> None:
    put(slot, "one", a="1")
    put(slot, "none")
    assert slot.is_current("none")
    assert held(slot) == {}
    assert [path.name for path in slot.folder.iterdir()] == [RECEIPT]


def test_contents_have_one_fingerprint_however_often_written(slot: Slot) -> None:
    contents = []
    for inputs, text in (("one", "1"), ("two", "1"), ("three", "2")):
        put(slot, inputs, a=text)
        receipt = slot.receipt()
        assert receipt is not None
        contents.append(receipt.content)
    assert contents[0] == contents[1] != contents[2]


def test_a_lost_file_is_not_current(slot: Slot) -> None:
    put(slot, "one", a="1")
    path = slot.path("a.txt")
    assert path is not None
    path.unlink()
    assert not slot.is_current("one")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_the_slot_as_it_was(slot: Slot, error: type[BaseException]) -> None:
    put(slot, "one", a="1")
    before = sorted(slot.folder.iterdir())

    def half() -> None:
        with slot.replace("two") as draft:
            draft.path("a.txt").write_text("2")
            raise error

    with pytest.raises(error):
        half()
    assert sorted(slot.folder.iterdir()) == before
    assert slot.is_current("one")


def test_a_file_promised_and_not_written_is_an_error(slot: Slot) -> None:
    put(slot, "one", a="1")
    with pytest.raises(FileNotFoundError), slot.replace("two") as draft:
        draft.path("a.txt")
    assert held(slot) == {"a.txt": "1"}


DAMAGES = [b"", b"{", b"[]", b"null", b'{"inputs": "x"}', b"\0\0\0", b"\xff\xfe"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_receipt_is_told_with_the_mend(slot: Slot, damage: bytes) -> None:
    put(slot, "one", a="1")
    (slot.folder / RECEIPT).write_bytes(damage)
    for look in (slot.receipt, lambda: slot.path("a.txt"), lambda: slot.is_current("one")):
        with pytest.raises(LakeError, match="delete the folder") as caught:
            look()
        assert str(slot.folder / RECEIPT) in str(caught.value)


def test_a_failed_write_over_a_damaged_receipt_tells_its_own_error(slot: Slot) -> None:
    put(slot, "one", a="1")
    (slot.folder / RECEIPT).write_bytes(b"{")

    def half() -> None:
        with slot.replace("two") as draft:
            draft.path("b.txt").write_text("2")
            raise KeyError("of the writer")

    with pytest.raises(KeyError, match="of the writer"):
        half()
    assert not list(slot.folder.glob("b-*"))
    put(slot, "two", b="2")
    assert held(slot) == {"b.txt": "2"}


def test_removal(slot: Slot) -> None:
    put(slot, "one", a="1")
    slot.remove()
    assert slot.receipt() is None
    assert not slot.folder.exists()
    slot.remove()


KILLED = """
import os, signal, sys
from pathlib import Path
import assets.lake.slot as module

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

moment, folder = sys.argv[1:]
slot = module.Slot(Path(folder))
if moment == "before the receipt":
    module.atomic_path = die
if moment == "before the sweep":
    module.Slot._sweep = die
with slot.replace("new") as draft:
    draft.path("a.txt").write_text("half")
    if moment == "amid the writing":
        die()
    draft.path("a.txt").write_text("new")
    draft.path("b.txt").write_text("new")
"""


@pytest.mark.parametrize(
    ("moment", "is_new"),
    [("amid the writing", False), ("before the receipt", False), ("before the sweep", True)],
)
def test_a_kill_leaves_the_old_files_or_the_new_ones(
    slot: Slot,
    moment: str,
    is_new: bool,  # noqa: FBT001  a case
) -> None:
    put(slot, "old", a="old")
    command = [sys.executable, "-c", KILLED, moment, str(slot.folder)]
    killed = subprocess.run(command, cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    expected = {"a.txt": "new", "b.txt": "new"} if is_new else {"a.txt": "old"}
    assert held(slot) == expected
    assert slot.is_current("new" if is_new else "old")
    put(slot, "after", c="1")
    assert held(slot) == {"c.txt": "1"}
    assert len(list(slot.folder.iterdir())) == 2


@pytest.mark.parametrize(
    ("left", "right", "is_same"),
    [
        ([{"a": 1, "b": 2}], [{"b": 2, "a": 1}], True),
        (["a", "b"], ["b", "a"], False),
        (["ab"], ["a", "b"], False),
        ([None], ["None"], False),
        ([1], ["1"], False),
        (["é"], ["e\u0301"], False),
    ],
)
def test_fingerprints(left: list[Any], right: list[Any], is_same: bool) -> None:  # noqa: FBT001
    assert (fingerprint(*left) == fingerprint(*right)) is is_same
    assert len(fingerprint(*left)) == 64
    assert fingerprint(*json.loads(json.dumps(left))) == fingerprint(*left)
