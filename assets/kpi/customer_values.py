"""Keeping the values of customer KPIs current: one slot a grain and month of period starts.

These KPIs follow accounts over time and do not add up from days; the activity of a slot's periods
and of the look-back before them is enough to compute them. Slots are small, so that one more day
computes its own month anew and not the whole year. Arithmetic is in `assets.transforms`.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
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
    Periods,
    churn_states,
    unattributed,
    without_look_back,
    year_periods,
)
from assets.transforms.facts import unresolved_keys
from assets.transforms.published import exclusion_rows, value_rows
from assets.transforms.segments import SegmentSet, segment_frame
from assets.transforms.spells import spells_from_contracts, spells_from_sales
from assets.transforms.states import HISTOGRAM_SCHEMA
from assets.transforms.values import Rolled, Settled, settle
from schemas.dimensions import UNKNOWN
from schemas.warehouse import GRAINS, KPI_EXCLUSION, KPI_VALUE, with_dimensions, with_summary

_TABLE = "crm_account"


@dataclass(frozen=True, slots=True)
class _Slice:
    """The periods of one grain that start in one month: what a slot holds."""

    grain: str
    month: str
    periods: Periods

    @property
    def label(self) -> str:
        """Name of the slot."""
        return f"{self.grain}-{self.month}"

    @property
    def days(self) -> tuple[dt.date, dt.date]:
        """First day of the month, and the day after its last."""
        first = dt.date.fromisoformat(f"{self.month}-01")
        return first, (first + dt.timedelta(days=31)).replace(day=1)


@dataclass(frozen=True, slots=True)
class _Run:
    """What the slots of one refresh share."""

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

    def window(self, part: _Slice) -> tuple[dt.date, dt.date]:
        """First and last day of the activity that a slot's periods depend on."""
        first, tested = part.periods.starts[0], part.periods.tests[-1]
        until = min(self.as_of, tested)
        return first - dt.timedelta(days=self.look_back_days), until

    def months_of(self, part: _Slice) -> list[ActivityMonth]:
        """Months with activity in a slot's window."""
        return [month for month in self.months if month.overlaps(*self.window(part))]

    @property
    def first_whole_day(self) -> dt.date | None:
        """First day whose whole look-back the history covers; contracts say when they began."""
        if self.plan.project.kpis.churn.basis == "contracts":
            return None
        first = min(month.first_on for month in self.months if month.first_on)
        return first + dt.timedelta(days=self.look_back_days)


@dataclass(frozen=True, slots=True)
class CustomerReport:
    """Slots of customer KPIs that were written, and those that were removed."""

    refreshed: tuple[str, ...]
    removed: tuple[str, ...]


def build_customer_values(lake: Lake, plan: Plan, *, as_of: dt.date) -> CustomerReport:
    """Refresh the stale slots of the customer KPIs.

    Args:
        lake: Where everything stands.
        plan: What is asked for.
        as_of: Last loaded day.
    """
    wanted: list[str] = []
    refreshed: list[str] = []
    if plan.has_customers:
        refresh_activity(lake, plan.project)
        dimensions = Dimensions(lake, _account_dimensions(plan))
        ledger = Ledger.of(lake.kpi("customer_ledger"))
        run = _Run(lake, plan, dimensions, ledger, activity_months(lake), as_of)
        starts = [month.first_on for month in run.months if month.first_on]
        years = range(min(starts, default=as_of).year, as_of.year + 1)
        parts = [part for year in years for part in _slices(year, as_of) if run.months_of(part)]
        wanted = [part.label for part in parts]
        stale = [(part, inputs) for part in parts if (inputs := _stale(run, part)) is not None]
        refreshed = [part.label for part, _ in stale]
        if stale:
            spells = _spells(run, [part for part, _ in stale])
            for part, inputs in stale:
                _refresh(run, part, inputs, spells=spells)
        ledger.commit()
    removed = [name for name in lake.kpi_names("customer") if name not in wanted]
    for name in removed:
        lake.kpi("customer", name).remove()
    return CustomerReport(tuple(refreshed), tuple(removed))


def _slices(year: int, as_of: dt.date) -> Iterator[_Slice]:
    """The slots of the periods that start in a year."""
    for grain in GRAINS:
        periods = year_periods(year, grain, as_of=as_of)
        months = periods.starts.dt.strftime("%Y-%m")
        for month in months.unique().sort():
            is_in = months == month
            own = Periods(periods.starts.filter(is_in), periods.tests.filter(is_in))
            yield _Slice(grain, month, own)


def _account_dimensions(plan: Plan) -> tuple[str, ...]:
    names = (name for one in plan.customer_sets() for name in one.dimensions)
    return tuple(dict.fromkeys(names))


def _stale(run: _Run, part: _Slice) -> str | None:
    """Fingerprint of a slot's inputs if it is to be rebuilt, None if it is current."""
    inputs = fingerprint(
        run.plan.customer_signature,
        [(month.month, month.content) for month in run.months_of(part)],
        run.first_whole_day,
        run.window(part),
    )
    slot, label = run.lake.kpi("customer", part.label), part.label
    tables = [_TABLE] if run.dimensions.account_dimensions else []
    run.ledger.seen[label] = {name: run.dimensions.table(name).sequence for name in tables}
    is_current = slot.is_current(inputs) and not is_touched(
        slot, label, part.days, ledger=run.ledger, dimensions=run.dimensions
    )
    return None if is_current else inputs


def _spells(run: _Run, parts: Sequence[_Slice]) -> pl.DataFrame:
    """Spells of activity within the windows of some slots, made once for all of them."""
    windows = [run.window(part) for part in parts]
    first, last = min(one[0] for one in windows), max(one[1] for one in windows)
    months = [month for month in run.months if month.overlaps(first, last)]
    activity = _scan(months, "activity.parquet").filter(
        pl.col("starts_on") <= last, pl.col("last_on") >= first
    )
    churn = run.plan.project.kpis.churn
    if churn.basis == "orders":
        return spells_from_sales(activity, churn.inactivity_days)
    return spells_from_contracts(activity)


def _refresh(run: _Run, part: _Slice, inputs: str, *, spells: pl.DataFrame) -> None:
    """Rebuild a slot."""
    first, tested = run.window(part)[0], part.periods.tests[-1]
    # who buys on the last loaded day is a customer from the day after, when losses are counted
    own = spells.filter(pl.col("starts_on") <= tested, pl.col("ends_on") >= first)
    with run.lake.kpi("customer", part.label).replace(inputs) as draft:
        unresolved = _write(run, part, draft, spells=own)
        write_unresolved(draft, unresolved, run.ledger.seen[part.label])


def _write(
    run: _Run, part: _Slice, draft: Draft, *, spells: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """Compute and write the values of a slot; returns the accounts that are not known."""
    months = run.months_of(part)
    names = run.dimensions.account_dimensions
    versions = run.dimensions.versions(names, part.days[0].year) if names else None
    exclusions = _scan(months, "exclusion.parquet").collect()
    values, excluded, segments = _rows(
        run, part, spells=spells, versions=versions, exclusions=exclusions
    )
    values.write_parquet(draft.path("value.parquet"))
    draft.facts["rows"] = values.height
    start = values["period_start"].min()
    draft.facts["days"] = [start.isoformat()] if isinstance(start, dt.date) else []
    excluded.write_parquet(draft.path("exclusion.parquet"))
    distinct = segments.unique().sort("segment_set", "segment_key")
    distinct.write_parquet(draft.path("segment.parquet"))
    if versions is None:
        return {}
    asked = spells.select("account_id").unique()
    found = asked.join(versions.select("account_id", "is_known").unique(), "account_id", "left")
    return unresolved_keys(found, {_TABLE: ("is_known", ("account_id",))})


def _rows(
    run: _Run,
    part: _Slice,
    *,
    spells: pl.DataFrame,
    versions: pl.DataFrame | None,
    exclusions: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Values, exclusions and segments of a slot."""
    plan, sets, grain = run.plan, run.plan.customer_sets(), part.grain
    columns = plan.dimension_columns
    states = churn_states(spells, part.periods, sets, versions=versions)
    kept, early = without_look_back(states, run.first_whole_day)
    nameless = unattributed(exclusions, sets, grain, starts=part.periods.starts)
    settled: Settled = settle(
        Rolled(kept, pl.concat([early, nameless]), HISTOGRAM_SCHEMA.to_frame()),
        [one for one in plan.published if one.kpi.fact == "population"],
        {CHURN.code: CHURN},
        confidence=plan.project.kpis.confidence,
        targets=plan.project.kpis.targets,
    )
    segments = pl.concat(
        [segment_frame(_with_unknown(states, one, nameless), one, columns) for one in sets]
    )
    value_table = with_summary(with_dimensions(KPI_VALUE, plan.dimensions))
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
