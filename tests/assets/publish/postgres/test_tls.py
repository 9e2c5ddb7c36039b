"""Publishing over TLS: the server is who it says, or nothing is sent; no password is told."""

import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from assets.publish.postgres.chunks import cut
from assets.publish.postgres.connection import Server
from assets.publish.postgres.loading import load
from assets.publish.postgres.warehouse import PostgresWarehouse
from schemas.config.warehouse import WarehouseConfig
from schemas.errors import PublishError
from tests.assets.publish.postgres.contents import WHOLE, contents
from tests.assets.publish.postgres.secured import (
    BY_CERTIFICATE,
    HOST,
    LOADER,
    Secured,
    secured_server,
)

Change = Callable[[Secured], dict[str, Any]]


@pytest.fixture(scope="module")
def secured() -> Iterator[Secured]:
    with secured_server() as server:
        yield server


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PGPASSWORD", "PGPASSFILE", "PGSSLROOTCERT", "PGSSLMODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def schema(request: pytest.FixtureRequest) -> str:
    """A schema of the test's own."""
    return re.sub(r"\W", "_", f"s_{request.node.name}"[:50]).lower()


def _warehouse(dsn: str, schema: str) -> PostgresWarehouse:
    given = {"kind": "postgres", "dsn": dsn, "schema": schema}
    return PostgresWarehouse.of(WarehouseConfig.model_validate(given))


def _seen(secured: Secured, schema: str) -> tuple[Any, ...] | None:
    """What a reader sees of a schema."""
    with psycopg.connect(secured.admin_dsn) as admin:
        return admin.execute(WHOLE.format(schema).encode()).fetchone()


def _connections(secured: Secured, user: str) -> list[str]:
    """What the server's log says of each connection that a role made."""
    text = secured.log.read_text(encoding="utf-8", errors="replace")
    return [line for line in text.splitlines() if f"connection authorized: user={user}" in line]


def test_every_connection_of_a_publish_is_encrypted(secured: Secured, schema: str) -> None:
    before = len(_connections(secured, LOADER))
    _warehouse(secured.dsn(password=secured.password), schema).publish(contents(1), "p1")
    assert _seen(secured, schema) == (10, 1, 1, True, "p1")
    made = _connections(secured, LOADER)[before:]
    assert len(made) >= 3  # the publisher's, and those that load
    assert all("SSL enabled (protocol=TLSv1." in line for line in made)


def test_what_is_not_in_the_string_comes_from_the_environment(
    secured: Secured, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSLROOTCERT", str(secured.authority))
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGPASSWORD", secured.password)
    target = _warehouse(secured.dsn(sslrootcert=None, sslmode=None), schema)
    target.publish(contents(1), "p1")
    assert target.published_id() == "p1"
    monkeypatch.setenv("PGSSLROOTCERT", str(secured.stranger))
    with pytest.raises(PublishError, match="certificate verify failed"):
        target.publish(contents(2), "p2")
    assert _seen(secured, schema) == (10, 1, 1, True, "p1")


def test_the_password_comes_from_the_password_file(
    secured: Secured, schema: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    password = re.sub(r"([\\:])", r"\\\1", secured.password)
    file = tmp_path / "passwords"
    file.touch(mode=0o600)
    file.write_text(f"{HOST}:*:*:{LOADER}:{password}\n", encoding="utf-8")
    monkeypatch.setenv("PGPASSFILE", str(file))
    _warehouse(secured.dsn(), schema).publish(contents(1), "p1")
    assert _seen(secured, schema) == (10, 1, 1, True, "p1")


def test_a_client_certificate_needs_no_password(secured: Secured, schema: str) -> None:
    files = {"sslcert": secured.client.certificate, "sslkey": secured.client.key}
    _warehouse(secured.dsn(user=BY_CERTIFICATE, **files), schema).publish(contents(1), "p1")
    assert _seen(secured, schema) == (10, 1, 1, True, "p1")
    with pytest.raises(PublishError, match="certificate") as caught:
        _warehouse(secured.dsn(user=BY_CERTIFICATE), schema).publish(contents(2), "p2")
    assert "warehouse.dsn" in str(caught.value)


WRONG: list[Any] = [
    pytest.param(
        lambda secured: {"sslrootcert": secured.stranger},
        ("certificate verify failed", "mend sslmode, sslrootcert"),
        id="authority",
    ),
    pytest.param(
        lambda _: {"sslrootcert": "/no/such.crt"},
        ('file "/no/such.crt" does not exist', "mend sslmode, sslrootcert"),
        id="no authority",
    ),
    pytest.param(
        lambda _: {"host": "elsewhere.example"},
        ('does not match host name "elsewhere.example"', "host name of warehouse.dsn"),
        id="host",
    ),
    pytest.param(
        lambda _: {"sslmode": "disable"}, ("no encryption", "mend sslmode"), id="plain text"
    ),
    pytest.param(
        lambda _: {"sslmode": "verify_full"}, ("invalid sslmode", "mend sslmode"), id="mode"
    ),
    pytest.param(
        lambda _: {"password": "not-the-Pass w0rd"},
        ("password authentication failed", "mend user or password of warehouse.dsn"),
        id="password",
    ),
    pytest.param(
        lambda _: {"password": None},
        ("no password supplied", "mend user or password of warehouse.dsn"),
        id="no password",
    ),
]


@pytest.mark.parametrize(("change", "told"), WRONG)
def test_a_wrong_setting_is_refused_clearly_and_readers_keep_what_was_there(
    secured: Secured, schema: str, change: Change, told: tuple[str, str]
) -> None:
    right = {"password": secured.password}
    _warehouse(secured.dsn(**right), schema).publish(contents(1), "p1")
    dsn = secured.dsn(**(right | change(secured)))
    target = _warehouse(dsn, schema)
    data, cuts = target.config.data_schema, [cut(one) for one in contents(2)]
    missing = [(one, label) for one in cuts for label in one.names]
    # a publish is stopped at its first connection; that of the loaders is refused by itself too
    for work in (
        lambda: target.publish(contents(2), "p2"),
        lambda: load(Server.of(target.config), data, missing),
    ):
        with pytest.raises(PublishError) as caught:
            work()
        message = str(caught.value)
        assert all(part in message for part in (*told, "warehouse.dsn", "previous publish stays"))
        trace = "".join(traceback.format_exception(caught.value))
        assert secured.password not in trace
        assert "not-the-Pass" not in trace
        assert dsn not in trace
    assert _seen(secured, schema) == (10, 1, 1, True, "p1")
