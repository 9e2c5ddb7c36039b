"""Which version of a record is the latest, and what a run of snapshots says has changed.

Arithmetic on frames of canonical rows (contract columns, lineage included); null is a value of a
key like any other. Where rows come from and where they are stored is not known here; validity
ranges are in `assets.transforms.timelines`.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

VERSION = ("_logical_date", "_source", "_source_file", "_row_number")
"""The order of versions: the greatest one of a key wins."""

CLOSED_ON = "_closed_on"
"""Date of the snapshot that no longer holds the row; null while it stands."""

RANK = "_rank"
IS_UNKNOWN = "_is_unknown"

_HASH = "_hash"
_ISLAND = "_island"
_END_RANK = "_end_rank"
_AT = "_at"


@dataclass(frozen=True, slots=True)
class ChangeStream:
    """What consecutive snapshots say, without what they repeat.

    Attributes:
        emitted: Rows that are new, changed or back again, with `_closed_on` if they went since.
        closures: Key, `_source`, `_closed_on` of rows that stood before the first and went.
        carried: Rows that stand although the last snapshot has only refused rows of their keys.
    """

    emitted: pl.DataFrame
    closures: pl.DataFrame
    carried: pl.DataFrame


def key_hash(key: Sequence[str]) -> pl.Expr:
    """64-bit hash of the key columns, stable within a Polars version; equal keys, equal hashes."""
    return (pl.struct(key).hash(0) if len(key) > 1 else pl.col(key[0]).hash(0)).alias(_HASH)


def key_text(key: Sequence[str]) -> pl.Expr:
    """The key as the text of a JSON object."""
    return pl.struct(key).struct.json_encode().alias("key")


def starts(names: Sequence[str]) -> pl.Expr:
    """Whether a row is the first of its run of equal values; nulls equal nulls."""
    changes = (pl.col(name).ne_missing(pl.col(name).shift(1)) for name in names)
    return pl.any_horizontal(pl.int_range(pl.len()) == 0, *changes)


def ends(names: Sequence[str]) -> pl.Expr:
    """Whether a row is the last of its run of equal values; nulls equal nulls."""
    return starts(names).shift(-1, fill_value=True)


def sorted_by_key(rows: pl.DataFrame, key: Sequence[str], then: Sequence[str]) -> pl.DataFrame:
    """Rows of a key side by side, in the order of `then`; the order of the keys is arbitrary.

    Sorting by a hash costs a tenth of sorting by text. Where two keys share a hash, which the
    result shows, the keys themselves join the sort.
    """
    hashed = rows.with_columns(key_hash(key)).sort(_HASH, *then)
    if hashed.select((starts(key) & ~starts([_HASH])).any()).item():
        hashed = hashed.sort(_HASH, *key, *then)
    return hashed.drop(_HASH)


def differing(
    left: pl.DataFrame,
    right: pl.DataFrame,
    names: Sequence[str],
    *,
    pairs: tuple[pl.Series, pl.Series],
) -> pl.Series:
    """Whether paired rows differ in any column; nulls equal nulls.

    Columns are compared one by one: a copy of all columns of a wide table would take its
    memory many times.

    Args:
        left: Rows.
        right: Other rows.
        names: Columns to compare.
        pairs: Row numbers on the left and on the right; a null is a row of nulls.

    Returns:
        One boolean a pair.
    """
    found = pl.repeat(value=False, n=len(pairs[0]), eager=True)
    for name in names:
        mine, theirs = left.get_column(name), right.get_column(name)
        found = found | mine.gather(pairs[0]).ne_missing(theirs.gather(pairs[1]))
    return found


def latest(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """The greatest version of every key, in no particular order."""
    hashes = rows.select(key_hash(key)).to_series()
    if hashes.n_unique() == rows.height:
        return rows
    repeated = hashes.is_duplicated()
    suspects = sorted_by_key(rows.filter(repeated), key, VERSION)
    return pl.concat([rows.filter(~repeated), suspects.filter(ends(key))])


def in_order(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Rows in the one order that their content gives: by version, then by key."""
    return rows.sort(*VERSION, *key)


def is_newer(than: str) -> pl.Expr:
    """Whether a row's version is greater than the one in its columns with the suffix `than`."""
    newer = pl.lit(value=False)
    for name in reversed(VERSION):
        mine, theirs = pl.col(name), pl.col(name + than)
        newer = (mine > theirs) | ((mine == theirs) & newer)
    return newer


def month_number(column: str, time_zone: str | None) -> pl.Expr:
    """Year times 100 plus month of a date, or of an instant in the time zone."""
    local = pl.col(column)
    if time_zone is not None:
        local = local.dt.convert_time_zone(time_zone)
    return local.dt.year().cast(pl.Int32) * 100 + local.dt.month().cast(pl.Int32)


def change_stream(
    observed: pl.DataFrame,
    key: Sequence[str],
    content: Sequence[str],
    *,
    dates: Sequence[dt.date],
) -> ChangeStream:
    """Reduce consecutive snapshots to their changes.

    A key whose row was refused is unknown that day: neither gone nor changed.

    Args:
        observed: Canonical rows with `_rank` (0: what stood before, 1…n: the snapshots) and
            `_is_unknown` (the key's row was refused; of such a row only the key columns count).
        key: Key columns.
        content: Columns whose change makes a new version.
        dates: Logical date of every rank; the first one is not used.

    Returns:
        The changes of ranks 1…n.
    """
    narrow = observed.select(*key, RANK, IS_UNKNOWN).with_row_index(_AT)
    narrow = sorted_by_key(narrow, key, (RANK, IS_UNKNOWN)).filter(starts([*key, RANK]))
    narrow = _numbered(_without_absent_unknowns(_numbered(narrow, key)), key)
    real = narrow.filter(~pl.col(IS_UNKNOWN))
    at = real.get_column(_AT)
    is_changed = differing(observed, observed, content, pairs=(at, at.shift(1)))
    last_rank = len(dates) - 1
    is_carried = (pl.col(_END_RANK) == last_rank) & (pl.col(RANK) < last_rank)
    carried = real.filter(ends([_ISLAND]) & is_carried)
    next_date = pl.DataFrame(
        {_END_RANK: range(last_rank), CLOSED_ON: dates[1:]},
        schema={_END_RANK: pl.Int32, CLOSED_ON: pl.Date},
    )
    runs = real.filter(starts([_ISLAND]) | is_changed).join(
        next_date, on=_END_RANK, how="left", maintain_order="left"
    )
    runs = runs.with_columns(pl.when(ends([_ISLAND])).then(CLOSED_ON).alias(CLOSED_ON))
    emitted = runs.filter(pl.col(RANK) > 0)
    gone = runs.filter((pl.col(RANK) == 0) & pl.col(CLOSED_ON).is_not_null())
    rows = observed.drop(RANK, IS_UNKNOWN)
    return ChangeStream(
        emitted=rows[emitted.get_column(_AT)].with_columns(emitted.get_column(CLOSED_ON)),
        closures=rows.select(*key, "_source")[gone.get_column(_AT)].with_columns(
            gone.get_column(CLOSED_ON)
        ),
        carried=rows[carried.get_column(_AT)],
    )


def _numbered(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Number the unbroken presences of every key and note the rank at which each one ends."""
    gap = (pl.col(RANK) - pl.col(RANK).shift(1)) > 1
    broken = starts(key) | gap.fill_null(value=True)
    numbered = rows.with_columns(broken.cum_sum().alias(_ISLAND))
    return numbered.with_columns(
        pl.when(ends([_ISLAND])).then(pl.col(RANK)).backward_fill().alias(_END_RANK)
    )


def _without_absent_unknowns(rows: pl.DataFrame) -> pl.DataFrame:
    """Drop the refused rows of keys that did not stand before: such keys stay absent."""
    index = pl.int_range(pl.len())
    island_start = pl.when(starts([_ISLAND])).then(index).forward_fill()
    last_real = pl.when(~pl.col(IS_UNKNOWN)).then(index).forward_fill()
    return rows.filter((last_real >= island_start).fill_null(value=False))
