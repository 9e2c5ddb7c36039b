import json
import subprocess
import sys
from pathlib import Path

import pytest

from demo.__main__ import main


def test_the_command_writes_and_says_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["--out", str(out), "--customers", "50", "--days", "2", "--seed", "1"]
    assert main([*arguments, "--end", "2026-02-10"]) == 0
    said = capsys.readouterr().out
    assert "2 days to 2026-02-10, 50 customers" in said
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["settings"]["start"] == "2026-02-09"
    assert (out / "crm/accounts/clients_20260209.csv").is_file()


def test_tables_and_faults_can_be_chosen(tmp_path: Path) -> None:
    main(["--out", str(tmp_path), "--customers", "50", "--days", "2", "--clean",
          "--formats", "csv", "--tables", "erp_order_line"])  # fmt: skip
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert list(manifest["tables"]) == ["erp_order_line"]
    assert manifest["faults"] == []


def test_impossible_arguments_end_with_a_usage_message(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "demo", "--out", str(tmp_path / "x"), "--customers", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "customers must be at least 1; found 0" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x").exists()
