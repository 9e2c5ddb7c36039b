"""What was measured, as Markdown: medians, ratios, and whether the aims are met."""

import os
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.measure import Measurement
from benchmarks.settings import Settings

FULL_AIM = 2.5
"""Full load, in times the bare script."""

DAY_AIM = 1.3
"""One more day on the long history, in times the same on the short one."""

MEMORY_AIM_GIB = 3.0

Layers = dict[str, Measurement]


@dataclass
class Results:
    """All measurements.

    Attributes:
        settings: Size.
        bare: The bare script, once a round.
        full: The layers of a full load, once a round.
        long_day: The layers of one more day on the long history, once a day.
        short_day: The same on the short history.
        by_command: Full load in one process by `barometer run`, Dagster included.
    """

    settings: Settings
    bare: list[Measurement] = field(default_factory=list)
    full: list[Layers] = field(default_factory=list)
    long_day: list[Layers] = field(default_factory=list)
    short_day: list[Layers] = field(default_factory=list)
    by_command: Measurement | None = None

    def markdown(self) -> str:
        """The report."""
        return "\n".join([*self._full_load(), "", *self._one_day(), "", *self._verdicts(), ""])

    @property
    def full_ratio(self) -> float:
        """Full load in times the bare script: processes from start to end, median of rounds."""
        pairs = zip(self.full, self.bare, strict=True)
        return statistics.median(_sum(layers, _wall) / bare.wall_seconds for layers, bare in pairs)

    @property
    def day_ratio(self) -> float:
        """One more day, long over short: work without start-up, median of days."""
        pairs = zip(self.long_day, self.short_day, strict=True)
        return statistics.median(_sum(long, _work) / _sum(short, _work) for long, short in pairs)

    @property
    def peak_gib(self) -> float:
        """Greatest memory of any layer."""
        return max(one.peak_gib for layers in self.full for one in layers.values())

    def _full_load(self) -> list[str]:
        size = self.settings
        answers = size.answers_per_day * size.long_days
        lines = size.order_lines_per_day * size.long_days
        rows = [
            (
                f"Full load: {size.long_days} days, {answers:,} answers, {lines:,} order lines, "
                f"{size.accounts:,} accounts; median of {len(self.full)} "
                f"round{'s' if len(self.full) > 1 else ''}."
            ),
            "",
            "| | wall s | work s | CPU s | peak GiB | times bare |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        base = _median(self.bare, _wall)
        rows += [_row(name, [one[name] for one in self.full], base) for name in self.full[0]]
        totals = [_total(layers) for layers in self.full]
        rows.append(_row("**all layers**", totals, base))
        if self.by_command is not None:
            rows.append(_row("`barometer run`, one process", [self.by_command], base))
        rows.append(_row("bare script", self.bare, base))
        return rows

    def _one_day(self) -> list[str]:
        size = self.settings
        rows = [
            (
                f"One more day on {size.short_days} and on {size.long_days} days; seconds of work, "
                f"median of {len(self.long_day)} days."
            ),
            "",
            f"| | {size.short_days} days | {size.long_days} days | ratio | peak GiB |",
            "|---|---:|---:|---:|---:|",
        ]
        names = list(self.long_day[0])
        rows += [self._day_row(name, [name]) for name in names]
        return [*rows, self._day_row("**all layers**", names)]

    def _day_row(self, label: str, names: Sequence[str]) -> str:
        """Some layers of one more day together."""
        short, long = (
            statistics.median(sum(one[name].work_seconds for name in names) for one in days)
            for days in (self.short_day, self.long_day)
        )
        peak = max(one[name].peak_gib for one in self.long_day for name in names)
        return f"| {label} | {short:.2f} | {long:.2f} | {long / short:.2f} | {peak:.2f} |"

    def _verdicts(self) -> list[str]:
        load = os.getloadavg()[2]
        full, day, peak = self.full_ratio, self.day_ratio, self.peak_gib
        return [
            (
                f"- {_verdict(full, FULL_AIM)} full load {full:.2f} times bare, "
                f"median of the rounds' ratios (aim {FULL_AIM})"
            ),
            f"- {_verdict(day, DAY_AIM)} one more day {day:.2f} times (aim {DAY_AIM})",
            f"- {_verdict(peak, MEMORY_AIM_GIB)} peak memory {peak:.2f} GiB (aim {MEMORY_AIM_GIB})",
            "- every published value is the bare script's, within the tolerances of `compare`",
            f"- {os.cpu_count()} processors; load average of the last 15 minutes {load:.1f}",
        ]


def _verdict(found: float, aim: float) -> str:
    return "met:" if found <= aim else "**not met**:"


def _wall(one: Measurement) -> float:
    return one.wall_seconds


def _work(one: Measurement) -> float:
    return one.work_seconds


def _sum(layers: Layers, what: Callable[[Measurement], float]) -> float:
    return sum(what(one) for one in layers.values())


def _total(layers: Layers) -> Measurement:
    return Measurement(
        wall_seconds=_sum(layers, _wall),
        work_seconds=_sum(layers, _work),
        cpu_seconds=sum(one.cpu_seconds for one in layers.values()),
        peak_gib=max(one.peak_gib for one in layers.values()),
    )


def _median(found: Iterable[Measurement], what: Callable[[Measurement], float]) -> float:
    return statistics.median(map(what, found))


def _row(name: str, found: Sequence[Measurement], base: float) -> str:
    wall, work = _median(found, _wall), _median(found, _work)
    cpu = statistics.median(one.cpu_seconds for one in found)
    peak = max(one.peak_gib for one in found)
    return f"| {name} | {wall:.1f} | {work:.1f} | {cpu:.1f} | {peak:.2f} | {wall / base:.2f} |"
