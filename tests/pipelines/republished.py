"""What a company's DuckDB file shows, published to PostgreSQL as well."""

import duckdb

from assets.publish.content import Content
from assets.publish.postgres.warehouse import PostgresWarehouse
from assets.publish.warehouse import published_tables
from pipelines.config import load_project
from schemas.config.warehouse import WarehouseConfig
from tests.pipelines.company import Company


def republish(company: Company, dsn: str) -> WarehouseConfig:
    """Publish the same tables under the same id; where they are now."""
    project = load_project(company.config, company.environment)
    with duckdb.connect(str(company.lake.warehouse), read_only=True) as connection:
        publish_id = connection.sql("SELECT current_publish_id FROM run_log").fetchall()[0][0]
        contents = [
            Content(table, connection.table(table.name).pl().select(names).cast(schema))
            for table in published_tables(project)
            if (schema := table.polars_schema()) and (names := schema.names())
        ]
    config = WarehouseConfig.model_validate({"kind": "postgres", "dsn": dsn})
    PostgresWarehouse.of(config).publish(contents, publish_id)
    return config
