"""Which extracted rows made up a value: its facts built again, with where each event came from.

For KPIs on events; those counted anew for each period are in `assets.kpi.population_rows`. Nothing
of a row but its place is told, and nothing is stored.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from assets.kpi.history_inputs import (
    Dimensions,
    account_dimensions,
    event_months,
    month_days,
    scan_slot,
)
from assets.kpi.look_ahead import look_ahead
from assets.kpi.plan import Plan
from assets.kpi.rates import rates_of
from assets.kpi.states import BUILDERS, SURVEYED
from assets.lake.layout import Lake
from assets.transforms.answering_again import superseded_later
from assets.transforms.facts import FACTS, Cut, Lookups
from assets.transforms.measures import Measure, dated
from assets.transforms.rolling_up import ANSWERED_AGAIN, SUPERSEDED
from assets.transforms.segments import SegmentSet, known
from schemas.kpis.catalogue import Published
from schemas.kpis.kpi import FactName
from schemas.table import LINEAGE

PLACES = pl.Schema(
    {
        "table": pl.String(),
        "_source": pl.String(),
        "_source_file": pl.String(),
        "_row_number": pl.Int64(),
        "_logical_date": pl.Date(),
        "reason": pl.String(),
    }
)
"""Columns of what is found here; `reason` is null where the row counts."""


_TOLD_OF: Mapping[FactName, str] = {"answer": "survey_answer"}
"""Fact → table whose rows it has one a row; of the others it is the event's."""


@dataclass(frozen=True, slots=True)
class Value:
    """Which value is asked about.

    Attributes:
        kpi: The KPI.
        first: First day of its period.
        last: Last day of it, inclusive, or the last loaded day where that is earlier.
        segments: Segment set.
        key: Segment within the set.
    """

    kpi: Published
    first: dt.date
    last: dt.date
    segments: SegmentSet
    key: str


def contributions(lake: Lake, plan: Plan, value: Value, *, as_of: dt.date) -> pl.DataFrame:
    """Every event row that a value is computed from or that was left out of it: `PLACES`.

    A row counts once for every measure of the KPI's state that it enters; an order stands once in
    each product segment that its lines have.

    Args:
        lake: Where the history stands.
        plan: What is asked for.
        value: The value.
        as_of: Last loaded day.
    """
    parts = [
        _placed(frame, measure, value, table=_TOLD_OF.get(fact, FACTS[fact].tables[0]))
        for fact in value.kpi.kpi.facts
        if fact in BUILDERS
        for measure, frame in _frames(lake, plan, fact, value, as_of=as_of)
    ]
    return pl.concat([pl.DataFrame(schema=PLACES), *parts])


def _frames(
    lake: Lake, plan: Plan, fact: FactName, value: Value, *, as_of: dt.date
) -> Iterator[tuple[Measure, pl.LazyFrame]]:
    """Rows of a fact in the months that have events of the period, for each of its measures."""
    measures = [one for one in plan.fact_measures(fact) if one.code == value.kpi.state]
    cuts = [cut for cut, sets in plan.views(fact) if value.segments in sets]
    if not measures or not cuts:
        return
    (cut,) = cuts
    dimensions = Dimensions(lake, account_dimensions(cut.dimensions))
    rates = rates_of(lake, plan.project)
    for month in event_months(lake, plan.fact_tables(fact)[0]):
        if not _has_days(lake, fact, month, value):
            continue
        first, until = month_days(month)
        own = dataclasses.replace(
            cut, rates=rates.within(first, until), as_of=as_of, keeps_lineage=True
        )
        tables = {
            name: scan_slot(lake.history(name, month), name) for name in plan.fact_tables(fact)
        } | look_ahead(lake, plan, fact, month=month, as_of=as_of).tables()
        lookups = dimensions.lookups(own, first.year, surveys=fact in SURVEYED)
        yield from _measured(tables, lookups, own, fact=fact, measures=measures)


def _measured(
    tables: Mapping[str, pl.LazyFrame],
    lookups: Lookups,
    cut: Cut,
    *,
    fact: FactName,
    measures: list[Measure],
) -> Iterator[tuple[Measure, pl.LazyFrame]]:
    frame = BUILDERS[fact](tables, lookups, cut)
    found: Mapping[str, pl.DataFrame] = {}
    if cut.keeps_persons:
        bare = dataclasses.replace(cut, keeps_lineage=False)
        found, _ = superseded_later(tables, lookups, bare, measures)
    for measure in measures:
        rows = frame.wide
        if measure.dedupe_days:
            rows = rows.join(found[measure.code].lazy(), on="response_id", how="left")
        yield measure, rows


def _has_days(lake: Lake, fact: FactName, month: str, value: Value) -> bool:
    """Whether the states of a month have a day of the period; unknown states may."""
    receipt = lake.kpi("state", fact, month).receipt()
    if receipt is None:
        return True
    days = [dt.date.fromisoformat(text) for text in receipt.facts["days"]]
    return bool(days) and days[0] <= value.last and days[-1] >= value.first


def _placed(rows: pl.LazyFrame, measure: Measure, value: Value, *, table: str) -> pl.DataFrame:
    """Rows of one measure within the period and the segment, with the reason they are left out."""
    names = dict(enumerate(measure.reasons, start=1))
    reason = pl.col("reason").replace_strict(names, default=None, return_dtype=pl.String)
    if measure.dedupe_days:
        is_replaced = (pl.col(SUPERSEDED) <= value.last).fill_null(value=False)
        replaced = pl.when(is_replaced & (pl.col("reason") == 0)).then(pl.lit(ANSWERED_AGAIN))
        reason = replaced.otherwise(reason)
    return (
        dated(rows, measure)
        .filter(pl.col("event_day").is_between(value.first, value.last))
        .with_columns(known(value.segments.columns))
        .filter(value.segments.key() == value.key)
        .select(
            pl.lit(table).alias("table"),
            *[column.name for column in LINEAGE],
            reason.alias("reason"),
        )
        .collect()
        .cast(PLACES)
    )
