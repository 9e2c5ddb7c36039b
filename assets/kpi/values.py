"""Keeping values, exclusions and dimensions current: one slot a grain and year of period starts.

Values of KPIs whose days add up are rolled up here from the states; what is counted anew for each
period has its own module, `assets.kpi.populations`. A slot whose states, configuration and last
loaded day are the same is left alone.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from assets.kpi.additive import computed
from assets.kpi.plan import Plan
from assets.kpi.populations import build_populations, population_slots
from assets.kpi.slices import Slice, StateSlot, state_slots, value_slices
from assets.lake.layout import Lake
from assets.lake.slot import Slot, fingerprint
from assets.transforms.published import (
    kpi_rows,
    period_rows,
    segment_rows,
)
from schemas.config.project import Project
from schemas.warehouse import DIM_KPI, DIM_SEGMENT, with_dimensions

_ROWS = ("value.parquet", "exclusion.parquet")


@dataclass(frozen=True, slots=True)
class ValueReport:
    """What a refresh of the values did.

    Attributes:
        refreshed: `grain/year` of the slots written, `population/name/grain-month` of what is
            counted anew.
        removed: Slots whose states are gone.
        current: Number of slots that were current.
        rows: Rows of `kpi_value` now.
    """

    refreshed: tuple[str, ...]
    removed: tuple[str, ...]
    current: int
    rows: int


def build_values(lake: Lake, project: Project, *, as_of: dt.date) -> ValueReport:
    """Refresh the stale value slots and the dimension tables.

    Args:
        lake: Where everything stands; the states must be current (`build_states`).
        project: The configuration.
        as_of: Latest logical date loaded; later periods are not complete.
    """
    plan = Plan(project)
    states = state_slots(lake, plan)
    slices = value_slices(plan, states, as_of=as_of)
    refreshed = [part.label for part in slices if _refresh(lake, plan, states, part)]
    wanted = {part.label for part in slices}
    removed = []
    for grain in lake.kpi_names("value"):
        for name in lake.kpi_names("value", grain):
            if f"{grain}/{name}" not in wanted:
                lake.kpi("value", grain, name).remove()
                removed.append(f"{grain}/{name}")
    populations = build_populations(lake, plan, as_of=as_of)
    _refresh_dimensions(lake, plan, states, as_of=as_of)
    refreshed += [f"population/{name}" for name in populations.refreshed]
    removed += [f"population/{name}" for name in populations.removed]
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
    return found + population_slots(lake)


def _rows(slot: Slot) -> int:
    receipt = slot.receipt()
    return int(receipt.facts["rows"]) if receipt else 0


def _refresh(lake: Lake, plan: Plan, states: Sequence[StateSlot], part: Slice) -> bool:
    """Rebuild the values of a slice if they are stale; whether they were."""
    sources = [slot for slot in states if slot.overlaps(*part.reach)]
    inputs = fingerprint(
        plan.value_signature,
        plan.dimension_columns,
        [(slot.label, slot.content) for slot in sources],
        part.span,
        part.known_on,
    )
    slot = lake.kpi("value", part.grain, str(part.year))
    if slot.is_current(inputs):
        return False
    values, exclusions = computed(plan, sources, part)
    with slot.replace(inputs) as draft:
        values.write_parquet(draft.path("value.parquet"))
        exclusions.write_parquet(draft.path("exclusion.parquet"))
        draft.facts["rows"] = values.height
    return True


def _refresh_dimensions(
    lake: Lake, plan: Plan, states: Sequence[StateSlot], *, as_of: dt.date
) -> None:
    """Rebuild dim_kpi, dim_segment and dim_period if they are stale."""
    populations = population_slots(lake)
    receipts = [receipt for slot in populations if (receipt := slot.receipt())]
    inputs = fingerprint(
        plan.value_signature,
        plan.dimension_columns,
        plan.project.kpis.model_dump(mode="json", include={"churn", "min_n"}),
        list(DIM_KPI.polars_schema()),
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
    paths += [str(path) for one in populations if (path := one.path("segment.parquet"))]
    frames = [pl.read_parquet(path).select(columns) for path in paths]
    empty = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    segments = pl.concat([empty, *frames]).unique()
    with slot.replace(inputs) as draft:
        kpis = kpi_rows(plan.published, plan.project.kpis)
        kpis.write_parquet(draft.path("dim_kpi.parquet"))
        segment_rows(segments, plan.sets, table).write_parquet(draft.path("dim_segment.parquet"))
        periods = period_rows(_periods(lake, plan, as_of=as_of))
        periods.write_parquet(draft.path("dim_period.parquet"))


def _periods(lake: Lake, plan: Plan, *, as_of: dt.date) -> pl.DataFrame:
    """The periods that anything is published of."""
    keys = ["period_grain", "period_start"]
    found = pl.DataFrame(schema={"period_grain": pl.String, "period_start": pl.Date})
    for name in _ROWS:
        paths = [path for slot in value_slots(lake) if (path := slot.path(name)) is not None]
        if paths:
            rows = pl.scan_parquet(paths).select(keys).unique().collect()
            found = pl.concat([found, rows])
    first, last = found["period_start"].min(), found["period_start"].max()
    if not isinstance(first, dt.date) or not isinstance(last, dt.date):
        first = last = as_of
    listed = plan.calendar.periods(first, max(last, as_of), as_of=as_of)
    return listed.join(found.unique(), on=keys, how="semi", maintain_order="left")
