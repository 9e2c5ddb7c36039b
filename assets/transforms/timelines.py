"""Validity ranges of versions (slowly changing dimensions, type 2), and how two sets differ.

Arithmetic on frames of canonical rows; storage is not known here. A range is half open,
[`_valid_from`, `_valid_to`), and null means unbounded.
"""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from assets.transforms.versions import CLOSED_ON, VERSION, differing, ends, sorted_by_key, starts

VALID_FROM = "_valid_from"
VALID_TO = "_valid_to"

_EVER = dt.date.min
_AT = "_at"
_POINT = "_point"
_HOLDS = "_holds"


def timeline(items: pl.DataFrame, key: Sequence[str], content: Sequence[str]) -> pl.DataFrame:
    """The versions of every key with their validity ranges.

    At most one version a logical date: the greatest. Consecutive rows of one source with equal
    content are one version, the earliest, unless the row was closed in between. The first version
    of a key holds since ever, so that events before the first extract find it.

    Args:
        items: Canonical rows with `_closed_on`, several a key.
        key: Key columns.
        content: Columns whose change makes a new version.

    Returns:
        Rows of `items` with `_closed_on`, `_valid_from` and `_valid_to`, in no particular order.
    """
    narrow = items.select(*key, *VERSION, CLOSED_ON).with_row_index(_AT)
    narrow = sorted_by_key(narrow, key, VERSION).filter(ends([*key, "_logical_date"]))
    at = narrow.get_column(_AT)
    begins = (
        starts([*key, "_source"])
        | pl.col(CLOSED_ON).shift(1).is_not_null()
        | differing(items, items, content, pairs=(at, at.shift(1)))
    )
    narrow = narrow.with_columns(begins.cum_sum().alias("_run"))
    # Only the last row of a run can be closed: a closed row ends its run.
    closing = narrow.filter(ends(["_run"])).get_column(CLOSED_ON)
    at = narrow.filter(starts(["_run"])).get_column(_AT)
    rows = items[at].with_columns(closing)
    following = pl.when(~ends(key)).then(pl.col("_logical_date").shift(-1))
    return rows.with_columns(
        pl.when(~starts(key)).then(pl.col("_logical_date")).alias(VALID_FROM),
        pl.min_horizontal(following, CLOSED_ON).alias(VALID_TO),
    )


def changed_ranges(
    before: pl.DataFrame, after: pl.DataFrame, key: Sequence[str], *, content: Sequence[str]
) -> pl.DataFrame:
    """From when to when the content of a key differs between two timelines.

    Args:
        before: Versions with `_valid_from` and `_valid_to`.
        after: The same, later.
        key: Key columns.
        content: Columns that count.

    Returns:
        One row per key that differs at any time: the key, `affected_from` and `affected_to` (the
        hull of the differences; null: unbounded), `is_new` (the key was not there before).
    """
    names = [name for name in content if name not in key]
    ranges = [frame.select(*key, VALID_FROM, VALID_TO) for frame in (before, after)]
    held = _held(_points(pl.concat(ranges), key), before, key, content=names)
    both = _held(held, after, key, content=names, suffix="_after")
    unequal = (pl.col(name).ne_missing(pl.col(f"{name}_after")) for name in (_HOLDS, *names))
    hulls = (
        both.filter(pl.any_horizontal(*unequal))
        .group_by(key)
        .agg(
            pl.col(_POINT).min().alias("affected_from"),
            pl.col("_until").max().alias("affected_to"),
            pl.col("_until").is_null().any().alias("_is_open"),
        )
    )
    known = before.select(key).unique().with_columns(pl.lit(value=False).alias("is_new"))
    return hulls.join(known, on=list(key), how="left", nulls_equal=True).select(
        *key,
        pl.when(pl.col("affected_from") > _EVER).then("affected_from").alias("affected_from"),
        pl.when(~pl.col("_is_open")).then("affected_to").alias("affected_to"),
        pl.col("is_new").fill_null(value=True),
    )


def _points(versions: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Every date at which a key may change, with the next one (null after the last)."""
    begun = versions.select(*key, pl.col(VALID_FROM).fill_null(_EVER).alias(_POINT))
    ended = versions.select(*key, pl.col(VALID_TO).alias(_POINT)).drop_nulls(_POINT)
    points = sorted_by_key(pl.concat([begun, ended]).unique(), key, (_POINT,))
    return points.with_columns(pl.when(~ends(key)).then(pl.col(_POINT).shift(-1)).alias("_until"))


def _held(
    points: pl.DataFrame,
    versions: pl.DataFrame,
    key: Sequence[str],
    *,
    content: Sequence[str],
    suffix: str = "",
) -> pl.DataFrame:
    """Add to each point the content that holds there, null where none does."""
    held = versions.select(
        *key,
        pl.col(VALID_FROM).fill_null(_EVER).alias("_begun"),
        pl.col(VALID_TO).alias("_ended"),
        *(pl.col(name).alias(name + suffix) for name in content),
    )
    found = points.sort(_POINT).join_asof(
        held.sort("_begun"),
        left_on=_POINT,
        right_on="_begun",
        by=list(key),
        check_sortedness=False,
        coalesce=False,
    )
    holds = pl.col("_begun").is_not_null() & (
        pl.col("_ended").is_null() | (pl.col(_POINT) < pl.col("_ended"))
    )
    return found.with_columns(
        holds.alias(_HOLDS + suffix),
        *(pl.when(holds).then(name + suffix).alias(name + suffix) for name in content),
    ).drop("_begun", "_ended")
