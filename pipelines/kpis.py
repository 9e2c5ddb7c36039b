"""`barometer kpis`: which KPIs each department has, and what it lacks for the others."""

from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

from assets.kpi.assets import latest_date
from assets.lake.layout import Lake
from assets.publish.operations import kpi_inventory, source_status
from schemas.config.project import Project
from schemas.errors import ConfigError
from schemas.kpis.catalogue import entries

_STYLES = {"available": "green", "stale": "yellow", "missing": "red"}


def print_kpis(project: Project, lake: Lake, *, department: str | None, console: Console) -> None:
    """Print the inventory department by department, what is available first.

    Args:
        project: The configuration.
        lake: Where the loaded dates stand.
        department: Only those of this department, in any case.
        console: Where to print.

    Raises:
        ConfigError: No KPI is owned by that department.
    """
    status = source_status(lake, project, as_of=latest_date(lake, project))
    rows = kpi_inventory(lake, project, status, {})
    asked = rows if department is None else _of(rows, department)
    names = {code: kpi.name_en for code, kpi in entries(project.kpis).items()}
    order = pl.col("status").replace_strict({name: at for at, name in enumerate(_STYLES)})
    for (owner,), group in asked.group_by("department", maintain_order=True):
        table = Table(title=str(owner), title_justify="left", title_style="bold", box=None)
        for heading in ("KPI", "Name", "Status", "What it lacks"):
            table.add_column(heading, overflow="fold")
        for row in group.sort(order, maintain_order=True).to_dicts():
            state = row["status"]
            shown = f"[{_STYLES[state]}]{state}[/]"
            table.add_row(row["kpi_code"], names[row["kpi_code"]], shown, _lack(row))
        console.print(table)
        console.print()
    _print_next(asked, console)


def _of(rows: pl.DataFrame, department: str) -> pl.DataFrame:
    found = rows.filter(pl.col("department").str.to_lowercase() == department.lower())
    if found.is_empty():
        raise ConfigError(
            "no KPI is owned by this department",
            where="--department",
            found=department,
            allowed=sorted(rows["department"].unique()),
        )
    return found


def _lack(row: dict[str, Any]) -> str:
    parts = [row["missing_inputs"], row["missing_settings"]]
    if row["stale_sources"]:
        parts.append(f"newer extracts of {row['stale_sources']}")
    if row["status"] == "available" and not row["is_published"]:
        parts.append("left out by kpis.codes")
    return ", ".join(part for part in parts if part)


def _print_next(rows: pl.DataFrame, console: Console) -> None:
    """The columns that would bring most KPIs, each alone."""
    single = rows.filter(
        pl.col("missing_inputs").is_not_null(),
        ~pl.col("missing_inputs").str.contains(","),
        pl.col("missing_settings").is_null(),
    )
    counts = single.group_by("missing_inputs").agg(pl.len(), pl.col("kpi_code").sort())
    best = counts.sort("len", "missing_inputs", descending=[True, False]).head(5)
    for row in best.to_dicts():
        console.print(f"{row['missing_inputs']} alone would bring {', '.join(row['kpi_code'])}")
