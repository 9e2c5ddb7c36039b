"""What a run made, in a few lines for the terminal."""

from rich.console import Console
from rich.table import Table as RichTable

from assets.core.conservation import partition_counts
from assets.lake.layout import Lake
from pipelines.run import RunOutcome
from schemas.config.project import Project


def print_summary(project: Project, lake: Lake, outcome: RunOutcome, *, console: Console) -> None:
    """Say what the run made, how long each layer took, what is in quarantine, where to look."""
    verdict = "[green]done[/]" if outcome.is_success else "[red]failed[/]"
    dates = str(outcome.first)
    if outcome.first != outcome.last:
        dates += f" … {outcome.last}"
    console.print(f"{project.company.name}: {dates} {verdict}  (run {outcome.run_id})")
    layers = "  ".join(f"{name} {seconds:.1f} s" for name, seconds in outcome.seconds.items())
    console.print(f"Layers: {layers}")
    for step, reason in outcome.failures.items():
        console.print(f"[red]{step}[/]: ", end="")
        console.print(reason, markup=False, highlight=False)
    print_counts(project, lake, console=console)
    if outcome.is_success:
        print_published(lake, console=console)


def print_counts(project: Project, lake: Lake, *, console: Console) -> None:
    """Rows of every canonical table by the way they went, over all loaded dates."""
    table = RichTable(box=None, header_style="dim", pad_edge=False)
    table.add_column("table")
    names = ("accepted", "quarantined", "superseded")
    for name in names:
        table.add_column(name, justify="right")
    table.add_column("most frequent reason")
    for fed in project.fed_tables():
        sums = dict.fromkeys(names, 0)
        reasons: dict[str, int] = {}
        for counts in partition_counts(lake, fed):
            for name in names:
                sums[name] += counts.facts[name]
            for reason, number in counts.facts["reasons"].items():
                reasons[reason] = reasons.get(reason, 0) + number
        if any(sums.values()):
            top = max(reasons, key=lambda reason: reasons[reason]) if reasons else ""
            table.add_row(fed, *(f"{sums[name]:,}" for name in names), top)
    console.print(table)


def print_published(lake: Lake, *, console: Console) -> None:
    """Where the published tables are and how to look at them."""
    console.print(f"Published: {lake.warehouse}", soft_wrap=True)
    console.print(
        "Next: `barometer status`; `make ui` for lineage and checks; or ask the warehouse:\n"
        "  select * from kpi_value where kpi_code = 'nps' and period_grain = 'month'\n"
        "  and segment_set = 'total' order by period_start",
        markup=False,
        highlight=False,
    )
