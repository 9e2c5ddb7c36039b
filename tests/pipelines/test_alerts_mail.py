"""Mail goes out by TLS to the server that was meant, and its password is told to nobody else."""

import logging
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from pipelines.alerts import Alert, FailedStep
from pipelines.alerts_delivery import deliver
from schemas.config.alerts import AlertConfig
from tests.certificates import Authority, Issued
from tests.pipelines.listening import Heard, smtp_server

LOG = logging.getLogger("test")
PASSWORD = "open-sesame'\"\\ %"  # noqa: S105  the test's own server's
USER = "barometer"
REASON = "no <file> «é»\n.\nmend:  " + "x" * 990  # longer than a line of mail may be


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue("localhost", "localhost")


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """The company's own authority, trusted as `docs/operations.md` says."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))


def _send(server: Heard, **changes: Any) -> list[str]:
    mail = {
        "host": "localhost",
        "port": server.port,
        "from": "barometer@example.org",
        "to": ["oncall@example.org"],
    }
    alert = Alert(
        event="failure",
        company="Tiny",
        job="daily",
        run_id="r1",
        first="2025-01-30",
        last="2025-01-30",
        steps=(
            FailedStep("raw__orders", ("raw/orders",), "no <file> «é»\n.\nmend:  " + "x" * 990),
        ),
        checks=(),
        is_retried=False,
        link=None,
    )
    return deliver(alert, AlertConfig.model_validate({"email": mail | changes}), log=LOG)


WAYS: list[Any] = [
    pytest.param("starttls", False, id="starttls"),
    pytest.param("tls", True, id="tls"),
]


@pytest.mark.parametrize(("encryption", "is_at_once"), WAYS)
def test_mail_goes_by_tls_with_a_login(
    *, issued: Issued, trusted: None, encryption: str, is_at_once: bool
) -> None:
    login = (USER, PASSWORD)
    with smtp_server(issued, is_tls_at_once=is_at_once, login=login) as server:
        assert _send(server, encryption=encryption, user=USER, password=PASSWORD) == ["email"]
    assert server.is_encrypted == [True]
    [sent] = server.messages
    lines = message_from_bytes(sent.replace(b"\r\n..", b"\r\n."), policy=default).get_content()
    assert lines.splitlines()[1:3] == ["raw/orders: no <file> «é»", "."]
    assert PASSWORD.encode() not in sent


@pytest.mark.parametrize(("encryption", "is_at_once"), WAYS)
@pytest.mark.parametrize(
    ("is_trusted", "host", "told"),
    [
        (False, "localhost", "certificate verify failed"),
        (True, "127.0.0.1", "IP address mismatch"),
    ],
)
def test_a_server_with_another_certificate_gets_nothing(  # noqa: PLR0913  a table
    *,
    issued: Issued,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    encryption: str,
    is_at_once: bool,
    is_trusted: bool,
    host: str,
    told: str,
) -> None:
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with smtp_server(issued, is_tls_at_once=is_at_once, login=(USER, PASSWORD)) as server:
        given = {"encryption": encryption, "user": USER, "password": PASSWORD, "host": host}
        assert _send(server, **given) == []
    assert server.messages == []
    assert "alert not sent by email: SSLCertVerificationError: [SSL" in caplog.text
    assert told in caplog.text
    assert "sesame" not in caplog.text


def test_a_server_without_tls_is_sent_neither_password_nor_mail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with smtp_server(login=(USER, PASSWORD)) as server:
        assert _send(server, user=USER, password=PASSWORD) == []
    assert server.messages == []
    assert "alert not sent by email: SMTPNotSupportedError" in caplog.text


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"user": USER, "password": "wrong-sesame"},
            "the mail server answered 535 to user and password",
        ),
        ({}, "the mail server answered 530"),
    ],
)
def test_a_wrong_password_is_told_without_it(
    issued: Issued,
    trusted: None,
    caplog: pytest.LogCaptureFixture,
    given: dict[str, Any],
    told: str,
) -> None:
    with smtp_server(issued, login=(USER, PASSWORD)) as server:
        assert _send(server, **given) == []
    assert server.messages == []
    assert f"alert not sent by email: {told}" in caplog.text
    assert "sesame" not in caplog.text
    assert "I was told" not in caplog.text  # what the server said quotes the login


def test_addresses_that_the_server_refuses_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    with smtp_server(refused="gone@example.org") as server:
        both = ["oncall@example.org", "gone@example.org"]
        assert _send(server, encryption="none", to=both) == []
    assert len(server.messages) == 1  # the other one has it
    assert "alert not sent by email: the mail server refused 1 of the addresses" in caplog.text
    assert "gone@example.org" not in caplog.text
