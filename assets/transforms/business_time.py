"""Business time: seconds of business hours between two instants. No calendar is chosen here.

An instant is business time when the wall clock of the calendar's zone shows a time within one of
the day's intervals. What is counted are real seconds: where clocks go forward the skipped hour is
none, where they go back the repeated one counts twice.

A business clock runs in business hours and stands still outside of them. It is kept as a table with
a row for each UTC day: what the clock shows when the day begins, and the stretches of the day in
which it runs. Reading it is a join on the day and sums of clipped differences, so it is lazy, works
in batches, and knows neither loops nor time zones once the table is there.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import polars as pl

from schemas.config.calendar import BusinessCalendar, BusinessTime, interval_minutes

FIRST_DAY: Final = dt.date(1970, 1, 1)
LAST_DAY: Final = dt.date(2099, 12, 31)
"""UTC days that clocks know; there is no business time from or to an instant outside of them."""

_DAY_SECONDS: Final = 86_400
_SECOND_MICROSECONDS: Final = 1_000_000
_EPOCH: Final = dt.date(1970, 1, 1)
_FIRST: Final = (FIRST_DAY - _EPOCH).days
_LAST: Final = (LAST_DAY - _EPOCH).days
_DAYS: Final = _LAST - _FIRST + 1
_KEY: Final = "_clock_day"
_BEFORE: Final = "_clock_before"


@dataclass(frozen=True, slots=True)
class BusinessClocks:
    """The clocks of a configuration's calendars.

    Attributes:
        table: One row a clock and UTC day: its key, the clock when the day begins, and pairs of
            columns: the second of the day at which it starts to run, and for how many seconds.
        default: Number of the clock that holds where none is chosen.
        by: Column whose value chooses the clock, None if the default holds for every row.
        choices: Value of that column → number of its clock.
    """

    table: pl.DataFrame
    default: int
    by: str | None
    choices: Mapping[str, int]

    @classmethod
    def of(cls, config: BusinessTime, time_zone: str) -> Self:
        """Clocks of all calendars of a configuration.

        Args:
            config: The calendars and how they are chosen.
            time_zone: Zone of the calendars that name none.
        """
        numbers = {name: number for number, name in enumerate(config.calendars)}
        tables = [
            _clock(one, one.time_zone or time_zone).with_columns(pl.col(_KEY) + number * _DAYS)
            for number, one in enumerate(config.calendars.values())
        ]
        return cls(
            table=pl.concat(tables, how="diagonal").fill_null(0),
            default=numbers[config.default],
            by=config.by,
            choices={value: numbers[name] for value, name in config.of.items()},
        )

    def key(self, second: pl.Expr) -> pl.Expr:
        """Key of the table's row for a second since 1970; null outside of the days it knows."""
        day = second.floordiv(_DAY_SECONDS)
        known = pl.when(day.is_between(_FIRST, _LAST)).then(day - _FIRST)
        if self.by is None:
            return known + self.default * _DAYS
        value = pl.col(self.by).cast(pl.String)
        number = value.replace_strict(
            list(self.choices), list(self.choices.values()), default=None, return_dtype=pl.Int64
        )
        return known + number.fill_null(self.default) * _DAYS


def with_business_seconds(
    rows: pl.LazyFrame, durations: Mapping[str, tuple[str, str]], clocks: BusinessClocks
) -> pl.LazyFrame:
    """Add durations in business seconds.

    Clocks show whole seconds (fractions are cut off instants), so that durations add up: a→b and
    b→c make a→c.

    Args:
        rows: Rows with instants, and with the column that chooses the clock if there is one.
        durations: Column to add → columns of the instants (UTC) it runs from and to.
        clocks: The clocks.

    Returns:
        The rows, in their order, with one Int64 column a duration: null where an instant is null,
        where the end is before the start, and where either is outside of `FIRST_DAY`…`LAST_DAY`.
    """
    instants = dict.fromkeys(name for pair in durations.values() for name in pair)
    readings = {name: f"_clock_{number}" for number, name in enumerate(instants)}
    found = rows
    for instant, reading in readings.items():
        found = _read(found, instant, reading, clocks)
    return found.with_columns(
        pl.when(pl.col(end) >= pl.col(start))
        .then(pl.col(readings[end]) - pl.col(readings[start]))
        .alias(name)
        for name, (start, end) in durations.items()
    ).drop(*readings.values())


def _read(rows: pl.LazyFrame, instant: str, reading: str, clocks: BusinessClocks) -> pl.LazyFrame:
    """Add what the clock shows at an instant."""
    second = pl.col(instant).dt.epoch("us").floordiv(_SECOND_MICROSECONDS)
    of_day = second.mod(_DAY_SECONDS)
    opens = [name for name in clocks.table.columns if name.startswith("_clock_opens")]
    run = [
        (of_day - pl.col(name)).clip(pl.lit(0), pl.col(name.replace("opens", "runs")))
        for name in opens
    ]
    added = [name for name in clocks.table.columns if name != _KEY]
    return (
        rows.with_columns(clocks.key(second).alias(_KEY))
        .join(clocks.table.lazy(), on=_KEY, how="left", maintain_order="left")
        .with_columns(pl.sum_horizontal(_BEFORE, *run, ignore_nulls=False).alias(reading))
        .drop(_KEY, *added)
    )


def _clock(calendar: BusinessCalendar, time_zone: str) -> pl.DataFrame:
    """The clock of one calendar: a row for every UTC day known, keyed from 0."""
    stretches = _within_days(_stretches(_local_intervals(calendar), _offsets(time_zone)))
    days = pl.DataFrame({_KEY: pl.int_range(_DAYS, eager=True)})
    totals = stretches.group_by(_KEY).agg(pl.col("runs").sum())
    before = pl.col("runs").fill_null(0).cum_sum().shift(1, fill_value=0)
    clock = days.join(totals, on=_KEY, how="left").sort(_KEY).select(_KEY, before.alias(_BEFORE))
    ranked = stretches.with_columns(pl.int_range(pl.len()).over(_KEY, order_by="opens").alias("at"))
    for at in range(int(ranked.select(pl.col("at").max()).item()) + 1):
        pair = [pl.col(name).alias(f"_clock_{name}_{at}") for name in ("opens", "runs")]
        clock = clock.join(ranked.filter(pl.col("at") == at).select(_KEY, *pair), _KEY, how="left")
    return clock.fill_null(0)


def _local_intervals(calendar: BusinessCalendar) -> pl.DataFrame:
    """Business intervals in seconds of the wall clock since 1970: opens, closes."""
    margin = dt.timedelta(days=2)  # local days that reach into the first and last UTC day
    days = pl.date_range(FIRST_DAY - margin, LAST_DAY + margin, "1d", eager=True)
    closed = [*calendar.closed_days(FIRST_DAY.year, LAST_DAY.year), *calendar.special_days]
    usual = pl.DataFrame({"day": days}).filter(~pl.col("day").is_in(closed))
    hours = [
        (weekday, *interval_minutes(interval))
        for weekday, intervals in enumerate(calendar.hours.days, start=1)
        for interval in intervals
    ]
    special = [
        (day, *interval_minutes(interval))
        for day, intervals in calendar.special_days.items()
        for interval in intervals
    ]
    ends = {"begins": pl.Int64, "ends": pl.Int64}
    weekly = pl.DataFrame(hours, schema={"weekday": pl.Int8, **ends}, orient="row")
    single = pl.DataFrame(special, schema={"day": pl.Date, **ends}, orient="row")
    by_weekday = usual.with_columns(pl.col("day").dt.weekday().alias("weekday")).join(
        weekly, on="weekday"
    )
    midnight = pl.col("day").cast(pl.Int32).cast(pl.Int64) * _DAY_SECONDS
    return pl.concat([by_weekday.select("day", "begins", "ends"), single]).select(
        (midnight + pl.col("begins") * 60).alias("opens"),
        (midnight + pl.col("ends") * 60).alias("closes"),
    )


def _offsets(time_zone: str) -> pl.DataFrame:
    """Stretches of constant offset of a zone, in seconds: since, until (UTC), offset.

    Found with the same database of zones that cuts instants into days; changes of the offset are
    looked for between midnights, UTC.
    """
    margin = 3 * _DAY_SECONDS
    first, last = _FIRST * _DAY_SECONDS - margin, (_LAST + 1) * _DAY_SECONDS + margin
    midnights = pl.DataFrame({"low": pl.int_range(first, last, _DAY_SECONDS, eager=True)})
    bounds = midnights.with_columns(
        (pl.col("low") + _DAY_SECONDS).alias("high"), _offset("low", time_zone).alias("offset")
    ).filter(pl.col("offset") != _offset("high", time_zone))
    middle = ((pl.col("low") + pl.col("high")) // 2).alias("middle")
    for _ in range(_DAY_SECONDS.bit_length()):
        bounds = bounds.with_columns(middle)
        is_before = _offset("middle", time_zone) == pl.col("offset")
        bounds = bounds.with_columns(
            pl.when(is_before).then("middle").otherwise("low").alias("low"),
            pl.when(is_before).then("high").otherwise("middle").alias("high"),
        )
    changes = bounds.get_column("high").to_list()
    return pl.DataFrame(
        {"since": [first, *changes], "until": [*changes, last]},
        schema={"since": pl.Int64, "until": pl.Int64},
    ).with_columns(_offset("since", time_zone).alias("offset"))


def _offset(second: str, time_zone: str) -> pl.Expr:
    """Seconds that the wall clock is ahead of UTC."""
    utc = pl.from_epoch(pl.col(second), "s")
    local = utc.dt.replace_time_zone("UTC").dt.convert_time_zone(time_zone)
    return (local.dt.replace_time_zone(None) - utc).dt.total_seconds()


def _stretches(intervals: pl.DataFrame, offsets: pl.DataFrame) -> pl.DataFrame:
    """Intervals of the wall clock as seconds since 1970, UTC: opens, closes.

    A skipped hour falls between two stretches of constant offset, a repeated one in both of them.
    """
    offset = pl.col("offset")
    return intervals.join_where(
        offsets,
        pl.col("opens") < pl.col("until") + offset,
        pl.col("closes") > pl.col("since") + offset,
    ).select(
        pl.max_horizontal(pl.col("opens") - offset, "since").alias("opens"),
        pl.min_horizontal(pl.col("closes") - offset, "until").alias("closes"),
    )


def _within_days(stretches: pl.DataFrame) -> pl.DataFrame:
    """Stretches cut at midnight, UTC: the day's key, the second of the day, and the length."""
    first, last = (pl.col("opens") // _DAY_SECONDS, (pl.col("closes") - 1) // _DAY_SECONDS)
    midnight = pl.col("day") * _DAY_SECONDS
    cut = stretches.with_columns(pl.int_ranges(first, last + 1).alias("day")).explode("day")
    opens, closes = pl.col("opens") - midnight, pl.col("closes") - midnight
    return (
        cut.filter(pl.col("day").is_between(_FIRST, _LAST))
        .select(
            (pl.col("day") - _FIRST).alias(_KEY),
            opens.clip(lower_bound=0).alias("opens"),
            closes.clip(upper_bound=_DAY_SECONDS).alias("closes"),
        )
        .select(_KEY, "opens", (pl.col("closes") - pl.col("opens")).alias("runs"))
    )
