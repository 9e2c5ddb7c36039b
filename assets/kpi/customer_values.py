"""Keeping the values of customer KPIs current: one slot a year of period starts.

These KPIs follow accounts over time and do not add up from days; the activity of a year and of the
look-back before it is enough to compute all its periods. Arithmetic is in `assets.transforms`.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from assets.kpi.activity import ActivityMonth, activity_months, refresh_activity
from assets.kpi.freshness import Ledger, is_touched, write_unresolved
from assets.kpi.history_inputs import Dimensions
from assets.kpi.plan import Plan
from assets.lake.layout import Lake
from assets.lake.slot import Draft, fingerprint
from assets.transforms.churn import (
    CHURN,
    churn_states,
    unattributed,
    without_look_back,
    year_periods,
)
from assets.transforms.facts import unresolved_keys
from assets.transforms.periods import last_day_of_year
from assets.transforms.published import exclusion_rows, value_rows
from assets.transforms.segments import SegmentSet, segment_frame
from assets.transforms.spells import spells_from_contracts, spells_from_sales
from assets.transforms.states import HISTOGRAM_SCHEMA
from assets.transforms.values import Rolled, Settled, settle
from schemas.dimensions import UNKNOWN
from schemas.warehouse import GRAINS, KPI_EXCLUSION, KPI_VALUE, with_dimensions

_TABLE = "crm_account"


@dataclass(frozen=True, slots=True)
class _Run:
    """What the years of one refresh share."""

    lake: Lake
    plan: Plan
    dimensions: Dimensions
    ledger: Ledger
    months: Sequence[ActivityMonth]
    as_of: dt.date

    @property
    def look_back_days(self) -> int:
        """Days of activity before a period that its customers depend on."""
        churn = self.plan.project.kpis.churn
        return churn.inactivity_days if churn.basis == "orders" else 1

    def window(self, year: int) -> tuple[dt.date, dt.date]:
        """First and last day of the activity that a year's periods depend on."""
        until = min(self.as_of, last_day_of_year(year, "week"))
        return dt.date(year, 1, 1) - dt.timedelta(days=self.look_back_days), until

    def months_of(self, year: int) -> list[ActivityMonth]:
        """Months with activity in a year's window."""
        return [month for month in self.months if month.overlaps(*self.window(year))]

    @property
    def first_whole_day(self) -> dt.date | None:
        """First day whose whole look-back the history covers; contracts say when they began."""
        if self.plan.project.kpis.churn.basis == "contracts":
            return None
        first = min(month.first_on for month in self.months if month.first_on)
        return first + dt.timedelta(days=self.look_back_days)


@dataclass(frozen=True, slots=True)
class CustomerReport:
    """Years of customer KPIs that were written, and those that were removed."""

    refreshed: tuple[int, ...]
    removed: tuple[int, ...]


def build_customer_values(lake: Lake, plan: Plan, *, as_of: dt.date) -> CustomerReport:
    """Refresh the stale years of the customer KPIs.

    Args:
        lake: Where everything stands.
        plan: What is asked for.
        as_of: Last loaded day.
    """
    wanted: list[int] = []
    refreshed: list[int] = []
    if plan.has_customers:
        refresh_activity(lake, plan.project)
        dimensions = Dimensions(lake, _account_dimensions(plan))
        ledger = Ledger.of(lake.kpi("customer_ledger"))
        run = _Run(lake, plan, dimensions, ledger, activity_months(lake), as_of)
        starts = [month.first_on for month in run.months if month.first_on]
        years = range(min(starts, default=as_of).year, as_of.year + 1)
        wanted = [year for year in years if run.months_of(year)]
        refreshed = [year for year in wanted if _refresh_year(run, year)]
        ledger.commit()
    removed = [int(name) for name in lake.kpi_names("customer") if int(name) not in wanted]
    for year in removed:
        lake.kpi("customer", str(year)).remove()
    return CustomerReport(tuple(refreshed), tuple(removed))


def _account_dimensions(plan: Plan) -> tuple[str, ...]:
    names = (name for one in plan.customer_sets() for name in one.dimensions)
    return tuple(dict.fromkeys(names))


def _refresh_year(run: _Run, year: int) -> bool:
    """Rebuild a year's slot if it is stale; whether it was."""
    inputs = fingerprint(
        run.plan.customer_signature,
        [(month.month, month.content) for month in run.months_of(year)],
        run.first_whole_day,
        run.window(year),
    )
    slot, label = run.lake.kpi("customer", str(year)), str(year)
    tables = [_TABLE] if run.dimensions.account_dimensions else []
    sequences = {name: run.dimensions.table(name).sequence for name in tables}
    run.ledger.seen[label] = sequences
    days = (dt.date(year, 1, 1), dt.date(year + 1, 1, 1))
    if slot.is_current(inputs) and not is_touched(
        slot, label, days, ledger=run.ledger, dimensions=run.dimensions
    ):
        return False
    with slot.replace(inputs) as draft:
        unresolved = _write_year(run, year, draft)
        write_unresolved(draft, unresolved, sequences)
    return True


def _write_year(run: _Run, year: int, draft: Draft) -> dict[str, pl.DataFrame]:
    """Compute and write the values of a year; returns the accounts that are not known."""
    months, (first, last) = run.months_of(year), run.window(year)
    activity = _scan(months, "activity.parquet").filter(
        pl.col("starts_on") <= last, pl.col("last_on") >= first
    )
    churn = run.plan.project.kpis.churn
    spells = (
        spells_from_sales(activity, churn.inactivity_days)
        if churn.basis == "orders"
        else spells_from_contracts(activity)
    )
    names = run.dimensions.account_dimensions
    versions = run.dimensions.versions(names, year) if names else None
    exclusions = _scan(months, "exclusion.parquet").collect()
    parts = [
        _grain_rows(run, year, grain, spells=spells, versions=versions, exclusions=exclusions)
        for grain in GRAINS
    ]
    values, excluded, segments = zip(*parts, strict=True)
    pl.concat(values).write_parquet(draft.path("value.parquet"))
    draft.facts["rows"] = sum(frame.height for frame in values)
    starts = [day for frame in values if isinstance(day := frame["period_start"].min(), dt.date)]
    draft.facts["days"] = [min(starts).isoformat()] if starts else []
    pl.concat(excluded).write_parquet(draft.path("exclusion.parquet"))
    distinct = pl.concat(segments).unique().sort("segment_set", "segment_key")
    distinct.write_parquet(draft.path("segment.parquet"))
    if versions is None:
        return {}
    asked = spells.select("account_id").unique()
    found = asked.join(versions.select("account_id", "is_known").unique(), "account_id", "left")
    return unresolved_keys(found, {_TABLE: ("is_known", ("account_id",))})


def _grain_rows(
    run: _Run,
    year: int,
    grain: str,
    *,
    spells: pl.DataFrame,
    versions: pl.DataFrame | None,
    exclusions: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Values, exclusions and segments of one grain of a year."""
    plan, sets = run.plan, run.plan.customer_sets()
    columns = plan.dimension_columns
    periods = year_periods(year, grain, as_of=run.as_of)
    states = churn_states(spells, periods, sets, versions=versions)
    kept, early = without_look_back(states, run.first_whole_day)
    nameless = unattributed(exclusions, sets, grain, year=year)
    settled: Settled = settle(
        Rolled(kept, pl.concat([early, nameless]), HISTOGRAM_SCHEMA.to_frame()),
        [one for one in plan.published if one.kpi.fact == "customer"],
        {CHURN.code: CHURN},
        confidence=plan.project.kpis.confidence,
        targets=plan.project.kpis.targets,
    )
    segments = pl.concat(
        [segment_frame(_with_unknown(states, one, nameless), one, columns) for one in sets]
    )
    value_table = with_dimensions(KPI_VALUE, plan.dimensions)
    exclusion_table = with_dimensions(KPI_EXCLUSION, plan.dimensions)
    return (
        value_rows(settled, segments, value_table, grain=grain, as_of=run.as_of),
        exclusion_rows(settled, segments, exclusion_table, grain=grain),
        segments,
    )


def _with_unknown(states: pl.DataFrame, one: SegmentSet, nameless: pl.DataFrame) -> pl.DataFrame:
    """Segments that the states have, and the unknown one where activity names no account."""
    rows = states.filter(pl.col("segment_set") == one.name).select(one.columns)
    unknown = pl.DataFrame({name: [UNKNOWN] for name in one.columns})
    return pl.concat([rows, unknown]) if nameless.height and one.columns else rows


def _scan(months: Sequence[ActivityMonth], name: str) -> pl.LazyFrame:
    """A file of several months' activity as one frame."""
    return pl.scan_parquet([month.files[name] for month in months])
