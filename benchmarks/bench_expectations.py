"""How fast a suite is on Polars, beside the pandas engine and beside a query written by hand.

    python -m benchmarks.bench_expectations
    python -m benchmarks.bench_expectations --rows 1000000 --rounds 3
    python -m benchmarks.bench_expectations --rows 20000000 --pandas-up-to 0

For every size it writes a Parquet file of that many interactions to a temporary folder, then times
three ways of making the same checks, each in a process of its own, turn by turn after a round to
warm up. The time includes reading the file, not importing libraries. It prints, as Markdown, the
medians of the rounds, the medians of the rounds' ratios, and the peak memory of each process beside
what it takes once its libraries are imported. Ratios compare; seconds depend on the machine. The
process of a way that needs more than ``--memory-gib`` ends, and the table says so.

The suites and the ways are in ``expectation_suites.py``.
"""

import argparse
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.expectation_suites import SUITES, WAYS, write_interactions

_GIB = 2**30
_ENDED = "ended"


def main() -> None:
    """Read the command line and print a table of every size and suite."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 5_000_000, 20_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--suites", nargs="+", choices=list(SUITES), default=list(SUITES))
    parser.add_argument("--pandas-up-to", type=int, default=20_000_000)
    parser.add_argument("--memory-gib", type=float, default=12.0)
    arguments = parser.parse_args()
    columns = ["suite", "rows", "way", "median s", "by hand = 1", "GX on Polars = 1"]
    print(f"| {' | '.join([*columns, 'peak MiB', 'imports MiB'])} |")
    print("|---|---:|---|---:|---:|---:|---:|---:|")
    for row_count in arguments.rows:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "interactions.parquet"
            write_interactions(path, row_count)
            for suite in arguments.suites:
                ways = [
                    way
                    for way in WAYS
                    if way != "GX on pandas" or row_count <= arguments.pandas_up_to
                ]
                memory_bytes = int(arguments.memory_gib * _GIB)
                seconds, peaks = measured(
                    path, suite, ways, rounds=arguments.rounds, memory_bytes=memory_bytes
                )
                for line in lines(seconds, peaks, f"| {suite} | {row_count:,} |"):
                    print(line, flush=True)


def measured(
    path: Path, suite: str, ways: Sequence[str], *, rounds: int, memory_bytes: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """The seconds of each round of each way; the peak memory of its process, and its imports', MiB.

    A way whose process ended before its rounds did has no seconds and no peak.
    """
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    peaks: dict[str, list[float]] = {}
    with workers(path, suite, ways, memory_bytes=memory_bytes) as connections:
        for turn in range(rounds + 1):
            for way in ways:
                if way not in connections:
                    continue
                found = asked(connections[way])
                if found is None:
                    del connections[way], seconds[way]
                    continue
                taken, *peaks[way] = found
                if turn:
                    seconds[way].append(taken)
    return seconds, {way: peaks[way] for way in seconds}


@contextmanager
def workers(
    path: Path, suite: str, ways: Sequence[str], *, memory_bytes: int
) -> Iterator[dict[str, Connection]]:
    """A process for each way, by its end of the pipe."""
    context = multiprocessing.get_context("spawn")
    connections, processes = {}, []
    for way in ways:
        ours, theirs = context.Pipe()
        process = context.Process(
            target=work,
            args=(theirs, path, suite),
            kwargs={"way": way, "memory_bytes": memory_bytes},
        )
        process.start()
        theirs.close()
        connections[way] = ours
        processes.append(process)
    try:
        yield dict(connections)
    finally:
        for connection in connections.values():
            connection.close()
        for process in processes:
            process.join()


def work(connection: Connection, path: Path, suite: str, *, way: str, memory_bytes: int) -> None:
    """Make the checks whenever asked; tell the seconds they took and the peak so far."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    check = WAYS[way]()
    imports_mib = peak_mib()
    while True:
        try:
            connection.recv()
        except EOFError:
            return
        start = time.perf_counter()
        is_met = check(path, suite)
        taken = time.perf_counter() - start
        if not is_met:
            raise RuntimeError(f"{way} found the data wanting in suite {suite!r}; they are not.")
        connection.send((taken, peak_mib(), imports_mib))


def asked(connection: Connection) -> tuple[float, float, float] | None:
    """One round of a way: its seconds, its peak, its imports'; ``None`` if its process ended."""
    try:
        connection.send(None)
        found: tuple[float, float, float] = connection.recv()
    except (EOFError, ConnectionError):
        return None
    return found


def peak_mib() -> float:
    """The peak resident memory of this process."""
    # unlike `ru_maxrss`, the high-water mark does not inherit the peak of the parent process
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    [peak_kib] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(peak_kib) / 1024


def lines(
    seconds: dict[str, list[float]], peaks: dict[str, list[float]], start: str
) -> Iterator[str]:
    """The rows of the table for one size and suite."""
    for way in WAYS:
        taken = seconds.get(way)
        if not taken:
            yield f"{start} {way} | {_ENDED} or not run | | | | |"
            continue
        ratios = [
            f"{statistics.median(a / b for a, b in zip(taken, base, strict=True)):.2f}"
            if (base := seconds.get(other))
            else ""
            for other in ("by hand", "GX on Polars")
        ]
        figures = [
            f"{statistics.median(taken):.3f}",
            *ratios,
            *(f"{mib:.0f}" for mib in peaks[way]),
        ]
        yield f"{start} {way} | {' | '.join(figures)} |"


if __name__ == "__main__":
    main()
