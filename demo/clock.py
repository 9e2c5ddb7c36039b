"""Random streams, local times and rows that come later: what every generator needs.

Instants inside the simulation are the company's wall clock (naive `Datetime("us")`); the writers
turn them into UTC or into offsets where a source sends those. No clean instant lies between 02:00
and 03:00, so that a clock change neither skips nor repeats one.
"""

import datetime as dt
import zlib
from collections import defaultdict
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
CLOCK_CHANGE_HOUR = 2
EPOCH = dt.date(1970, 1, 1)

WEEKDAYS = (1.05, 1.0, 1.0, 1.05, 1.2, 1.15, 0.55)
"""Activity from Monday to Sunday relative to an average day."""


def stream(seed: int, name: str, day: int = -1) -> np.random.Generator:
    """Random stream of one generator and day, independent of what else is simulated."""
    return np.random.default_rng([seed, zlib.crc32(name.encode()), day + 1])


def at(date: dt.date, seconds: Floats) -> Ints:
    """Microseconds since the epoch of seconds after local midnight."""
    whole: Ints = seconds.astype(np.int64)
    return (date - EPOCH).days * DAY + whole * SECOND


def day_seconds(rng: np.random.Generator, size: int, *, first: int = 8, last: int = 21) -> Floats:
    """Times of day in seconds, busiest in the middle."""
    share: Floats = rng.beta(2.0, 2.2, size)
    hours: Floats = first + share * (last - first)
    return hours * 3_600


def awake(instants: Ints) -> Ints:
    """Move instants of the hour from 02:00 one hour on."""
    is_in_it = (instants // HOUR) % 24 == CLOCK_CHANGE_HOUR
    return np.where(is_in_it, instants + HOUR, instants)


def local(instants: Ints, *, missing: Bools | None = None) -> pl.Series:
    """Naive datetimes, null where missing."""
    series = pl.Series(instants, dtype=pl.Int64).cast(pl.Datetime("us"))
    if missing is None:
        return series
    mask = pl.Series(missing)
    return pl.select(pl.when(~mask).then(series)).to_series()


def ids(prefix: str, size: int, *, start: int = 1, width: int = 6) -> pl.Series:
    """Ids such as `L260303000001`."""
    numbers = pl.int_range(start, start + size, dtype=pl.Int64, eager=True)
    return prefix + numbers.cast(pl.String).str.zfill(width)


def pick(values: tuple[str, ...], index: npt.NDArray[np.integer]) -> pl.Series:
    """Texts by index; a negative index is null."""
    table = pl.Series([*values, None], dtype=pl.String)
    return table.gather(pl.Series(np.where(index < 0, len(values), index)))


def money(cents: Ints) -> pl.Series:
    """Whole cents as exact decimals with two places."""
    whole = pl.lit(pl.Series(cents, dtype=pl.Int64)).cast(pl.Decimal(18, 2))
    return pl.select((whole * pl.lit(Decimal("0.01"))).cast(pl.Decimal(18, 2))).to_series()


class Later:
    """Rows to be handed out on a later day; those due after the last day are dropped."""

    def __init__(self, last: int) -> None:
        self._last = last
        self._due: dict[int, list[pl.DataFrame]] = defaultdict(list)

    def push(self, frame: pl.DataFrame, due: Ints) -> None:
        """Keep rows, each until its due day."""
        in_time = pl.Series("_due", due).is_between(0, self._last)
        frame = frame.with_columns(pl.Series("_due", due)).filter(in_time)
        for part in frame.partition_by("_due", maintain_order=True):
            self._due[int(part["_due"][0])].append(part.drop("_due"))

    def pop(self, day: int) -> list[pl.DataFrame]:
        """Rows due on a day, in the order in which they were pushed."""
        return self._due.pop(day, [])
