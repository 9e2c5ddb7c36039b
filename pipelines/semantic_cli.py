"""The command `barometer semantic`; thin: what the file says is `pipelines.semantic_model`'s."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.command import Config, open_project, told


def semantic(
    output: Annotated[
        Path, typer.Option(help="File to write, cx_barometer.ossie.yaml for instance.")
    ],
    database: Annotated[
        str | None,
        typer.Option(
            help="Database and schema that the tables stand in, `analytics.cx_barometer`; by "
            "default the DuckDB file, or the schema that `warehouse` names."
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Write the company's semantic model for BI tools and assistants (Apache Ossie, formerly OSI).

    Its tables with your dimensions, how they join, and a metric for each KPI that you publish:
    one that divides sums where the KPI is additive, and refuses to be summed where it is not.
    """
    from assets.lake.atomic import atomic_path
    from pipelines.outputs import FILE, writing
    from pipelines.semantic_model import DATABASE, semantic_document
    from schemas.open_data_contract import to_yaml

    with told():
        project = open_project(config)
        warehouse = project.warehouse
        there = warehouse.schema_name if warehouse.kind == "postgres" else DATABASE
        document = semantic_document(project, database=database or there)
        with (
            writing("the semantic model", output, allowed=FILE),
            atomic_path(output) as temporary,
        ):
            temporary.write_text(to_yaml(document), encoding="utf-8", newline="\n")
        model = document["semantic_model"][0]
        tables, metrics = len(model["datasets"]), len(model["metrics"])
        typer.echo(f"{tables} tables and {metrics} metrics in {output}")
