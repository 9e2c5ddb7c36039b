"""The runbook and the deployment: every command runs, what they name exists."""

import datetime as dt
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

from pipelines.config import load_project
from tests.pipelines.company import DAYS, Company, no_order_above
from tests.pipelines.conftest import Barometer

ROOT = Path(__file__).parents[2]
RUNBOOK = ROOT / "docs" / "operations.md"
DEPLOY = ROOT / "deploy"
TOO_MUCH = no_order_above(1)
LATER = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=9)).isoformat()


def _commands(text: str) -> list[list[str]]:
    """Words of every `barometer` command in a document, each once, in order."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`(barometer [^`]+)`", text)
    words = [shlex.split(line, comments=True) for line in lines]
    found = {tuple(each[1:]) for each in words if each[:1] == ["barometer"]}
    return [list(each) for each in sorted(found)]


def test_every_command_of_the_runbook_does_its_work(loaded: Company, invoke: Barometer) -> None:
    """On a company with two publishes and a third that a check refused."""
    loaded.deliver_orders(DAYS[0], amount="99.00")
    assert invoke(loaded, "run").exit_code == 0
    loaded.configure(("segment_sets:\n", TOO_MUCH + "\nsegment_sets:\n"))
    loaded.deliver_orders(DAYS[0], amount="98.00")
    assert invoke(loaded, "run").exit_code == 1

    commands = _commands(RUNBOOK.read_text(encoding="utf-8"))
    waive = next(each for each in commands if each[0] == "waive")
    commands.remove(waive)
    errors = invoke(loaded, "checks", "--status", "error").output
    results = re.findall(r"\b([0-9a-f]{10})  ", errors)
    assert results, errors
    for name in results:  # one a month
        words = [{"RESULT": name, "2031-12-31": LATER}.get(each, each) for each in waive]
        assert invoke(loaded, *words).exit_code == 0
    assert {each[0] for each in commands} >= {"run", "status", "check", "checks", "explain"}
    for each in commands:
        result = invoke(loaded, *each)
        if each == ["roles"]:  # this company's warehouse is a file
            assert "only a PostgreSQL warehouse has roles" in result.output
            continue
        assert result.exit_code == 0, f"barometer {shlex.join(each)}: {result.output}"


def test_the_runbook_has_every_symptom() -> None:
    titles = set(re.findall(r"^## (.+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE))
    assert titles >= {
        "A source is late",
        "A check fails",
        "A publish is refused",
        "A figure looks wrong",
        "A run was killed",
        "The warehouse is unreachable",
        "A file of the lake is damaged",
        "The disk is full",
        "Personal data",
    }


def test_its_alerts_are_a_configuration_that_loads(company: Company) -> None:
    text = RUNBOOK.read_text(encoding="utf-8")
    [block] = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    company.configure(("segment_sets:\n", block + "\nsegment_sets:\n"))
    alerts = load_project(company.config, {}).alerts
    assert alerts.events == ("failure", "checks_error")
    assert (alerts.webhook, alerts.slack) == (None, None)
    assert alerts.email is not None


@pytest.mark.parametrize("document", [RUNBOOK, DEPLOY / "README.md"])
def test_links_lead_to_files(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (document.parent / link).exists(), link


def test_somebody_left_out_of_redelivered_files_is_no_longer_in_the_lake(
    loaded: Company, invoke: Barometer
) -> None:
    def places() -> set[str]:
        found = set()
        for layer in ("raw", "core", "history"):
            for path in (loaded.lake.root / layer).rglob("*.parquet"):
                texts = pl.read_parquet(path).select(pl.col(pl.String))
                if texts.select(pl.any_horizontal(pl.all() == "003").any()).item():
                    found.add(layer)
        return found

    assert places() == {"raw", "core", "history"}
    for path in loaded.extracts.iterdir():
        lines = path.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if "003" not in line.split(",")]
        path.write_text("\n".join([*kept, ""]), encoding="utf-8")
    assert invoke(loaded, "run").exit_code == 0
    assert places() == set()


def test_a_new_key_makes_new_pseudonyms(company: Company, invoke: Barometer) -> None:
    def names() -> set[str]:
        rows = pl.read_parquet(
            company.lake.root / "history" / "crm_account" / "all" / "data-*.parquet"
        )
        return set(rows["name"].drop_nulls())

    for day in DAYS:
        company.deliver_accounts(day, "id,kind,region,name\n001,B2C,North,Ada\n")
    seen = []
    for key in ("k" * 32, "m" * 32):
        company.configure(
            ("          region: region\n", "          region: region\n          name: name\n"),
            ("segment_sets:\n", f"privacy: {{pii_key: {key}}}\n\nsegment_sets:\n"),
        )
        assert invoke(company, "run").exit_code == 0
        seen.append(names())
    assert len(seen[0]) == len(seen[1]) == 1
    assert seen[0].isdisjoint(seen[1])
    assert "Ada" not in seen[0] | seen[1]


def test_the_example_environment_names_variables_that_are_read() -> None:
    text = (DEPLOY / "environment.example").read_text(encoding="utf-8")
    names = set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE))
    own = {"BAROMETER_CONFIG", "BAROMETER_DATA_DIR", "DAGSTER_HOME"}
    assert own <= names
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "pipelines").glob("*.py"))
    sources += (DEPLOY / "backup.py").read_text("utf-8")
    for name in own | {each for each in names if each.startswith(("DAGSTER_", "BACKUP_"))}:
        assert f'"{name}"' in sources, name


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
@pytest.mark.parametrize("unit", ["daemon", "webserver", "backup"])
def test_systemd_reads_the_units(tmp_path: Path, unit: str) -> None:
    name = f"cx-barometer-{unit}.service"
    text = (DEPLOY / "systemd" / name).read_text(encoding="utf-8")
    path = tmp_path / name
    # its folder is another one here, and the commands have to exist
    path.write_text(text.replace("/opt/cx-barometer", str(ROOT)), encoding="utf-8")
    result = subprocess.run(
        ["systemd-analyze", "verify", path],  # noqa: S607  wherever the system has it
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert name not in result.stderr
