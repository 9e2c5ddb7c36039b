"""States and values of every KPI beside a bare Polars script, and which KPIs cost most.

    python -m benchmarks.bench_kpis                  10 million answers, 10 million order lines
    python -m benchmarks.bench_kpis --scale 0.02     a fiftieth of the rows, to try

Both begin with the same history, which is written straight into a lake and kept under `var/bench`.
Every measurement is a process of its own; this one orchestrates and stays small. Prints Markdown,
and fails if one value of the pipeline is not the script's.
"""

import argparse
import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.kpi_configuration import NOT_BY_HAND, kpi_configuration
from benchmarks.kpi_profile import table
from benchmarks.kpi_settings import KpiSettings
from benchmarks.measure import Measurement, measure

LAYERS = ("states", "values")
AIM = 2.0
"""States and values together, in times the bare script."""


@dataclass
class KpiResults:
    """All measurements, one a round.

    Attributes:
        settings: Size.
        bare: The bare script.
        states: The states of all KPIs that the script computes.
        values: Their values.
        lifetime: Values of the KPIs that the script leaves out, by themselves.
        parts: Seconds of each part of a layer, in the last round.
        codes: Number of KPIs compared.
    """

    settings: KpiSettings
    bare: list[Measurement] = field(default_factory=list)
    states: list[Measurement] = field(default_factory=list)
    values: list[Measurement] = field(default_factory=list)
    lifetime: Measurement | None = None
    parts: dict[str, dict[str, float]] = field(default_factory=dict)
    codes: int = 0

    def ratio(self, what: str) -> float:
        """States and values in times the script: median of the rounds' ratios."""
        rounds = zip(self.states, self.values, self.bare, strict=True)
        return statistics.median(
            (of(one, what) + of(other, what)) / of(bare, what) for one, other, bare in rounds
        )

    def markdown(self) -> str:
        """The report."""
        size, wall = self.settings, self.ratio("wall_seconds")
        verdict = "met:" if wall <= AIM else "**not met**:"
        lines = [
            (
                f"{self.codes} KPIs; {size.days} days, {size.responses_per_day * size.days:,} "
                f"responses, {size.order_lines_per_day * size.days:,} order lines, "
                f"{size.accounts:,} accounts; median of {len(self.bare)} round(s)."
            ),
            "",
            "| | wall s | work s | CPU s | peak GiB |",
            "|---|---:|---:|---:|---:|",
            _row("states", self.states),
            _row("values", self.values),
            _row("bare script", self.bare),
            *([_row("values of lifetime KPIs alone", [self.lifetime])] if self.lifetime else []),
            "",
            (
                f"- {verdict} states and values {wall:.2f} times bare in wall time, "
                f"{self.ratio('cpu_seconds'):.2f} in CPU seconds (aim {AIM})"
            ),
            "- every value is the bare script's, within the tolerances of `kpi_compare`",
            (
                f"- {os.cpu_count()} processors; load average of the last 15 minutes "
                f"{os.getloadavg()[2]:.1f}"
            ),
        ]
        for layer, parts in self.parts.items():
            lines += ["", f"Parts of {layer}, in the last round:", "", *table(parts)]
        return "\n".join([*lines, ""])


def of(one: Measurement, what: str) -> float:
    """A figure of a measurement by its name."""
    return float(getattr(one, what))


def _row(name: str, found: Sequence[Measurement]) -> str:
    def median(what: str) -> float:
        return statistics.median(of(one, what) for one in found)

    return (
        f"| {name} | {median('wall_seconds'):.1f} | {median('work_seconds'):.1f} "
        f"| {median('cpu_seconds'):.1f} | {max(one.peak_gib for one in found):.2f} |"
    )


@dataclass(frozen=True, slots=True)
class Bench:
    """Where everything stands.

    Attributes:
        settings: Size.
        folder: Folder of histories and results.
    """

    settings: KpiSettings
    folder: Path

    @property
    def lake(self) -> Path:
        """The lake with the history."""
        return self.folder / self.settings.digest

    @property
    def expected(self) -> Path:
        """Values of the bare script."""
        return self.folder / f"{self.settings.digest}-values.parquet"

    def draw(self, scale: float) -> Measurement:
        """Draw the history unless it is there."""
        return measure("benchmarks.kpi_history", ["--lake", self.lake, "--scale", scale])

    def configured(self, name: str, codes: Sequence[str]) -> Path:
        """Write a configuration of some KPIs (JSON is YAML)."""
        path = self.folder / f"{self.settings.digest}-{name}.yaml"
        path.write_text(json.dumps(kpi_configuration(codes), indent=1), encoding="utf-8")
        return path

    def bare(self) -> Measurement:
        """Run the bare script."""
        last = self.settings.last_on
        return measure(
            "benchmarks.bare_kpis", ["--lake", self.lake, "--to", last, "--out", self.expected]
        )

    def layer(self, layer: str, config: Path) -> Measurement:
        """Make all states or all values."""
        path, last = self.profile(layer), self.settings.last_on
        return measure(
            "benchmarks.kpi_layers",
            [
                layer, "--config", config, "--lake", self.lake, "--to", last, "--profile", path,
            ],
        )  # fmt: skip

    def profile(self, layer: str) -> Path:
        """Seconds of the parts of a layer when it was made last."""
        return self.folder / f"{self.settings.digest}-{layer}.json"

    def parts(self) -> dict[str, dict[str, float]]:
        """The parts of both layers when they were made last."""
        return {
            layer: json.loads(self.profile(layer).read_text(encoding="utf-8")) for layer in LAYERS
        }

    def check(self) -> None:
        """Compare the values in the lake with the script's."""
        measure("benchmarks.kpi_compare", ["--values", self.expected, "--lake", self.lake])


def run(bench: Bench, *, rounds: int) -> KpiResults:
    """Make all measurements; the history is there.

    Args:
        bench: Where everything stands.
        rounds: How often each measurement is made.
    """
    from schemas.kpis.catalogue import CATALOGUE

    codes = [code for code in CATALOGUE if code not in NOT_BY_HAND]
    results = KpiResults(bench.settings, codes=len(codes))
    config = bench.configured("all", codes)
    for turn in range(rounds):
        say(f"round {turn + 1} of {rounds}: bare script")
        results.bare.append(bench.bare())
        say("states, values")
        results.states.append(bench.layer("states", config))
        results.values.append(bench.layer("values", config))
        bench.check()
    results.parts = bench.parts()
    say("lifetime value")
    results.lifetime = bench.layer("values", bench.configured("lifetime", NOT_BY_HAND))
    return results


def say(text: str) -> None:
    """Tell what is under way."""
    print(f"… {text}", flush=True)


def main() -> None:
    """Read the command line, measure, print and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows")
    parser.add_argument("--rounds", type=int, default=1, help="the median counts")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    given = parser.parse_args()
    folder = given.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(KpiSettings.scaled(given.scale), folder)
    say("history")
    made = bench.draw(given.scale)
    say(f"the history is there after {made.wall_seconds:.0f} s")
    report = run(bench, rounds=given.rounds).markdown()
    print(report)
    (folder / f"{bench.settings.digest}-results.md").write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
