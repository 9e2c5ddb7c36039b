"""From the states of a population to the rows that its slots hold; nothing is counted here."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from assets.kpi.plan import Plan
from assets.lake.slot import Draft
from assets.transforms.populations.population import Asked, Population, PopulationStates
from assets.transforms.published import exclusion_rows, shaped, value_rows
from assets.transforms.rolling_up import Rolled
from assets.transforms.segments import SegmentSet
from assets.transforms.states import HISTOGRAM_SCHEMA
from assets.transforms.values import settle
from schemas.warehouse import KPI_EXCLUSION, KPI_VALUE, with_dimensions, with_summary

_SEGMENT = ("segment_set", "segment_key")


@dataclass(frozen=True, slots=True)
class PopulationTables:
    """Rows of one population and grain.

    Attributes:
        value: Rows of `kpi_value`.
        exclusion: Rows of `kpi_exclusion`.
        segment: period_start, segment_set, segment_key and the dimension columns.
        extra: Further published table → its rows, a file each.
    """

    value: pl.DataFrame
    exclusion: pl.DataFrame
    segment: pl.DataFrame
    extra: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    def starting(self, first: dt.date, last: dt.date) -> "PopulationTables":
        """The rows of the periods that start from a day to another."""
        is_in = pl.col("period_start").is_between(first, last)
        extra = {name: rows.filter(is_in) for name, rows in self.extra.items()}
        value, exclusion, segment = (
            one.filter(is_in) for one in (self.value, self.exclusion, self.segment)
        )
        return PopulationTables(value, exclusion, segment, extra)

    def write(self, draft: Draft) -> None:
        """Write the files of a slot."""
        self.value.write_parquet(draft.path("value.parquet"))
        self.exclusion.write_parquet(draft.path("exclusion.parquet"))
        distinct = self.segment.drop("period_start").unique().sort(_SEGMENT)
        distinct.write_parquet(draft.path("segment.parquet"))
        for name, rows in self.extra.items():
            rows.write_parquet(draft.path(f"{name}.parquet"))
        draft.facts["rows"] = self.value.height


def tables_of(
    states: PopulationStates, population: Population, asked: Asked, *, plan: Plan
) -> PopulationTables:
    """Settle the states of a population.

    Args:
        states: What it counted.
        population: The population.
        asked: What it was asked for.
        plan: The configuration's plan.
    """
    grain = asked.periods.grain
    # not made on import: a process that is forked from this one could use no Polars then
    no_histogram = HISTOGRAM_SCHEMA.to_frame().rename({"event_day": "period_start"})
    settled = settle(
        Rolled(states.state, states.exclusion, no_histogram),
        plan.population_kpis(population, grain),
        {measure.code: measure for measure in population.measures},
        confidence=plan.project.kpis.confidence,
        targets=plan.project.kpis.targets,
    )
    segments = _segments(states, asked.sets, plan.dimension_columns)
    distinct = segments.drop("period_start").unique()
    value_table = with_summary(with_dimensions(KPI_VALUE, plan.dimensions))
    exclusion_table = with_dimensions(KPI_EXCLUSION, plan.dimensions)
    as_of = asked.as_of or asked.periods.ends[-1]
    return PopulationTables(
        value_rows(
            settled,
            distinct,
            value_table,
            calendar=plan.calendar,
            grain=grain,
            as_of=as_of,
        ),
        exclusion_rows(settled, distinct, exclusion_table, grain=grain),
        segments,
        {
            table.name: shaped(
                states.extra[table.name].with_columns(pl.lit(grain).alias("period_grain")), table
            )
            for table in population.extra
        },
    )


def _segments(
    states: PopulationStates, sets: Sequence[SegmentSet], columns: Sequence[str]
) -> pl.DataFrame:
    """Segments that have a value or an exclusion, by the period that they have it in."""
    frames = []
    for one in sets:
        keys = ["period_start", *one.columns]
        is_own = pl.col("segment_set") == one.name
        both = (states.state, states.exclusion)
        rows = pl.concat([each.filter(is_own).select(keys) for each in both]).unique()
        absent = [pl.lit(None, pl.String).alias(n) for n in columns if n not in one.columns]
        named = rows.with_columns(pl.lit(one.name).alias("segment_set"), *absent)
        keyed = named.with_columns(one.key().alias("segment_key"))
        frames.append(keyed.select("period_start", *_SEGMENT, *columns))
    return pl.concat(frames)
