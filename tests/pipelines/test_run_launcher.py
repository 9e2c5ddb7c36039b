"""Whether a run's process is there: what run monitoring is told. See also tests/deploy."""

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.launcher import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._grpc.server import GrpcServerProcess

from pipelines.run_launcher import WatchedRunLauncher

JOBS = "import dagster as dg\n\n@dg.job\ndef nothing(): ...\n"


@dg.job
def nothing() -> None:
    """A job of no steps."""


@pytest.fixture
def launcher() -> Iterator[WatchedRunLauncher]:
    with dg.DagsterInstance.ephemeral() as instance:
        launcher = WatchedRunLauncher()
        launcher.register_instance(instance)
        yield launcher


def _status(launcher: WatchedRunLauncher, **server: object) -> WorkerStatus:
    """Of a run that this server is said to have started."""
    tags = {GRPC_INFO_TAG: json.dumps({"host": "localhost"} | server)} if server else {}
    run = launcher._instance.create_run_for_job(nothing, tags=tags)  # noqa: SLF001
    return launcher.check_run_worker_health(run).status


def test_monitoring_may_ask(launcher: WatchedRunLauncher) -> None:
    assert launcher.supports_check_run_worker_health


def test_a_commands_run_is_left_alone(launcher: WatchedRunLauncher) -> None:
    assert _status(launcher) is WorkerStatus.RUNNING


def test_a_run_whose_server_is_gone_has_failed(
    launcher: WatchedRunLauncher, tmp_path: Path
) -> None:
    assert _status(launcher, socket=str(tmp_path / "gone")) is WorkerStatus.FAILED


def test_a_run_that_its_server_does_not_have_is_not_found(
    launcher: WatchedRunLauncher, tmp_path: Path
) -> None:
    (tmp_path / "jobs.py").write_text(JOBS, encoding="utf-8")
    origin = LoadableTargetOrigin(python_file=str(tmp_path / "jobs.py"))
    with (
        dg.instance_for_test() as instance,
        GrpcServerProcess(
            instance.get_ref(), loadable_target_origin=origin, wait_on_exit=True
        ) as server,
    ):
        status = _status(launcher, port=server.port, socket=server.socket)
    assert status is WorkerStatus.NOT_FOUND
