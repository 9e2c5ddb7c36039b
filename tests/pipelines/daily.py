"""A day's run of the tiny company, step by step without Dagster, published at a chosen instant."""

import datetime as dt

from assets.core.declared import SOURCE as DECLARED
from assets.core.partitions import build_core
from assets.history.merge import merge_table
from assets.kpi.states import build_states
from assets.kpi.values import build_values
from assets.publish.warehouse import PublishReport, publish
from assets.quality.results import judge
from assets.raw.pull import pull
from pipelines.config import load_project
from schemas.registry import TABLES
from tests.pipelines.company import Company


def run_days(company: Company, *days: str, now: dt.datetime) -> PublishReport:
    """Pull these dates anew, build every layer and publish."""
    project, lake = load_project(company.config), company.lake
    dates = [dt.date.fromisoformat(day) for day in days]
    for name, source in project.sources.items():
        for date in dates:
            pull(lake, name, source, date)
    as_of = max(date for name in project.sources for date in lake.raw_dates(name))
    for table in project.fed_tables():
        is_declared = table in {"survey", "survey_question"} and project.surveys
        for source_name in [*([DECLARED] if is_declared else []), *project.feeds(table)]:
            build_core(lake, project, table=table, source=source_name, dates=dates)
        merge_table(lake, TABLES[table], time_zone=project.company.time_zone)
    build_states(lake, project, as_of=as_of)
    build_values(lake, project, as_of=as_of)
    judge(lake, project, as_of=as_of)
    return publish(lake, project, run_id=f"run-{now:%d}", now=now, as_of=as_of)
