"""A slot: one folder of the lake whose files are replaced together or not at all.

The folder's `receipt.json` is the truth. It names the current files, which carry a fresh token in
their names; a writer creates new files beside the old ones, flushes them to disk, and then
renames a new receipt into place. A run killed at any moment leaves either the old receipt or
the new one, and files that no receipt names, which the next writer sweeps away.

What the files mean is not known here.
"""

import dataclasses
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assets.lake.atomic import atomic_path
from schemas.errors import LakeError

RECEIPT = "receipt.json"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a slot holds.

    Attributes:
        inputs: Fingerprint of everything the files were made from.
        files: Logical name → file name in the folder.
        digests: Logical name → SHA-256 of the file, hexadecimal.
        facts: Counts and notes of the writer (JSON).
    """

    inputs: str
    files: dict[str, str]
    digests: dict[str, str]
    facts: dict[str, Any]

    @property
    def content(self) -> str:
        """Fingerprint of the contents, the same for the same files however often written."""
        return fingerprint(self.digests)


@dataclass(slots=True)
class Draft:
    """Files being written; they count from the moment `Slot.replace` ends without an error."""

    folder: Path
    token: str
    files: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def path(self, name: str) -> Path:
        """Where to write the file of that logical name, `data.parquet` for instance."""
        stem, _, suffix = name.partition(".")
        self.files[name] = f"{stem}-{self.token}.{suffix}"
        return self.folder / self.files[name]


@dataclass(frozen=True, slots=True)
class Slot:
    """One folder of the lake."""

    folder: Path

    def receipt(self) -> Receipt | None:
        """The current receipt; None where nothing was ever committed.

        Raises:
            LakeError: The receipt is there and cannot be read.
        """
        path = self.folder / RECEIPT
        try:
            stored = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return Receipt(**json.loads(stored))
        except (ValueError, TypeError) as error:
            raise LakeError(
                "the receipt is damaged",
                where=str(path),
                found=repr(stored[:80]),
                mend="delete the folder and run again: it is rebuilt from the layer below",
            ) from error

    def path(self, name: str) -> Path | None:
        """The committed file of that logical name, None if there is none."""
        receipt = self.receipt()
        if receipt is None or name not in receipt.files:
            return None
        return self.folder / receipt.files[name]

    def is_current(self, inputs: str) -> bool:
        """Whether the slot was made from exactly these inputs and its files are there."""
        receipt = self.receipt()
        if receipt is None or receipt.inputs != inputs:
            return False
        return all((self.folder / name).exists() for name in receipt.files.values())

    @contextmanager
    def replace(self, inputs: str) -> Iterator[Draft]:
        """Write new files and commit them together.

        Args:
            inputs: Fingerprint of everything they are made from.

        Yields:
            The draft to write to; on an error nothing changes and its files are removed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = Draft(self.folder, secrets.token_hex(6))
        try:
            yield draft
            digests = {name: _flush(self.folder / file) for name, file in draft.files.items()}
            receipt = Receipt(inputs, dict(draft.files), digests, draft.facts)
            with atomic_path(self.folder / RECEIPT) as temporary:
                temporary.write_text(
                    json.dumps(dataclasses.asdict(receipt), indent=1), encoding="utf-8"
                )
        except BaseException:
            # an error after the rename (an interrupt, say) comes too late: the files count
            if not self._is_committed(draft):
                for file in draft.files.values():
                    (self.folder / file).unlink(missing_ok=True)
            raise
        self._sweep(keep={RECEIPT, *draft.files.values()})

    def remove(self) -> None:
        """Remove the slot: the receipt first, so that no reader meets half of it."""
        (self.folder / RECEIPT).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_committed(self, draft: Draft) -> bool:
        try:
            receipt = self.receipt()
        except LakeError:  # it was damaged before, so it is not the draft's
            return False
        return receipt is not None and receipt.files == draft.files

    def _sweep(self, *, keep: set[str]) -> None:
        for entry in os.scandir(self.folder):
            if entry.name not in keep and entry.is_file():
                Path(entry.path).unlink(missing_ok=True)


def fingerprint(*parts: object) -> str:
    """SHA-256, hexadecimal, of JSON-able parts in canonical form."""
    text = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _flush(path: Path) -> str:
    """Flush a file to disk and return its SHA-256."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()
