"""The contracts leave the house as files, one a table."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.config import load_project
from pipelines.contracts import contract_files, contracted_tables, export
from pipelines.docs import DOCS, documents
from schemas.errors import BarometerError

DEMO = Path(__file__).parents[2] / "barometer.yaml"


def test_every_table_has_a_file_named_after_it() -> None:
    names = [table.name for table in contracted_tables()]
    assert list(contract_files()) == [f"{name}.odcs.yaml" for name in names]
    assert len(set(names)) == len(names)
    assert {"crm_account", "survey_answer", "kpi_value", "run_log", "data_quality_result"} <= set(
        names
    )


def test_the_documentation_holds_every_contract_and_no_other() -> None:
    stored = {f"contracts/{path.name}" for path in (DOCS / "contracts").iterdir()}
    assert stored == {name for name in documents() if name.startswith("contracts/")}


def test_export_writes_the_contracts_of_a_company(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue" / "contracts"
    project = load_project(DEMO)
    paths = export(project, folder)
    assert [path.name for path in paths] == list(contract_files())
    texts = [path.read_text(encoding="utf-8") for path in paths]
    assert all(yaml.safe_load(text)["tenant"] == project.company.name for text in texts)
    assert export(project, folder) == paths
    assert [path.read_text(encoding="utf-8") for path in paths] == texts


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(BarometerError, match="the contracts cannot be written") as caught:
        export(None, tmp_path / "taken")
    assert caught.value.mend
    assert "taken" in str(caught.value)


def test_the_command_tells_what_it_wrote(tmp_path: Path) -> None:
    arguments = ["contracts", "--output", str(tmp_path / "out"), "--config", str(DEMO)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert result.stdout == f"{len(contract_files())} contracts in {tmp_path / 'out'}\n"
    assert len(list((tmp_path / "out").iterdir())) == len(contract_files())


def test_export_without_a_company_writes_what_the_documentation_holds(tmp_path: Path) -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in export(None, tmp_path)}
    assert {f"contracts/{name}": text for name, text in written.items()}.items() <= (
        documents().items()
    )
