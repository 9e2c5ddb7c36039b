"""The commands about the warehouse, `barometer rollback` and `barometer roles`; thin."""

from typing import Annotated

import typer

from pipelines.command import Config, open_project, told
from schemas.errors import PublishError


def rollback(config: Config = None) -> None:
    """Show readers the publish before the one that they see, until there is something new.

    The report is made anew from it. Nothing of the lake is taken back: what was published stays in
    kpi_value_history, and the next publish goes on from there.
    """
    from assets.lake.layout import Lake
    from assets.publish.destination import destination
    from assets.publish.warehouse import rollback as go_back
    from assets.report.build import make_report
    from assets.resources import hold
    from pipelines.config import data_dir

    with told():
        project, lake = open_project(config), Lake(data_dir())
        with hold(lake, owner="barometer rollback"):
            publish_id = go_back(lake, project)
            make_report(lake, project)
        place = destination(lake, project).place
        typer.echo(f"readers of {place} see publish {publish_id} again")


def roles(
    *,
    apply: Annotated[
        bool, typer.Option("--apply", help="Run the SQL with warehouse.dsn, an administrator's.")
    ] = False,
    config: Config = None,
) -> None:
    """Print the SQL that makes the roles of a PostgreSQL warehouse, or run it."""
    from assets.publish.postgres.roles import apply_roles, roles_sql

    with told():
        warehouse = open_project(config).warehouse
        if warehouse.kind != "postgres":
            raise PublishError(
                "only a PostgreSQL warehouse has roles",
                where="warehouse.kind",
                found=warehouse.kind,
                allowed="postgres",
                mend="a DuckDB file is read by whoever may read the file",
            )
        if apply:
            place = apply_roles(warehouse)
            roles_are = f"{warehouse.loader_role} may publish, {warehouse.reader_role} read"
            typer.echo(f"{place}: {roles_are}")
        else:
            typer.echo(roles_sql(warehouse), nl=False)
