"""Check the configuration and the sources without running: every problem at once."""

import datetime as dt
import tempfile
from collections.abc import Iterator
from pathlib import Path

from assets.raw.extract.resolve import resolve_files
from assets.raw.extract.to_parquet import extract_to_parquet
from assets.transforms.mapping import required_columns
from pipelines.config import Problem
from pipelines.dates import days
from schemas.config.project import Project, Source
from schemas.errors import BarometerError
from schemas.kpis.catalogue import CATALOGUE


def check_project(project: Project, *, file: str, date: dt.date) -> list[Problem]:
    """Problems of a configuration that was read, and of its sources.

    Each source's files of the date, or of the last date before it that has any, are read whole
    and compared with what the mapping asks for. Nothing is written to the lake.

    Args:
        project: The company's configuration.
        file: Name of the configuration file, for the messages.
        date: Logical date to look at.
    """
    problems = list(_unknown_codes(project, file))
    for name, source in project.sources.items():
        try:
            problems += _check_source(project, name, source, file=file, date=date)
        except BarometerError as error:
            problems.append(Problem(file, f"sources.{name}.files", str(error)))
    return problems


def _unknown_codes(project: Project, file: str) -> Iterator[Problem]:
    allowed = ", ".join(CATALOGUE)
    named = {
        "codes": project.kpis.codes or (),
        "targets": tuple(project.kpis.targets),
        "variants": tuple(variant.of for variant in project.kpis.variants.values()),
    }
    known = {*CATALOGUE, *project.kpis.variants}
    for key, codes in named.items():
        for code in codes:
            if code not in known:
                message = f"no KPI {code!r}; allowed: {allowed}"
                yield Problem(file, f"kpis.{key}", message)


def _check_source(
    project: Project, name: str, source: Source, *, file: str, date: dt.date
) -> list[Problem]:
    files = resolve_files(source.files, date)
    if "{date" in source.files.path:
        for day in reversed(list(days(project.start_date, date))):
            files = resolve_files(source.files, day)
            if files:
                date = day
                break
    if not files:
        if source.on_missing == "skip":
            return []
        message = (
            f"no file matches {source.files.path!r} under {source.files.root}; "
            "mend `root` or `path`, or set on_missing: skip"
        )
        return [Problem(file, f"sources.{name}.files.path", message)]
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "data.parquet"
        result = extract_to_parquet(files, source.files, date, target=target, scratch=Path(scratch))
    return [
        Problem(
            file,
            f"sources.{name}.tables.{table}.{key}",
            f"{files[0].display_name} has no column {raw!r}; it has: {', '.join(result.columns)}",
        )
        for table, mapping in source.tables.items()
        for raw, key in required_columns(mapping).items()
        if raw not in result.columns
    ]
