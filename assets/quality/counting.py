"""Counting the accepted rows of core partitions: nulls, categories, scores, rows that came before.

Belongs here: what is counted of a table and source, and the queries, a batch of dates at a time.
Does not belong here: which dates are due and where counts are kept (`assets.quality.profiles`).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from assets.core.references import survey_of_responses
from assets.lake.layout import Lake
from assets.transforms.quality.categories import OTHER
from assets.transforms.quality.observed import CATEGORIES, NULLS, REDELIVERIES, SCORES
from schemas.config.mapping import TableMap
from schemas.config.project import Project
from schemas.registry import canonical
from schemas.table import Column, Table

MOST_CATEGORIES = 50
"""Most frequent values of a column and date that are kept by name."""
"""All further values of a column and date."""
MOST_SCORES = 200
"""Distinct scores of a question and date; a finer scale is grouped."""

DISTINCT = "distinct"
"""Number of different values that a column had on a date, beside its kept categories."""

STORED_CATEGORIES = pl.Schema({**CATEGORIES, DISTINCT: pl.Int64()})

_DATE = "_logical_date"
_ROWS = "_rows"
_CELLS = {"score": "scores", "choice": "choices", "text": "texts"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is counted of one table and source.

    Attributes:
        table: Canonical table.
        source: Source that feeds it.
        nulls: Nullable columns that the mapping fills.
        categories: Columns with few values.
        has_scores: Whether scores are counted.
        days: Days back in which a row counts as delivered before; None for snapshots.
    """

    table: Table
    source: str
    nulls: tuple[str, ...]
    categories: tuple[str, ...]
    has_scores: bool
    days: int | None


def plan_of(project: Project, table_name: str, source: str) -> Plan:
    """What is counted of a table and source.

    Left out are constants; of the columns that may be null custom attributes and what is blanked
    for want of a key; of the categories personal data.
    """
    table = canonical(table_name)
    filled = [
        column
        for column in _filled(table, project.feeds(table_name)[source])
        if not (column.pii in {"identity", "contact"} and project.privacy.key is None)
    ]
    limits = project.quality.limits(table=table_name, source=source)
    is_incremental = project.sources[source].mode == "incremental"
    return Plan(
        table,
        source,
        nulls=tuple(one.name for one in filled if one.nullable and one.type != "map"),
        categories=tuple(one.name for one in filled if one.is_category),
        has_scores=table_name == "survey_answer",
        days=limits.redelivered.days if is_incremental else None,
    )


def _filled(table: Table, mapping: TableMap) -> list[Column]:
    names = {name for name, spec in mapping.columns.items() if spec.value is None}
    if mapping.unpivot:
        names |= {cell for cell, group in _CELLS.items() if getattr(mapping.unpivot, group)}
    return [column for column in table.columns if column.name in names]


def scan_accepted(lake: Lake, plan: Plan, dates: Sequence[dt.date]) -> pl.LazyFrame:
    """Accepted rows of core partitions."""
    slots = [lake.core(plan.table.name, plan.source, date) for date in dates]
    paths = [path for slot in slots if (path := slot.path("accepted.parquet")) is not None]
    return pl.scan_parquet(paths) if paths else plan.table.polars_schema().to_frame().lazy()


def count_batch(lake: Lake, plan: Plan, dates: Sequence[dt.date]) -> dict[str, pl.DataFrame]:
    """Kind → counts of some dates: `nulls`, `categories` and `scores`, each with its own schema."""
    rows = scan_accepted(lake, plan, dates)
    queries = [_null_counts(rows, plan)] if plan.nulls else []
    queries += [_category_counts(rows, name) for name in plan.categories]
    if plan.has_scores:
        queries.append(_score_counts(rows, survey_of_responses(lake, dates)))
    counted = iter(pl.collect_all(queries, engine="streaming"))
    nulls = _long_nulls(next(counted), plan, dates) if plan.nulls else NULLS.to_frame()
    categories = [_most_frequent(next(counted)) for _ in plan.categories]
    found = {
        "nulls": nulls,
        "categories": pl.concat(categories) if categories else None,
        "scores": _grouped(next(counted)) if plan.has_scores else None,
    }
    schemas = {"nulls": NULLS, "categories": STORED_CATEGORIES, "scores": SCORES}
    return {kind: _finished(found[kind], plan, schema) for kind, schema in schemas.items()}


def _finished(counts: pl.DataFrame | None, plan: Plan, schema: pl.Schema) -> pl.DataFrame:
    """Counts with table and source, columns and types as the schema says."""
    if counts is None:
        return schema.to_frame()
    counts = counts.rename({_DATE: "date"}, strict=False)
    about = {"table": plan.table.name, "source": plan.source}
    named = counts.with_columns(pl.lit(text).alias(name) for name, text in about.items())
    return named.select(schema.names()).cast(schema)


def _null_counts(rows: pl.LazyFrame, plan: Plan) -> pl.LazyFrame:
    counts = [pl.col(name).null_count().cast(pl.Int64) for name in plan.nulls]
    return rows.group_by(_DATE).agg(pl.len().alias(_ROWS), *counts)


def _long_nulls(counts: pl.DataFrame, plan: Plan, dates: Sequence[dt.date]) -> pl.DataFrame:
    """One row per date and column; a date without rows has them, too."""
    every = pl.DataFrame({_DATE: dates}, schema={_DATE: pl.Date})
    full = every.join(counts, on=_DATE, how="left").with_columns(pl.exclude(_DATE).fill_null(0))
    long = full.unpivot(
        on=list(plan.nulls), index=[_DATE, _ROWS], variable_name="column", value_name="nulls"
    )
    return long.rename({_ROWS: "rows"})


def _category_counts(rows: pl.LazyFrame, column: str) -> pl.LazyFrame:
    return (
        rows.filter(pl.col(column).is_not_null())
        .group_by(_DATE, pl.col(column).alias("category"))
        .agg(pl.len().cast(pl.Int64).alias("rows"))
        .select(_DATE, pl.lit(column).alias("column"), "category", "rows")
    )


def _most_frequent(counts: pl.DataFrame) -> pl.DataFrame:
    """The most frequent values of every date by name, the rest together."""
    of_date = [_DATE, "column"]
    ranked = counts.sort(*of_date, "rows", "category", descending=[False, False, True, False])
    is_kept = pl.int_range(pl.len()).over(of_date) < MOST_CATEGORIES
    kept = ranked.with_columns(
        pl.when(is_kept).then("category").otherwise(pl.lit(OTHER)).alias("category"),
        pl.len().over(of_date).alias(DISTINCT),
    )
    return kept.group_by(*of_date, "category").agg(pl.sum("rows"), pl.first(DISTINCT))


def _score_counts(rows: pl.LazyFrame, responses: pl.LazyFrame) -> pl.LazyFrame:
    scored = rows.filter(pl.col("score").is_finite())  # null is not finite either
    with_survey = scored.select(_DATE, "response_id", "question_id", "score").join(
        responses, on=[_DATE, "response_id"], how="left"
    )
    return with_survey.group_by(_DATE, "survey_id", "question_id", "score").agg(
        pl.len().cast(pl.Int64).alias("rows")
    )


def _grouped(counts: pl.DataFrame) -> pl.DataFrame:
    """At most `MOST_SCORES` scores a question and date.

    Neighbouring scores are put together under the least of them, the topmost under the greatest:
    the range stays what it is, and no share moves further than to its neighbours.
    """
    question = [_DATE, "survey_id", "question_id"]
    ranked = counts.sort(*question, "score", nulls_last=False).with_columns(
        pl.int_range(pl.len()).over(question).alias("_rank"),
        pl.len().cast(pl.Int64).over(question).alias("_distinct"),
    )
    is_fine = pl.col("_distinct") > MOST_SCORES
    shared = pl.col("_rank") * MOST_SCORES // pl.col("_distinct")
    group = pl.when(is_fine).then(shared).otherwise("_rank").alias("_group")
    last = pl.col("_group") == MOST_SCORES - 1
    least, greatest = pl.col("score").min(), pl.col("score").max()
    return (
        ranked.with_columns(group)
        .group_by(*question, "_group")
        .agg(least.alias("_least"), greatest.alias("_greatest"), pl.sum("rows"))
        .with_columns(pl.when(last).then("_greatest").otherwise("_least").alias("score"))
    )


def count_redelivered(
    lake: Lake, plan: Plan, *, due: Mapping[dt.date, int], known: Sequence[dt.date]
) -> pl.DataFrame:
    """Rows of some dates that an earlier date within the window brought unchanged.

    Rows are told by a hash of 64 bits of key and content: among a hundred million rows one pair
    of different rows is likely to be taken for equal in three thousand runs.

    Args:
        lake: Where the partitions are.
        plan: Table and source, and the days back that are compared with.
        due: Dates to count and their accepted rows.
        known: All dates there are.

    Returns:
        One row per date that is due. Schema `REDELIVERIES`.
    """
    days = plan.days or 0
    window = [dt.timedelta(days=back) for back in range(days + 1)]
    needed = sorted({date - back for date in due for back in window} & set(known))
    content = pl.struct(column.name for column in plan.table.columns).hash(0).alias("_row")
    rows = scan_accepted(lake, plan, needed).select(_DATE, content).collect(engine="streaming")
    rows = rows.sort("_row", _DATE)  # a key comes once a date, so the row above is of another
    is_same = pl.col("_row") == pl.col("_row").shift(1)
    is_near = pl.col(_DATE) - pl.col(_DATE).shift(1) <= pl.duration(days=days)
    counts = rows.filter(is_same & is_near).group_by(_DATE).agg(pl.len().alias("redelivered"))
    every = pl.DataFrame(
        {_DATE: list(due), "rows": list(due.values())}, schema={_DATE: pl.Date, "rows": pl.Int64}
    )
    found = every.join(counts, on=_DATE, how="left").with_columns(
        pl.col("redelivered").fill_null(0)
    )
    return _finished(found, plan, REDELIVERIES)
