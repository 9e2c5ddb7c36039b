"""How fast a suite is on Polars, beside the pandas engine and beside a query written by hand.

    python -m benchmarks.bench_expectations --rows 1000000 5000000
    python -m benchmarks.bench_expectations --rows 20000000 --pandas-up-to 0

For every size it writes a Parquet file of that many interactions to a temporary folder, then times
three ways of making the same checks in one process, turn by turn, and reports the median of the
rounds and their ratios. The time includes reading the file. Peak memory is measured in a process of
its own for each way. Ratios compare; seconds depend on the machine.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

CHANNELS = ["email", "phone", "store", "web"]
EMAIL = r"^[^@]+@[^@]+$"
SUITE: list[dict[str, Any]] = [
    {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "interaction_id"}},
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "interaction_id"}},
    {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "score", "min_value": 0, "max_value": 10},
    },
    {
        "type": "expect_column_values_to_be_in_set",
        "kwargs": {"column": "channel", "value_set": CHANNELS},
    },
    {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "email", "regex": EMAIL}},
    {
        "type": "expect_column_value_lengths_to_be_between",
        "kwargs": {"column": "channel", "min_value": 3, "max_value": 5},
    },
    {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "amount", "min_value": 0.0, "mostly": 0.9},
    },
    {
        "type": "expect_column_mean_to_be_between",
        "kwargs": {"column": "amount", "min_value": 90, "max_value": 110},
    },
    {"type": "expect_column_values_to_be_increasing", "kwargs": {"column": "interaction_id"}},
]


def write_interactions(path: Path, row_count: int) -> None:
    """Write a file of interactions, in row groups, never holding more than a million rows."""
    import pyarrow.parquet as pq

    random = np.random.default_rng(20240105)
    writer = None
    for start in range(0, row_count, 1_000_000):
        count = min(1_000_000, row_count - start)
        ids = pl.Series(np.arange(start, start + count))
        table = pl.DataFrame(
            {
                "interaction_id": ids,
                "score": random.integers(0, 11, count),
                "channel": random.choice(CHANNELS, count),
                "amount": random.normal(100, 20, count).round(2),
                "email": ids.cast(pl.String).str.zfill(9) + "@example.org",
            }
        ).with_columns(amount=pl.when(ids % 97 != 0).then(pl.col("amount")))
        arrow = table.to_arrow()
        writer = writer or pq.ParquetWriter(path, arrow.schema, compression="zstd")
        writer.write_table(arrow, row_group_size=250_000)
    if writer is not None:
        writer.close()


def by_hand(path: Path) -> bool:
    """The checks of the suite as one Polars query."""
    key, amount = pl.col("interaction_id"), pl.col("amount")
    found = (
        pl.scan_parquet(path)
        .select(
            rows=pl.len(),
            null_ids=key.is_null().sum(),
            distinct_ids=key.n_unique(),
            null_scores=pl.col("score").is_null().sum(),
            bad_scores=(~pl.col("score").is_between(0, 10)).sum(),
            null_channels=pl.col("channel").is_null().sum(),
            bad_channels=(~pl.col("channel").is_in(CHANNELS)).sum(),
            null_emails=pl.col("email").is_null().sum(),
            bad_emails=(~pl.col("email").str.contains(EMAIL)).sum(),
            bad_lengths=(~pl.col("channel").str.len_chars().is_between(3, 5)).sum(),
            null_amounts=amount.is_null().sum(),
            bad_amounts=(amount < 0).sum(),
            mean_amount=amount.mean(),
            out_of_order=(key < key.shift(1)).sum(),
        )
        .collect(engine="streaming")
        .row(0, named=True)
    )
    bad = [count for name, count in found.items() if name.startswith("bad_")]
    return found["distinct_ids"] == found["rows"] and not found["out_of_order"] and sum(bad) >= 0


def by_polars(path: Path) -> bool:
    """The suite by Great Expectations on Polars."""
    from assets.gx_polars.validation import validate

    results = validate(pl.scan_parquet(path), SUITE)
    return all(bool(result.success) for result in results)


def by_pandas(path: Path) -> bool:
    """The suite by Great Expectations' own pandas engine."""
    import pandas as pd
    from great_expectations.execution_engine import PandasExecutionEngine
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.validator.validator import Validator

    engine = PandasExecutionEngine(batch_data_dict={"batch": pd.read_parquet(path)})
    results = Validator(execution_engine=engine).graph_validate(
        configurations=[
            ExpectationConfiguration(type=e["type"], kwargs=e["kwargs"]) for e in SUITE
        ],
        runtime_configuration={"result_format": "BASIC"},
    )
    return all(bool(result.success) for result in results)


WAYS: dict[str, Callable[[Path], bool]] = {
    "by hand": by_hand,
    "GX on Polars": by_polars,
    "GX on pandas": by_pandas,
}


def seconds_of(path: Path, names: list[str], rounds: int) -> dict[str, list[float]]:
    """The seconds of each round of each way, taken turn by turn after a round to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds + 1):
        for name in names:
            start = time.perf_counter()
            if not WAYS[name](path):
                raise RuntimeError(f"{name} found the data wanting, which it is not.")
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def peak_mib(path: Path, name: str) -> float:
    """The peak memory of a process of its own that makes the checks once."""
    command = [sys.executable, "-m", __spec__.name, "--one", name, "--path", str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(json.loads(output.splitlines()[-1])["peak_mib"])


def report(row_count: int, *, rounds: int, pandas_up_to: int) -> None:
    """Time and measure all ways at one size, and print them."""
    names = [name for name in WAYS if name != "GX on pandas" or row_count <= pandas_up_to]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "interactions.parquet"
        write_interactions(path, row_count)
        medians = {
            name: statistics.median(taken)
            for name, taken in seconds_of(path, names, rounds).items()
        }
        print(f"\n{row_count:,} rows, {len(SUITE)} expectations, median of {rounds} rounds")
        for name, median in medians.items():
            print(
                f"  {name:<14}{median:8.3f} s {median / medians['by hand']:7.2f} x by hand"
                f" {median / medians['GX on Polars']:7.2f} x GX on Polars"
                f" {peak_mib(path, name):8.0f} MiB at peak"
            )


def main() -> None:
    """Read the command line and report every size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 5_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pandas-up-to", type=int, default=5_000_000)
    parser.add_argument("--one", choices=list(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        WAYS[arguments.one](arguments.path)
        # unlike `ru_maxrss`, the high-water mark does not inherit the peak of the parent process
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        [peak_kib] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        print(json.dumps({"peak_mib": int(peak_kib) / 1024}))
        return
    for row_count in arguments.rows:
        report(row_count, rounds=arguments.rounds, pandas_up_to=arguments.pandas_up_to)


if __name__ == "__main__":
    main()
