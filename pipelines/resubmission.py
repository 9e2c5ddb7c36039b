"""Submit refused rows once more, after a mapping, a contract or a source was mended."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console

from assets.core.conservation import partition_counts
from assets.core.refusal_counts import Wanted, reasons_of, refused_partitions
from assets.core.remedies import Fault, config_key, remedy
from assets.lake.layout import Lake
from pipelines.completion import is_complete
from pipelines.config import Reading
from pipelines.quarantine import NOTHING
from pipelines.telling import say
from schemas.config.project import Project

if TYPE_CHECKING:
    from pipelines.run import RunOutcome

WAYS = ("quarantined", "accepted", "superseded", "filtered")

MONTHS_NAMED = 12
"""Restated months of a table that are named one by one."""

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the lake stands, before or after.

    Attributes:
        ways: Rows of the partitions concerned by the way they went.
        reasons: Table, source, column and expectation → rows refused for it.
        months: Table → month of its history → fingerprint.
    """

    ways: Counter[str]
    reasons: Counter[tuple[str, str, str, str]]
    months: Mapping[Place, str] = field(default_factory=dict)


def resubmit(
    lake: Lake,
    reading: Reading,
    project: Project,
    wanted: Wanted,
    *,
    pull: bool,
    console: Console,
) -> bool:
    """Run the dates that hold the refused rows wanted, and say what became of these rows.

    Args:
        lake: Where everything stands.
        reading: The configuration as read, for the lines of its keys.
        project: The company's configuration.
        wanted: Which part of the quarantine.
        pull: Whether files that were delivered again are pulled.
        console: Where it is told.

    Returns:
        Whether the run went to its end, or there was nothing to run.

    Raises:
        ConfigError: There is no such table, source or column.
        LakeError: Another run holds the lake.
    """
    partitions = refused_partitions(lake, project, wanted)
    if not partitions:
        say(console, f"{project.company.name}: {NOTHING} of what was asked for")
        return True
    from pipelines.run import run_range  # Dagster, which listing and explaining do not need

    dates = {each.date for each in partitions}
    at = {(each.table, each.source, each.date) for each in partitions}
    before = _standing(lake, project, at)
    outcome = run_range(project, lake.root, min(dates), max(dates), console=console, pull=pull)
    if not outcome.is_success:
        _print_failure(outcome, console=console)
        return False
    after = _standing(lake, project, at)
    told = f"{project.company.name}: {outcome.first} … {outcome.last} submitted again"
    say(console, f"{told}  (run {outcome.run_id})")
    _print_difference(before, after, console=console)
    _print_reasons(after, before, reading, project, console=console)
    if not is_complete(project, lake):
        say(console, "Dates outside of these are yet to be brought up to date: `barometer run`")
    return True


def _standing(lake: Lake, project: Project, at: set[tuple[str, str, dt.date]]) -> Standing:
    ways: Counter[str] = Counter()
    reasons: Counter[tuple[str, str, str, str]] = Counter()
    months = {}
    for table in project.fed_tables():
        for counts in partition_counts(lake, table):
            if (table, counts.source, counts.date) in at:
                ways.update({name: counts.facts[name] for name in WAYS})
                for (column, expectation), rows in reasons_of(counts).items():
                    reasons[table, counts.source, column, expectation] += rows
        for month in lake.history_months(table):
            receipt = lake.history(table, month).receipt()
            if receipt is not None:
                months[table, month] = receipt.content
    return Standing(ways, reasons, months)


def _print_failure(outcome: "RunOutcome", *, console: Console) -> None:
    say(console, f"failed  (run {outcome.run_id})")
    for step, reason in outcome.failures.items():
        say(console, f"{step}: {reason}")
    say(console, "What was published before is as it was. Next: mend the cause and run again")


def _print_difference(before: Standing, after: Standing, *, console: Console) -> None:
    refused, still = before.ways["quarantined"], after.ways["quarantined"]
    say(console, f"In quarantine before: {refused:,}; now: {still:,}")
    words = {"accepted": "accepted since", "superseded": "superseded by a later version of "
             "their key", "filtered": "left out by `where`"}  # fmt: skip
    for way, told in words.items():
        change = after.ways[way] - before.ways[way]
        if change:
            say(console, f"  {change:+,} {told}")
    restated = _restated(before, after)
    for table, months in restated.items():
        more = f", … ({len(months)} in all)" if len(months) > MONTHS_NAMED else ""
        say(console, f"Restated: {table} {', '.join(months[:MONTHS_NAMED])}{more}")
    if not restated:
        say(console, "Restated: no month of history")


def _restated(before: Standing, after: Standing) -> dict[str, list[str]]:
    """Table → months of its history that are other than before, made or gone."""
    found: dict[str, list[str]] = {}
    for table, month in sorted(before.months.keys() | after.months.keys()):
        if before.months.get((table, month)) != after.months.get((table, month)):
            found.setdefault(table, []).append(month)
    return found


def _print_reasons(
    after: Standing, before: Standing, reading: Reading, project: Project, *, console: Console
) -> None:
    if not after.reasons:
        return
    is_same = after == before
    say(
        console,
        "Nothing has changed. Still refused for the same reasons:" if is_same else "Still refused:",
    )
    for (table, source, column, expectation), rows in after.reasons.most_common():
        fault = Fault(table, source, column, expectation)
        key = config_key(project, fault)
        line = reading.problem(key, "").line
        place = reading.file if line is None else f"{reading.file}:{line}"
        say(console, f"  {rows:,}  {table}.{column}: {expectation}")
        say(console, f"     {key} ({place}): {remedy(project, fault)}")
    say(console, "Next: `barometer quarantine explain TABLE` shows rows and what was found")
