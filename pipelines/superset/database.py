"""The database of the bundle: how Superset reaches what the pipeline published.

A DuckDB file is replaced by every publish. Superset opens a connection for each query and closes
it after, so that it sees the next publish; the connection is read-only and keeps to that file.
"""

from pathlib import Path
from typing import Any

from assets.lake.layout import Lake
from pipelines.superset.naming import Names
from pipelines.superset.texts import Words
from schemas.config.project import Project
from schemas.errors import BarometerError, PublishError
from schemas.kpis.catalogue import published_kpis
from schemas.warehouse import TOTAL_SET

_UNCACHED = -1
"""To Superset 0 seconds are for ever."""


def default_uri(project: Project, warehouse: Path) -> str:
    """SQLAlchemy's address of the published tables.

    Args:
        project: Company that names the warehouse.
        warehouse: The DuckDB file, where that is the warehouse.

    Raises:
        BarometerError: The warehouse is PostgreSQL, whose address for readers nobody knows here.
    """
    if project.warehouse.kind == "postgres":
        role = project.warehouse.reader_role
        raise BarometerError(
            "the address that Superset reads PostgreSQL at is not known",
            where="barometer superset",
            found="warehouse.dsn is that of the pipeline, which may write",
            allowed=f"postgresql+psycopg2://{role}@host:5432/database?sslmode=verify-full",
            mend="give --uri with the reader's role; Superset asks for its password on import",
        )
    return f"duckdb:///{warehouse.resolve()}?access_mode=read_only"


def kpis_with_values(project: Project, lake: Lake) -> frozenset[str] | None:
    """KPIs that the latest publish has values of, for the whole company and the usual period.

    Returns:
        Their codes; None where nothing is published yet, or it cannot be read from here.
    """
    from pipelines.published_rows import open_published

    where: dict[str, list[str]] = {
        "period_grain": [project.report.period],
        "segment_set": [TOTAL_SET],
    }
    try:
        with open_published(lake, project) as reader:
            return frozenset(
                one.code
                for one in published_kpis(project)
                if reader.count("kpi_value", {**where, "kpi_code": [one.code]})
            )
    except PublishError:
        return None


def database_document(names: Names, words: Words, uri: str) -> dict[str, Any]:
    """The database as its file in the bundle."""
    is_duckdb = uri.startswith("duckdb:")
    extra: dict[str, Any] = {"allows_virtual_table_explore": True}
    if is_duckdb:
        config = {"enable_external_access": False}
        extra["engine_params"] = {"connect_args": {"config": config}}
    return {
        "database_name": words("database", company=names.company),
        "sqlalchemy_uri": uri,
        "cache_timeout": _UNCACHED if is_duckdb else None,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "extra": extra,
        "uuid": names.uuid("database", "warehouse"),
        "version": "1.0.0",
    }


def checked_uri(uri: str) -> str:
    """An address that the user gave.

    Raises:
        BarometerError: It is none, or holds a password: a bundle is a file that is passed on.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(uri)
    except ArgumentError as error:
        raise BarometerError(
            "not an address of a database",
            where="--uri",
            found="a text that SQLAlchemy cannot read",
            allowed="postgresql+psycopg2://bi_reader@host:5432/database",
            mend="correct it",
        ) from error
    if url.password is not None:
        raise BarometerError(
            "the address holds a password, and the bundle would",
            where="--uri",
            found=url.render_as_string(hide_password=True),
            allowed="an address with a user and no password",
            mend="leave the password out and set it in Superset (docs/superset.md)",
        )
    return uri
