"""What the commands of `barometer` share: options, opening the company, telling errors.

The commands are in `pipelines.cli` and the modules that it adds. Heavy libraries are imported by
the commands that need them, so that `--help` is quick.
"""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import BarometerError

if TYPE_CHECKING:
    from schemas.config.project import Project

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="barometer.yaml; BAROMETER_CONFIG, or ./barometer.yaml."),
]
Day = Annotated[
    dt.datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Logical date: the day that an extract describes."),
]

DAMAGE_MEND = "a file of the lake may be damaged: `barometer check --lake` names it"
"""What to do where a stored table cannot be read."""


def open_project(config: Path | None) -> "Project":
    """The company that the option, the environment or the working folder names.

    Raises:
        ConfigError: The configuration cannot be used.
    """
    import os

    from pipelines.config import CONFIG_VARIABLE, config_path, load_project

    path = config.absolute() if config else config_path()
    os.environ[CONFIG_VARIABLE] = str(path)
    return load_project(path)


class told:  # noqa: N801  reads as a statement
    """Turns the project's own errors, and those of files, into a message and exit code 1."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, BarometerError):
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error
        if isinstance(error, OSError) and error.filename:
            mend = "see who may read and write it, and whether its disk is there and has room"
            typer.echo(f"{error.filename}: {error.strerror}\n  mend:    {mend}", err=True)
            raise typer.Exit(1) from error
        if error is not None and type(error).__module__ == "polars.exceptions":
            typer.echo(f"{error}\n  mend:    {DAMAGE_MEND}", err=True)
            raise typer.Exit(1) from error
