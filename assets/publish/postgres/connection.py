"""Connections to the server, and its errors told without secrets.

What is asked of the server is in the modules beside this one.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schemas.config.warehouse import WarehouseConfig
from schemas.errors import PublishError

if TYPE_CHECKING:
    import psycopg

CONNECT_SECONDS = 10

_KEPT_ALIVE = {
    "connect_timeout": str(CONNECT_SECONDS),
    "application_name": "cx_barometer",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
_MENDS = {
    "08": "see whether the server runs and can be reached, then run again",
    "28": "mend user, password or sslmode of warehouse.dsn",
    "3D": "mend the database of warehouse.dsn, or create it",
    "42501": "let an administrator apply what `barometer roles` prints",
    "2BP01": "drop what depends on the view, or move it to the published tables' own schema",
    "53100": "free disk space on the server, then run again",
    "57P": "run again once the server is up; what was loaded is used",
}
_MEND = "look at the server's log, mend the cause and run again; what was loaded is used"


@dataclass(frozen=True, slots=True, repr=False)
class Server:
    """A database server by its connection string, which never leaves this object in a text.

    Attributes:
        conninfo: libpq's connection string, complete with keep-alives.
        place: Server, database and schema, for people.
        secrets: Texts that no message may hold.
    """

    conninfo: str
    place: str
    secrets: tuple[str, ...]

    @classmethod
    def of(cls, config: WarehouseConfig) -> "Server":
        """The server of a configuration; nothing is opened yet.

        Raises:
            PublishError: The connection string cannot be read.
        """
        import psycopg
        from psycopg.conninfo import conninfo_to_dict, make_conninfo

        dsn = config.dsn.get_secret_value() if config.dsn else ""
        try:
            given = conninfo_to_dict(dsn)
            conninfo = make_conninfo(
                dsn, **{key: value for key, value in _KEPT_ALIVE.items() if key not in given}
            )
        except psycopg.Error:
            # the parser's own message quotes the string, so it is not told
            raise PublishError(
                "the connection string of the warehouse cannot be read",
                where="warehouse.dsn",
                allowed="postgresql://user:password@host:port/database?sslmode=verify-full",
                mend="mend the environment variable that it comes from; % in a password is %25",
            ) from None
        host = str(given.get("host") or given.get("hostaddr") or "local socket")
        port = f":{given['port']}" if given.get("port") else ""
        database = given.get("dbname") or given.get("user") or "default database"
        place = f"postgresql {host}{port}/{database}, schema {config.schema_name}"
        hidden = [str(given[key]) for key in ("password", "sslpassword") if given.get(key)]
        return cls(conninfo, place, tuple(sorted({dsn, *hidden}, key=len, reverse=True)))

    @contextmanager
    def told(self, doing: str) -> Iterator[None]:
        """Turns the drivers' errors into the project's own, without what is secret.

        Args:
            doing: What fails if something fails, `loading kpi_value` for instance.
        """
        import adbc_driver_manager
        import psycopg

        try:
            yield
        except (psycopg.Error, adbc_driver_manager.Error) as error:
            state = str(getattr(error, "sqlstate", None) or "")
            mend = next((m for code, m in _MENDS.items() if state.startswith(code)), _MEND)
            # not `from error`: a trace would tell what the text leaves out
            raise PublishError(
                f"{doing} failed; the previous publish stays",
                where=self.place,
                found=self.scrubbed(str(error)),
                mend=mend,
            ) from None

    def scrubbed(self, text: str) -> str:
        """A driver's message without the connection string and its passwords."""
        for secret in self.secrets:
            if secret:
                text = text.replace(secret, "…")
        return re.sub(r"(?i)(password\s*=\s*)\S+", r"\1…", text).strip()

    def connect(self) -> "psycopg.Connection[Any]":
        """A connection that commits every statement unless a transaction is begun."""
        import psycopg

        return psycopg.connect(self.conninfo, autocommit=True)
