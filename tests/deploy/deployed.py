"""The services of `deploy/` as their units start them: command, variables, folder, umask."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
INSTALLED = "/opt/cx-barometer"

T = TypeVar("T")


def directives(unit: str) -> dict[str, str]:
    """Key → value of a unit's lines."""
    text = (DEPLOY / "systemd" / f"{unit}.service").read_text(encoding="utf-8")
    return dict(re.findall(r"^(\w+)=(.+)$", text, re.MULTILINE))


def environment(**values: str) -> dict[str, str]:
    """What `environment.example` gives a service, filled in; optional variables are left out."""
    text = (DEPLOY / "environment.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^#?([A-Z_0-9]+)=", text, re.MULTILINE))
    assert set(values) <= named, "a variable that a deployment would not know of"
    given = dict(re.findall(r"^([A-Z_0-9]+)=(.*)$", text, re.MULTILINE))
    return {"PATH": os.defpath, "LANG": "C.UTF-8"} | given | values


@contextmanager
def running(unit: str, variables: dict[str, str], log: Path, *, port: int = 0) -> Iterator[None]:
    """Runs a unit's command as systemd does, and ends it with its children as systemd does.

    Args:
        unit: Name of the unit.
        variables: Its environment; nothing else is in it.
        log: Where its output goes.
        port: Instead of the unit's own, if it listens.
    """
    invocation = uuid.uuid4().hex  # systemd names every start of a service like that
    found = directives(unit)
    assert found["WorkingDirectory"] == INSTALLED
    program, *arguments = shlex.split(found["ExecStart"])
    assert Path(program).parent == Path(INSTALLED, ".venv/bin")
    arguments = [str(port) if port and each == "3000" else each for each in arguments]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [Path(sys.executable).with_name(Path(program).name), *arguments],
            cwd=ROOT,
            env=variables | {"INVOCATION_ID": invocation},
            stdout=output,
            stderr=subprocess.STDOUT,
            umask=int(found["UMask"], 8),
            start_new_session=True,
        )
    try:
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(float(found.get("TimeoutStopSec", 60)))
        end = time.monotonic() + 20
        while rest := _processes_of(invocation):  # in its control group
            assert time.monotonic() < end, rest
            for pid in rest:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)
        process.wait(10)


def _processes_of(invocation: str) -> list[int]:
    mark = f"\0INVOCATION_ID={invocation}\0".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in b"\0" + (folder / "environ").read_bytes() + b"\0":
                found.append(int(folder.name))
    return found


def until(ask: Callable[[], T], *, seconds: float, log: Path) -> T:
    """What `ask` answers once it is true; the log is told if it never is."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < end, log.read_text(encoding="utf-8")[-6000:]
        time.sleep(0.2)
    return answer
