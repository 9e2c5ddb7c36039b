"""What an alert says of a run: read from Dagster's event log, without secrets or personal data.

Only the project's own errors and those of the operating system are quoted, and of these not the
line `found`, which may show a cell of an extract: an alert leaves the house. Who is told, and how,
is in `pipelines.alerts_delivery`; when, in `pipelines.alerts_sending`.
"""

import builtins
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster._core.events import JobFailureData
from dagster_shared.error import SerializableErrorInfo
from pydantic import BaseModel, SecretStr

from assets.publish.postgres.connection import Server
from pipelines.jobs import RANGE_END, RANGE_START
from schemas import errors
from schemas.config.project import Project

PARTITION = "dagster/partition"
WILL_RETRY = "dagster/will_retry"
MAX_REASON = 1000
"""Characters of a reason that are sent."""

MAX_ASSETS = 5
MAX_LISTED = 20
"""Assets of a step, and steps and checks of a run, that are named in a text for people."""

_FOUND = re.compile(r"^  found: .*?(?=^  (?:allowed|mend): |\Z)", re.MULTILINE | re.DOTALL)
_CLASS_PREFIX = re.compile(r"^(?:\w+\.)*\w+: ")
_SHORTEST_SECRET = 4
"""Shorter values are not looked for in a text: they would be found everywhere."""

_READ = {
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
}


@dataclass(frozen=True, slots=True)
class FailedStep:
    """A step that failed.

    Attributes:
        step: Dagster's key of the step; `run` where the run failed outside of its steps.
        assets: Assets that it would have made.
        reason: Why it failed.
    """

    step: str
    assets: tuple[str, ...]
    reason: str

    @property
    def what(self) -> str:
        """What failed, as people name it: the assets, or the step where it makes none."""
        named, others = self.assets[:MAX_ASSETS], len(self.assets) - MAX_ASSETS
        return ", ".join(named) + (f" and {others} more" if others > 0 else "") or self.step


@dataclass(frozen=True, slots=True)
class Alert:
    """What is told of one run.

    Attributes:
        event: `failure`, or `checks_error` where the run did not fail.
        company: Company of the configuration.
        job: Job of the run.
        run_id: Dagster run.
        first: First logical date; None where the run was for no partition.
        last: Last logical date.
        steps: What failed.
        checks: Checks that met an error, `asset: check`.
        is_retried: Whether Dagster's daemon tries the run again by itself.
        link: Address of the run in Dagster's UI, where it is configured.
    """

    event: str
    company: str
    job: str
    run_id: str
    first: str | None
    last: str | None
    steps: tuple[FailedStep, ...]
    checks: tuple[str, ...]
    is_retried: bool
    link: str | None

    def document(self) -> dict[str, Any]:
        """The alert as a JSON document."""
        return {
            "version": 1,
            "event": self.event,
            "company": self.company,
            "job": self.job,
            "run_id": self.run_id,
            "first": self.first,
            "last": self.last,
            "steps": [
                {"step": one.step, "assets": list(one.assets), "reason": one.reason}
                for one in self.steps
            ],
            "checks": list(self.checks),
            "is_retried": self.is_retried,
            "link": self.link,
        }

    @property
    def title(self) -> str:
        """The alert in one line."""
        dates = f" {self.first}" if self.first else ""
        if self.last != self.first:
            dates += f" … {self.last}"
        what = "failed" if self.event == "failure" else "met errors in checks"
        return " ".join(_readable(f"{self.company}: {self.job}{dates} {what}").split())

    def text(self) -> str:
        """The alert as people read it."""
        lines = [self.title]
        lines += _listed([f"{one.what}: {one.reason}" for one in self.steps])
        if self.checks:
            lines.append(f"checks with errors: {', '.join(_listed(self.checks))}")
        if self.is_retried:
            lines.append("it is tried once more by itself")
        lines.append(self.link or f"run {self.run_id}")
        return "\n".join(lines)


def alert_of(project: Project, instance: dg.DagsterInstance, run: dg.DagsterRun) -> Alert | None:
    """What is to be told of an ended run; None where nobody asked to be told of such a run.

    Args:
        project: The company's configuration.
        instance: Dagster's storage.
        run: The run.
    """
    events = [
        entry.dagster_event
        for entry in instance.all_logs(run.run_id, of_type=_READ)
        if entry.dagster_event
    ]
    checks = tuple(dict.fromkeys(_failed_checks(events)))
    has_failed = run.status == dg.DagsterRunStatus.FAILURE
    wanted = project.alerts.events
    if not ((has_failed and "failure" in wanted) or (checks and "checks_error" in wanted)):
        return None
    url = project.alerts.dagster_url
    partition = run.tags.get(PARTITION)
    return Alert(
        event="failure" if has_failed else "checks_error",
        company=project.company.name,
        job=run.job_name,
        run_id=run.run_id,
        first=run.tags.get(RANGE_START, partition),
        last=run.tags.get(RANGE_END, partition),
        steps=tuple(_failed_steps(events, _all_secrets(project))),
        checks=checks,
        is_retried=run.tags.get(WILL_RETRY) == "true",
        link=f"{url.rstrip('/')}/runs/{run.run_id}" if url else None,
    )


def _listed(texts: Sequence[str]) -> list[str]:
    """As many as people read, and how many others there are."""
    others = len(texts) - MAX_LISTED
    return [*texts[:MAX_LISTED], *([f"… and {others} more"] if others > 0 else [])]


def _failed_checks(events: list[dg.DagsterEvent]) -> Iterator[str]:
    for event in events:
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            found = event.asset_check_evaluation_data
            if not found.passed and found.severity == dg.AssetCheckSeverity.ERROR:
                yield f"{found.asset_key.to_user_string()}: {found.check_name}"


def _failed_steps(events: list[dg.DagsterEvent], secrets: tuple[str, ...]) -> Iterator[FailedStep]:
    failures = [event for event in events if event.is_step_failure]
    for event in failures:
        data = event.step_failure_data
        described = data.user_failure_data.description if data.user_failure_data else None
        assets = dict.fromkeys(
            planned.asset_key.to_user_string()
            for planned in events
            if planned.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
            and planned.step_key == event.step_key
            and planned.asset_key
        )
        reason = _sendable(data.error, described, secrets)
        yield FailedStep(str(event.step_key), tuple(assets), reason)
    if not failures:
        for event in events:
            if event.is_run_failure:
                about = event.event_specific_data  # none where a command failed it as killed
                error = about.error if isinstance(about, JobFailureData) else None
                # without an error it is Dagster's own sentence, or that of `fail_orphans`
                reason = _sendable(error, None, secrets) if error else _scrubbed(event, secrets)
                yield FailedStep("run", (), reason)


def _scrubbed(event: dg.DagsterEvent, secrets: tuple[str, ...]) -> str:
    return _shortened(event.message or "no reason is recorded", secrets)


def _sendable(
    error: SerializableErrorInfo | None, described: str | None, secrets: tuple[str, ...]
) -> str:
    """The text of an error as far as it may leave the house."""
    name = "unknown error"
    while error is not None:
        name = error.cls_name or name
        message = _CLASS_PREFIX.sub("", error.message.strip(), count=1)
        if _is_ours(name):
            return _shortened(_FOUND.sub("", described or message).strip(), secrets)
        if _is_of_the_system(name):
            return _shortened(f"{name}: {message}", secrets)
        error = error.cause
    return f"{name}; its text may quote data and stays in the log of the run"


def _is_ours(name: str) -> bool:
    found = getattr(errors, name, None)
    return isinstance(found, type) and issubclass(found, errors.BarometerError)


def _is_of_the_system(name: str) -> bool:
    """Whether it is an error of disk, network or memory, whose text quotes no data."""
    found = getattr(builtins, name, None)
    return isinstance(found, type) and issubclass(found, OSError | MemoryError)


def _shortened(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    text = _readable(text)
    return text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]} …"


def _readable(text: str) -> str:
    """A text that every channel takes: signs that are not seen are spelt out, but line breaks.

    A name of a file may have any: half of a character, which has no bytes, or one that turns
    what follows around.
    """
    return "".join(
        char
        if char.isprintable() or char == "\n"
        else " "
        if char.isspace() and char != "\r"
        else char.encode("unicode_escape").decode()
        for char in text.replace("\r\n", "\n")
    )


def _all_secrets(project: Project) -> tuple[str, ...]:
    """Every secret of a configuration and the passwords within, the longest first."""
    found = set(_secrets(project))
    if project.warehouse.dsn:
        with suppress(errors.PublishError):  # a string that cannot be read is a secret as a whole
            found.update(Server.of(project.warehouse).secrets)
    long = (secret for secret in found if len(secret) >= _SHORTEST_SECRET)
    return tuple(sorted(long, key=len, reverse=True))


def _secrets(given: object) -> Iterator[str]:
    """Every secret of a configuration, wherever it stands."""
    if isinstance(given, SecretStr):
        yield given.get_secret_value()
    elif isinstance(given, BaseModel):
        for name in type(given).model_fields:
            yield from _secrets(getattr(given, name))
    elif isinstance(given, dict | tuple | list):
        for value in given.values() if isinstance(given, dict) else given:
            yield from _secrets(value)
