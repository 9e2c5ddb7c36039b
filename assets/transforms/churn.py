"""Customers at the start of each period and how many of them were lost by its end.

Customers at the start of a period are those whose spell covers its first day; lost are those of
them who are not active when the day after its last one begins. Joiners are in no spell at the
start, and so in neither number.

Each spell ends in one period of each grain, so lost customers are found from the ends of spells and
customers at the start from running counts of beginnings less ends: no account is met once a period.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw
import polars as pl

from assets.transforms.measures import COMPONENTS, Measure
from assets.transforms.periods import period_end, period_start
from assets.transforms.segments import SegmentSet, known
from schemas.dimensions import UNKNOWN

CHURN = Measure(
    code="churn",
    fact="population",
    shape="share",
    day="period_start",
    concerns=None,
    reasons={},
    x=nw.col("x"),
)
"""Customers at the start (n) and lost (x); counted here instead of summed from a fact."""

LOOK_BACK_INCOMPLETE = "look_back_incomplete"
"""Orders do not reach back far enough to know who was a customer, and nobody can be lost yet."""

_ONE_DAY = pl.duration(days=1)
_STATE = ("period_start", "segment_set", "segment_key")


@dataclass(frozen=True, slots=True)
class Periods:
    """Periods of one grain, none of which starts after the last loaded day.

    Attributes:
        starts: First days, ascending.
        tests: For each, the day at whose beginning losses are counted: the day after its last one,
            or after the last loaded one.
    """

    starts: pl.Series
    tests: pl.Series


def year_periods(year: int, grain: str, *, as_of: dt.date) -> Periods:
    """Periods of a grain that start in a year.

    Args:
        year: Year that the periods start in.
        grain: Their length.
        as_of: Last loaded day.
    """
    first, last = dt.date(year, 1, 1), min(as_of, dt.date(year, 12, 31))
    days = pl.DataFrame({"day": pl.date_range(first, max(first, last), "1d", eager=True)})
    start, end = pl.col("start"), period_end(pl.col("start"), grain)
    frame = (
        days.select(period_start(pl.col("day"), grain).alias("start"))
        .unique()
        .sort("start")
        .filter(start.dt.year() == year, start <= as_of)
        .with_columns((pl.min_horizontal(end, pl.lit(as_of)) + _ONE_DAY).alias("test"))
    )
    return Periods(frame["start"], frame["test"])


def customers_at_start(
    spells: pl.DataFrame, periods: Periods, one: SegmentSet, *, versions: pl.DataFrame | None
) -> pl.DataFrame:
    """Customers at the start of each period by the segment that they are in on its first day.

    Returns:
        period_start, the set's dimension columns, n (> 0).
    """
    columns = list(one.columns)
    pieces = _by_version(spells, versions, columns)
    starts = periods.starts
    entries = pieces.select(
        *columns, starts.search_sorted(pieces["starts_on"], side="left").alias("at"),
        pl.lit(1).alias("step"),
    )  # fmt: skip
    exits = pieces.select(
        *columns, starts.search_sorted(pieces["ends_on"], side="right").alias("at"),
        pl.lit(-1).alias("step"),
    )  # fmt: skip
    steps = (
        pl.concat([entries, exits])
        .group_by(*columns, "at")
        .agg(pl.col("step").sum())
        .filter(pl.col("step") != 0)
    )
    grid = pl.DataFrame({"period_start": starts}).with_row_index("at")
    segments = steps.select(columns).unique() if columns else pl.DataFrame({"_": [0]})
    dense = segments.join(grid, how="cross").join(
        steps, on=[*columns, "at"], how="left", nulls_equal=True
    )
    running = dense.sort("at").with_columns(
        pl.col("step").fill_null(0).cum_sum().over(columns or [pl.lit(0)]).alias("n")
    )
    return running.filter(pl.col("n") > 0).select("period_start", *columns, "n")


def customers_lost(
    spells: pl.DataFrame, periods: Periods, one: SegmentSet, *, versions: pl.DataFrame | None
) -> pl.DataFrame:
    """Customers at the start of each period who are not active when it ends.

    Returns:
        period_start, the set's dimension columns, lost (> 0).
    """
    columns = list(one.columns)
    ended = spells.with_columns(
        periods.starts.search_sorted(spells["ends_on"], side="right").alias("following")
    ).filter(pl.col("following") > 0)
    grid = pl.DataFrame({"period_start": periods.starts, "test": periods.tests}).with_row_index(
        "following", offset=1
    )
    candidates = ended.join(grid, on="following", how="inner").filter(
        pl.col("starts_on") <= pl.col("period_start"), pl.col("ends_on") < pl.col("test")
    )
    keys = ["account_id", "period_start"]
    back = (
        candidates.select(*keys, "test")
        .join(spells, on="account_id", how="inner")
        .filter(pl.col("starts_on") <= pl.col("test"), pl.col("test") <= pl.col("ends_on"))
    )
    lost = candidates.select(keys).join(back, on=keys, how="anti")
    if columns:
        lost = _as_of(lost, versions, columns, day="period_start")
    return lost.group_by("period_start", *columns).agg(pl.len().cast(pl.Int64).alias("lost"))


def churn_states(
    spells: pl.DataFrame,
    periods: Periods,
    sets: Sequence[SegmentSet],
    *,
    versions: pl.DataFrame | None,
) -> pl.DataFrame:
    """Customers at the start (n) and lost (x) of each period and segment of every set.

    Args:
        spells: From `assets.transforms.spells`.
        periods: Periods of one grain.
        sets: Segment sets on account dimensions.
        versions: Account versions with those dimensions.

    Returns:
        A state (`assets.transforms.values.Rolled`) and the dimension columns of the sets.
    """
    columns = list(dict.fromkeys(name for one in sets for name in one.columns))
    frames = []
    for one in sets:
        keys = ["period_start", *one.columns]
        start = customers_at_start(spells, periods, one, versions=versions)
        lost = customers_lost(spells, periods, one, versions=versions)
        both = start.join(lost, on=keys, how="left", nulls_equal=True)
        frames.append(
            both.with_columns(known(one.columns))
            .group_by(keys)
            .agg(pl.col("n").sum().cast(pl.Int64), pl.col("lost").sum().cast(pl.Int128).alias("x"))
            .with_columns(pl.lit(one.name).alias("segment_set"), one.key().alias("segment_key"))
        )
    joined = pl.concat(frames, how="diagonal").sort(_STATE)
    absent = [pl.lit(None, dtype=pl.Int128).alias(name) for name in COMPONENTS if name != "x"]
    stratum = pl.lit(None, dtype=pl.String).alias("stratum")
    named = joined.with_columns(pl.lit(CHURN.code).alias("measure"), stratum, *absent)
    return named.select("measure", *_STATE, "stratum", "n", *COMPONENTS, *columns)


def without_look_back(
    states: pl.DataFrame, since: dt.date | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take out the periods for which the look-back is not wholly in the history.

    Args:
        states: From `churn_states`.
        since: First day whose look-back is; None where there is no look-back.

    Returns:
        The other states, and the customers left out as exclusions.
    """
    if since is None:
        return states, states.clear().select(_exclusion(LOOK_BACK_INCOMPLETE, "n"))
    early = pl.col("period_start") < since
    return states.filter(~early), states.filter(early).select(_exclusion(LOOK_BACK_INCOMPLETE, "n"))


def unattributed(
    exclusions: pl.DataFrame, sets: Sequence[SegmentSet], grain: str, *, starts: pl.Series
) -> pl.DataFrame:
    """Activity that names no account, as exclusions of the total and the unknown segments.

    Args:
        exclusions: event_day, reason, count.
        sets: Segment sets of the KPI.
        grain: Grain of the periods.
        starts: First days of the periods wanted.
    """
    start = period_start(pl.col("event_day"), grain).alias("period_start")
    rolled = (
        exclusions.group_by(start, "reason")
        .agg(pl.col("count").sum())
        .filter(pl.col("period_start").is_in(starts.implode()))
    )
    frames = []
    for one in sets:
        nowhere = [pl.lit(UNKNOWN).alias(name) for name in one.columns]
        frames.append(
            rolled.with_columns(nowhere)
            .with_columns(pl.lit(one.name).alias("segment_set"), one.key().alias("segment_key"))
            .select(_exclusion(None, "count"))
        )
    return pl.concat(frames)


def _exclusion(reason: str | None, count: str) -> list[pl.Expr]:
    """Columns of an exclusion of `assets.transforms.values.Rolled`."""
    return [
        pl.lit(CHURN.code).alias("measure"),
        *[pl.col(name) for name in _STATE],
        pl.col("reason") if reason is None else pl.lit(reason).alias("reason"),
        pl.col(count).cast(pl.Int64).alias("count"),
    ]


def _by_version(
    spells: pl.DataFrame, versions: pl.DataFrame | None, columns: Sequence[str]
) -> pl.DataFrame:
    """Spells cut where the account's version changes, with the version's dimensions."""
    if versions is None or not columns:
        return spells
    joined = spells.join(
        versions.select("account_id", "holds_from", "holds_until", *columns),
        on="account_id", how="left",
    )  # fmt: skip
    last = pl.col("holds_until") - _ONE_DAY
    # max and min over columns pass over nulls, which stand for no bound
    return joined.with_columns(
        pl.max_horizontal("starts_on", "holds_from").alias("starts_on"),
        pl.min_horizontal("ends_on", last).alias("ends_on"),
    ).filter(pl.col("starts_on") <= pl.col("ends_on"))


def _as_of(
    rows: pl.DataFrame, versions: pl.DataFrame | None, columns: Sequence[str], *, day: str
) -> pl.DataFrame:
    if versions is None:
        return rows
    joined = rows.join(
        versions.select("account_id", "holds_from", "holds_until", *columns),
        on="account_id", how="left",
    )  # fmt: skip
    return joined.filter(
        pl.col("holds_from").is_null() | (pl.col("holds_from") <= pl.col(day)),
        pl.col("holds_until").is_null() | (pl.col(day) < pl.col("holds_until")),
    )
