"""The command `barometer explain`; thin, the work is in the modules that it calls."""

import datetime as dt
from typing import Annotated

import typer

from pipelines.command import Config, open_project, told


def explain(
    kpi: Annotated[str, typer.Argument(help="Code of a published KPI, `nps` for instance.")],
    period: Annotated[
        str, typer.Option(help="Label: 2026-03-31, 2026-W14, 2026-03, 2026-Q1, 2026.")
    ],
    segment: Annotated[
        str, typer.Option(help="Segment set and key, `by_region=North`; the total by default.")
    ] = "total",
    known_on: Annotated[
        dt.datetime | None,
        typer.Option(
            "--as-known-on",
            formats=["%Y-%m-%d"],
            help="As readers had it at the end of that day; by default as they have it now.",
        ),
    ] = None,
    rows: Annotated[int, typer.Option(min=0, help="Rows told one by one, by file and number.")] = 0,
    config: Config = None,
) -> None:
    """Where a published value comes from: definition, figures, exclusions, files, restatements.

    Rows are counted by file, as far as their extracts were loaded at that time. Of a value that is
    withheld neither figures nor rows are told, and of no row any cell.
    """
    from rich.console import Console

    with told():
        from assets.kpi.plan import Plan
        from assets.lake.layout import Lake
        from pipelines.config import data_dir
        from pipelines.explain import gather
        from pipelines.explain_question import understood
        from pipelines.explain_text import tell

        project = open_project(config)
        lake, plan = Lake(data_dir()), Plan(project)
        question = understood(lake, plan, kpi=kpi, period=period, segment=segment)
        found = gather(lake, plan, question, known_on=known_on.date() if known_on else None)
        today = project.company.today(dt.datetime.now(dt.UTC))
        tell(found, lake, limit=rows, today=today, console=Console())
