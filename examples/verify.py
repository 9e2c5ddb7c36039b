"""Run an example on its real extracts and compare what comes out with the figures expected.

`python -m examples.verify olist` checks the example's configuration, runs the pipeline into
`var/examples/olist` and prints figure, expected, found. What the figures are stands in each
example's `figures.yaml`; nothing about a single example belongs here.
"""

import argparse
import datetime as dt
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from pydantic import Field, ValidationError

from schemas.config.base import Model
from schemas.errors import BarometerError, ConfigError

if TYPE_CHECKING:
    import duckdb

    from assets.lake.layout import Lake

VARIABLE = "BAROMETER_REAL_DATA_DIR"
"""Environment variable that says where the real extracts are."""

EXAMPLES = Path(__file__).parent
ROOT = EXAMPLES.parent
OUT = Path("var/examples")


class Figure(Model):
    """A number that the example must come to."""

    name: str = Field(description="What it is.")
    sql: str = Field(
        description="Query with one row and one column over the tables `history.<canonical table>` "
        "and `warehouse.<published table>`."
    )
    expected: Decimal = Field(description="The number, known from another source.")
    tolerance: Decimal = Field(default=Decimal(0), ge=0, description="Greatest difference allowed.")


class Figures(Model):
    """The whole of figures.yaml."""

    logical_date: dt.date = Field(description="Date that the example is run for.")
    figures: tuple[Figure, ...] = Field(min_length=1, description="In the order shown.")


@dataclass(frozen=True, slots=True)
class Result:
    """A figure and what was found.

    Attributes:
        figure: What was expected.
        found: What the query gave; None for no value.
    """

    figure: Figure
    found: Decimal | None

    @property
    def is_met(self) -> bool:
        """Whether the number found is the one expected, within the tolerance."""
        if self.found is None:
            return False
        return abs(self.found - self.figure.expected) <= self.figure.tolerance


def example_names() -> tuple[str, ...]:
    """Names of the examples: the folders that hold a figures.yaml."""
    return tuple(sorted(path.parent.name for path in EXAMPLES.glob("*/figures.yaml")))


def real_data_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Folder of the real extracts, absolute; a relative one counts from the current folder.

    Raises:
        ConfigError: The environment does not name it, or there is no such folder.
    """
    given = environment.get(VARIABLE)
    mend = (
        f"set {VARIABLE} to the folder that holds them, each set in a folder of its own: "
        f"{VARIABLE}=../shared/data make olist"
    )
    if not given:
        raise ConfigError("the real extracts are not in the repository", where=VARIABLE, mend=mend)
    folder = Path(given).absolute()
    if not folder.is_dir():
        raise ConfigError("there is no such folder", where=VARIABLE, found=folder, mend=mend)
    return folder


def load_figures(name: str) -> Figures:
    """Read an example's figures.yaml.

    Raises:
        ConfigError: The file is not as it should be.
    """
    path = EXAMPLES / name / "figures.yaml"
    try:
        return Figures.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        raise ConfigError(
            "the figures cannot be read",
            where=str(path),
            found=str(error),
            allowed="`logical_date`, and `figures` with name, sql, expected, tolerance",
            mend="correct the file",
        ) from error


def run_example(name: str, *, data: Path, out: Path) -> None:
    """Check an example's configuration and sources, and run its logical date.

    Args:
        name: Folder of the example.
        data: Folder of the real extracts.
        out: Folder for the lake and for Dagster's storage; an earlier run there is continued.

    Raises:
        BarometerError: The check found problems or the run failed; the command has said why.
    """
    environment = {
        **os.environ,
        VARIABLE: str(data),
        "BAROMETER_CONFIG": str(EXAMPLES / name / "barometer.yaml"),
        "BAROMETER_DATA_DIR": str(_lake(out).root),
        "DAGSTER_HOME": str(out.absolute() / "dagster"),
    }
    date = load_figures(name).logical_date.isoformat()
    for command in ("check", "run"):
        arguments = [sys.executable, "-m", "pipelines.cli", command, "--date", date]
        ended = subprocess.run(arguments, cwd=ROOT, env=environment, check=False)  # noqa: S603  the project's own command
        if ended.returncode:
            raise BarometerError(
                f"`barometer {command}` failed for {date}; what it said stands above",
                where=f"examples/{name}",
                found=f"exit code {ended.returncode}",
                mend=f"mend the configuration, or the extracts under {data}",
            )


def measure(name: str, *, data: Path, out: Path) -> list[Result]:
    """What an example that has run came to, figure by figure.

    Args:
        name: Folder of the example.
        data: Folder of the real extracts.
        out: Folder that `run_example` wrote to.

    Raises:
        ConfigError: The query of a figure fails, or gives more or less than one value.
    """
    import duckdb

    from pipelines.config import load_project

    environment = {**os.environ, VARIABLE: str(data)}
    project = load_project(EXAMPLES / name / "barometer.yaml", environment)
    figures = load_figures(name).figures
    with duckdb.connect() as connection:
        _attach(connection, _lake(out), project.fed_tables())
        return [Result(figure, _value(connection, figure)) for figure in figures]


def _lake(out: Path) -> "Lake":
    from assets.lake.layout import Lake

    return Lake(out.absolute() / "lake")


def _attach(connection: "duckdb.DuckDBPyConnection", lake: "Lake", tables: Sequence[str]) -> None:
    """Show the history as schema `history` and the published tables as `warehouse`."""
    from assets.history.read import scan_history
    from schemas.registry import canonical

    path = str(lake.warehouse).replace("'", "''")
    connection.execute(f"ATTACH '{path}' AS warehouse (READ_ONLY)")
    connection.execute("CREATE SCHEMA history")
    for table in tables:
        rows = scan_history(lake, canonical(table)).collect()
        connection.register("rows_", rows.to_arrow())
        connection.execute(f'CREATE TABLE history."{table}" AS SELECT * FROM rows_')  # noqa: S608  a contract's name
        connection.unregister("rows_")


def _value(connection: "duckdb.DuckDBPyConnection", figure: Figure) -> Decimal | None:
    import duckdb

    try:
        rows = connection.execute(figure.sql).fetchall()
    except duckdb.Error as error:
        raise ConfigError(
            "the query of a figure fails", where=figure.name, found=error, mend="correct its `sql`"
        ) from error
    if len(rows) != 1 or len(rows[0]) != 1:
        raise ConfigError(
            "the query of a figure must give one value",
            where=figure.name,
            found=f"{len(rows)} rows",
            allowed="one row with one column",
            mend="correct its `sql`",
        )
    value = rows[0][0]
    return None if value is None else Decimal(str(value))


def print_results(name: str, results: Sequence[Result]) -> None:
    """Print figure, expected, found and whether they agree."""
    from rich.console import Console
    from rich.table import Table

    table = Table("figure", box=None, header_style="dim", pad_edge=False)
    for column in ("expected", "found"):
        table.add_column(column, justify="right")
    table.add_column("ok")
    for result in results:
        expected = result.figure.expected
        verdict = "[green]yes[/]" if result.is_met else "[red]no[/]"
        table.add_row(result.figure.name, f"{expected:,}", _shown(result.found, expected), verdict)
    console = Console()
    console.print(table)
    met = sum(result.is_met for result in results)
    console.print(f"examples/{name}: {met} of {len(results)} figures as expected")


def _shown(found: Decimal | None, expected: Decimal) -> str:
    """A number with as many decimals as the one expected, and more where they differ."""
    if found is None:
        return "no value"
    rounded = round(found, max(0, -int(expected.as_tuple().exponent)))
    return f"{rounded:,}" if rounded in (expected, found) else f"{found:,}"


def _full_name(given: str) -> str:
    """The example whose name begins so; the text itself where none or several do."""
    begun = [name for name in example_names() if name.startswith(given)]
    return begun[0] if len(begun) == 1 else given


def main(arguments: Sequence[str] | None = None) -> int:
    """Run an example and compare; 0 where every figure is as expected."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.verify",
        description=f"Run an example on its real extracts, which {VARIABLE} says where to find, "
        "and compare the figures.",
    )
    parser.add_argument(
        "name",
        type=_full_name,
        choices=example_names(),
        help="the example; the beginning of its name is enough",
    )
    parser.add_argument("--out", type=Path, help="folder to write to; var/examples/<name>")
    given = parser.parse_args(arguments)
    out = given.out or OUT / given.name
    try:
        data = real_data_dir()
        run_example(given.name, data=data, out=out)
        results = measure(given.name, data=data, out=out)
    except BarometerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    print_results(given.name, results)
    return 0 if all(result.is_met for result in results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
