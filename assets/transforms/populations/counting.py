"""Counting what reaches over days at the start or the end of each period.

Periods are in order, so that those whose start (or end) a span of days covers are neighbours: a
range of their numbers. Ranges are met once, in running counts of beginnings less ends, and no
record is met once a period. That holds for rolling windows too, which overlap.
"""

import datetime as dt
from typing import Final

import polars as pl

from assets.transforms.populations.population import PopulationPeriods
from assets.transforms.segments import SegmentSet, known
from assets.transforms.spells import NEVER

_EVER: Final = dt.date(1, 1, 1)
_FIRST: Final = "_first"
_PAST: Final = "_past"
_AT: Final = "_at"
_STEP: Final = "_step"


def covering(spans: pl.DataFrame, when: pl.Series, first: str, last: str) -> pl.DataFrame:
    """Spans narrowed to the periods that have a day within them.

    Args:
        spans: One row a span, narrowed before or not.
        when: A day of each period, ascending.
        first: Column of the first day; null since ever.
        last: Column of the last day; null for ever.

    Returns:
        The spans that are left, with the numbers of their periods.
    """
    low = when.search_sorted(spans[first].fill_null(_EVER), side="left").cast(pl.Int64)
    past = when.search_sorted(spans[last].fill_null(NEVER), side="right").cast(pl.Int64)
    found = spans.with_columns(low.alias("_low"), past.alias("_high"))
    if _FIRST in spans.columns:
        narrowed = [pl.max_horizontal(_FIRST, "_low"), pl.min_horizontal(_PAST, "_high")]
    else:
        narrowed = [pl.col("_low"), pl.col("_high")]
    named = found.with_columns(narrowed[0].alias(_FIRST), narrowed[1].alias(_PAST))
    return named.drop("_low", "_high").filter(pl.col(_FIRST) < pl.col(_PAST))


def counted(
    spans: pl.DataFrame, periods: PopulationPeriods, one: SegmentSet, name: str
) -> pl.DataFrame:
    """How many spans each period and segment has.

    Args:
        spans: From `covering`, with the dimension columns of the set.
        periods: The periods.
        one: The set.
        name: Name of the count.

    Returns:
        period_start, the set's dimension columns (unknown filled), the count (> 0).
    """
    columns = list(one.columns)
    edges = [
        spans.group_by(*columns, pl.col(at).alias(_AT)).agg(step.cast(pl.Int64).alias(_STEP))
        for at, step in ((_FIRST, pl.len()), (_PAST, -pl.len().cast(pl.Int64)))
    ]
    steps = (
        pl.concat(edges)
        .with_columns(known(columns))
        .group_by(*columns, _AT)
        .agg(pl.col(_STEP).sum())
        .filter(pl.col(_STEP) != 0)
    )
    grid = pl.DataFrame({"period_start": periods.starts}).select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias(_AT), "period_start"
    )
    segments = steps.select(columns).unique() if columns else pl.DataFrame({"_": [0]})
    dense = segments.join(grid, how="cross").join(steps, on=[*columns, _AT], how="left")
    running = dense.sort(_AT).with_columns(
        pl.col(_STEP).fill_null(0).cum_sum().over(columns or [pl.lit(0)]).alias(name)
    )
    return running.filter(pl.col(name) > 0).select("period_start", *columns, name)


def containing(rows: pl.DataFrame, periods: PopulationPeriods, day: str) -> pl.DataFrame:
    """Each row beside the periods that a day of it is in, as period_start and period_end.

    Args:
        rows: Rows; those whose day is in no period are left out.
        periods: The periods.
        day: Column of the day.
    """
    frame = periods.frame()
    starts = periods.starts
    if (starts.shift(-1) <= periods.ends).any():
        return (
            rows.lazy()
            .join_where(
                frame.lazy(),
                pl.col(day) >= pl.col("period_start"),
                pl.col(day) <= pl.col("period_end"),
            )
            .collect()
        )
    at = starts.search_sorted(rows[day], side="right").cast(pl.Int64) - 1
    numbered = frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(_AT))
    joined = rows.with_columns(at.alias(_AT)).join(numbered, on=_AT, how="inner")
    return joined.filter(pl.col(day) <= pl.col("period_end")).drop(_AT)
