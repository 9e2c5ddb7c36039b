"""What a value slot holds and what it is made of: periods of a grain, and the states of their days.

States say on which days they have events; which periods these are in is the calendar's business,
so that another fiscal calendar makes other values of the same states.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from assets.kpi.plan import Plan
from assets.lake.layout import Lake
from assets.transforms.estimators import QUANTILES
from assets.transforms.like_for_like import running
from assets.transforms.rolling_up import DailyStates


@dataclass(frozen=True, slots=True)
class StateSlot:
    """A committed state slot.

    Attributes:
        label: `fact/month`.
        files: Paths of its files by logical name.
        content: Fingerprint of what they hold.
        days: First and last day with an event; none without any.
    """

    label: str
    files: Mapping[str, str]
    content: str
    days: tuple[dt.date, ...]

    def overlaps(self, first: dt.date, last: dt.date) -> bool:
        """Whether it may have events in a range of days, both ends included."""
        return bool(self.days) and self.days[0] <= last and self.days[-1] >= first


@dataclass(frozen=True, slots=True)
class Slice:
    """The periods of one grain that start in one year: what a slot holds.

    Attributes:
        grain: Their grain.
        year: The year.
        periods: The periods with the days that they are compared with; one or more.
        as_of: Last loaded day.
        needs_previous: Whether a change is tested on the states of both periods.
    """

    grain: str
    year: int
    periods: pl.DataFrame
    as_of: dt.date
    needs_previous: bool

    @property
    def label(self) -> str:
        """Name of the slot."""
        return f"{self.grain}/{self.year}"

    @property
    def span(self) -> tuple[dt.date, dt.date]:
        """First and last day of its periods."""
        start, end = pl.col("period_start").min(), pl.col("period_end").max()
        first, last = self.periods.select(start, end).row(0)
        return first, last

    @property
    def reach(self) -> tuple[dt.date, dt.date]:
        """First and last day that its values depend on, comparisons from states included."""
        first, last = self.span
        open_ones = running(self.periods)
        earlier = [open_ones["previous_start"].min(), open_ones["year_ago_start"].min()]
        if self.needs_previous:
            earlier.append(self.periods["previous_start"].min())
        return min([first, *(day for day in earlier if isinstance(day, dt.date))]), last

    @property
    def known_on(self) -> dt.date:
        """Last loaded day, or its own last one if that is earlier."""
        return min(self.as_of, self.span[1])


def state_slots(lake: Lake, plan: Plan) -> list[StateSlot]:
    """The committed states of all facts."""
    found = []
    for fact in plan.facts:
        for month in lake.kpi_names("state", fact):
            slot = lake.kpi("state", fact, month)
            receipt = slot.receipt()
            if receipt is None:
                continue
            files = {name: str(slot.folder / file) for name, file in receipt.files.items()}
            days = tuple(dt.date.fromisoformat(text) for text in receipt.facts["days"])
            found.append(StateSlot(f"{fact}/{month}", files, receipt.content, days))
    return found


def value_slices(plan: Plan, states: Sequence[StateSlot], *, as_of: dt.date) -> list[Slice]:
    """Every slice with a state in one of its periods, in grain and year order."""
    spans = [slot.days for slot in states if slot.days]
    if not spans:
        return []
    since, last = min(days[0] for days in spans), max(days[-1] for days in spans)
    needs_previous = any(one.kpi.estimator in QUANTILES for one in plan.published)
    found = []
    for grain in plan.calendar.grains:
        # the period of the first day may start in the year before
        for year in range(since.year - 1, last.year + 1):
            periods = plan.calendar.compared(grain, year, since=since, as_of=as_of)
            if periods.is_empty():
                continue
            part = Slice(grain, year, periods, as_of, needs_previous)
            if any(slot.overlaps(*part.span) for slot in states):
                found.append(part)
    return found


def daily_states(sources: Sequence[StateSlot], sets: frozenset[str] | None) -> DailyStates:
    """States of several slots as one; of some segment sets only, of all without any named."""
    is_in = pl.lit(value=True) if sets is None else pl.col("segment_set").is_in(sorted(sets))
    return DailyStates(
        *(
            scan(sources, f"{name}.parquet").filter(is_in)
            for name in ("state", "exclusion", "histogram")
        )
    )


def scan(sources: Sequence[StateSlot], name: str) -> pl.LazyFrame:
    """A file of several slots as one frame."""
    return pl.scan_parquet([slot.files[name] for slot in sources])
