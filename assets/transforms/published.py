"""Rows of the published tables in their contracts' shape: columns, types and order.

Values and exclusions come finalised from `assets.transforms.values`; nothing is computed here but
the end and the completeness of a period.
"""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from assets.transforms.composites import COMPOSITES
from assets.transforms.cuts import carried
from assets.transforms.estimators import QUANTILES
from assets.transforms.grains import PeriodCalendar
from assets.transforms.segments import SegmentSet
from assets.transforms.values import Settled
from schemas.config.kpis import KpiConfig
from schemas.kpis.catalogue import Published, input_columns
from schemas.table import Table
from schemas.warehouse import DIM_KPI, DIM_PERIOD

_SEGMENT = ("segment_set", "segment_key")


def shaped(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """A frame with exactly the columns of a contract, absent ones null, in key order."""
    schema = table.polars_schema()
    present = [
        (pl.col(name) if name in frame.columns else pl.lit(None).alias(name)).cast(kind)
        for name, kind in schema.items()
    ]
    return frame.select(present).sort(table.key)


def value_rows(
    settled: Settled,
    segments: pl.DataFrame,
    table: Table,
    *,
    calendar: PeriodCalendar,
    grain: str,
    as_of: dt.date,
) -> pl.DataFrame:
    """Rows of `kpi_value` of one grain.

    Args:
        settled: Finalised values.
        segments: segment_set, segment_key and the dimension columns.
        table: `kpi_value` with the configured dimensions.
        calendar: How periods are cut.
        grain: Grain of the periods.
        as_of: Last loaded day.
    """
    ends = calendar.ends(grain, settled.value["period_start"])
    is_complete = (pl.col("period_end") <= as_of).alias("is_complete")
    dated = settled.value.join(ends, on="period_start", how="left").with_columns(
        pl.lit(grain).alias("period_grain"), is_complete
    )
    return shaped(dated.join(segments, on=_SEGMENT, how="left"), table)


def exclusion_rows(
    settled: Settled, segments: pl.DataFrame, table: Table, *, grain: str
) -> pl.DataFrame:
    """Rows of `kpi_exclusion` of one grain; see `value_rows`."""
    dated = settled.exclusion.with_columns(pl.lit(grain).alias("period_grain"))
    return shaped(dated.join(segments, on=_SEGMENT, how="left"), table)


def segment_rows(segments: pl.DataFrame, sets: Sequence[SegmentSet], table: Table) -> pl.DataFrame:
    """Rows of `dim_segment`.

    Args:
        segments: Distinct segment_set, segment_key and the dimension columns.
        sets: Segment sets, for the labels.
        table: `dim_segment` with the configured dimensions.
    """
    label = pl.lit(None, dtype=pl.String)
    for one in sets:
        label = pl.when(pl.col("segment_set") == one.name).then(one.label()).otherwise(label)
    return shaped(segments.with_columns(label.alias("label")), table)


def kpi_rows(published: Sequence[Published], config: KpiConfig) -> pl.DataFrame:
    """Rows of `dim_kpi`."""
    rows = [
        {
            "kpi_code": one.code,
            "catalogue_code": one.kpi.code,
            "name_en": one.name or one.kpi.name_en,
            "name_fr": one.name or one.kpi.name_fr,
            "family": one.kpi.family,
            "department": one.kpi.department,
            "unit": one.kpi.unit,
            "direction": one.kpi.direction,
            "formula": one.kpi.formula,
            "weights": one.weights,
            "options": one.method.removeprefix("+").replace("+", ", ") or None,
            "dimensions": ", ".join(carried(one.kpi)) or None,
            "is_additive": _is_additive(one),
            "min_n": max(one.kpi.min_n, config.min_n.of(one.code)),
            "method_version": one.kpi.method_version,
            "source": one.kpi.source,
            "inputs": ", ".join(input_columns(one.kpi, config)),
        }
        for one in published
    ]
    return shaped(pl.DataFrame(rows, schema=dict(DIM_KPI.polars_schema())), DIM_KPI)


def _is_additive(one: Published) -> bool:
    """Whether its sums are those of its days.

    An order statistic and a composite have none, and an answer may lose its place to a later one.
    """
    is_of_sums = one.kpi.estimator not in {*QUANTILES, *COMPOSITES}
    return one.kpi.additive and is_of_sums and not one.dedupe_days


def period_rows(periods: pl.DataFrame) -> pl.DataFrame:
    """Rows of `dim_period` from `PeriodCalendar.periods`."""
    return shaped(periods, DIM_PERIOD)
