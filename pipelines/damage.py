"""Which files of the lake are not as they were written: a look at every byte, changing nothing.

What files mean is not known here; each folder's receipt says what it has to hold.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from assets.lake.layout import Lake
from assets.lake.slot import RECEIPT, Receipt, Slot
from schemas.errors import LakeError

_MADE = ("core", "history", "kpi", "quality")
"""Layers that are made from the layer below."""

_MENDS = {
    "raw": "delete the folder, then `barometer run` pulls it again; restore it from a backup "
    "where the source no longer has the files",
    "published": "restore the folder from a backup: what was published when is known nowhere else",
    **dict.fromkeys(_MADE, "delete the folder, then `barometer run --from … --to …` with the first "
    "and the last date that are loaded makes it again"),
}  # fmt: skip


def damages(lake: Lake) -> Iterator[LakeError]:
    """Committed folders with a file that is missing, unreadable or not what was written."""
    for layer, mend in _MENDS.items():
        for folder, _, files in os.walk(lake.root / layer):
            if RECEIPT in files:
                found = _damage(Slot(Path(folder)))
                if found:
                    yield LakeError("damaged", where=folder, found=found, mend=mend)


def _damage(slot: Slot) -> str | None:
    """What is wrong with one folder; None where it is whole, or was just written anew."""
    try:
        receipt = slot.receipt()
    except LakeError:
        return f"{RECEIPT} cannot be read"
    except OSError as error:
        return f"{RECEIPT}: {error.strerror}"
    wrong = _wrong_file(slot.folder, receipt) if receipt else None
    return wrong if wrong and slot.receipt() == receipt else None


def _wrong_file(folder: Path, receipt: Receipt) -> str | None:
    for name, file in receipt.files.items():
        try:
            with (folder / file).open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
        except OSError as error:
            return f"{file}: {error.strerror}"
        if digest != receipt.digests[name]:
            return f"{file}: its content is not what was written"
    return None
