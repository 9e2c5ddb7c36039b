"""A connection string is read as it was meant or refused, and its secrets stay in it."""

import sys

import psycopg
import pytest
from dagster._utils.error import serializable_error_info_from_exc_info

from assets.publish.postgres.connection import Server
from schemas.config.warehouse import WarehouseConfig
from schemas.errors import PublishError


def _server(dsn: str) -> Server:
    return Server.of(WarehouseConfig.model_validate({"kind": "postgres", "dsn": dsn}))


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://u:open@sesame@host/db",
        "postgresql://u:open/sesame@host/db",
        "postgresql://u:open/sesame@host:5432/db",
        "postgresql://u:open/ses@me@host/db",
        "postgresql://u:open@ses/ame?x@host/db",
        "postgres://u:sesame/5@host/db",
        "postgresql://u:sesame",
    ],
)
def test_a_password_with_bare_signs_is_refused_and_not_told(dsn: str) -> None:
    with pytest.raises(PublishError, match="cannot be read") as caught:
        _server(dsn)
    assert caught.value.where == "warehouse.dsn"
    assert "@ is %40, / is %2F" in str(caught.value)
    assert "ses" not in str(caught.value).replace("postgres", "")


@pytest.mark.parametrize(
    ("dsn", "place"),
    [
        ("postgresql://u:open%40ses%2Fame@host:5433/db", "host:5433/db"),
        ("postgresql://one:1,two:2/db?user=a@b&sslmode=require", "one,two:1,2/db"),
        ("postgresql:///db?host=/run/postgresql", "/run/postgresql/db"),
        ("postgresql://u@%2Frun%2Fpg/db", "/run/pg/db"),
        ("host=h password='a @/ b' dbname=d@e", "h/d@e"),
        ("service=cx", "local socket/default database"),
    ],
)
def test_what_can_be_meant_is_taken(dsn: str, place: str) -> None:
    server = _server(dsn)
    assert server.place == f"postgresql {place}, schema cx_barometer"
    assert "ses" not in repr(server)


PASSWORD = "it's \\ open%40 sesame@/"  # noqa: S105  the test's own
ADDRESS = "it%27s%20%5C%20open%2540%20sesame%40%2F"


@pytest.mark.parametrize(
    "quoting",
    [
        PASSWORD,
        ADDRESS,
        f"postgresql://u:{ADDRESS}@h/d",
        f"u:{ADDRESS}@h",
        "host=h password='it\\'s \\\\ open%40 sesame@/' user=u",
        "host=h PASSWORD = 'another \\' sesame' user=u",
        "password=sesame",
    ],
)
def test_a_message_that_quotes_a_password_is_told_without_it(quoting: str) -> None:
    server = _server(f"postgresql://u:{ADDRESS}@h/d")
    with pytest.raises(PublishError, match="reading failed") as caught, server.told("reading"):
        raise psycopg.OperationalError(f"could not use «{quoting}»")
    assert "sesame" not in str(caught.value)
    assert "could not use «" in str(caught.value)


def test_the_event_log_gets_the_error_without_its_cause() -> None:
    secret = "open-sesame"  # noqa: S105  in no line of code that a trace would quote
    server = _server(f"postgresql://u:{secret}@h/d")
    try:
        with server.told("reading"):
            raise psycopg.OperationalError(f"{secret} is in the cause's text")
    except PublishError:
        stored = serializable_error_info_from_exc_info(sys.exc_info())
    assert "… is in the cause's text" in stored.message
    assert secret not in repr(stored)
    assert stored.cause is None
    assert stored.context is None


@pytest.mark.parametrize(
    ("dsn", "is_verified"),
    [
        ("postgresql://u@db.example.com/cx", False),
        ("postgresql://u@db.example.com/cx?sslmode=require", False),
        ("postgresql://u@db.example.com/cx?sslmode=verify-full", True),
        ("postgresql://u@localhost,db.example.com/cx", False),
        ("postgresql://u@localhost/cx", True),
        ("host=/var/run/postgresql dbname=cx", True),
        ("dbname=cx", True),
    ],
)
def test_a_server_elsewhere_has_to_prove_who_it_is(dsn: str, *, is_verified: bool) -> None:
    assert _server(dsn).is_verified is is_verified


def test_the_environment_may_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example.com")
    assert not _server("dbname=cx").is_verified
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert _server("dbname=cx").is_verified
