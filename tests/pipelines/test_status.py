"""`barometer status`: what is loaded, stale and in quarantine; it reads and changes nothing."""

from tests.pipelines.company import Company, hash_tree
from tests.pipelines.conftest import Barometer


def test_sources_kpis_and_quarantine(loaded_once: Company, invoke: Barometer) -> None:
    before = hash_tree(loaded_once.folder)
    result = invoke(loaded_once, "status")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert lines[0] == "Tiny Company, loaded up to 2025-02-01"
    assert "orders 3 2025-02-01 9" in lines
    quarantined = "erp_order ordered_at expect_column_values_to_not_be_null 3 2025-02-01"
    assert quarantined in lines
    assert "KPIs available: nps," in result.output
    missing = " ".join(result.output.split()).partition(" KPIs missing: ")[2]
    assert "conversion_rate," in missing
    assert " nps," not in missing
    assert lines[-1].startswith("readers see publish ")
    assert lines[-1].endswith(f" of {loaded_once.lake.warehouse}")
    assert hash_tree(loaded_once.folder) == before


def test_before_the_first_run(company: Company, invoke: Barometer) -> None:
    result = invoke(company, "status")
    assert result.exit_code == 0
    assert "never" in result.output
    assert "quarantine: empty" in result.output
    assert "readers: no publish can be read in" in result.output
    assert not company.lake.root.exists()
