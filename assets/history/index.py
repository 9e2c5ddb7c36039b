"""Key indexes: in which months of a history table some keys may be, without reading the months.

A month's index is the sorted array of the 64-bit hashes of its keys (for a child table, of its
parents' keys), memory-mapped when it is searched. It is derived from the month's file and is
made again whenever that file, or the hash function, is another one: Polars promises equal hashes
within one version only. Hits are candidates; `find_rows` verifies them on the true keys.
"""

import functools
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from assets.history.store import DATA, MONTH, UNPLACED_NUMBER, Store
from assets.lake.layout import UNPLACED
from assets.lake.slot import Receipt, fingerprint
from assets.transforms.versions import key_hash

KEYS = "keys.npy"

Hashes: TypeAlias = npt.NDArray[np.uint64]


def sorted_hashes(keys: pl.DataFrame, columns: Sequence[str]) -> Hashes:
    """Distinct hashes of the keys, ascending."""
    hashes = keys.select(key_hash(columns)).to_series().unique().sort()
    return hashes.to_numpy()


def month_index(store: Store, month: str) -> Hashes:
    """The index of a committed month, made first where it is missing or out of date."""
    slot = store.index_slot(month)
    receipt = _current_index(store, month)
    index: Hashes = np.load(slot.folder / receipt.files[KEYS], mmap_mode="r")
    return index


def key_set_digest(store: Store, month: str) -> str:
    """Fingerprint of the set of keys that a committed month holds."""
    return _current_index(store, month).digests[KEYS]


def contained(needles: Hashes, index: Hashes) -> npt.NDArray[np.bool_]:
    """Which of the sorted needles are in the sorted index."""
    if not len(index):
        return np.zeros(len(needles), dtype=np.bool_)
    positions = np.searchsorted(index, needles)
    positions[positions == len(index)] = 0
    found: npt.NDArray[np.bool_] = index[positions] == needles
    return found


def intersects(left: Hashes, right: Hashes) -> bool:
    """Whether two sorted arrays share a value."""
    few, many = (left, right) if len(left) <= len(right) else (right, left)
    return bool(contained(few, many).any())


def find_rows(
    store: Store,
    keys: pl.DataFrame,
    on: Sequence[str],
    *,
    months: Iterable[str],
    columns: Sequence[str],
) -> pl.DataFrame:
    """Stored rows with given keys.

    Args:
        store: The table searched.
        keys: Keys to find, with at least the columns `on`.
        on: Columns to match, the index columns among them; null matches null.
        months: Committed months to search.
        columns: Columns to return besides the month number.

    Returns:
        The columns asked for and `_month` of every match.
    """
    schema = store.schema()
    empty = pl.DataFrame(schema={**{name: schema[name] for name in columns}, MONTH: pl.Int32})
    hashes = sorted_hashes(keys, store.index_columns)
    wanted = keys.lazy().select(on)
    found = [empty]
    for month in months:
        if intersects(hashes, month_index(store, month)):
            rows = store.scan([month]).select(list(dict.fromkeys([*on, *columns])))
            rows = rows.join(wanted, on=list(on), how="semi", nulls_equal=True).select(columns)
            number = pl.lit(month_number_of(month), dtype=pl.Int32).alias(MONTH)
            found.append(rows.with_columns(number).collect())
    return pl.concat(found)


def month_number_of(month: str) -> int:
    """Month number of a month name."""
    return UNPLACED_NUMBER if month == UNPLACED else int(month.replace("-", ""))


@functools.cache
def hash_marker() -> str:
    """Fingerprint of the hash function: the Polars version and the hashes of some sample keys."""
    texts = ["", "a", "ünï", *("0123456789abcdef" * n for n in (1, 2, 5, 20)), None]
    sample = pl.DataFrame({"text": texts, "number": range(len(texts))})
    hashes = sample.select(key_hash(["text"]).alias("one"), key_hash(["text", "number"]))
    return fingerprint(pl.__version__, hashes.rows())


def _current_index(store: Store, month: str) -> Receipt:
    """Receipt of a month's index, made first where it is missing or out of date."""
    data = store.slot(month).receipt()
    slot = store.index_slot(month)
    inputs = fingerprint(data and data.digests[DATA], hash_marker(), store.index_columns)
    receipt = slot.receipt()
    if receipt is not None and slot.is_current(inputs):
        return receipt
    keys = store.scan([month]).select(store.index_columns).collect()
    with slot.replace(inputs) as draft, draft.path(KEYS).open("wb") as file:
        np.save(file, sorted_hashes(keys, store.index_columns))
    return _current_index(store, month)
