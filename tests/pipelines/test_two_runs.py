"""One run at a time holds the lake; the other says so and touches nothing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assets.resources import hold
from schemas.errors import LakeError
from tests.pipelines.company import Company, hash_tree
from tests.pipelines.conftest import Barometer


def test_the_second_run_refuses_and_the_first_goes_on(company: Company, invoke: Barometer) -> None:
    command = [Path(sys.executable).with_name("barometer"), "run"]
    first = subprocess.Popen(command, env=company.environment, stdout=subprocess.PIPE, text=True)
    while not any(company.lake.root.glob("raw/*/*/receipt.json")):
        assert first.poll() is None
        time.sleep(0.01)
    os.kill(first.pid, signal.SIGSTOP)
    os.waitpid(first.pid, os.WUNTRACED)  # every thread of it stands still from here on
    before = hash_tree(company.lake.root)
    second = invoke(company, "run")
    assert second.exit_code == 1
    assert "another run holds the lake" in second.stderr
    held = (company.lake.root / ".lock").read_text(encoding="utf-8")
    assert f"found:   held by {held}\n" in second.stderr
    assert hash_tree(company.lake.root) == before
    os.kill(first.pid, signal.SIGCONT)
    told, _ = first.communicate()
    assert first.returncode == 0
    assert held.removeprefix("run ") in told


def test_the_lake_is_free_again_after_an_error(company: Company) -> None:
    with pytest.raises(ZeroDivisionError), hold(company.lake, owner="one"):
        _ = 1 / 0
    with hold(company.lake, owner="two"), pytest.raises(LakeError, match="held by two"):
        hold(company.lake, owner="three").__enter__()
