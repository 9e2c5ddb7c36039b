"""Alerts reach people by each channel; one that does not is logged, and the others go on."""

import logging
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default

import pytest
from pydantic import ValidationError

from pipelines.alerts import Alert, FailedStep
from pipelines.alerts_delivery import deliver
from schemas.config.alerts import AlertConfig
from tests.pipelines.listening import Heard, http_server, smtp_server

LOG = logging.getLogger("test")


@pytest.fixture
def heard() -> Iterator[Heard]:
    with http_server() as server:
        yield server


def _alert(**changes: object) -> Alert:
    told: dict[str, object] = {
        "event": "failure",
        "company": "Tiny Company",
        "job": "daily",
        "run_id": "r1",
        "first": "2025-01-30",
        "last": "2025-02-01",
        "steps": (FailedStep("raw__orders", ("raw/orders",), "a < b & <!channel>"),),
        "checks": (),
        "is_retried": False,
        "link": "http://dagster/runs/r1",
    }
    return Alert(**(told | changes))  # type: ignore[arg-type]


def test_a_server_that_is_not_there_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with http_server() as server:
        url = server.url
    assert deliver(_alert(), AlertConfig.model_validate({"webhook": url}), log=LOG) == []
    assert "ConnectionRefusedError: Connection refused" in caplog.text
    assert url not in caplog.text


def test_a_server_that_never_answers_is_given_up_and_others_are_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    released = threading.Event()
    with http_server(wait=released) as slow, http_server() as quick:
        config = AlertConfig.model_validate({"webhook": slow.url, "slack": quick.url})
        assert deliver(_alert(), config, log=LOG, timeout_seconds=0.3) == ["slack"]
        released.set()
    assert "alert not sent by webhook" in caplog.text


def test_mail_arrives_as_it_was_written() -> None:
    with smtp_server() as server:
        email = {
            "host": "127.0.0.1",
            "port": server.port,
            "encryption": "none",
            "from": "barometer@example.org",
            "to": ["a@example.org", "b@example.org"],
        }
        config = AlertConfig.model_validate({"email": email})
        alert = _alert(company="Société\nÉtoile", is_retried=True, checks=("core/x: scores",))
        assert deliver(alert, config, log=LOG) == ["email"]
        [sent] = server.messages
    mail = message_from_bytes(sent, policy=default)
    assert mail["Subject"] == "Société Étoile: daily 2025-01-30 … 2025-02-01 failed"
    assert mail["To"] == "a@example.org, b@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime.tzinfo
    assert mail["Message-ID"].endswith("@example.org>")
    assert mail.get_content().splitlines() == alert.text().splitlines()
    assert "tried once more" in alert.text()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"webhook": "file:///etc/passwd"}, "not an http"),
        ({"slack": "hooks.slack.example"}, "not an http"),
        ({"events": []}, "at least 1"),
        ({"events": ["success"]}, "checks_error"),
        ({"email": {"host": "h", "from": "nobody", "to": ["a@b"]}}, "not an e-mail address"),
        ({"email": {"host": "h", "from": "a@b", "to": []}}, "at least 1"),
        ({"email": {"host": "h", "from": "a@b\nBcc: c@d", "to": ["a@b"]}}, "not an e-mail address"),
        ({"email": {"host": "h", "from": "a@b", "to": ["a@b,c"]}}, "not an e-mail address"),
        ({"email": {"host": "h", "from": "a@b", "to": ["a\x00@b"]}}, "not an e-mail address"),
        ({"email": {"host": "h", "from": "a@b", "to": ["a@b"], "user": "u"}}, "go together"),
        (
            {
                "email": {
                    "host": "h",
                    "from": "a@b",
                    "to": ["a@b"],
                    "user": "u",
                    "password": "p",
                    "encryption": "none",
                }
            },
            "needs `starttls` or `tls`",
        ),
    ],
)
def test_a_wrong_configuration_is_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        AlertConfig.model_validate(wrong)


def test_empty_variables_tell_nobody() -> None:
    assert not AlertConfig.model_validate({"webhook": "", "slack": ""}).has_channel
    assert not AlertConfig().has_channel


def test_a_text_for_people_names_some_and_counts_the_others() -> None:
    assets = tuple(f"kpi/k{number}" for number in range(7))
    steps = tuple(FailedStep(f"s{number}", assets, "no") for number in range(22))
    lines = _alert(steps=steps, checks=tuple(f"a: c{n}" for n in range(21))).text().splitlines()
    assert lines[1] == "kpi/k0, kpi/k1, kpi/k2, kpi/k3, kpi/k4 and 2 more: no"
    assert len(lines) == 24
    assert lines[21] == "… and 2 more"
    assert lines[22].endswith("a: c19, … and 1 more")
    assert FailedStep("run", (), "no").what == "run"
