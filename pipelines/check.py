"""Check the configuration and the sources without running: every problem at once."""

import datetime as dt
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assets.quality.soundness.problems import contract_problems
from assets.raw.extract.resolve import resolve_files
from assets.raw.extract.results import ResolvedFile
from assets.raw.extract.to_parquet import extract_to_parquet
from assets.transforms.mapping import required_columns
from pipelines.config import Problem, Reading
from pipelines.dates import days
from schemas.config.files import FileOptions
from schemas.config.project import Project, Source
from schemas.errors import BarometerError
from schemas.registry import TABLES

LOOK_BACK_DAYS = 366
"""How far back files are looked for where `start_date` cannot be read."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look at the configuration and its sources found.

    Attributes:
        problems: Everything wrong, under its key.
        files: A line a source: its latest date that has files, which, and where they are sought.
        warnings: What works, and should not stay so.
    """

    problems: list[Problem]
    files: list[str]
    warnings: list[str]


def check_config(reading: Reading, *, date: dt.date) -> Findings:
    """Problems of a configuration and of its sources, as far as they can be looked at.

    Each source's files of the date, or of the last date before it that has any, are read whole
    and compared with what the mapping asks for. Nothing is written to the lake.

    Args:
        reading: The company's configuration, right or wrong.
        date: Logical date to look at.
    """
    project = reading.project
    first = project.start_date if project else date - dt.timedelta(days=LOOK_BACK_DAYS)
    problems = list(reading.problems)
    columns: dict[str, tuple[str, tuple[str, ...]]] = {}
    lines: list[str] = []
    for name, source in reading.sources.items():
        try:
            found = _latest_files(source.files, first, date)
            lines.append(_line(name, source.files, found, date))
            if found:
                day, files = found
                columns[name] = (files[0].display_name, _read(files, source.files, day))
            elif source.on_missing == "fail":
                problems.append(_no_file(reading, name, source, days=(first, date)))
        except BarometerError as error:
            problems.append(reading.problem(f"sources.{name}.files", str(error)))
    problems += [*_expectation_problems(reading), *_column_problems(reading, columns)]
    warnings: list[str] = []
    try:
        warnings += _warnings(project) if project else ()
    except BarometerError as error:
        problems.append(reading.problem("warehouse.dsn", str(error)))
    return Findings(problems, lines, warnings)


def _warnings(project: Project) -> Iterator[str]:
    """What is risky about the warehouse."""
    if project.warehouse.kind != "postgres":
        return
    from assets.publish.postgres.connection import Server

    if not Server.of(project.warehouse).is_verified:
        yield (
            "warehouse.dsn: nothing proves whom password and figures go to; add "
            "sslmode=verify-full, or set PGSSLMODE"
        )


def _line(
    name: str,
    options: FileOptions,
    found: tuple[dt.date, list[ResolvedFile]] | None,
    date: dt.date,
) -> str:
    """Where a source's files are sought, and the last that are there."""
    sought = f"{options.path} under {options.root}"
    if found is None:
        return f"{name}: no file up to {date}; sought {sought}"
    day, files = found
    names = files[0].display_name + (f" and {len(files) - 1} more" if files[1:] else "")
    dated = f" of {day}" if options.is_dated else ""
    return f"{name}: last files{dated}: {names}; sought {sought}"


def _expectation_problems(reading: Reading) -> Iterator[Problem]:
    """Expectations of the company's own that cannot hold, under their keys."""
    if reading.project is None:
        return
    for text in contract_problems(TABLES.values(), reading.project):
        key, _, message = text.partition(": ")
        yield reading.problem(key, message)


def _latest_files(
    options: FileOptions, first: dt.date, last: dt.date
) -> tuple[dt.date, list[ResolvedFile]] | None:
    """The last date that has files, with them."""
    is_dated = options.is_dated
    for day in reversed(list(days(first, last))) if is_dated else [last]:
        files = resolve_files(options, day)
        if files:
            return day, files
    return None


def _read(files: list[ResolvedFile], options: FileOptions, day: dt.date) -> tuple[str, ...]:
    """Read files whole, as a run would; their columns."""
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "data.parquet"
        result = extract_to_parquet(files, options, day, target=target, scratch=Path(scratch))
    return result.columns


def _no_file(
    reading: Reading, name: str, source: Source, *, days: tuple[dt.date, dt.date]
) -> Problem:
    sought = f" for any day from {days[0]} to {days[1]}" if source.files.is_dated else ""
    message = (
        f"no file matches {source.files.path!r} under {source.files.root}{sought}; "
        "mend `root` or `path`, or set on_missing: skip"
    )
    return reading.problem(f"sources.{name}.files.path", message)


def _column_problems(
    reading: Reading, columns: Mapping[str, tuple[str, tuple[str, ...]]]
) -> Iterator[Problem]:
    """Raw columns that a mapping asks for and the files do not have."""
    for name, source in reading.sources.items():
        for table, mapping in source.tables.items():
            at = f"sources.{name}.tables.{table}"
            asked = [(name, raw, key) for raw, key in required_columns(mapping).items()]
            for group, specs in (("columns", mapping.columns), ("custom", mapping.custom)):
                for column, spec in specs.items():
                    if spec.lookup:
                        key = f"{group}.{column}.lookup"
                        asked.append((spec.lookup.source, spec.lookup.match, f"{key}.match"))
                        asked.append((spec.lookup.source, spec.lookup.take, f"{key}.take"))
            for other, raw, key in asked:
                if other in columns and raw not in columns[other][1]:
                    file, present = columns[other]
                    message = f"{file} has no column {raw!r}; it has: {', '.join(present)}"
                    yield reading.problem(f"{at}.{key}", message)
