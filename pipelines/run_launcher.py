"""Dagster's launcher of runs, which also tells run monitoring whether a run's process is there.

Dagster's own launcher starts a run as a child of the daemon's code server. That server notices when
the child alone dies. When the daemon itself ends, by a restart, a reboot or a kill, its runs end
with it, and nobody would notice: they would stay STARTED, and hold up the queue, until
`schedule.max_runtime_minutes`. Here run monitoring asks the code server that a run was started by;
where that is gone, or does not know the run, the run is failed, told of and tried again.

Runs of commands have no code server: they are left to `pipelines.instance.fail_orphans`.
"""

import grpc  # type: ignore[import-untyped]
from dagster import DagsterRun
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value

ANSWER_SECONDS = 30
"""How long a code server may take to answer; a busy one is not a dead one."""


class WatchedRunLauncher(DefaultRunLauncher):
    """Dagster's own launcher, with the question whether a run's process is alive."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Run monitoring may ask."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the code server that started a run still has it."""
        client = self._get_grpc_client_for_termination(run.run_id)  # type: ignore[no-untyped-call]
        if GRPC_INFO_TAG not in run.tags or client is None:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "not started by a code server")
        try:
            answer = client.can_cancel_execution(
                CanCancelExecutionRequest(run_id=run.run_id), timeout=ANSWER_SECONDS
            )
        except DagsterUserCodeUnreachableError as error:
            if _is_gone(error):
                return CheckRunHealthResult(WorkerStatus.FAILED, "its code server is gone")
            return CheckRunHealthResult(WorkerStatus.RUNNING, "its code server is busy")
        if deserialize_value(answer, CanCancelExecutionResult).can_cancel:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "its code server does not have it")


def _is_gone(error: DagsterUserCodeUnreachableError) -> bool:
    cause = error.__cause__
    return isinstance(cause, grpc.RpcError) and cause.code() is grpc.StatusCode.UNAVAILABLE
