"""Commands on what the checks found: `barometer checks` and `barometer waive`."""

import datetime as dt
from typing import Annotated

import typer

from pipelines.command import Config, open_project, told

_DATE = ["%Y-%m-%d"]


def checks(
    config: Config = None,
    asset: Annotated[
        str | None, typer.Option(help="Only this asset, `core/survey_answer` for instance.")
    ] = None,
    check: Annotated[str | None, typer.Option(help="Only this check, `volume`.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only this status: passed, warn, error, waived, skipped.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Results that are told at most.")] = 40,
    waivers: Annotated[  # noqa: FBT002  a flag of the command line
        bool, typer.Option("--waivers", help="The waivers ever given, instead.")
    ] = False,
) -> None:
    """What the checks of the last run found: errors first, with what to do."""
    import polars as pl
    from rich.console import Console

    from assets.lake.layout import Lake
    from assets.quality.results import read_results
    from assets.quality.waivers import read_waivers
    from pipelines.checks import print_checks, print_waivers
    from pipelines.config import data_dir

    with told():
        project, lake = open_project(config), Lake(data_dir())
        today = project.company.today(dt.datetime.now(dt.UTC))
        if waivers:
            print_waivers(read_waivers(lake), today=today, console=Console())
            return
        results = read_results(lake, today=today)
        for name, wanted in (("asset", asset), ("check_name", check)):
            results = results if wanted is None else results.filter(pl.col(name) == wanted)
        print_checks(results, status=status, limit=limit, console=Console())


def waive(
    result: Annotated[str, typer.Argument(help="Result, as `barometer checks` names it.")],
    reason: Annotated[str, typer.Option(help="Why it may pass; published with the results.")],
    author: Annotated[str, typer.Option(help="Who answers for it.")],
    until: Annotated[
        dt.datetime, typer.Option(formats=_DATE, help="Last day it holds, in the company's zone.")
    ],
    every_period: Annotated[  # noqa: FBT002  a flag of the command line
        bool,
        typer.Option("--every-period", help="Let the same check pass for other periods, too."),
    ] = False,
    config: Config = None,
) -> None:
    """Let a failed check pass until a day, on record: the next run publishes past it."""
    from assets.lake.layout import Lake
    from assets.quality import waivers
    from pipelines.checks import find_result
    from pipelines.config import data_dir

    with told():
        project, lake = open_project(config), Lake(data_dir())
        now = dt.datetime.now(dt.UTC)
        today = project.company.today(now)
        given = waivers.waiver_for(
            find_result(lake, result, today=today),
            every_period=every_period,
            reason=reason,
            author=author,
            expires_on=until.date(),
            now=now,
        )
        waivers.give(lake, given, today=today)
        typer.echo(
            f"waiver {given.waiver_id}: {given.check_name} of {given.asset} passes until "
            f"{given.expires_on}; `barometer run` publishes, `barometer unwaive "
            f"{given.waiver_id} --author …` takes it back"
        )


def unwaive(
    waiver: Annotated[
        str, typer.Argument(help="Waiver, as `barometer checks --waivers` names it.")
    ],
    author: Annotated[str, typer.Option(help="Who takes it back.")],
    config: Config = None,
) -> None:
    """Take a waiver back; it stays on record, and the check blocks publish again."""
    from assets.lake.layout import Lake
    from assets.quality import waivers
    from pipelines.config import data_dir

    with told():
        open_project(config)
        given = waivers.revoke(Lake(data_dir()), waiver, author=author, now=dt.datetime.now(dt.UTC))
        typer.echo(f"waiver {given.waiver_id} is taken back")
