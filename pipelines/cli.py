"""The command `barometer`: run, check, status. Thin; the work is in the modules it calls.

Heavy libraries are imported by the commands that need them, so that `--help` is quick.
"""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import BarometerError

if TYPE_CHECKING:
    from schemas.config.project import Project

app = typer.Typer(
    help="CX Barometer: CRM, ERP and survey extracts to customer-experience KPI tables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="barometer.yaml; BAROMETER_CONFIG, or ./barometer.yaml."),
]
Day = Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"])]


@app.command()
def run(
    config: Config = None,
    date: Day = None,
    first: Annotated[dt.datetime | None, typer.Option("--from", formats=["%Y-%m-%d"])] = None,
    last: Annotated[dt.datetime | None, typer.Option("--to", formats=["%Y-%m-%d"])] = None,
) -> None:
    """Run one date (--date), a range (--from, --to), or all dates with new or changed files."""
    from rich.console import Console

    from assets.lake.layout import Lake
    from pipelines.config import data_dir
    from pipelines.run import run_range
    from pipelines.summary import print_counts, print_published, print_summary

    console = Console()
    with _told():
        project = _project(config)
        folder = data_dir()
        dates = _dates(project, date, first, last)
        if dates is None:
            console.print("Nothing new: every file is loaded as it is.")
            print_counts(project, Lake(folder), console=console)
            print_published(Lake(folder), console=console)
            return
        outcome = run_range(project, folder, *dates, console=console)
        print_summary(project, Lake(folder), outcome, console=console)
        if not outcome.is_success:
            raise typer.Exit(1)


@app.command()
def check(config: Config = None, date: Day = None) -> None:
    """Validate the configuration and the sources without running; tells all problems at once."""
    from pipelines.check import check_project
    from pipelines.config import InvalidConfigError, config_path
    from pipelines.dates import yesterday

    path = config or config_path()
    try:
        project = _project(config)
    except InvalidConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    day = date.date() if date else yesterday(project, now=dt.datetime.now(dt.UTC))
    problems = check_project(project, file=path.name, date=day)
    for problem in problems:
        typer.echo(str(problem), err=True)
    if problems:
        raise typer.Exit(1)
    tables = ", ".join(project.fed_tables())
    typer.echo(f"{path.name}: {len(project.sources)} sources feed {tables}; no problem found")


@app.command()
def status(config: Config = None) -> None:
    """What is loaded, what is stale, what is in quarantine."""
    from rich.console import Console

    from assets.lake.layout import Lake
    from pipelines.config import data_dir
    from pipelines.status import print_status

    with _told():
        print_status(_project(config), Lake(data_dir()), console=Console())


@app.command()
def ui(port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000) -> None:
    """Serve Dagster's UI, schedules and sensors for this configuration."""
    import os
    import sys

    from pipelines.instance import dagster_home

    dagster_home()
    command = Path(sys.executable).with_name("dagster")
    arguments = ["dagster", "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)]
    os.execv(command, arguments)  # noqa: S606  the project's own interpreter folder


def _project(config: Path | None) -> "Project":
    import os

    from pipelines.config import CONFIG_VARIABLE, config_path, load_project

    path = config.absolute() if config else config_path()
    os.environ[CONFIG_VARIABLE] = str(path)
    return load_project(path)


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


class _told:  # noqa: N801  reads as a statement
    """Turns the project's own errors into a message and exit code 1."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, BarometerError):
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error


if __name__ == "__main__":
    app()
