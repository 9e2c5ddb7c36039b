"""The roles of the warehouse: one that publishes, one that reads published views and nothing else.

Applied once by an administrator, before the first publish or after; again, it changes nothing.
Passwords are not set here.
"""

from assets.publish.postgres.connection import Server
from assets.publish.postgres.statements import literal
from assets.publish.sql import quoted
from schemas.config.warehouse import WarehouseConfig


def roles_sql(config: WarehouseConfig) -> str:
    """The SQL that makes the roles and their rights, for people to read before they run it."""
    loader, reader = quoted(config.loader_role), quoted(config.reader_role)
    views, data = quoted(config.schema_name), quoted(config.data_schema)
    return f"""\
-- The loader owns what it publishes; its password or certificate is for the administrator to set.
{_role(config.loader_role, "LOGIN")}
-- Readers are granted this role: GRANT {reader} TO somebody;
{_role(config.reader_role, "NOLOGIN")}
DO $$ BEGIN
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO {loader}, {reader}', current_database());
END $$;
CREATE SCHEMA IF NOT EXISTS {views};
CREATE SCHEMA IF NOT EXISTS {data};
GRANT USAGE, CREATE ON SCHEMA {views}, {data} TO {loader};
REVOKE ALL ON SCHEMA {views}, {data} FROM PUBLIC;
REVOKE ALL ON SCHEMA {data} FROM {reader};
GRANT USAGE ON SCHEMA {views} TO {reader};
GRANT SELECT ON ALL TABLES IN SCHEMA {views} TO {reader};
-- Views that a later publish makes anew are readable too.
ALTER DEFAULT PRIVILEGES FOR ROLE {loader} IN SCHEMA {views} GRANT SELECT ON TABLES TO {reader};
"""


def apply_roles(config: WarehouseConfig) -> str:
    """Run the SQL with the configured connection; where it was run.

    Raises:
        PublishError: The connection's role may not do it, or the server does not answer.
    """
    server = Server.of(config)
    with (
        server.told("making the roles"),
        server.connect() as connection,
        connection.transaction(),
    ):
        connection.execute(roles_sql(config).encode())
    return server.place


def _role(name: str, login: str) -> str:
    return (
        f"DO $$ BEGIN\n  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {literal(name)}) THEN"
        f"\n    CREATE ROLE {quoted(name)} {login};\n  END IF;\nEND $$;"
    )
