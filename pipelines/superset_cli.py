"""The command `barometer superset`; thin: what the bundle holds is `pipelines.superset`'s."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.command import Config, open_project, told


def superset(
    output: Annotated[Path, typer.Option(help="ZIP to write, cx_superset.zip for instance.")],
    uri: Annotated[
        str | None,
        typer.Option(
            help="SQLAlchemy address that Superset reads the published tables at, without a "
            "password; by default that of the DuckDB file."
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Write the company's dashboard for Apache Superset, to be imported there.

    Database, datasets, charts and a dashboard with filters by period and segment. Each KPI is a
    metric that divides sums, so that whatever is selected equals the pipeline's own figure. There
    are charts of what has been published with values: write it anew when that changes.
    """
    from assets.lake.layout import Lake
    from pipelines.config import data_dir
    from pipelines.superset.bundle import bundle_documents, write_bundle
    from pipelines.superset.database import checked_uri, default_uri, kpis_with_values

    with told():
        project = open_project(config)
        lake = Lake(data_dir())
        given = checked_uri(uri) if uri else default_uri(project, lake.warehouse)
        with_values = kpis_with_values(project, lake)
        if with_values is None:
            typer.echo("No publish can be read: charts of every KPI, with values or without")
        documents = bundle_documents(project, given, with_values)
        write_bundle(documents, output)
        charts = sum(path.startswith("charts/") for path in documents)
        sets = sum(path.startswith("datasets/") for path in documents)
        typer.echo(f"1 dashboard, {charts} charts and {sets} datasets in {output}")
