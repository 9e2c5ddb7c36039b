"""All checks of extracts, for every source and table of a company, with the limits of each.

Does not belong here: how anything is counted (`assets.quality`) or judged (one module a check).
"""

import datetime as dt

import polars as pl

from assets.transforms.quality.categories import judge_categories
from assets.transforms.quality.columns import judge_columns
from assets.transforms.quality.freshness import judge_freshness
from assets.transforms.quality.keys import asked_columns
from assets.transforms.quality.null_rate import judge_null_rate
from assets.transforms.quality.observed import Observed
from assets.transforms.quality.outcome import no_outcomes
from assets.transforms.quality.redelivered import judge_redelivered
from assets.transforms.quality.refused import judge_refused
from assets.transforms.quality.scores import TABLE as ANSWERS
from assets.transforms.quality.scores import judge_scores
from assets.transforms.quality.volume import judge_volume
from schemas.config.project import Project


def judge_extracts(observed: Observed, project: Project, *, as_of: dt.date) -> pl.DataFrame:
    """Outcomes of every check of extracts.

    Args:
        observed: What is counted of all partitions.
        project: Configuration: sources, mappings and limits. Sources and tables that it no longer
            has are not judged.
        as_of: Day that the extracts should reach to.

    Returns:
        Frame of schema `OUTCOME`, in the order of asset, check, source, subject and period.
    """
    found: list[pl.DataFrame] = []
    for source, config in project.sources.items():
        found += _of_source(observed, project, source, as_of=as_of)
        for table in config.tables:
            found += _of_table(observed, project, table=table, source=source)
    # each part is of one asset, check and source, and in order within
    parts = [part for part in found if part.height]
    parts.sort(key=lambda part: part.select("asset", "check_name", "source").row(0))
    return pl.concat([no_outcomes(), *parts])


def _of_source(
    observed: Observed, project: Project, source: str, *, as_of: dt.date
) -> list[pl.DataFrame]:
    config, limits = project.sources[source], project.quality.limits(source=source)
    extracts = observed.extracts.filter(pl.col("source") == source)
    found = [
        judge_freshness(extracts, limits.freshness, config, source=source, as_of=as_of),
        judge_columns(extracts, limits.columns, asked_columns(project, source), source=source),
    ]
    if config.files.is_dated:
        found.append(judge_volume(extracts, limits.volume, source=source))
    return found


def _of_table(
    observed: Observed, project: Project, *, table: str, source: str
) -> list[pl.DataFrame]:
    config, limits = project.sources[source], project.quality.limits(table=table, source=source)
    mapping = config.tables[table]

    def own(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.filter(pl.col("table") == table, pl.col("source") == source)

    found = [
        judge_refused(
            own(observed.partitions),
            own(observed.refusals),
            limits.refused,
            mapping,
            table=table,
            source=source,
        ),
        judge_null_rate(own(observed.nulls), limits.null_rate, mapping, table=table, source=source),
        judge_categories(
            own(observed.categories), limits.categories, mapping, table=table, source=source
        ),
    ]
    if config.mode == "incremental":
        redeliveries = own(observed.redeliveries)
        found.append(
            judge_redelivered(redeliveries, limits.redelivered, table=table, source=source)
        )
    if table == ANSWERS:
        found.append(judge_scores(own(observed.scores), limits.scores, source=source))
    return found
