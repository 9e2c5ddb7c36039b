"""Run the job in this process for one date or a range, and say what came of it."""

import datetime as dt
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from dagster_shared.error import SerializableErrorInfo
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from assets.lake.layout import Lake
from assets.resources import hold
from pipelines.alerts_sending import alerting
from pipelines.completion import is_complete, record_completion
from pipelines.definitions import build_definitions
from pipelines.instance import fail_orphans, lake_tags, open_instance
from pipelines.jobs import DAILY, RANGE_END, RANGE_START, RESUBMIT
from schemas.config.project import Project

LAYERS = ("raw", "core", "history", "quality", "kpi", "publish", "report")

_STEP_EVENTS = {
    dg.DagsterEventType.STEP_START,
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.STEP_FAILURE,
}
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What a run came to.

    Attributes:
        run_id: Dagster run.
        first: First logical date.
        last: Last logical date.
        is_success: Whether every step succeeded.
        seconds: Layer → seconds its steps took.
        failures: Step → why it failed.
    """

    run_id: str
    first: dt.date
    last: dt.date
    is_success: bool
    seconds: dict[str, float]
    failures: dict[str, str]


def run_range(
    project: Project,
    lake_folder: Path,
    first: dt.date,
    last: dt.date,
    *,
    console: Console,
    pull: bool = True,
) -> RunOutcome:
    """Run every layer for every date of a range, in one Dagster run.

    Args:
        project: The company's configuration.
        lake_folder: Folder of the lake.
        first: First logical date.
        last: Last logical date.
        console: Where the progress bar goes.
        pull: Whether the sources are asked; otherwise the extracts are taken as they were pulled.

    Raises:
        LakeError: Another run holds the lake.
    """
    lake = Lake(lake_folder)
    run_id = str(uuid.uuid4())
    with (
        open_instance() as instance,
        alerting(project, instance, run_id) as told_of,  # once the lake is let go of
        hold(lake, owner=f"run {run_id}"),
    ):
        told_of.extend(fail_orphans(instance, lake))
        was_complete = is_complete(project, lake)
        definitions = build_definitions(project, lake_folder, is_held=True)
        job = definitions.resolve_job_def(DAILY if pull else RESUBMIT)
        tags = {RANGE_START: first.isoformat(), RANGE_END: last.isoformat(), **lake_tags(lake)}
        with _progress(instance, run_id, steps=len(list(job.nodes)), console=console):
            result = job.execute_in_process(
                run_config=_QUIET, instance=instance, tags=tags, run_id=run_id, raise_on_error=False
            )
        if result.success and (was_complete or _is_whole(project, lake, first, last)):
            record_completion(project, lake)
        return RunOutcome(
            run_id,
            first,
            last,
            is_success=result.success,
            seconds=_seconds(instance, run_id),
            failures=_failures(result),
        )


def _is_whole(project: Project, lake: Lake, first: dt.date, last: dt.date) -> bool:
    """Whether a range holds all dates that are loaded.

    Where it does not, a changed configuration has yet to be applied to the others.
    """
    loaded = {date for source in project.sources for date in lake.raw_dates(source)}
    return all(first <= date <= last for date in loaded if date >= project.start_date)


def _seconds(instance: dg.DagsterInstance, run_id: str) -> dict[str, float]:
    found = dict.fromkeys(LAYERS, 0.0)
    for stats in instance.get_run_step_stats(run_id):
        layer = _layer(stats.step_key)
        if stats.start_time is not None and stats.end_time is not None:
            found[layer] += stats.end_time - stats.start_time
    return found


def _layer(step: str) -> str:
    return next((layer for layer in LAYERS if step.startswith(layer)), "publish")


def _failures(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Step → why it failed; `run` where the run failed outside of its steps."""
    found = {}
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            user = data.user_failure_data
            described = user.description if user else None
            found[str(event.step_key)] = (described or _root_cause(data.error)).strip()
        elif event.is_run_failure and not found:
            found["run"] = (_root_cause(event.job_failure_data.error) or str(event.message)).strip()
    return found


def _root_cause(error: SerializableErrorInfo | None) -> str:
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message if error else ""


@contextmanager
def _progress(
    instance: dg.DagsterInstance, run_id: str, *, steps: int, console: Console
) -> Iterator[None]:
    """A bar of finished steps with the name of the one that runs, fed from the event log."""
    bar = Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    stop = threading.Event()
    task = bar.add_task("starting", total=steps)

    def follow() -> None:
        while not stop.wait(0.5):
            records = instance.all_logs(run_id, of_type=_STEP_EVENTS)
            events = [entry.dagster_event for entry in records if entry.dagster_event]
            done = sum(not event.is_step_start for event in events)
            names = [event.step_key for event in events if event.is_step_start]
            bar.update(task, completed=done, description=(names[-1] or "") if names else "starting")

    with bar:
        follower = threading.Thread(target=follow, daemon=True)
        follower.start()
        try:
            yield
        finally:
            stop.set()
            follower.join()
