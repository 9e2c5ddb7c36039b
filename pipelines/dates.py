"""Which logical dates there is work for."""

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

from assets.lake.layout import Lake
from assets.raw.extract.resolve import resolve_files
from schemas.config.project import Project


def yesterday(project: Project, *, now: dt.datetime) -> dt.date:
    """The last day that has ended in the company's time zone."""
    zone = zoneinfo.ZoneInfo(project.company.time_zone)
    return now.astimezone(zone).date() - dt.timedelta(days=1)


def days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Every day from the first to the last, both included."""
    for offset in range((last - first).days + 1):
        yield first + dt.timedelta(days=offset)


def pending_range(
    project: Project, lake_folder: Path, *, last: dt.date
) -> tuple[dt.date, dt.date] | None:
    """First and last date whose files are new or changed since they were pulled.

    Args:
        project: The company's configuration.
        lake_folder: Folder of the lake.
        last: Latest date to look at.

    Returns:
        The range, None where everything is loaded. Sources without `{date}` in their path are
        pulled for `last` unless they are loaded unchanged already.
    """
    lake = Lake(lake_folder)
    pending: set[dt.date] = set()
    for name, source in project.sources.items():
        is_dated = "{date" in source.files.path
        if is_dated:
            for date in days(project.start_date, last):
                files = [file.fingerprint for file in resolve_files(source.files, date)]
                if files and files != _pulled(lake, name, date):
                    pending.add(date)
        else:
            files = [file.fingerprint for file in resolve_files(source.files, last)]
            known = lake.raw_dates(name)
            if not known or files != _pulled(lake, name, known[-1]):
                pending.add(last)
    return (min(pending), max(pending)) if pending else None


def _pulled(lake: Lake, source: str, date: dt.date) -> list[str] | None:
    receipt = lake.raw(source, date).receipt()
    return receipt.facts.get("fingerprints") if receipt else None
