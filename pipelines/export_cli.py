"""The command `barometer export`; thin, the work is in the modules that it calls."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.command import Config, open_project, told


class FileFormat(StrEnum):
    """Formats of exported files."""

    parquet = "parquet"
    csv = "csv"
    xlsx = "xlsx"


def export(
    to: Annotated[Path, typer.Option(help="Folder for the files; made if it is not there.")],
    tables: Annotated[
        list[str] | None, typer.Argument(help="Published tables; all of them by default.")
    ] = None,
    file_format: Annotated[
        FileFormat, typer.Option("--format", help="`parquet`, `csv` or `xlsx`.")
    ] = FileFormat.parquet,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Rows wanted, `period_grain=month`; may be given several times."),
    ] = None,
    bom: Annotated[  # noqa: FBT002  an option of the command line
        bool, typer.Option("--bom", help="Begin CSV with a byte-order mark, for Excel.")
    ] = False,
    config: Config = None,
) -> None:
    """Write published tables to files, one a table, all of one publish.

    CSV is UTF-8 with ISO dates and instants in UTC; a text that a spreadsheet would run as a
    formula gets an apostrophe before it. Workbooks hold such texts as text. The values of one
    column given several times are alternatives; different columns must all be met.
    """
    from assets.lake.layout import Lake
    from assets.publish.warehouse import published_tables
    from pipelines.config import data_dir
    from pipelines.export import Order, export_tables
    from pipelines.published_rows import open_published

    order = Order(tables or [], to, file_format.value, _choice(only or []), has_bom=bom)
    with told():
        project = open_project(config)
        contracts = {table.name: table for table in published_tables(project)}
        with open_published(Lake(data_dir()), project) as reader:
            publish = reader.publish_id()
            for written in export_tables(reader, order, contracts):
                typer.echo(f"{written.path}  {written.rows:,} rows")
        typer.echo(f"publish {publish}")


def _choice(only: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in only:
        column, sign, value = each.partition("=")
        if not sign or not column:
            raise typer.BadParameter(f"{each!r}: allowed is column=value", param_hint="--only")
        found.setdefault(column, []).append(value)
    return found
