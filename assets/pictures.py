"""Small pictures in Markdown for Dagster's metadata: lines of blocks, tables of counts by day."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"
_NONE = "·"


def sparkline(values: Sequence[float | None]) -> str:
    """One character a value: a block as high as its place between zero (or the least) and the most.

    Missing and infinite values are dots.
    """
    finite = [value for value in values if value is not None and math.isfinite(value)]
    low, high = min([0.0, *finite]), max([0.0, *finite])
    span = (high - low) or 1.0
    return "".join(
        _NONE
        if value is None or not math.isfinite(value)
        else _BLOCKS[round((value - low) / span * (len(_BLOCKS) - 1))]
        for value in values
    )


def counts_by_day(counts: Mapping[str, Mapping[dt.date, int]], days: Sequence[dt.date]) -> str:
    """A Markdown table: one row a name with its line over the days, its total and its last day.

    Args:
        counts: Name → day → count; days without one count nothing.
        days: Days in order.
    """
    totals = {name: sum(by_day.get(day, 0) for day in days) for name, by_day in counts.items()}
    lines = [
        f"| | {days[0]} … {days[-1]} | rows | last met on |",
        "|---|---|---:|---|",
    ]
    for name in sorted(totals, key=lambda each: (-totals[each], each)):
        by_day = counts[name]
        met = max((day for day in days if by_day.get(day)), default=None)
        line = sparkline([by_day.get(day, 0) for day in days])
        lines.append(f"| {escaped(name)} | `{line}` | {totals[name]:,} | {met or ''} |")
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Text that stays in its cell of a Markdown table."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
