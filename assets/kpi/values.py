"""Keeping values, exclusions and dimensions current: one slot a grain and year of period starts.

Values of KPIs whose days add up are rolled up here from the states; customer KPIs have their own
module. A slot whose states, configuration and last loaded day are the same is left alone.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from assets.kpi.customer_values import build_customer_values
from assets.kpi.plan import Plan
from assets.lake.layout import Lake
from assets.lake.slot import Slot, fingerprint
from assets.transforms.periods import calendar, last_day_of_year
from assets.transforms.published import (
    exclusion_rows,
    kpi_rows,
    period_rows,
    segment_rows,
    value_rows,
)
from assets.transforms.values import roll_up, settle
from schemas.config.project import Project
from schemas.warehouse import DIM_SEGMENT, KPI_EXCLUSION, KPI_VALUE, with_dimensions, with_summary


@dataclass(frozen=True, slots=True)
class ValueReport:
    """What a refresh of the values did.

    Attributes:
        refreshed: `grain/year` of the slots written, `customer/grain-month` for customer KPIs.
        removed: Slots whose states are gone.
        current: Number of slots that were current.
        rows: Rows of `kpi_value` now.
    """

    refreshed: tuple[str, ...]
    removed: tuple[str, ...]
    current: int
    rows: int


@dataclass(frozen=True, slots=True)
class _StateSlot:
    """A committed state slot."""

    label: str
    files: Mapping[str, str]
    content: str
    years: Mapping[str, Sequence[int]]
    days: tuple[dt.date, ...]


def build_values(lake: Lake, project: Project, *, as_of: dt.date) -> ValueReport:
    """Refresh the stale value slots and the dimension tables.

    Args:
        lake: Where everything stands; the states must be current (`build_states`).
        project: The configuration.
        as_of: Latest logical date loaded; later periods are not complete.
    """
    plan = Plan(project)
    states = _state_slots(lake, plan)
    wanted = {(g, year) for slot in states for g, years in slot.years.items() for year in years}
    refreshed, removed = [], []
    for grain, year in sorted(wanted):
        if _refresh(lake, plan, states, grain=grain, year=year, as_of=as_of):
            refreshed.append(f"{grain}/{year}")
    for grain in lake.kpi_names("value"):
        for name in lake.kpi_names("value", grain):
            if (grain, int(name)) not in wanted:
                lake.kpi("value", grain, name).remove()
                removed.append(f"{grain}/{name}")
    customers = build_customer_values(lake, plan, as_of=as_of)
    _refresh_dimensions(lake, plan, states, as_of=as_of)
    refreshed += [f"customer/{name}" for name in customers.refreshed]
    removed += [f"customer/{name}" for name in customers.removed]
    slots = value_slots(lake)
    rows = sum(_rows(slot) for slot in slots)
    return ValueReport(tuple(refreshed), tuple(removed), len(slots) - len(refreshed), rows)


def value_slots(lake: Lake) -> list[Slot]:
    """Every slot that holds `value.parquet` and `exclusion.parquet`, in name order."""
    found = [
        lake.kpi("value", grain, year)
        for grain in lake.kpi_names("value")
        for year in lake.kpi_names("value", grain)
    ]
    return found + [lake.kpi("customer", name) for name in lake.kpi_names("customer")]


def _rows(slot: Slot) -> int:
    receipt = slot.receipt()
    return int(receipt.facts["rows"]) if receipt else 0


def _state_slots(lake: Lake, plan: Plan) -> list[_StateSlot]:
    found = []
    for fact in plan.facts:
        for month in lake.kpi_names("state", fact):
            slot = lake.kpi("state", fact, month)
            receipt = slot.receipt()
            if receipt is None:
                continue
            files = {name: str(slot.folder / file) for name, file in receipt.files.items()}
            days = tuple(dt.date.fromisoformat(text) for text in receipt.facts["days"])
            years = receipt.facts["years"]
            found.append(_StateSlot(f"{fact}/{month}", files, receipt.content, years, days))
    return found


def _refresh(
    lake: Lake,
    plan: Plan,
    states: Sequence[_StateSlot],
    *,
    grain: str,
    year: int,
    as_of: dt.date,
) -> bool:
    """Rebuild the values of a grain and year if they are stale; whether they were."""
    sources = [slot for slot in states if year in slot.years[grain]]
    inputs = fingerprint(
        plan.value_signature,
        plan.dimension_columns,
        [(slot.label, slot.content) for slot in sources],
        min(as_of, last_day_of_year(year, grain)),
    )
    slot = lake.kpi("value", grain, str(year))
    if slot.is_current(inputs):
        return False
    values, exclusions = _computed(plan, sources, grain=grain, year=year, as_of=as_of)
    with slot.replace(inputs) as draft:
        values.write_parquet(draft.path("value.parquet"))
        exclusions.write_parquet(draft.path("exclusion.parquet"))
        draft.facts["rows"] = values.height
    return True


def _computed(
    plan: Plan, sources: Sequence[_StateSlot], *, grain: str, year: int, as_of: dt.date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Values and exclusions of the periods of a grain that start in a year."""
    config = plan.project.kpis
    rolled = roll_up(
        _scan(sources, "state.parquet"),
        _scan(sources, "exclusion.parquet"),
        _scan(sources, "histogram.parquet"),
        grain=grain,
        year=year,
    )
    settled = settle(
        rolled,
        plan.published,
        plan.measures,
        confidence=config.confidence,
        targets=config.targets,
        narrowed=plan.narrowed,
    )
    segments = _segments(sources)
    value_table = with_summary(with_dimensions(KPI_VALUE, plan.dimensions))
    exclusion_table = with_dimensions(KPI_EXCLUSION, plan.dimensions)
    values = value_rows(settled, segments, value_table, grain=grain, as_of=as_of)
    exclusions = exclusion_rows(settled, segments, exclusion_table, grain=grain)
    return values, exclusions


def _scan(sources: Sequence[_StateSlot], name: str) -> pl.LazyFrame:
    return pl.scan_parquet([slot.files[name] for slot in sources])


def _segments(sources: Sequence[_StateSlot]) -> pl.DataFrame:
    return _scan(sources, "segment.parquet").unique().collect()


def _refresh_dimensions(
    lake: Lake, plan: Plan, states: Sequence[_StateSlot], *, as_of: dt.date
) -> None:
    """Rebuild dim_kpi, dim_segment and dim_period if they are stale."""
    customers = [lake.kpi("customer", name) for name in lake.kpi_names("customer")]
    receipts = [receipt for slot in customers if (receipt := slot.receipt())]
    inputs = fingerprint(
        plan.value_signature,
        plan.dimension_columns,
        plan.project.kpis.churn.basis,
        [(slot.label, slot.content) for slot in states],
        [receipt.content for receipt in receipts],
        as_of,
    )
    slot = lake.kpi("dimension")
    if slot.is_current(inputs):
        return
    table = with_dimensions(DIM_SEGMENT, plan.dimensions)
    columns = [name for name in table.polars_schema() if name != "label"]
    paths = [state.files["segment.parquet"] for state in states]
    paths += [str(path) for one in customers if (path := one.path("segment.parquet"))]
    frames = [pl.read_parquet(path).select(columns) for path in paths]
    empty = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    segments = pl.concat([empty, *frames]).unique()
    days = [day for state in states for day in state.days]
    days += [dt.date.fromisoformat(day) for one in receipts for day in one.facts["days"]]
    first, last = min([*days, as_of]), max([*days, as_of])
    with slot.replace(inputs) as draft:
        kpis = kpi_rows(plan.published, plan.project.kpis)
        kpis.write_parquet(draft.path("dim_kpi.parquet"))
        segment_rows(segments, plan.sets, table).write_parquet(draft.path("dim_segment.parquet"))
        periods = period_rows(calendar(first, last, as_of=as_of))
        periods.write_parquet(draft.path("dim_period.parquet"))
