"""No secret is in what a run writes, prints, sends or shows in the list of processes."""

import base64
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import pytest
from psycopg.conninfo import conninfo_to_dict

from pipelines.alerts_sending import tell
from pipelines.config import load_project
from pipelines.definitions import build_definitions
from pipelines.jobs import DAILY
from tests.certificates import Authority
from tests.pipelines.company import DAYS, Company
from tests.pipelines.conftest import Barometer
from tests.pipelines.listening import http_server, smtp_server
from tests.postgres import postgres_server

WORD = "sesame-7f3a"
"""Part of every secret here; a text that has it tells one."""

PASSWORD = f"o'p \\@/%{WORD}"
_SETTINGS = """\
warehouse: {kind: postgres, dsn: '${THE_DSN}'}
privacy: {pii_key: '${THE_KEY}'}
alerts:
  webhook: '${THE_WEBHOOK}'
  slack: '${THE_SLACK}'
  email: {host: localhost, port: %d, user: u, password: '${THE_PASSWORD}', from: a@b, to: [c@d]}
  events: [failure, checks_error]

segment_sets:
"""


@pytest.fixture
def postgres() -> Iterator[str]:
    """Folder of a server's socket; it asks for no password, and is given one."""
    with postgres_server() as uri:
        yield str(conninfo_to_dict(uri)["host"])


def _telling(folder: Path) -> list[str]:
    """Files below a folder that tell a secret, in whatever spelling."""
    spellings = [
        WORD.encode(),
        base64.b64encode(f"{WORD}xx".encode())[:12],
        quote(PASSWORD).encode(),
    ]
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and any(word in path.read_bytes() for word in spellings)
    ]


def _command_lines() -> list[bytes]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes())
        except OSError:  # it has ended
            continue
    return found


def _watched_run(environment: dict[str, str]) -> tuple[str, list[bytes]]:
    """Output of `barometer run` in a process of its own; command lines meanwhile that tell."""
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("barometer")), "run"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    telling = []
    while True:
        telling += [line for line in _command_lines() if WORD.encode() in line]
        try:
            output, _ = process.communicate(timeout=0.2)
        except subprocess.TimeoutExpired:
            continue
        assert process.returncode == 0, output
        return output, telling


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="there is no /proc here")
def test_no_secret_leaves_its_place(  # noqa: PLR0913  all channels at once
    *,
    company: Company,
    invoke: Barometer,
    postgres: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    authority = Authority(tmp_path_factory.mktemp("authority"))
    issued = authority.issue("localhost", "localhost")
    login = f"postgres:{quote(PASSWORD, safe='')}"
    with (
        http_server(500) as broken,
        http_server() as slack,
        smtp_server(issued, login=("u", "another")) as mail,
    ):
        company.configure(("segment_sets:\n", _SETTINGS % mail.port))
        given = {
            "THE_DSN": f"postgresql://{login}@/postgres?host={postgres}",
            "THE_KEY": f"key-{WORD}-{WORD}-{WORD}",
            "THE_WEBHOOK": f"{broken.url}/{WORD}",
            "THE_SLACK": f"{slack.url}/{WORD}",
            "THE_PASSWORD": PASSWORD,
            "SSL_CERT_FILE": str(authority.file),
            "DAGSTER_HOME": company.environment["DAGSTER_HOME"],
        }
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        output, command_lines = _watched_run(company.environment)
        assert broken.messages == slack.messages == []
        outputs = [output]
        monkeypatch.setenv("THE_DSN", f"postgresql://{login}@127.0.0.1:1/postgres")
        company.deliver_orders(DAYS[2], amount="11.00")
        _run_as_the_daemon(company, DAYS[2])
        commands = ("status", "check", "checks", "rollback")
        outputs += [invoke(company, command).output for command in commands]
    outputs += [str(broken.messages), str(slack.messages), caplog.text, *capfd.readouterr()]
    assert "alert not sent by webhook: the server answered 500" in caplog.text
    assert "alert not sent by email: the mail server answered 535" in caplog.text
    [told] = broken.messages
    assert "warehouse.dsn" in told["steps"][0]["reason"]
    assert len(slack.messages) == 1
    assert "warehouse.dsn" in outputs[4]  # of the rollback
    assert command_lines == []
    assert [text for text in outputs if WORD in text] == []
    assert _telling(company.folder) == []


def _run_as_the_daemon(company: Company, day: str) -> None:
    """A run that fails at its publish, with its alert, in the instance of the commands."""
    project = load_project(company.config)
    job = build_definitions(project, company.lake.root).resolve_job_def(DAILY)
    with dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(instance=instance, partition_key=day, raise_on_error=False)
        assert not result.success
        tell(project, instance, result.dagster_run, log=logging.getLogger("test"))
