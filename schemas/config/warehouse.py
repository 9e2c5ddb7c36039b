"""Where the tables are published: the `warehouse:` part of barometer.yaml.

How a publish is made is `assets.publish`' work.
"""

from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from schemas.config.base import Model

_ROLE_NAME = r"^[a-z_][a-z0-9_]{0,57}$"


class WarehouseConfig(Model):
    """The warehouse that BI tools read: a DuckDB file beside the lake, or a PostgreSQL database."""

    kind: Literal["duckdb", "postgres"] = Field(
        default="duckdb", description="`duckdb` needs no server; `postgres` is for many readers."
    )
    dsn: SecretStr | None = Field(
        default=None,
        description="Of `postgres`: connection string, from the environment; TLS by its `sslmode`, "
        "`postgresql://cx_loader@host/db?sslmode=verify-full` for instance.",
    )
    schema_name: str = Field(
        default="cx_barometer",
        alias="schema",
        pattern=_ROLE_NAME,
        description="Of `postgres`: schema of the published views; their data is in the schema "
        "of this name with `_data` added, which readers cannot see.",
    )
    keep_publishes: int = Field(
        default=3,
        ge=2,
        le=100,
        description="Publishes that are kept, the one being read included, for "
        "`barometer rollback`; of `duckdb` each is a whole file.",
    )
    lock_timeout_seconds: float = Field(
        default=0.4,
        gt=0,
        lt=1,
        description="Of `postgres`: how long readers may be held up while a publish waits for "
        "their transactions; below PostgreSQL's `deadlock_timeout`, so that none is broken off.",
    )
    patience_seconds: float = Field(
        default=600,
        ge=0,
        description="Of `postgres`: how long a publish tries to get past open transactions and "
        "other publishers before it gives up.",
    )
    loader_role: str = Field(
        default="cx_loader", pattern=_ROLE_NAME, description="Of `postgres`: role that publishes."
    )
    reader_role: str = Field(
        default="bi_reader", pattern=_ROLE_NAME, description="Of `postgres`: role that may read."
    )

    @field_validator("dsn", mode="before")
    @classmethod
    def _empty_is_none(cls, given: Any) -> Any:
        return None if given == "" else given

    @model_validator(mode="after")
    def _server_is_named(self) -> Any:
        if self.kind == "postgres" and self.dsn is None:
            msg = "warehouse.dsn: `kind: postgres` needs a connection string, ${BAROMETER_DSN} say"
            raise ValueError(msg)
        if self.schema_name.startswith("pg_"):
            msg = "warehouse.schema: names that begin with pg_ are PostgreSQL's own"
            raise ValueError(msg)
        return self

    @property
    def data_schema(self) -> str:
        """Schema of the tables that the published views show."""
        return f"{self.schema_name}_data"
