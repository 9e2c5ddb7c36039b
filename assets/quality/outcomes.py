"""Writing one outcome of a check of records: its period, its status, its figures in words."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.kpi.history_inputs import month_days
from assets.lake.layout import ALL, UNPLACED
from assets.transforms.quality.outcome import ERROR, OUTCOME, WARN, status_above
from schemas.config.quality import Limits

Outcome = dict[str, Any]
"""One row of schema `OUTCOME`."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a table's history.

    Attributes:
        table: Canonical table.
        name: `YYYY-MM`; `all` for a table without events; `unplaced` for waiting children.
    """

    table: str
    name: str

    @property
    def period(self) -> Outcome:
        """What every outcome about it has in common."""
        is_whole = self.name in {ALL, UNPLACED}
        return {
            "asset": f"history/{self.table}",
            "source": "",
            "period_grain": "all" if is_whole else "month",
            "period_start": None if is_whole else month_days(self.name)[0],
        }

    def ends_after(self, date: dt.date) -> bool:
        """Whether its last day is later; what has no end always is."""
        if self.name in {ALL, UNPLACED}:
            return True
        return month_days(self.name)[1] - dt.timedelta(days=1) > date


def frame(outcomes: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Outcomes as a frame."""
    return pl.DataFrame(list(outcomes), schema=OUTCOME)


def status_of(observed: float | None, limits: Limits) -> str:
    """Status of a figure with upper limits."""
    status = status_above(
        pl.lit(observed, dtype=pl.Float64),
        warn=limits.warn_above,
        error=limits.error_above,
        judged=pl.lit(value=True),
    )
    return str(pl.select(status).item())


def limit_of(status: str, limits: Limits) -> float | None:
    """The upper limit that decided, or the nearest one."""
    if status == ERROR or limits.warn_above is None:
        return limits.error_above
    return limits.warn_above


def is_amiss(status: str) -> bool:
    """Whether there is something to mend."""
    return status in {WARN, ERROR}


def is_passed(outcomes: pl.DataFrame) -> bool:
    """Whether nothing is amiss in any of them."""
    return not outcomes["status"].is_in([WARN, ERROR]).any()


def share_text(part: int, whole: int) -> str:
    """A share for reading: `12 of 3,456 (0.35 %)`."""
    return f"{part:,} of {whole:,} ({percent(part / whole)})" if whole else f"{part:,} of 0"


def percent(share: float) -> str:
    """A share as per cent with three digits that count, never rounded to nothing or to all."""
    value = share * 100
    if 0 < value < 0.001:  # noqa: PLR2004 # shown otherwise as 0
        return "< 0.001 %"
    shown = f"{value:.3g}"
    if shown == "100" and share < 1:
        return "> 99.9 %"
    return f"{float(shown):g} %"
