"""Whole lakes to prove KPIs on: extracts pulled, mapped, merged and valued as in production.

What the KPIs should come to is in the modules `sql_…` beside this one.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from assets.core.partitions import build_core
from assets.history.merge import merge_table
from assets.kpi.plan import Plan
from assets.kpi.states import build_states
from assets.kpi.tables import scan_dimension, scan_exclusions, scan_published, scan_values
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from assets.raw.pull import pull
from schemas.config.project import DECLARED_SOURCE, Project
from schemas.registry import TABLES
from tests.assets.kpi.proof.sql_tables import connect

SURVEYS = ("survey", "survey_question")


@dataclass(frozen=True)
class Proof:
    """A company's KPIs as they are stored, and its history in DuckDB."""

    plan: Plan
    as_of: dt.date
    lake: Lake
    values: pl.DataFrame
    exclusions: pl.DataFrame
    connection: duckdb.DuckDBPyConnection

    @property
    def project(self) -> Project:
        return self.plan.project

    def published(self) -> pl.DataFrame:
        """`kpi_value` as readers see it."""
        return scan_published(self.lake, self.project)["kpi_value"][1].collect()

    def sets(self) -> dict[str, tuple[str, ...]]:
        """Segment set → its dimensions, the total included."""
        return {one.name: one.dimensions for one in self.plan.sets}


def load(lake: Lake, project: Project, dates: Sequence[dt.date]) -> None:
    """Load logical dates up to the history."""
    for name, source in project.sources.items():
        for date in dates:
            pull(lake, name, source, date)
    for table in project.fed_tables():
        declared = [DECLARED_SOURCE] if table in SURVEYS and project.surveys else []
        for source in (*declared, *project.feeds(table)):
            build_core(lake, project, table=table, source=source, dates=dates)
        merge_table(lake, TABLES[table], time_zone=project.company.time_zone)


def prove(folder: Path, project: Project, dates: Sequence[dt.date]) -> Proof:
    """Load logical dates, compute every KPI, and open the history to SQL."""
    lake, as_of = Lake(folder / "lake"), dates[-1]
    load(lake, project, dates)
    build_states(lake, project, as_of=as_of)
    build_values(lake, project, as_of=as_of)
    periods = scan_dimension(lake, "dim_period").collect()
    connection = connect(lake, project, periods, as_of=as_of)
    values, exclusions = scan_values(lake).collect(), scan_exclusions(lake).collect()
    return Proof(Plan(project), as_of, lake, values, exclusions, connection)
