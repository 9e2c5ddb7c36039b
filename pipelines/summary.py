"""What a run made, in a few lines for the terminal."""

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Console

from assets.core.conservation import partition_counts
from assets.lake.layout import Lake
from assets.publish.destination import destination
from assets.quality.results import STATUSES, read_results
from pipelines.command import DAMAGE_MEND
from schemas.config.project import Project
from schemas.errors import PublishError, QualityError

if TYPE_CHECKING:
    from pipelines.run import RunOutcome

MAX_REASONS = 5
"""Most frequent quarantine reasons that are told."""

_WAYS = ("accepted", "quarantined", "superseded")


def print_summary(project: Project, lake: Lake, outcome: "RunOutcome", *, console: Console) -> None:
    """Say what the run made, how long each layer took, what is in quarantine, where to look."""
    verdict = "[green]done[/]" if outcome.is_success else "[red]failed[/]"
    dates = str(outcome.first)
    if outcome.first != outcome.last:
        dates += f" … {outcome.last}"
    _print(console, f"{project.company.name}: {dates} ", end="")
    console.print(verdict, end="")
    _print(console, f"  (run {outcome.run_id})")
    layers = ", ".join(f"{name} {seconds:.1f}" for name, seconds in outcome.seconds.items())
    _print(console, f"Seconds by layer: {layers}; {sum(outcome.seconds.values()):.1f} in all")
    for step, reason in outcome.failures.items():
        console.print(f"[red]{step}[/]: ", end="")
        _print(console, reason)
        if reason.startswith("polars.exceptions"):  # which file it was, it does not say
            _print(console, f"  mend:    {DAMAGE_MEND}")
    _print_counts(project, lake, console=console)
    _print_checks(project, lake, console=console)
    if outcome.is_success:
        _print_next(project, lake, console=console)
    else:
        place = _published_at(project, lake)
        if place:
            _print(console, f"What was published before is as it was: {place}")
        _print(console, "Next: mend the cause and run again; `barometer check`, `barometer status`")


def print_nothing_new(project: Project, lake: Lake, *, console: Console) -> None:
    """Say that there is nothing to do, and what there is."""
    _print(console, f"{project.company.name}: nothing new, every file is loaded as it is")
    _print_counts(project, lake, console=console)
    _print_checks(project, lake, console=console)
    _print_next(project, lake, console=console)


def _print_counts(project: Project, lake: Lake, *, console: Console) -> None:
    """Totals over all loaded dates, and the most frequent reasons of the quarantine."""
    sums: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    tables = 0
    for fed in project.fed_tables():
        rows = 0
        for counts in partition_counts(lake, fed):
            sums.update({name: counts.facts[name] for name in _WAYS})
            rows += counts.facts["rows_mapped"]
            for reason, number in counts.facts["reasons"].items():
                reasons[f"{fed}.{reason}"] += number
        tables += rows > 0
    ways = ", ".join(f"{sums[name]:,} {name}" for name in _WAYS)
    _print(console, f"Rows of {tables} tables, all dates: {ways}")
    for reason, number in reasons.most_common(MAX_REASONS):
        _print(console, f"  {number:>9,}  {reason}")
    if len(reasons) > MAX_REASONS:
        _print(console, f"  and {len(reasons) - MAX_REASONS} further reasons: `barometer status`")


def _print_checks(project: Project, lake: Lake, *, console: Console) -> None:
    """How many checks passed, and that there is more to see if some did not."""
    today = project.company.today(dt.datetime.now(dt.UTC))
    try:
        counts = Counter(read_results(lake, today=today)["status"])
    except QualityError:  # the run did not come so far
        return
    told = ", ".join(f"{counts[name]:,} {name}" for name in STATUSES if counts[name])
    amiss = any(counts[name] for name in ("warn", "error"))
    _print(console, f"Checks: {told}{'; `barometer checks` tells them' if amiss else ''}")


def _published_at(project: Project, lake: Lake) -> str | None:
    """Where there is a publish; None where there is none, or where the server does not say."""
    try:
        target = destination(lake, project)
        return target.place if target.published_id() else None
    except PublishError:
        return None


def _print_next(project: Project, lake: Lake, *, console: Console) -> None:
    """Where the published tables are and how to look at them."""
    _print(console, f"Published: {destination(lake, project).place}")
    if lake.report.exists():
        _print(console, f"Report: {lake.report}")
    _print(
        console,
        "Next: `barometer status`; `barometer ui` for lineage and checks; or ask the warehouse:\n"
        "  select * from kpi_value where kpi_code = 'nps' and period_grain = 'month'\n"
        "  and segment_set = 'total' order by period_start",
    )


def _print(console: Console, text: str, *, end: str = "\n") -> None:
    """Print as it is: no markup, no colours, no line broken within a path."""
    console.print(text, markup=False, highlight=False, soft_wrap=True, end=end)
