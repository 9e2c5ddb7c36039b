"""What the published tables tell of sources, quarantine and KPIs."""

from pathlib import Path
from typing import Any

import pytest

from assets.publish.operations import kpi_inventory, quarantine_summary, source_status
from schemas.kpis.catalogue import CATALOGUE
from tests.assets.core.company import PRODUCTS, Company, day


@pytest.fixture
def company(tmp_path: Path) -> Company:
    company = Company(tmp_path)
    company.source("products", {"erp_product": PRODUCTS}, on_missing="skip", stale_after_days=1)
    return company


def status(company: Company, number: int) -> dict[str, Any]:
    return source_status(company.lake, company.project, as_of=day(number)).row(0, named=True)


def test_a_source_that_was_never_loaded(company: Company) -> None:
    company.pull("products", 0)
    found = status(company, 0)
    assert (found["dates_loaded"], found["dates_absent"], found["rows_raw"]) == (0, 1, 0)
    assert (found["first_loaded_on"], found["last_loaded_on"]) == (None, None)
    assert found["is_stale"]


def test_a_source_is_stale_when_its_latest_extract_is_too_old(company: Company) -> None:
    for number in (0, 2):
        company.deliver("products", number, "id,name\na,x\n")
    company.pull("products", 1)
    found = status(company, 3)
    assert (found["dates_loaded"], found["dates_absent"], found["rows_raw"]) == (2, 1, 2)
    assert (found["first_loaded_on"], found["last_loaded_on"]) == (day(0), day(2))
    assert [status(company, number)["is_stale"] for number in (2, 3, 4)] == [False, False, True]


def test_a_file_without_a_date_does_not_go_stale(company: Company) -> None:
    company.document["sources"]["products"]["files"]["path"] = "products_2024-03-01.csv"
    company.deliver("products", 0, "id,name\na,x\n")
    assert not status(company, 99)["is_stale"]


def test_quarantine_is_counted_by_date_and_reason(company: Company) -> None:
    assert quarantine_summary(company.lake, company.project).is_empty()
    for number, text in enumerate(["id,name\n,x\n,y\n", "id,name\na,x\n", "id,name\n,x\n"]):
        company.deliver("products", number, text)
    company.build("erp_product", "products", 0, 1, 2)
    found = quarantine_summary(company.lake, company.project)
    expectation = "expect_column_values_to_not_be_null"
    assert found.rows() == [
        ("erp_product", "products", day(0), "product_id", expectation, 2),
        ("erp_product", "products", day(2), "product_id", expectation, 1),
    ]


def test_every_kpi_is_in_the_inventory(company: Company) -> None:
    sources = source_status(company.lake, company.project, as_of=day(0))
    found = kpi_inventory(company.lake, company.project, sources, {})
    assert found["kpi_code"].to_list() == list(CATALOGUE)
    assert set(found["status"]) == {"missing"}
    assert found["missing_inputs"].null_count() == 0
    assert found["last_loaded_on"].null_count() == found.height


def test_a_kpi_of_a_stale_source_is_stale(company: Company) -> None:
    columns = {
        "lead_id": "id", "account_id": "id", "created_at": "at", "outcome": "outcome",
        "closed_at": "at", "amount": "amount", "currency": "currency",
    }  # fmt: skip
    company.source("leads", {"crm_lead": {"columns": columns}})
    company.deliver("leads", 0, ",".join(dict.fromkeys(columns.values())) + "\n")
    rows = {}
    for number in (0, 5):
        sources = source_status(company.lake, company.project, as_of=day(number))
        inventory = kpi_inventory(company.lake, company.project, sources, {})
        rows[number] = {row["kpi_code"]: row for row in inventory.to_dicts()}
    fresh = [code for code, row in rows[0].items() if row["status"] == "available"]
    assert fresh
    for code in fresh:
        assert rows[0][code]["last_loaded_on"] == day(0)
        assert (rows[5][code]["status"], rows[5][code]["stale_sources"]) == ("stale", "leads")
