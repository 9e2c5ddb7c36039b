"""When the daily run starts: in the company's time zone, for the day that has ended."""

import datetime as dt
import zoneinfo

import dagster as dg
from dagster import RunRequest, ScheduleEvaluationContext, SkipReason

from pipelines.jobs import DAILY
from schemas.config.project import Project


def daily_schedule(project: Project) -> dg.ScheduleDefinition:
    """Runs the job for yesterday, on by default."""
    zone = zoneinfo.ZoneInfo(project.company.time_zone)

    @dg.schedule(
        name=DAILY,
        job_name=DAILY,
        cron_schedule=project.schedule.cron,
        execution_timezone=project.company.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="The day that has ended, in the company's time zone.",
    )
    def daily(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
        date = context.scheduled_execution_time.astimezone(zone).date() - dt.timedelta(days=1)
        if date < project.start_date:
            return SkipReason(f"{date} is before start_date {project.start_date}")
        return RunRequest(run_key=f"daily-{date}", partition_key=date.isoformat())

    return daily
