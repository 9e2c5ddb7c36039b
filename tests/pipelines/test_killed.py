"""A run killed at any moment is made good by running again."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.pipelines.company import Company, new_company
from tests.pipelines.conftest import Barometer
from tests.pipelines.interrupted import run_killed, run_undisturbed

MOMENTS = 11


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[int, pl.DataFrame]:
    """File operations of a run that nothing disturbs, and what it publishes."""
    company = new_company(tmp_path_factory.mktemp("undisturbed") / "company")
    return run_undisturbed(company), company.values()


def _assert_made_good(
    company: Company, invoke: Barometer, expected: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = invoke(company, "run")
    assert result.exit_code == 0, result.output
    assert_frame_equal(company.values(), expected)
    assert not list(company.lake.root.rglob("*.part"))
    monkeypatch.setenv("DAGSTER_HOME", company.environment["DAGSTER_HOME"])
    with dg.DagsterInstance.get() as instance:
        statuses = [run.status for run in instance.get_runs()]  # the latest first
    assert all(status is dg.DagsterRunStatus.FAILURE for status in statuses[1:])
    assert statuses[0] is dg.DagsterRunStatus.SUCCESS


@pytest.mark.parametrize("part", range(MOMENTS))
def test_killed_between_two_file_operations(
    part: int,
    company: Company,
    invoke: Barometer,
    undisturbed: tuple[int, pl.DataFrame],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    operations, values = undisturbed
    share = (part + random.Random(part).random()) / MOMENTS
    run_killed(company, at=max(1, int(operations * share)))
    _assert_made_good(company, invoke, values, monkeypatch)


def test_killed_by_the_clock(
    company: Company,
    invoke: Barometer,
    undisturbed: tuple[int, pl.DataFrame],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = [Path(sys.executable).with_name("barometer"), "run"]
    process = subprocess.Popen(
        command, env=company.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not (company.lake.root / ".lock").exists():
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(random.Random(7).uniform(0.2, 1))
    process.kill()
    assert process.wait() == -signal.SIGKILL
    _assert_made_good(company, invoke, undisturbed[1], monkeypatch)
