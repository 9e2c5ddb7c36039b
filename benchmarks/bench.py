"""The whole path beside a bare Polars script, and what one more day costs: `make bench`.

    python -m benchmarks.bench                  10 million answers, 10 million order lines
    python -m benchmarks.bench --scale 0.05     a twentieth of them, to try

Prints Markdown and keeps it beside the extracts under `var/bench`. Every measurement is a process
of its own; this one orchestrates and stays small. Fails if a published value is not the script's.
"""

import argparse
import datetime as dt
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.configuration import configuration
from benchmarks.measure import Measurement, measure
from benchmarks.results import Results
from benchmarks.settings import Settings

LAYERS = ("raw", "core", "history", "quality", "states", "values", "publish")
LAYER_MODULE = "benchmarks.layers"


@dataclass(frozen=True, slots=True)
class Company:
    """One history: the extracts, and the lake that they are loaded into.

    Attributes:
        extracts: Folder of the extracts.
        folder: Folder of its own for configuration, lake and values.
        start: First day.
        accounts: Folder of the accounts' files.
    """

    extracts: Path
    folder: Path
    start: dt.date
    accounts: str

    @property
    def config(self) -> Path:
        """Its configuration."""
        return self.folder / "barometer.yaml"

    @property
    def lake(self) -> Path:
        """Its lake."""
        return self.folder / "lake"

    def begin(self) -> None:
        """An empty lake, and the configuration (JSON is YAML)."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        document = configuration(
            self.extracts, start=self.start.isoformat(), accounts=self.accounts
        )
        self.config.write_text(json.dumps(document, indent=1), encoding="utf-8")

    def load(self, first: dt.date, last: dt.date) -> dict[str, Measurement]:
        """Load some days, layer by layer."""
        return {
            layer: measure(
                LAYER_MODULE,
                [
                    layer,
                    "--config",
                    self.config,
                    "--lake",
                    self.lake,
                    "--from",
                    first,
                    "--to",
                    last,
                ],
            )
            for layer in LAYERS
        }

    def load_by_command(self, first: dt.date, last: dt.date) -> Measurement:
        """Load some days by `barometer run`."""
        environment = {
            "BAROMETER_DATA_DIR": str(self.lake),
            "DAGSTER_HOME": str(self.folder / "dagster"),
        }
        arguments = ["run", "--config", self.config, "--from", first, "--to", last]
        return measure("pipelines.cli", arguments, environment)

    def bare(self, last: dt.date) -> Measurement:
        """The bare script over the days from the first."""
        return measure(
            "benchmarks.bare",
            [
                "--extracts", self.extracts, "--accounts", self.accounts,
                "--from", self.start, "--to", last, "--out", self.folder / "values.parquet",
            ],
        )  # fmt: skip

    def check(self) -> None:
        """Compare what is published with what the bare script wrote last."""
        warehouse = self.lake / "warehouse" / "cx_barometer.duckdb"
        values = self.folder / "values.parquet"
        measure("benchmarks.compare", ["--values", values, "--warehouse", warehouse])


def run(settings: Settings, folder: Path, *, rounds: int) -> Results:
    """Make all measurements; the extracts are there.

    Args:
        settings: Size.
        folder: Folder of extracts and lakes.
        rounds: How often each measurement is made.

    Returns:
        The measurements.
    """
    extracts, work = folder / settings.digest, folder / f"{settings.digest}-work"
    long = Company(extracts, work / "long", settings.long_start, "accounts")
    short = Company(extracts, work / "short", settings.short_start, "accounts_short")
    results = Results(settings)
    last = settings.last_on
    for turn in range(rounds):
        say(f"round {turn + 1} of {rounds}: bare script, full load")
        long.begin()
        results.bare.append(long.bare(last))
        results.full.append(long.load(long.start, last))
        long.check()
    say(f"history of {settings.short_days} days")
    short.begin()
    short.load(short.start, last)
    for day in _days_after(last, settings.extra_days):
        say(f"one more day: {day}")
        results.long_day.append(long.load(day, day))
        results.short_day.append(short.load(day, day))
        last = day
    for company in (long, short):
        company.bare(last)
        company.check()
    by_command = Company(extracts, work / "command", settings.long_start, "accounts")
    say("full load by `barometer run`")
    by_command.begin()
    results.by_command = by_command.load_by_command(by_command.start, settings.last_on)
    shutil.rmtree(by_command.folder)
    return results


def _days_after(date: dt.date, count: int) -> Iterator[dt.date]:
    for number in range(1, count + 1):
        yield date + dt.timedelta(days=number)


def say(text: str) -> None:
    """Tell what is under way."""
    print(f"… {text}", flush=True)


def main() -> None:
    """Read the command line, measure, print and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows a day")
    parser.add_argument("--rounds", type=int, default=3, help="full loads; the median counts")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    given = parser.parse_args()
    settings, folder = Settings.scaled(given.scale), given.folder.absolute()
    say("extracts")
    made = measure("benchmarks.extracts", ["--out", folder, "--scale", given.scale])
    say(f"extracts are there after {made.wall_seconds:.0f} s")
    report = run(settings, folder, rounds=given.rounds).markdown()
    print(report)
    (folder / f"{settings.digest}-results.md").write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
