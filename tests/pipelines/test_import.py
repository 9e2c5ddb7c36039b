"""Importing the pipeline computes nothing: what is forked from it can still use Polars."""

import subprocess
import sys

_COUNT = """
import os
import numpy, polars  # begin threads of their own
before = len(os.listdir("/proc/self/task"))
import pipelines.cli, pipelines.run
print(len(os.listdir("/proc/self/task")) - before)
"""


def test_no_module_starts_polars_threads() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _COUNT], check=True, capture_output=True, text=True
    )
    assert int(done.stdout) == 0
