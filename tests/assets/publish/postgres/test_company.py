"""A company that publishes to PostgreSQL: the commands, and readers' tables beside the lake's."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from assets.lake.layout import Lake
from assets.publish.value_history import scan_value_history
from pipelines.cli import app
from pipelines.config import load_project
from tests.pipelines.company import Company, new_company

SECRET = "sesame"  # noqa: S105  what no output may tell


@pytest.fixture
def company(tmp_path: Path, dsn: str, monkeypatch: pytest.MonkeyPatch) -> Company:
    company = new_company(tmp_path / "company")
    schema = f"company_{tmp_path.name[-12:]}".replace("-", "_")
    part = f"warehouse: {{kind: postgres, dsn: '${{BAROMETER_DSN}}', schema: {schema}}}\nsources:\n"
    company.configure(("sources:\n", part))
    monkeypatch.setenv("BAROMETER_DSN", dsn.replace("postgres:@", f"postgres:{SECRET}@"))
    return company


def invoke(company: Company, *arguments: str) -> Result:
    result = CliRunner().invoke(app, arguments, env=company.environment)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert SECRET not in result.output
    return result


def shown(company: Company, admin: "psycopg.Connection[Any]") -> list[tuple[Any, ...]]:
    schema = load_project(company.config).warehouse.schema_name
    admin.execute(f"SET search_path = {schema}".encode())
    query = (
        "SELECT v.value, v.n, v.publish_id = h.current_publish_id, l.run_id IS NOT NULL "
        "FROM kpi_value v JOIN kpi_value_history h "
        "USING (kpi_code, period_grain, period_start, segment_set, segment_key, known_at) "
        "JOIN run_log l ON l.publish_id = l.current_publish_id "
        "WHERE kpi_code = 'nps' AND period_grain = 'day' AND segment_set = 'total' "
        "ORDER BY period_start"
    )
    return admin.execute(query.encode()).fetchall()


def test_run_go_back_and_run_again(company: Company, admin: "psycopg.Connection[Any]") -> None:
    first = invoke(company, "run")
    assert first.exit_code == 0, first.output
    assert "Published: postgresql" in first.output
    assert not company.lake.warehouse.exists()
    before = shown(company, admin)
    assert before
    assert all(row[2:] == (True, True) for row in before)
    assert "nothing new" in invoke(company, "run").output

    company.deliver("2025-02-02")
    assert invoke(company, "run", "--date", "2025-02-02").exit_code == 0
    after = shown(company, admin)
    assert len(after) > len(before)

    back = invoke(company, "rollback")
    assert back.exit_code == 0, back.output
    assert "see publish" in back.output
    assert shown(company, admin) == before
    assert "nothing new" in invoke(company, "run").output  # which leaves it so
    assert shown(company, admin) == before
    refused = invoke(company, "rollback")
    assert refused.exit_code == 1
    assert "no publish before" in refused.output

    lake = Lake(company.folder / "lake")
    known = scan_value_history(lake, load_project(company.config)).collect()
    assert known["publish_id"].n_unique() == 2
    for path in [*company.folder.rglob("*.json"), *company.folder.rglob("*.log")]:
        assert SECRET not in path.read_text(encoding="utf-8"), path


def test_a_server_that_is_away_fails_the_run_clearly(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = f"postgresql://cx_loader:{SECRET}@127.0.0.1:1/warehouse"
    monkeypatch.setenv("BAROMETER_DSN", away)
    result = invoke(company, "run", "--from", "2025-01-30", "--to", "2025-02-01")
    assert result.exit_code == 1
    assert "postgresql 127.0.0.1:1/warehouse" in " ".join(result.output.split())


def test_roles_are_printed_or_applied(company: Company, admin: "psycopg.Connection[Any]") -> None:
    printed = invoke(company, "roles")
    assert printed.exit_code == 0
    assert 'CREATE ROLE "bi_reader" NOLOGIN' in printed.output
    applied = invoke(company, "roles", "--apply")
    assert applied.exit_code == 0, applied.output
    query = "SELECT count(*) FROM pg_roles WHERE rolname IN ('cx_loader', 'bi_reader')"
    assert admin.execute(query).fetchone() == (2,)


def test_a_file_has_no_roles(company: Company) -> None:
    company.configure()
    result = invoke(company, "roles")
    assert result.exit_code == 1
    assert "only a PostgreSQL warehouse has roles" in result.output
