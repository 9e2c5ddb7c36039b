"""The commands `barometer quarantine …`; thin, the work is in the modules that they call."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.command import Config, Day, open_project, told

if TYPE_CHECKING:
    from assets.core.refusal_counts import Wanted

app = typer.Typer(
    help="List refused rows, explain them, and submit them again.", no_args_is_help=True
)

TableOption = Annotated[str | None, typer.Option("--table", help="Only this canonical table.")]
SourceOption = Annotated[str | None, typer.Option("--source", help="Only this source.")]
First = Annotated[
    dt.datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help="First logical date of a range."),
]
Last = Annotated[
    dt.datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d"], help="Last logical date of a range."),
]


@app.command("list")
def list_rows(  # noqa: PLR0913, PLR0917  each an option
    table: TableOption = None,
    source: SourceOption = None,
    first: First = None,
    last: Last = None,
    column: Annotated[str | None, typer.Option(help="Only rows refused for this column.")] = None,
    by_day: Annotated[  # noqa: FBT002  a flag of the command line
        bool, typer.Option("--by-day", help="Tell every logical date apart.")
    ] = False,
    config: Config = None,
) -> None:
    """How many rows are in quarantine, by table, source, column and expectation.

    A row with two reasons counts once as a row, and under each of its reasons.
    """
    from rich.console import Console

    with told():
        from assets.lake.layout import Lake
        from pipelines.config import data_dir
        from pipelines.quarantine import print_listing

        project = open_project(config)
        wanted = _wanted(table, source, first, last, column=column)
        print_listing(Lake(data_dir()), project, wanted, by_day=by_day, console=Console())


@app.command()
def explain(  # noqa: PLR0913, PLR0917  each an option
    table: Annotated[str, typer.Argument(help="Canonical table.")],
    source: SourceOption = None,
    date: Day = None,
    row: Annotated[int | None, typer.Option(help="Only this record number of the file.")] = None,
    key: Annotated[str | None, typer.Option(help="Only rows with this value in their key.")] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Rows at most; by default 20, or all with --output."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Write them to this file, .csv, .parquet or .jsonl: a line a reason."),
    ] = None,
    config: Config = None,
) -> None:
    """Refused rows of a table: every reason, the key of barometer.yaml, what to do, the row.

    Personal data is hidden, and so is every cell that no mapping declares; the rows as they are
    stay in the lake, and the command says where.
    """
    from rich.console import Console

    with told():
        from assets.lake.layout import Lake
        from pipelines import quarantine
        from pipelines.config import config_path, data_dir, read_config

        project = open_project(config)
        reading = read_config(config_path())
        quarantine.explain(
            Lake(data_dir()),
            reading,
            project,
            _wanted(table, source, date, date),
            row=row,
            key=key,
            limit=limit,
            output=output,
            console=Console(),
        )


@app.command()
def resubmit(
    table: TableOption = None,
    source: SourceOption = None,
    first: First = None,
    last: Last = None,
    pull: Annotated[  # noqa: FBT002  a flag of the command line
        bool, typer.Option("--pull", help="Pull files that were delivered again, too.")
    ] = False,
    config: Config = None,
) -> None:
    """Run the dates of refused rows again, after a mapping, a contract or a source was mended.

    What was mended decides what is built again; rows accepted now restate the months that they
    touch. Says how many rows were in quarantine before and now, and which reasons remain.
    """
    from rich.console import Console

    with told():
        from assets.lake.layout import Lake
        from pipelines import resubmission
        from pipelines.config import config_path, data_dir, read_config

        project = open_project(config)
        reading = read_config(config_path())
        wanted = _wanted(table, source, first, last)
        is_done = resubmission.resubmit(
            Lake(data_dir()), reading, project, wanted, pull=pull, console=Console()
        )
        if not is_done:
            raise typer.Exit(1)


def _wanted(
    table: str | None,
    source: str | None,
    first: dt.datetime | None,
    last: dt.datetime | None,
    *,
    column: str | None = None,
) -> "Wanted":
    from assets.core.refusal_counts import Wanted

    if first and last and first > last:
        raise typer.BadParameter(f"--from {first.date()} is after --to {last.date()}")
    return Wanted(
        table=table,
        source=source,
        first=first.date() if first else None,
        last=last.date() if last else None,
        column=column,
    )
