"""What the checks found and who let which pass: for the terminal."""

import datetime as dt
from collections.abc import Sequence

import polars as pl
from rich.console import Console
from rich.table import Table as RichTable

from assets.lake.layout import Lake
from assets.quality.results import STATUSES, read_results
from assets.quality.waivers import Waiver
from pipelines.telling import say
from schemas.errors import QualityError

_STYLES = {"error": "red", "warn": "yellow", "waived": "cyan", "passed": "green", "skipped": "dim"}
_AMISS = {name: place for place, name in enumerate(("error", "waived", "warn"))}


def find_result(lake: Lake, result_id: str, *, today: dt.date) -> dict[str, object]:
    """The result of that name, or whose name alone begins so.

    Raises:
        QualityError: There is none, or there are several.
    """
    results = read_results(lake, today=today)
    found = results.filter(pl.col("result_id").str.starts_with(result_id))
    if found.height == 1 and result_id:
        return found.row(0, named=True)
    errors = results.filter(pl.col("status") == "error")["result_id"].to_list()
    raise QualityError(
        f"{'no' if found.is_empty() else 'more than one'} result {result_id!r}",
        where=str(lake.root),
        allowed=", ".join(errors[:10]) or "none: no check failed",
        mend="`barometer checks` lists them",
    )


def print_checks(
    results: pl.DataFrame, *, status: str | None, limit: int, console: Console
) -> None:
    """Results, errors first, with what to do; then how many there are of each status.

    Args:
        results: Rows of `data_quality_result`.
        status: Status to tell; None for all that is amiss.
        limit: Results told at most, the latest ones.
        console: Where to.
    """
    wanted = list(_AMISS) if status is None else [status]
    rows = results.filter(pl.col("status").is_in(wanted)).sort(
        pl.col("status").replace_strict(_AMISS, default=len(_AMISS), return_dtype=pl.Int32),
        pl.col("period_start"),
        descending=[False, True],
        maintain_order=True,
    )
    for row in rows.head(limit).to_dicts():
        about = " ".join(filter(None, (row["source"], row["subject"])))
        period = f" {row['period_start']}" if row["period_start"] else ""
        console.print(f"[{_STYLES[row['status']]}]{row['status']:<6}[/] ", end="")
        title = f"{row['result_id']}  {row['check_name']} of {row['asset']} {about}"
        say(console, title.rstrip() + period)
        say(console, f"         {row['message']}")
        to_do = f"waived by {row['waiver_id']}" if row["waiver_id"] else row["mend"]
        if to_do:
            say(console, f"         → {to_do}")
    if rows.height > limit:
        say(console, f"and {rows.height - limit:,} more: --limit, --asset and --check narrow it")
    counts = dict(results.group_by("status").len().rows())
    say(console, ", ".join(f"{counts.get(name, 0):,} {name}" for name in STATUSES))


def print_waivers(waivers: Sequence[Waiver], *, today: dt.date, console: Console) -> None:
    """Every waiver: what it covers, why, who answers for it, until when."""
    if not waivers:
        say(console, "no waivers")
        return
    table = RichTable(box=None, header_style="dim", pad_edge=False)
    for heading in ("waiver", "check", "period", "until", "author", "reason", ""):
        table.add_column(heading)
    for each in waivers:
        about = " ".join(filter(None, (each.check_name, each.asset, each.source, each.subject)))
        state = "holds" if each.holds(today) else "revoked" if each.revoked_at else "expired"
        table.add_row(
            each.waiver_id,
            about,
            str(each.period_start or "every"),
            str(each.expires_on),
            each.author,
            each.reason,
            state,
        )
    console.print(table)
