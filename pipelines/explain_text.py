"""The parts of an explanation as text for the terminal; what they tell is gathered elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from assets.quality.results import STATUSES, read_results
from assets.transforms.composites import PART_MISSING
from assets.transforms.values import MIXED_SCALES
from pipelines.quarantine import print_columns
from pipelines.telling import say
from schemas.errors import QualityError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from rich.console import Console

    from assets.lake.layout import Lake
    from pipelines.explain import Explanation
    from pipelines.explain_question import Question

SETTLED_REASONS = (MIXED_SCALES, PART_MISSING)
"""Reasons that are found when a value is made of its rows; no row alone is left out for them."""

FILES_TOLD = 40
CHECKS_TOLD = 10
_FILE = ["table", "_source", "_source_file", "_logical_date"]


def tell(found: Explanation, lake: Lake, *, limit: int, today: dt.date, console: Console) -> None:
    """Tell an explanation.

    Args:
        found: The explanation.
        lake: Where the results of the checks stand.
        limit: Rows told one by one.
        today: Day that waivers are looked at on.
        console: Where it is told.
    """
    _say_definition(found.question, found.row, found.latest, console=console)
    _say_value(found, console=console)
    if not found.is_withheld:
        _say_rows(found, limit=limit, console=console)
        _say_checks(lake, found.rows, today=today, console=console)
    _say_restatements(found.restatements, is_withheld=found.is_withheld, console=console)


def _say_definition(
    question: Question, row: Mapping[str, Any], latest: Mapping[str, Any], *, console: Console
) -> None:
    """What the KPI is, and of which period and segment."""
    one, value = question.value.kpi, question.value
    say(console, f"{one.name or one.kpi.name_en} ({one.code})")
    say(console, f"  period:     {question.label}, {question.grain}: {value.first} … {value.last}")
    say(console, f"  segment:    {value.segments.name}={value.key}")
    say(console, f"  definition: {one.kpi.formula}")
    say(console, f"  source:     {one.kpi.source}")
    say(console, f"  method:     {row['method_id'] or 'none: the row was withdrawn'}")
    if latest["method_id"] not in {None, row["method_id"]}:
        say(console, f"  since then: {latest['method_id']}; the definition above is the new one")


def _say_value(found: Explanation, *, console: Console) -> None:
    """The value as it was published, or that it is withheld."""
    row, unit = found.row, found.question.value.kpi.kpi.unit
    known = f"known since {row['known_at']:%Y-%m-%d %H:%M:%S} UTC, publish {row['publish_id']}"
    if row["is_withdrawn"]:
        say(console, f"Withdrawn: it is published no more ({known})")
        for reason, count in found.left_out.items():
            say(console, f"  left out now, {reason}: {count:,}")
        return
    if found.is_withheld:
        reason = row["suppression"] or "withheld in a later publish"
        say(console, f"Withheld ({reason}): neither figures nor rows are told ({known})")
        return
    say(console, f"Value: {_number(row['value'])} {unit} ({known})")
    if not row["is_complete"]:
        say(console, "  the period was not over then")
    low, high = _number(row["ci_low"]), _number(row["ci_high"])
    interval = "none" if row["ci_low"] is None else f"{low} … {high}"
    say(console, f"  numerator:   {_number(row['numerator'])}")
    say(console, f"  denominator: {_number(row['denominator'])}")
    say(console, f"  n:           {row['n']:,}")
    say(console, f"  interval:    {interval}")
    say(console, f"  left out:    {row['excluded']:,}")
    for reason, count in found.exclusions.items():
        say(console, f"    {reason}: {count:,}")


def _say_rows(found: Explanation, *, limit: int, console: Console) -> None:
    """How many rows of which files made it up, and some of them one by one."""
    what = "made it up" if found.is_event else "may matter to it (it is counted anew each period)"
    known = f" as of the extracts of {found.as_of}" if found.as_of else ""
    say(console, f"Rows that {what}{known}:")
    if not found.is_narrowed:
        say(console, "  those of every segment: this one's cannot be told by the customer's record")
    is_in = pl.col("reason").is_null()
    files = (
        found.rows.group_by(_FILE)
        .agg(is_in.sum().alias("rows"), (~is_in).sum().alias("left out"))
        .sort(_FILE)
    )
    headings = ("table", "source", "file", "logical date", "rows", "left out")
    told = [tuple(_cell(cell) for cell in row) for row in files.head(FILES_TOLD).rows()]
    print_columns(headings, told, console=console)
    if files.height > FILES_TOLD:
        say(console, f"and {files.height - FILES_TOLD:,} further files")
    counted = int(found.rows.select(is_in.sum()).item())
    left_out = found.rows.height - counted
    if found.is_event:
        say(console, _sum(found, counted, left_out))
    if found.later:
        say(console, f"{found.later:,} rows of later extracts are not told; a row that one of")
        say(console, "them corrected is among those, and what it was before is not kept")
    for row in found.rows.sort(*_FILE, "_row_number").head(limit).to_dicts():
        reason = "counts" if row["reason"] is None else f"left out: {row['reason']}"
        place = f"{row['_source_file']}, row {row['_row_number']}"
        say(console, f"  {row['table']} from {row['_source']}: {place}"
            + (f"; {reason}" if found.is_event else ""))  # fmt: skip


def _say_checks(lake: Lake, rows: pl.DataFrame, *, today: dt.date, console: Console) -> None:
    """What the checks found in the extracts that the rows came from."""
    try:
        results = read_results(lake, today=today)
    except QualityError:
        say(console, "Checks: none were made")
        return
    extracts = rows.select(
        pl.col("_source").alias("source"), pl.col("_logical_date").alias("period_start")
    ).unique()
    own = results.filter(pl.col("period_grain") == "day").join(
        extracts, on=["source", "period_start"], how="semi"
    )
    counts = dict(own.group_by("status").len().rows())
    told = ", ".join(f"{counts[name]:,} {name}" for name in STATUSES if name in counts)
    say(console, f"Checks of these extracts: {told or 'none were made'}")
    amiss = own.filter(pl.col("status").is_in(["error", "waived", "warn"])).sort("period_start")
    for row in amiss.head(CHECKS_TOLD).to_dicts():
        about = " ".join(filter(None, (row["source"], row["subject"])))
        say(
            console,
            f"  {row['status']} [{row['result_id']}] {row['check_name']} of {row['asset']} "
            f"{about} {row['period_start']}: {row['message']}",
        )
    if amiss.height > CHECKS_TOLD:
        say(console, f"  and {amiss.height - CHECKS_TOLD:,} more: `barometer checks`")


def _say_restatements(rows: pl.DataFrame, *, is_withheld: bool, console: Console) -> None:
    """Every change of the value since its period was over, with the reasons."""
    if rows.is_empty():
        say(console, "Never restated")
        return
    for row in rows.to_dicts():
        change = "figures withheld"
        if not is_withheld:
            old, new = _number(row["old_value"]), _number(row["new_value"])
            change = f"{old} → {new}, n {row['old_n']} → {_cell(row['new_n'])}"
        sure = "" if row["is_conclusive"] else " (not conclusive)"
        since = f"; extracts loaded since: {row['logical_dates']}" if row["logical_dates"] else ""
        say(
            console,
            f"Restated {row['known_at']:%Y-%m-%d %H:%M} UTC: {change}; "
            f"{row['reasons']}{sure}{since}",
        )


def _sum(found: Explanation, counted: int, left_out: int) -> str:
    """Whether the rows add up to what was published."""
    told = f"{counted:,} rows count, {left_out:,} are left out"
    settled = sum(found.exclusions.get(name, 0) for name in SETTLED_REASONS)
    published = found.row["n"] or 0, (found.row["excluded"] or 0)
    if (counted, left_out) == (published[0], published[1] - settled):
        return f"{told}: as published"
    if found.row["n"] is None:
        return told
    return (
        f"{told}; published are n {published[0]:,} and {published[1]:,} left out: n counts other "
        "things than rows, or rows came, changed or went since"
    )


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.10g}"


def _cell(value: object) -> str:
    if value is None:
        return "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
