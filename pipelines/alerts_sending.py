"""When alerts go out: after a command's run, and from the daemon for the runs it started.

Each run is told of once. A command (`barometer run`) tells of its own runs, and of those that it
finds killed, once it has let go of the lake. The daemon's sensors tell of runs that the schedule, a
sensor or somebody in the UI started, those that run monitoring failed included; they leave the
commands' runs alone, which carry the tag of the lake.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from pipelines.alerts import alert_of
from pipelines.alerts_delivery import deliver
from pipelines.instance import LAKE_TAG
from schemas.config.project import Project

INTERVAL_SECONDS = 30

LOG = logging.getLogger("cx_barometer.alerts")


@contextmanager
def alerting(project: Project, instance: dg.DagsterInstance, run_id: str) -> Iterator[list[str]]:
    """Tell of runs when the block ends, however it does.

    Args:
        project: The company's configuration.
        instance: Dagster's storage.
        run_id: The run that the block makes.

    Yields:
        Ids of the runs that are told of; others may be added.
    """
    run_ids = [run_id]
    try:
        yield run_ids
    finally:
        for each in run_ids if project.alerts.has_channel else ():
            run = instance.get_run_by_id(each)  # none where the lake was held by another
            if run is not None:
                tell(project, instance, run, log=LOG)


def tell(
    project: Project, instance: dg.DagsterInstance, run: dg.DagsterRun, *, log: logging.Logger
) -> list[str]:
    """Send the alert of an ended run, if there is one; the channels that took it."""
    try:
        alert = alert_of(project, instance, run)
        return deliver(alert, project.alerts, log=log) if alert else []
    except Exception as error:  # noqa: BLE001  a boundary: an alert never fails what it is about
        log.warning("run %s: no alert could be made: %s", run.run_id, type(error).__name__)
        return []


def alert_sensors(project: Project) -> list[dg.SensorDefinition]:
    """The daemon's sensors: none where nobody is to be told anything."""
    if not project.alerts.has_channel:
        return []

    @dg.run_failure_sensor(
        name="failure_alerts",
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells whom `alerts:` names of every run that failed or was killed.",
    )
    def failure_alerts(context: dg.RunFailureSensorContext) -> None:
        _tell_once(project, context)

    if "checks_error" not in project.alerts.events:
        return [failure_alerts]

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="check_alerts",
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells whom `alerts:` names of errors that checks met in runs that went well.",
    )
    def check_alerts(context: dg.RunStatusSensorContext) -> None:
        _tell_once(project, context)

    return [failure_alerts, check_alerts]


def _tell_once(project: Project, context: dg.RunStatusSensorContext) -> None:
    if LAKE_TAG not in context.dagster_run.tags:
        tell(project, context.instance, context.dagster_run, log=context.log)
