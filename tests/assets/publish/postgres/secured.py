"""A PostgreSQL that takes nothing but TLS, of the system's own packages: the wheel's has no TLS."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.certificates import Authority, Issued

LOADER = "cx_loader"
BY_CERTIFICATE = "cx_certified"
HOST = "warehouse.example"
"""What the server's certificate is issued for; the address is given beside it."""

_RULES = f"""\
local   all postgres trust
hostssl all {BY_CERTIFICATE} 127.0.0.1/32 cert
hostssl all all 127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True)
class Secured:
    """A running server.

    Attributes:
        port: Where it listens on 127.0.0.1.
        password: Password of the loader.
        authority: Certificate of the authority that signed the server's.
        stranger: Certificate of another authority.
        client: Certificate of the role that logs in by it.
        log: The server's log, with every connection.
        admin_dsn: An administrator's connection string, by a local socket.
    """

    port: int
    password: str
    authority: Path
    stranger: Path
    client: Issued
    log: Path
    admin_dsn: str

    def dsn(self, *, user: str = LOADER, password: str | None = None, **more: object) -> str:
        """A connection string with these settings over those that are right."""
        given = {"sslmode": "verify-full", "sslrootcert": self.authority, "host": HOST} | more
        settings: dict[str, Any] = {key: str(value) for key, value in given.items() if value}
        if password:
            settings["password"] = password
        return psycopg.conninfo.make_conninfo(
            hostaddr="127.0.0.1", port=self.port, user=user, dbname="postgres", **settings
        )


@contextmanager
def secured_server() -> Iterator[Secured]:
    """Start one, with certificates made for it; skips where no such server is installed."""
    programs = _programs()
    account = "postgres" if os.getuid() == 0 else None  # the server refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="tls-"))
    folder.chmod(0o755)
    data, port = folder / "data", _free_port()
    try:
        authority = Authority(folder, "authority")
        stranger = Authority(folder, "stranger")
        server = authority.issue("server", HOST)
        data.mkdir(mode=0o700)
        (folder / "log").touch()
        if account:
            for path in (data, server.key, folder / "log"):
                shutil.chown(path, account)

        def call(program: str, *given: str) -> None:
            command = [str(programs / program), "-D", str(data), *given]
            subprocess.run(command, check=True, capture_output=True, user=account, cwd=folder)

        call("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        _configure(data, port, authority.file, server)
        call("pg_ctl", "-w", "-l", str(folder / "log"), "start")
        try:
            yield _with_roles(
                Secured(
                    port,
                    secrets.token_urlsafe(12) + "@/ :%'\\",
                    authority.file,
                    stranger.file,
                    authority.issue(BY_CERTIFICATE),
                    folder / "log",
                    f"host={data} port={port} user=postgres dbname=postgres",
                )
            )
        finally:
            call("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """Folder of the programs of the newest server that was built with OpenSSL."""
    installed = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    found = sorted(installed, key=lambda path: int(path.parts[-3]), reverse=True)
    on_path = shutil.which("postgres")
    for program in (*found, *([Path(on_path).resolve()] if on_path else [])):
        if (program.parent / "initdb").exists() and "libssl" in _linked(program):
            return program.parent
    pytest.skip("no PostgreSQL with TLS is installed here: Debian's package `postgresql` has one")


def _linked(program: Path) -> str:
    return subprocess.run(
        ["ldd", str(program)],  # noqa: S607  where it is differs
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def _configure(data: Path, port: int, authority: Path, server: Issued) -> None:
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(
            f"listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{data}'\n"
            f"ssl = on\nssl_ca_file = '{authority}'\nssl_cert_file = '{server.certificate}'\n"
            f"ssl_key_file = '{server.key}'\nfsync = off\nlog_connections = on\n"
            "password_encryption = scram-sha-256\n"
        )
    (data / "pg_hba.conf").write_text(_RULES, encoding="utf-8")


def _with_roles(server: Secured) -> Secured:
    with psycopg.connect(server.admin_dsn, autocommit=True) as admin:
        for role in (LOADER, BY_CERTIFICATE):
            admin.execute(
                psycopg.sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                    psycopg.sql.Identifier(role), psycopg.sql.Literal(server.password)
                )
            )
            admin.execute(f"GRANT CREATE ON DATABASE postgres TO {role}".encode())
    return server


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
