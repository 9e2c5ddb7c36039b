"""Connections to the server, and its errors told without secrets.

What is asked of the server is in the modules beside this one.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from schemas.config.warehouse import WarehouseConfig
from schemas.errors import PublishError

if TYPE_CHECKING:
    import psycopg

CONNECT_SECONDS = 10

_PASSWORD = re.compile(r"(?i)(password\s*=\s*)(?:'(?:\\.|[^'\\])*'|\S+)")

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
_HERE = re.compile(r"|/.*|@.*|localhost|127\..*|::1")
"""Hosts that are this machine: a socket's folder, or loopback."""
_NOT_CONNECTED = ("connection failed:", "connection is bad:", "Failed to connect:")
_CONNECTING_MENDS = {
    r"certificate|SSL(?! encr)|sslmode|no encr": "mend sslmode, sslrootcert (or PGSSLROOTCERT) or "
    "the host name of warehouse.dsn, or the server's certificate",
    r"password|authentication|pg_hba|role .* does not exist": "mend user or password of "
    "warehouse.dsn (or PGPASSWORD, or the password file)",
    r"database .* does not exist": _MENDS["3D"],
}
"""Errors of a connection that never was have no code: they are told apart by libpq's words."""
_CONNECTING_MEND = "see whether the server runs and answers at host and port of warehouse.dsn"


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
            given, conninfo = {}, ""  # the parser's own message quotes the string: it is not told
        if not conninfo or _is_misread(dsn, str(given.get("port") or "")):
            raise PublishError(
                "the connection string of the warehouse cannot be read",
                where="warehouse.dsn",
                allowed="postgresql://user:password@host:port/database?sslmode=verify-full",
                mend="mend the environment variable that it comes from; in a password % is %25, "
                "@ is %40, / is %2F",
            )
        host = str(given.get("host") or given.get("hostaddr") or "local socket")
        port = f":{given['port']}" if given.get("port") else ""
        database = given.get("dbname") or given.get("user") or "default database"
        place = f"postgresql {host}{port}/{database}, schema {config.schema_name}"
        hidden = {dsn, conninfo}
        for key in ("password", "sslpassword"):
            hidden |= _spellings(str(given.get(key) or ""))
        return cls(conninfo, place, tuple(sorted(hidden - {""}, key=len, reverse=True)))

    @property
    def is_verified(self) -> bool:
        """Whether a certificate has to prove who the server is; on this machine none needs to."""
        from psycopg.conninfo import conninfo_to_dict

        given = conninfo_to_dict(self.conninfo)
        hosts = given.get("host") or given.get("hostaddr") or os.environ.get("PGHOST") or ""
        mode = given.get("sslmode") or os.environ.get("PGSSLMODE")
        is_here = all(_HERE.fullmatch(host) for host in str(hosts).split(","))
        return is_here or mode in {"verify-ca", "verify-full"}

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
            # not `from error`: a trace would tell what the text leaves out
            raise PublishError(
                f"{doing} failed; the previous publish stays",
                where=self.place,
                found=self.scrubbed(str(error)),
                mend=_mend(error),
            ) from None

    def scrubbed(self, text: str) -> str:
        """A driver's message without the connection string and its passwords."""
        for secret in self.secrets:
            text = text.replace(secret, "…")
        return _PASSWORD.sub(r"\1…", text).strip()

    def connect(self) -> "psycopg.Connection[Any]":
        """A connection that commits every statement unless a transaction is begun."""
        import psycopg

        return psycopg.connect(self.conninfo, autocommit=True)


def _mend(error: Exception) -> str:
    """What to do about a driver's error."""
    text = str(error)
    if any(words in text for words in _NOT_CONNECTED):
        found = (mend for words, mend in _CONNECTING_MENDS.items() if re.search(words, text))
        return next(found, _CONNECTING_MEND)
    state = str(getattr(error, "sqlstate", None) or "")
    return next((mend for code, mend in _MENDS.items() if state.startswith(code)), _MEND)


def _is_misread(dsn: str, port: str) -> bool:
    """Whether a part of a password was taken for host, port or database, which are told.

    libpq ends a user's name and password at the first @ and looks for none after a slash.
    """
    _, is_address, rest = dsn.partition("://")
    if not is_address or not re.match(r"postgres(ql)?://", dsn):
        return False
    login, at, place = rest.partition("@")
    if not at or "/" in login:
        place = rest
    return "@" in place.partition("?")[0] or not re.fullmatch(r"[\d,]*", port)


def _spellings(password: str) -> set[str]:
    """A password as it stands in an address, in a connection string, and by itself."""
    from psycopg.conninfo import make_conninfo

    if not password:
        return set()
    quoted = make_conninfo(password=password).removeprefix("password=")
    return {password, quoted, quoted.strip("'"), quote(password), quote(password, safe="")}
