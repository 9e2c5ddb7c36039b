"""Daily states summed over periods: each day in its own period, or in every window that has it.

Which days make a period is `assets.transforms.grains`' business; what the sums mean that of
`assets.transforms.values`. A later answer of the same person supersedes an earlier one only from
its own day on: the earlier row counts in periods that end before, and is left out of the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from assets.transforms.measures import COMPONENTS
from assets.transforms.windows import WINDOWS, summed_over_windows

ANSWERED_AGAIN: Final = "answered_again"
"""Reason that a row does not count in a period by whose end another has taken its place."""

SUPERSEDED: Final = "superseded_on"
"""Column of the states: day from which on the rows do not count; null where they always do."""

_SEGMENT = ["period_start", "segment_set", "segment_key"]
_STATE_KEYS = ["measure", *_SEGMENT]
_EXCLUSION = ["measure", "segment_set", "segment_key", "reason"]


@dataclass(frozen=True, slots=True)
class DailyStates:
    """States by day, as `assets.transforms.states` describes them.

    Attributes:
        state: Sums.
        exclusion: Rows that do not count, by reason.
        histogram: Buckets.
    """

    state: pl.LazyFrame
    exclusion: pl.LazyFrame
    histogram: pl.LazyFrame

    @property
    def has_superseded(self) -> bool:
        """Whether rows may lose their place to later ones."""
        return SUPERSEDED in self.state.collect_schema()


@dataclass(frozen=True, slots=True)
class Rolled:
    """States of one grain: `period_start` instead of `event_day`.

    Attributes:
        state: measure, period_start, segment_set, segment_key, stratum, n, components (Int128).
        exclusion: measure, period_start, segment_set, segment_key, reason, count.
        histogram: measure, period_start, segment_set, segment_key, bucket, n.
    """

    state: pl.DataFrame
    exclusion: pl.DataFrame
    histogram: pl.DataFrame


def rolled_up(states: DailyStates, grain: str, periods: pl.DataFrame) -> Rolled:
    """States of periods of one grain.

    Args:
        states: States by day.
        grain: Grain of the periods.
        periods: period_start and period_end; consecutive ones where they are rolling windows.
    """
    if grain in WINDOWS:
        return rolled_up_by_window(states, grain, periods["period_start"])
    day = pl.date_ranges("period_start", "period_end").alias("event_day")
    return rolled_up_by_day(
        states, periods.select(day, "period_start", "period_end").explode("event_day")
    )


def rolled_up_by_day(states: DailyStates, days: pl.DataFrame) -> Rolled:
    """States of the periods that days are in.

    Args:
        states: States by day.
        days: event_day, period_start and period_end, the last day that the period is known up to;
            one row a day, of the days that count.
    """
    state, exclusion, histogram = (
        _placed(frame, days) for frame in (states.state, states.exclusion, states.histogram)
    )
    if states.has_superseded:
        is_out = (pl.col(SUPERSEDED) <= pl.col("period_end")).fill_null(value=False)
        exclusion = pl.concat([_columns(exclusion), _columns(_left_out(state.filter(is_out)))])
        state = state.filter(~is_out)
    sums = [pl.col("n").sum(), *[pl.col(name).cast(pl.Int128).sum() for name in COMPONENTS]]
    plans = [
        state.group_by(*_STATE_KEYS, "stratum").agg(sums),
        exclusion.group_by(*_STATE_KEYS, "reason").agg(pl.col("count").sum()),
        histogram.group_by(*_STATE_KEYS, "bucket").agg(pl.col("n").sum()),
    ]
    return Rolled(*pl.collect_all(plans, engine="streaming"))


def rolled_up_by_window(states: DailyStates, grain: str, starts: pl.Series) -> Rolled:
    """States of rolling windows.

    Args:
        states: States by day.
        grain: Grain of the windows.
        starts: First days of consecutive windows.
    """
    segment = ["measure", "segment_set", "segment_key"]
    until = SUPERSEDED if states.has_superseded else None
    state = summed_over_windows(
        states.state, grain, starts,
        keys=[*segment, "stratum"], sums=["n", *COMPONENTS], ending=(None, until),
    )  # fmt: skip
    parts = [_windows(states.exclusion, grain, starts, keys=_EXCLUSION, count="count")]
    if until:
        left_out = _left_out(states.state)
        again = _windows(left_out, grain, starts, keys=_EXCLUSION, count="count", since=SUPERSEDED)
        parts.append(again)
    histogram = _windows(states.histogram, grain, starts, keys=[*segment, "bucket"], count="n")
    plans = [
        state.select(*_STATE_KEYS, "stratum", pl.col("n").cast(pl.Int64), *COMPONENTS),
        pl.concat(parts).group_by(*_STATE_KEYS, "reason").agg(pl.col("count").sum()),
        histogram,
    ]
    return Rolled(*pl.collect_all(plans, engine="streaming"))


def _placed(frame: pl.LazyFrame, days: pl.DataFrame) -> pl.LazyFrame:
    """Rows of some days with the period of each."""
    first, last = days["event_day"].min(), days["event_day"].max()
    near = frame.filter(pl.col("event_day").is_between(first, last)) if days.height else frame
    return near.join(days.lazy(), on="event_day", how="inner")


def _left_out(state: pl.LazyFrame) -> pl.LazyFrame:
    """States as exclusions of the rows that have been superseded."""
    return state.with_columns(pl.lit(ANSWERED_AGAIN).alias("reason"), pl.col("n").alias("count"))


def _columns(exclusion: pl.LazyFrame) -> pl.LazyFrame:
    return exclusion.select(*_STATE_KEYS, "reason", "count")


def _windows(
    frame: pl.LazyFrame,
    grain: str,
    starts: pl.Series,
    *,
    keys: Sequence[str],
    count: str,
    since: str | None = None,
) -> pl.LazyFrame:
    """One count over windows."""
    found = summed_over_windows(frame, grain, starts, keys=keys, sums=[count], ending=(since, None))
    return found.select("period_start", *keys, pl.col(count).cast(pl.Int64)).select(
        "measure", "period_start", pl.exclude("measure", "period_start")
    )
