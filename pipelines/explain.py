"""Explaining a published value: gathers what is known of it.

Which value is meant is found in `pipelines.explain_question`, how it is told is in
`pipelines.explain_text`. No cell of a row is read into it, and of a value that is withheld no row.
"""

import dataclasses
import datetime as dt
import json
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from assets.kpi.contributions import contributions
from assets.kpi.plan import Plan
from assets.kpi.population_rows import is_narrowed, population_rows
from assets.kpi.tables import scan_published
from assets.lake.layout import Lake
from assets.publish.value_history import scan_restatements, scan_value_history
from assets.publish.warehouse import publish_log
from pipelines.explain_question import Question
from schemas.errors import BarometerError


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of a value.

    Attributes:
        question: Which value.
        row: Its row of `kpi_value_history`.
        latest: The row that holds now.
        as_of: Latest logical date that the publish of the row knew; None where no longer on record.
        rows: Rows that made it up (`PLACES`) as far as their extracts were loaded then; none where
            it is withheld.
        later: Rows of extracts that were loaded later.
        is_event: Whether each row counts or is left out; otherwise it may matter or not.
        is_narrowed: Whether the rows are those of the segment.
        restatements: Rows of `kpi_restatement` of its key.
        left_out: Rows left out by reason, as they are now; of a value that is published no more.
    """

    question: Question
    row: dict[str, Any]
    latest: dict[str, Any]
    as_of: dt.date | None
    rows: pl.DataFrame
    later: int
    is_event: bool
    is_narrowed: bool
    restatements: pl.DataFrame
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_withheld(self) -> bool:
        """Whether the value was withheld, or is now: then its rows are not told either."""
        return any(one.get("suppression") is not None for one in (self.row, self.latest))

    @property
    def exclusions(self) -> dict[str, int]:
        """Rows left out, by reason, as published."""
        found: dict[str, int] = json.loads(self.row["exclusions"])
        return found


def gather(lake: Lake, plan: Plan, question: Question, *, known_on: dt.date | None) -> Explanation:
    """What is known of a value, as readers had it at the end of a day; by default now.

    Raises:
        BarometerError: It was not published by then.
    """
    until = _end_of(known_on, plan.project.company.time_zone) if known_on else None
    known = _of_key(scan_value_history(lake, plan.project), question).sort("known_at")
    then = known if until is None else known.filter(pl.col("known_at") < until)
    if then.is_empty():
        raise _not_published(question, known, known_on, _left_out(lake, plan, question))
    row, latest = then.row(-1, named=True), known.row(-1, named=True)
    restated = _of_key(scan_restatements(lake, plan.project), question).sort("known_at")
    as_of = _as_of(lake, until)
    value, is_event = question.value, question.value.kpi.kpi.fact != "population"
    found = Explanation(
        question, row, latest, as_of, pl.DataFrame(), 0, is_event,
        is_event or is_narrowed(plan, value), restated,
        _left_out(lake, plan, question) if row["is_withdrawn"] else {},
    )  # fmt: skip
    if found.is_withheld:
        return found
    day = as_of or value.last
    # a period that was not over counts what had happened by then
    asked = dataclasses.replace(value, last=min(value.last, day))
    rows = (
        contributions(lake, plan, asked, as_of=day)
        if is_event
        else population_rows(lake, plan, asked)
    )
    is_late = (pl.col("_logical_date") > day).fill_null(value=False)
    later = rows.filter(is_late).height
    return dataclasses.replace(found, rows=rows.filter(~is_late), later=later)


def _of_key(rows: pl.LazyFrame, question: Question) -> pl.DataFrame:
    return rows.filter(
        pl.col(name) == pl.lit(value) for name, value in question.key.items()
    ).collect()


def _left_out(lake: Lake, plan: Plan, question: Question) -> dict[str, int]:
    """What of a value that is not published is left out now: reason → count."""
    rows = _of_key(scan_published(lake, plan.project)["kpi_exclusion"][1], question)
    return dict(rows.sort("reason").select("reason", "count").rows())


def _end_of(day: dt.date, time_zone: str) -> dt.datetime:
    after = day + dt.timedelta(days=1)
    midnight = dt.datetime(after.year, after.month, after.day, tzinfo=zoneinfo.ZoneInfo(time_zone))
    return midnight.astimezone(dt.UTC)


def _as_of(lake: Lake, until: dt.datetime | None) -> dt.date | None:
    """Latest logical date that the publish of that time knew."""
    known = [
        dt.date.fromisoformat(each["as_of"])
        for each in publish_log(lake)
        if until is None or dt.datetime.fromisoformat(each["published_at"]) < until
    ]
    return known[-1] if known else None


def _not_published(
    question: Question, known: pl.DataFrame, known_on: dt.date | None, left_out: Mapping[str, int]
) -> BarometerError:
    first = known["known_at"].min()
    value = question.value
    counts = ", ".join(f"{reason}: {count:,}" for reason, count in left_out.items())
    why = f"; all was left out ({counts})" if counts and first is None else ""
    return BarometerError(
        "no value was published" + (f" by {known_on}" if known_on else "") + why,
        where=f"{value.kpi.code} {question.label} {value.segments.name}={value.key}",
        allowed="no data, no row: see `kpi_exclusion` for what was left out"
        if first is None
        else f"known since {first!s}",
        mend="ask for another period or segment, or a later --as-known-on",
    )
