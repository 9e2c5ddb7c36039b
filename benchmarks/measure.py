"""How long a module takes and how much memory it needs: one child process a measurement.

    python -m benchmarks.measure module arguments …      runs it and prints its peak as JSON

Linux only: peak memory is the `VmHWM` of the child, which, unlike `ru_maxrss`, does not begin with
the parent's.
"""

import json
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one process took.

    Attributes:
        wall_seconds: From its start to its end, interpreter and imports included.
        work_seconds: Of the call that `report` times; the wall time where there is none.
        cpu_seconds: Processor time of all its threads, of its whole life.
        peak_gib: Greatest resident memory.
    """

    wall_seconds: float
    work_seconds: float
    cpu_seconds: float
    peak_gib: float


def report(work: Callable[[], None]) -> None:
    """In the child: do the work and print what it took as a line of JSON."""
    start = time.perf_counter()
    work()
    print(json.dumps({"work_seconds": time.perf_counter() - start}))


def measure(
    module: str, arguments: Sequence[object], environment: Mapping[str, str] | None = None
) -> Measurement:
    """Run `python -m module` to its end.

    Args:
        module: What is run as `__main__`.
        arguments: Its command line.
        environment: Variables to set besides the present ones.

    Raises:
        RuntimeError: It failed; the message has the end of what it said.
    """
    command = [sys.executable, "-m", "benchmarks.measure", module, *map(str, arguments)]
    start = time.perf_counter()
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **(environment or {})},
    ) as process:
        output = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if process.returncode != 0:
        msg = f"`{' '.join(command)}` failed with code {process.returncode}:\n{output[-4_000:]}"
        raise RuntimeError(msg)
    told = _told(output)
    return Measurement(
        wall_seconds=wall,
        work_seconds=float(told.get("work_seconds", wall)),
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_gib=float(told["peak_gib"]),
    )


def _told(output: str) -> dict[str, float]:
    """The lines of JSON at the end of the output, as one."""
    found: dict[str, float] = {}
    for line in reversed(output.strip().splitlines()):
        if not line.startswith("{"):
            break
        found |= json.loads(line)
    return found


def main() -> None:
    """Run a module as a command and print its peak; its failure is this process's."""
    module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code:
            raise
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    [kib] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    print(json.dumps({"peak_gib": int(kib) / 1024**2}))


if __name__ == "__main__":
    main()
