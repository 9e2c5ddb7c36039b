"""What is loaded, what is stale, what is in quarantine: for the terminal."""

import polars as pl
from rich.console import Console
from rich.table import Table as RichTable

from assets.kpi.assets import latest_date
from assets.lake.layout import Lake
from assets.publish.destination import destination
from assets.publish.operations import kpi_inventory, quarantine_summary, source_status
from pipelines.telling import say
from schemas.config.project import Project
from schemas.errors import PublishError


def print_status(project: Project, lake: Lake, *, console: Console) -> None:
    """Sources, KPIs that are stale or missing, the quarantine by reason, what readers see."""
    as_of = latest_date(lake, project)
    status = source_status(lake, project, as_of=as_of)
    console.print(f"{project.company.name}, loaded up to {as_of}")
    sources = RichTable(box=None, header_style="dim", pad_edge=False)
    for heading in ("source", "dates", "absent", "last", "rows", ""):
        sources.add_column(heading, justify="right" if heading in {"dates", "rows"} else "left")
    for row in status.to_dicts():
        sources.add_row(
            row["source"],
            str(row["dates_loaded"]),
            str(row["dates_absent"] or ""),
            str(row["last_loaded_on"] or "never"),
            f"{row['rows_raw']:,}",
            "[yellow]stale[/]" if row["is_stale"] else "",
        )
    console.print(sources)
    _print_kpis(project, lake, status, console=console)
    _print_quarantine(project, lake, console=console)
    say(console, _readers(project, lake))


def _readers(project: Project, lake: Lake) -> str:
    """What readers of the warehouse see; why not, where it is not to be asked."""
    try:
        target = destination(lake, project)
        found = target.published_id()
    except PublishError as error:
        return f"readers: the warehouse does not answer: {error.where or ''} {error.message}"
    if found is None:
        return f"readers: no publish can be read in {target.place}"
    return f"readers see publish {found} of {target.place}"


def _print_kpis(project: Project, lake: Lake, status: pl.DataFrame, *, console: Console) -> None:
    inventory = kpi_inventory(lake, project, status, {}).to_dicts()
    for state, style in (("available", "green"), ("stale", "yellow"), ("missing", "red")):
        rows = [row for row in inventory if row["status"] == state]
        if not rows:
            continue
        codes = ", ".join(row["kpi_code"] for row in rows)
        console.print(f"[{style}]{len(rows)} KPIs {state}[/]: {codes}")
    stale = sorted(
        {name for row in inventory for name in (row["stale_sources"] or "").split(", ") if name}
    )
    if stale:
        console.print(f"stale because of: {', '.join(stale)}")


def _print_quarantine(project: Project, lake: Lake, *, console: Console) -> None:
    summary = quarantine_summary(lake, project)
    if summary.is_empty():
        console.print("quarantine: empty")
        return
    table = RichTable(box=None, header_style="dim", pad_edge=False, title_justify="left")
    for heading in ("quarantine", "column", "expectation", "rows", "last"):
        table.add_column(heading, justify="right" if heading == "rows" else "left")
    grouped = (
        summary.group_by("table_name", "column_name", "expectation")
        .agg(pl.col("rows").sum(), pl.col("logical_date").max())
        .sort("table_name", "column_name", "expectation")
    )
    for row in grouped.to_dicts():
        table.add_row(
            row["table_name"],
            row["column_name"],
            row["expectation"],
            f"{row['rows']:,}",
            str(row["logical_date"]),
        )
    console.print(table)
