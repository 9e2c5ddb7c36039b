"""Every KPI but lifetime value by Polars alone: what states and values are measured against.

    python -m benchmarks.bare_kpis --lake DIR --to 2024-11-27 --out values.parquet

Reads the history's files once and writes the values. Like `benchmarks.bare` it knows the company by
heart and goes on from nothing; it shares no code with the pipeline.
"""

import argparse
import datetime as dt
from pathlib import Path

import polars as pl

from benchmarks.bare_kpis.common import History
from benchmarks.bare_kpis.contracts import contract_values
from benchmarks.bare_kpis.customers import customer_values
from benchmarks.bare_kpis.estimates import COLUMNS
from benchmarks.bare_kpis.people import people_values
from benchmarks.bare_kpis.sales import sales_values, sold_orders
from benchmarks.bare_kpis.service import service_values
from benchmarks.bare_kpis.survey import survey_values


def values(lake: Path, last: dt.date) -> pl.DataFrame:
    """All values, as `compare` wants them."""
    history = History.of(lake, last)
    frames = [*survey_values(history), *service_values(history)]
    frames += [*contract_values(history), *people_values(history)]
    sold = sold_orders(history)
    frames += [*sales_values(history, sold), *customer_values(history, sold)]
    return pl.concat([frame.select(COLUMNS) for frame in frames]).sort(COLUMNS[:5])


def main() -> None:
    """Read the command line and write the values."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--to", dest="last", type=dt.date.fromisoformat, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    values(given.lake, given.last).write_parquet(given.out)


if __name__ == "__main__":
    main()
