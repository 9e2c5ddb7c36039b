"""`barometer run` in a process that is killed by SIGKILL at a chosen moment of its life.

Moments are counted in operations that change files rather than in seconds, so that they are the
same on a slow machine.
"""

import io
import itertools
import os
import signal
import sys
from pathlib import Path

from tests.pipelines.company import Company
from tests.processes import processes

_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "sqlite3.connect"}
_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def run_undisturbed(company: Company) -> int:
    """A whole run; the number of its file operations."""
    report = company.folder / "operations"
    assert _run(company, killed_at=None, report=report) == 0
    return int(report.read_text(encoding="utf-8"))


def run_killed(company: Company, *, at: int) -> None:
    """A run that is killed at its nth file operation."""
    code = _run(company, killed_at=at, report=company.folder / "operations")
    assert code == -signal.SIGKILL


def _run(company: Company, *, killed_at: int | None, report: Path) -> int | None:
    process = processes().Process(
        target=_barometer_run, args=(company.environment, killed_at, report)
    )
    process.start()
    process.join()
    code = process.exitcode
    process.close()
    return code


def _barometer_run(environment: dict[str, str], killed_at: int | None, report: Path) -> None:
    from pipelines.cli import app

    os.environ.update(environment)
    sys.stdout = sys.stderr = io.StringIO()
    operations = itertools.count(1)

    def count(event: str, arguments: tuple[object, ...]) -> None:
        is_write = event == "open" and isinstance(arguments[2], int) and arguments[2] & _TO_WRITE
        if (is_write or event in _CHANGES) and next(operations) == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    try:
        app(["run"])
    except SystemExit as end:
        report.write_text(str(next(operations)), encoding="utf-8")
        raise SystemExit(end.code) from end
