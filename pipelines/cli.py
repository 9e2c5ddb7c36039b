"""The command `barometer`: run, check, status. Thin; the work is in the modules it calls.

Heavy libraries are imported by the commands that need them, so that `--help` is quick.
"""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines import (
    checks_cli,
    explain_cli,
    export_cli,
    quarantine_cli,
    semantic_cli,
    superset_cli,
    warehouse_cli,
)
from pipelines.command import Config, Day, open_project, told

if TYPE_CHECKING:
    from schemas.config.project import Project

app = typer.Typer(
    help="CX Barometer: CRM, ERP and survey extracts to customer-experience KPI tables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def run(
    config: Config = None,
    date: Day = None,
    first: Annotated[
        dt.datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First logical date of a range."),
    ] = None,
    last: Annotated[
        dt.datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], help="Last logical date of a range."),
    ] = None,
) -> None:
    """Run one date (--date), a range (--from, --to), or whatever there is work for.

    Without dates: every date with new or changed files; and all dates that are loaded, if the
    last run did not go to its end or the configuration has changed since.
    """
    from rich.console import Console

    from assets.lake.layout import Lake
    from pipelines.config import data_dir

    console = Console()
    with told():
        project = open_project(config)
        folder = data_dir()
        dates = _dates(project, date, first, last)
        from pipelines.summary import print_nothing_new, print_summary

        if dates is None:
            print_nothing_new(project, Lake(folder), console=console)
            return
        from pipelines.run import run_range  # Dagster, which nothing else here needs

        outcome = run_range(project, folder, *dates, console=console)
        print_summary(project, Lake(folder), outcome, console=console)
        if not outcome.is_success:
            raise typer.Exit(1)


@app.command()
def check(
    config: Config = None,
    date: Day = None,
    *,
    is_of_lake: Annotated[
        bool, typer.Option("--lake", help="Look for damaged files in the lake instead.")
    ] = False,
) -> None:
    """Validate the configuration and the sources without running; tells all problems at once.

    Of each source the files of the date are read, or of the last date before it that has any;
    without --date, of the last day that has ended.
    """
    from pipelines.check import check_config
    from pipelines.config import config_path, read_config
    from pipelines.dates import yesterday

    if is_of_lake:
        _check_lake()
        return
    reading = read_config(config or config_path())
    now = dt.datetime.now(dt.UTC)
    project = reading.project
    ended = yesterday(project, now=now) if project else now.date() - dt.timedelta(days=1)
    found = check_config(reading, date=date.date() if date else ended)
    for problem in found.problems:
        typer.echo(str(problem), err=True)
    for warning in found.warnings:
        typer.echo(f"warning: {warning}", err=True)
    for line in found.files:
        typer.echo(line)
    if found.problems or project is None:
        raise typer.Exit(1)
    tables = ", ".join(project.fed_tables())
    count = len(project.sources)
    feed = "1 source feeds" if count == 1 else f"{count} sources feed"
    typer.echo(f"{reading.file}: {feed} {tables}; no problem found")


def _check_lake() -> None:
    """Tell every damaged folder of the lake; exit code 1 if there is any."""
    from assets.lake.layout import Lake
    from pipelines.config import data_dir
    from pipelines.damage import damages

    lake = Lake(data_dir())
    is_whole = True
    for damage in damages(lake):
        is_whole = False
        typer.echo(str(damage), err=True)
    if not is_whole:
        raise typer.Exit(1)
    typer.echo(f"{lake.root}: every file is as it was written")


@app.command()
def status(config: Config = None) -> None:
    """What is loaded, what is stale, what is in quarantine."""
    from rich.console import Console

    from assets.lake.layout import Lake
    from pipelines.config import data_dir
    from pipelines.status import print_status

    with told():
        print_status(open_project(config), Lake(data_dir()), console=Console())


@app.command()
def kpis(
    department: Annotated[
        str | None, typer.Option(help="Only those of this department, `Sales` for instance.")
    ] = None,
    config: Config = None,
) -> None:
    """Which KPIs each department has, and which inputs the others lack."""
    from rich.console import Console

    from assets.lake.layout import Lake
    from pipelines.config import data_dir
    from pipelines.kpis import print_kpis

    with told():
        project = open_project(config)
        print_kpis(project, Lake(data_dir()), department=department, console=Console())


@app.command()
def contracts(
    output: Annotated[Path, typer.Option(help="Folder for the files; made if it is not there.")],
    config: Config = None,
) -> None:
    """Write the contract of every table as a file of the Open Data Contract Standard."""
    from pipelines.contracts import export

    with told():
        written = export(open_project(config), output)
        typer.echo(f"{len(written)} contracts in {output}")


app.command()(checks_cli.checks)
app.command()(checks_cli.waive)
app.command()(checks_cli.unwaive)
app.command()(explain_cli.explain)
app.command()(export_cli.export)
app.command()(semantic_cli.semantic)
app.command()(superset_cli.superset)
app.command()(warehouse_cli.rollback)
app.command()(warehouse_cli.roles)
app.add_typer(quarantine_cli.app, name="quarantine")


@app.command()
def ui(
    config: Config = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000,
) -> None:
    """Serve Dagster's UI, schedules and sensors for this configuration."""
    import os
    import sys

    from pipelines.instance import dagster_home

    with told():
        open_project(config)  # a mistake in it is told here, not in a trace of the server
    dagster_home()
    command = Path(sys.executable).with_name("dagster")
    arguments = ["dagster", "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)]
    os.execv(command, arguments)  # noqa: S606  the project's own interpreter folder


def _dates(
    project: "Project",
    date: dt.datetime | None,
    first: dt.datetime | None,
    last: dt.datetime | None,
) -> tuple[dt.date, dt.date] | None:
    """The range asked for; without any, the range that has new or changed files."""
    from pipelines.config import data_dir
    from pipelines.dates import pending_range, yesterday

    if date and (first or last):
        raise typer.BadParameter("give either --date, or --from and --to")
    if bool(first) != bool(last):
        raise typer.BadParameter("--from and --to go together")
    ended = yesterday(project, now=dt.datetime.now(dt.UTC))
    if date:
        asked = (date.date(), date.date())
    elif first and last:
        asked = (first.date(), last.date())
    else:
        return pending_range(project, data_dir(), last=ended)
    if asked[0] > asked[1]:
        raise typer.BadParameter(f"--from {asked[0]} is after --to {asked[1]}")
    if asked[0] < project.start_date or asked[1] > ended:
        raise typer.BadParameter(
            f"{asked[0]} … {asked[1]}: allowed are days from start_date {project.start_date} "
            f"to {ended}, the last that has ended in {project.company.time_zone}"
        )
    return asked


if __name__ == "__main__":
    app()
