"""Which logical dates there is work for."""

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

from assets.lake.layout import Lake
from assets.raw.extract.resolve import resolve_files
from pipelines.completion import is_complete
from schemas.config.project import Project, Source
from schemas.errors import ExtractError


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
    """First and last date that there is work for.

    These are the dates whose files are new or changed since they were pulled; and all that are
    loaded, if the last run did not go to its end or the configuration has changed since: each
    layer then redoes what is not current.

    Args:
        project: The company's configuration.
        lake_folder: Folder of the lake.
        last: Latest date to look at.

    Returns:
        The range, None where everything is loaded. A source without `{date}` in its path is
        pulled for the latest date of the others, or for `last` if there are no others.

    Raises:
        ExtractError: Nothing is loaded, and no source has a file.
    """
    lake = Lake(lake_folder)
    loaded = {
        date
        for source in project.sources
        for date in lake.raw_dates(source)
        if project.start_date <= date <= last
    }
    pending = _new_dates(project, lake, loaded, last=last)
    if not pending and not loaded:
        raise _no_files(project, last)
    if loaded and not is_complete(project, lake):
        pending |= loaded
    return (min(pending), max(pending)) if pending else None


def _new_dates(
    project: Project, lake: Lake, loaded: set[dt.date], *, last: dt.date
) -> set[dt.date]:
    dated = {name: one for name, one in project.sources.items() if one.files.is_dated}
    pending: set[dt.date] = set()
    for name, source in dated.items():
        for date in days(project.start_date, last):
            files = [file.fingerprint for file in resolve_files(source.files, date)]
            if files and files != _pulled(lake, name, date):
                pending.add(date)
    latest = max(pending | loaded, default=last) if dated else last
    for name in project.sources.keys() - dated.keys():
        if _is_new(lake, name, project.sources[name], latest):
            pending.add(latest)
    return pending


def _is_new(lake: Lake, name: str, source: Source, date: dt.date) -> bool:
    """Whether a source of undated files has others than were pulled last."""
    files = [file.fingerprint for file in resolve_files(source.files, date)]
    known = lake.raw_dates(name)
    if not files:
        return not known and source.on_missing == "fail"  # the run then says what is missing
    return not known or files != _pulled(lake, name, known[-1])


def _pulled(lake: Lake, source: str, date: dt.date) -> list[str] | None:
    receipt = lake.raw(source, date).receipt()
    return receipt.facts.get("fingerprints") if receipt else None


def _no_files(project: Project, last: dt.date) -> ExtractError:
    sought = [f"{source.files.path} under {source.files.root}" for source in
              project.sources.values()]  # fmt: skip
    return ExtractError(
        "no source has a file for any day",
        where=f"{project.start_date} … {last}",
        found="nothing matches " + "; ".join(dict.fromkeys(sought)),
        mend="`barometer check` tells what is wrong with each source",
    )
