"""Command line of the simulation: `python -m demo --out DIR`."""

import argparse
import datetime as dt
import sys
from pathlib import Path

from demo.settings import FAULT_RATES, Settings
from demo.simulate import simulate


def main(arguments: list[str] | None = None) -> int:
    """Write the extracts and say where they are."""
    given = _parser().parse_args(arguments)
    try:
        settings = Settings(
            customers=given.customers,
            days=given.days,
            seed=given.seed,
            end=given.end,
            formats=given.formats,
            tables=frozenset(given.tables) if given.tables else None,
            faults={} if given.clean else dict(FAULT_RATES),
        )
    except ValueError as error:
        _parser().error(str(error))
    _run(given.out, settings)
    return 0


def _run(out: Path, settings: Settings) -> None:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("Simulating days", total=settings.days)
        manifest = simulate(out, settings, progress=lambda day: bar.update(task, completed=day))
    tables = manifest["tables"]
    rows = sum(count["rows_raw"] for sources in tables.values() for count in sources.values())
    sys.stdout.write(
        f"{settings.days} days to {settings.end}, {settings.customers:,} customers, "
        f"{rows:,} rows, {len(manifest['faults']):,} planted faults in {out}\n"
    )


def _parser() -> argparse.ArgumentParser:
    default = Settings()
    parser = argparse.ArgumentParser(
        prog="python -m demo",
        description="Write the daily extracts of a simulated company, with a manifest of the "
        "faults and truths planted in them.",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--customers", type=int, default=default.customers)
    parser.add_argument("--days", type=int, default=default.days)
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument(
        "--end", type=dt.date.fromisoformat, default=default.end, help="last day, YYYY-MM-DD"
    )
    parser.add_argument(
        "--formats", choices=("varied", "csv"), default=default.formats,
        help="each source in its own shape, or plain CSV everywhere",
    )  # fmt: skip
    parser.add_argument("--tables", nargs="*", help="canonical tables to write; all by default")
    parser.add_argument("--clean", action="store_true", help="plant no faults")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
