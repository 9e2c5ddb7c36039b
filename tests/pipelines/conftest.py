"""A tiny company, as delivered and as loaded; every test has one of its own."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from tests.pipelines.company import Company, new_company

Barometer = Callable[..., Result]


@pytest.fixture(scope="session")
def invoke() -> Barometer:
    """Runs a command of `barometer` on a company, in this process."""

    def run(company: Company, *arguments: str) -> Result:
        result = CliRunner().invoke(app, arguments, env=company.environment)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """A company that has delivered its extracts and has not run."""
    return new_company(tmp_path / "company")


@pytest.fixture(scope="session")
def loaded_once(tmp_path_factory: pytest.TempPathFactory, invoke: Barometer) -> Company:
    """A company after its first run; read it, change nothing."""
    company = new_company(tmp_path_factory.mktemp("loaded") / "company")
    result = invoke(company, "run")
    assert result.exit_code == 0, result.output
    return company


@pytest.fixture
def loaded(loaded_once: Company, tmp_path: Path) -> Company:
    """A company after its first run, to go on with."""
    folder = tmp_path / "company"
    shutil.copytree(loaded_once.folder, folder)
    return Company(folder)
