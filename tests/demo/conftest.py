"""One small run in the varied shapes, and one in plain CSV, for all tests of the demo."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo.settings import FAULT_RATES, Settings
from demo.simulate import simulate


@dataclass(frozen=True)
class Run:
    folder: Path
    settings: Settings
    manifest: dict[str, Any]


def _many_faults() -> dict[str, float]:
    return {kind: min(rate * 6, 0.3) for kind, rate in FAULT_RATES.items()}


@pytest.fixture(scope="session")
def varied(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A month with a clock change and all kinds of fault."""
    settings = Settings(
        customers=300, days=30, end=dt.date(2026, 4, 5), seed=5, faults=_many_faults()
    )
    folder = tmp_path_factory.mktemp("varied")
    return Run(folder, settings, simulate(folder, settings))


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same company in plain CSV."""
    settings = Settings(
        customers=300,
        days=30,
        end=dt.date(2026, 4, 5),
        seed=5,
        faults=_many_faults(),
        formats="csv",
    )
    folder = tmp_path_factory.mktemp("plain")
    return Run(folder, settings, simulate(folder, settings))
