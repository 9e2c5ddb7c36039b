"""`barometer kpis`: what each department has and lacks; it reads and changes nothing."""

from tests.pipelines.company import Company, hash_tree
from tests.pipelines.conftest import Barometer


def _rows(text: str) -> dict[str, str]:
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    return {line.partition(" ")[0]: line for line in lines}


def test_what_is_missing_is_named(loaded_once: Company, invoke: Barometer) -> None:
    before = hash_tree(loaded_once.folder)
    result = invoke(loaded_once, "kpis")
    assert result.exit_code == 0
    rows = _rows(result.output)
    assert " available" in rows["nps"]
    assert "crm_lead.created_at" in " ".join(result.output.split())
    assert "missing" in rows["conversion_rate"]
    assert "survey_question.metric=" in " ".join(result.output.split())
    assert hash_tree(loaded_once.folder) == before


def test_one_department(loaded_once: Company, invoke: Barometer) -> None:
    rows = _rows(invoke(loaded_once, "kpis", "--department", "human resources").output)
    assert "employee_turnover" in rows
    assert "nps" not in rows


def test_a_department_that_is_none_tells_which_there_are(
    loaded_once: Company, invoke: Barometer
) -> None:
    result = invoke(loaded_once, "kpis", "--department", "Sails")
    assert result.exit_code == 1
    assert "Sails" in result.output
    assert "Sales" in result.output
