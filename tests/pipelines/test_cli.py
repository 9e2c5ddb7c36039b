"""The command line: light to start, clear about wrong options, documented to the last option."""

import subprocess
import sys

import pytest
import typer

from pipelines.cli import app
from pipelines.docs import DOCS, command_reference, documents
from tests.pipelines.company import DAYS, Company, hash_tree
from tests.pipelines.conftest import Barometer

HEAVY = {"dagster", "polars", "pyarrow", "duckdb", "great_expectations", "scipy", "numpy"}


def _imported_by(arguments: str) -> set[str]:
    script = f"""
import sys
from pipelines.cli import app
try:
    app({arguments})
except SystemExit:
    pass
sys.stderr.write("\\n".join(set(sys.modules) & set({sorted(HEAVY)!r})))
"""
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "barometer" in result.stdout.lower()
    return set(result.stderr.split())


@pytest.mark.parametrize("arguments", ["['--help']", "['run', '--help']"])
def test_help_imports_nothing_heavy(arguments: str) -> None:
    assert _imported_by(arguments) == set()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--date", "2025-02-01", "--from", "2025-01-30"), "either --date, or --from and --to"),
        (("--from", "2025-01-30"), "--from and --to go together"),
        (("--to", "2025-01-30"), "--from and --to go together"),
        (("--from", "2025-02-01", "--to", "2025-01-30"), "--from 2025-02-01 is after --to"),
        (("--date", "2025-01-29"), "allowed are days from start_date 2025-01-30"),
        (("--date", "2999-01-01"), "the last that has ended in Europe/Paris"),
        (("--date", "30/01/2025"), "'30/01/2025'"),
        (("--date", "2025-02-30"), "'2025-02-30'"),
        (("--dates", "2025-02-01"), "No such option: --dates"),
    ],
)
def test_wrong_dates_are_told_and_nothing_is_made(
    company: Company, invoke: Barometer, arguments: tuple[str, ...], message: str
) -> None:
    before = hash_tree(company.folder)
    result = invoke(company, "run", *arguments)
    assert result.exit_code == 2
    told = " ".join(result.stderr.replace("│", " ").split())
    assert message in told
    assert hash_tree(company.folder) == before


def test_a_wrong_configuration_ends_every_command(company: Company, invoke: Barometer) -> None:
    company.configure(("mode: snapshot", "mode: sometimes"))
    for command in ("run", "check", "status", "ui"):
        result = invoke(company, command)
        assert result.exit_code == 1, command
        assert "sources.accounts.mode" in result.stderr, command


def test_the_configuration_can_be_named(company: Company, invoke: Barometer) -> None:
    named = company.folder / "named.yaml"
    company.config.rename(named)
    assert invoke(company, "check", "--config", str(named)).exit_code == 0
    assert invoke(company, "check").exit_code == 1


def test_nobody_sees_warnings_of_dagster(company: Company) -> None:
    script = "from pipelines.cli import app; app(['run', '--date', '2025-01-30'])"
    result = subprocess.run(
        [sys.executable, "-c", script],
        env=company.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stderr == ""
    assert f"{DAYS[0]} done" in result.stdout


def test_every_command_and_option_is_documented() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCS.glob("*.md"))
    text += (DOCS.parent / "README.md").read_text(encoding="utf-8")
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert commands
    for name, command in commands.items():
        assert command.help, name
        assert f"barometer {name}" in text, name
        for option in command.params:
            assert option.help, f"{name} {option.name}"
            assert all(f"`{each}`" in text for each in option.opts), f"{name} {option.name}"


def test_the_generated_documents_are_fresh() -> None:
    stale = [
        name
        for name, text in documents().items()
        if not (DOCS / name).exists() or (DOCS / name).read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run `make format`"


def test_the_reference_has_every_command() -> None:
    reference = command_reference()
    for command in ("run", "check", "status", "ui"):
        assert f"## `barometer {command}`" in reference
    assert "| `--port` | `3000` | Port on this machine. |" in reference
