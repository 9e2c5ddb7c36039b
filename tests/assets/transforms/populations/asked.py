"""What the tests of populations ask for: periods of January 2026, by country."""

import datetime as dt
from typing import Any

import polars as pl

from assets.transforms.grains import PeriodCalendar
from assets.transforms.populations.population import Asked, PopulationPeriods
from assets.transforms.segments import TOTAL, SegmentSet
from schemas.config.project import Project
from tests.assets.kpi.histories import project

D = dt.date
BY_COUNTRY = SegmentSet("country", ("country",))
VERSIONS = {
    "account_id": pl.String, "holds_from": pl.Date, "holds_until": pl.Date,
    "country": pl.Categorical, "is_known": pl.Boolean,
}  # fmt: skip


def versions(*rows: tuple[str, D | None, D | None, str | None]) -> pl.DataFrame:
    """Account versions: account, first day, first day of the next one, country."""
    known = [(*row, True) for row in rows]
    return pl.DataFrame(known, schema=VERSIONS, orient="row")


def periods_of(grain: str, first: D, last: D, *, as_of: D) -> PopulationPeriods:
    """Periods of a grain that start from a day to another."""
    frame = PeriodCalendar().starting_in(grain, first, last, as_of=as_of)
    ends = frame["period_end"].clip(upper_bound=as_of)
    return PopulationPeriods(grain, frame["period_start"], ends)


def asked(
    periods: PopulationPeriods,
    accounts: pl.DataFrame | None = None,
    *,
    products: pl.DataFrame | None = None,
    since: D | None = None,
    configured: Project | None = None,
    **kpis: Any,
) -> Asked:
    """The total, and the countries where there are accounts."""
    sets = (TOTAL,) if accounts is None else (TOTAL, BY_COUNTRY)
    return Asked(
        periods=periods,
        sets=sets,
        versions=accounts,
        products=products,
        project=configured or project(kpis=kpis),
        since=since,
    )
