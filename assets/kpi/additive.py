"""Values whose days add up: rows of `kpi_value` and `kpi_exclusion` from daily states."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from assets.kpi.plan import Plan
from assets.kpi.slices import Slice, StateSlot, daily_states, scan
from assets.transforms.like_for_like import (
    days_of_side,
    previous_histograms,
    quantile_p_values,
    running,
    with_like_for_like,
)
from assets.transforms.published import exclusion_rows, value_rows
from assets.transforms.rolling_up import DailyStates, Rolled, rolled_up, rolled_up_by_day
from assets.transforms.values import Settled, settle
from assets.transforms.windows import WINDOWS
from schemas.kpis.catalogue import Published
from schemas.warehouse import KPI_EXCLUSION, KPI_VALUE, with_dimensions, with_summary


def computed(
    plan: Plan, sources: Sequence[StateSlot], part: Slice
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Values and exclusions of the periods of a slice.

    Args:
        plan: What is asked for.
        sources: Slots with the states of all days that the slice depends on.
        part: The slice.
    """
    grain = part.grain
    published = [
        one for one in plan.published if one.kpi.fact != "population" and _has_grain(one, grain)
    ]
    states = daily_states(sources, plan.project.kpis.periods.sets_of(grain))
    rolled = rolled_up(states, grain, part.periods)
    settled = _settled(plan, rolled, published)
    compared = _compared(plan, states, rolled, settled, part, published=published)
    segments = scan(sources, "segment.parquet").unique().collect()
    values = value_rows(
        replace(settled, value=compared),
        segments,
        with_summary(with_dimensions(KPI_VALUE, plan.dimensions)),
        calendar=plan.calendar,
        grain=grain,
        as_of=part.as_of,
    )
    table = with_dimensions(KPI_EXCLUSION, plan.dimensions)
    return values, exclusion_rows(settled, segments, table, grain=grain)


def _has_grain(one: Published, grain: str) -> bool:
    return not one.kpi.grains or grain in one.kpi.grains


def _settled(plan: Plan, rolled: Rolled, published: Sequence[Published]) -> Settled:
    config = plan.project.kpis
    return settle(
        rolled,
        published,
        plan.measures,
        confidence=config.confidence,
        targets=config.targets,
        narrowed=plan.narrowed,
    )


def _compared(
    plan: Plan,
    states: DailyStates,
    rolled: Rolled,
    settled: Settled,
    part: Slice,
    *,
    published: Sequence[Published],
) -> pl.DataFrame:
    """Settled values with what can be compared while the states are at hand."""
    nothing = settled.value.clear()
    sides = {"previous": nothing, "year_ago": nothing}
    open_ones = running(part.periods)
    if part.grain not in WINDOWS and open_ones.height:
        for side in sides:
            then = rolled_up_by_day(states, days_of_side(open_ones, side))
            if then.state.height:
                sides[side] = _settled(plan, then, published).value
    before = rolled.histogram.clear()
    if part.needs_previous:
        before = previous_histograms(states, part.periods, rolled.histogram)
    return with_like_for_like(
        settled.value,
        sides["previous"],
        sides["year_ago"],
        quantiles=quantile_p_values(rolled.histogram, before, published),
        estimators={one.code: one.kpi.estimator for one in published},
    )
