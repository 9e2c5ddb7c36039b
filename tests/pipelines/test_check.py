"""`barometer check`: the configuration and the sources, all problems at once, nothing written."""

import pytest

from tests.pipelines.company import DAYS, Company, hash_tree
from tests.pipelines.conftest import Barometer


def test_what_is_right_is_said_with_the_last_files(company: Company, invoke: Barometer) -> None:
    company.withdraw(f"orders_{DAYS[-1]}.csv")
    result = invoke(company, "check")
    assert result.exit_code == 0
    *files, last = result.output.splitlines()
    assert last.startswith("barometer.yaml: 3 sources feed crm_account, erp_order,")
    assert files[1] == (
        f"orders: last files of {DAYS[-2]}: orders_{DAYS[-2]}.csv; "
        f"sought orders_{{date}}.csv under {company.extracts}"
    )
    assert [line.partition(":")[0] for line in files] == ["accounts", "orders", "answers"]


def test_problems_of_the_configuration_and_of_sources_together(
    company: Company, invoke: Barometer
) -> None:
    company.configure(
        ("Europe/Paris", "Europe/Lutetia"),
        ("net_amount: amount", "net_amount: total"),
        ("kind: relational", "kind: sometimes"),
        ("accounts_{date:%Y%m%d}.csv", "customers_{date}.csv"),
    )
    before = hash_tree(company.folder)
    result = invoke(company, "check", "--date", DAYS[-1])
    assert result.exit_code == 1
    expected = (
        "company.time_zone: 'Europe/Lutetia' is not an IANA time zone",
        "surveys.REL.kind: ",
        "sources.accounts.files.path: no file matches 'customers_{date}.csv' under",
        "sources.orders.tables.erp_order.columns.net_amount: ",
        f"orders_{DAYS[-1]}.csv has no column 'total'; it has: id, account, at, status, amount",
    )
    assert all(message in result.stderr for message in expected), result.stderr
    lines = result.stderr.splitlines()
    assert len(lines) == len(expected) - 1
    assert all(line.split(":")[1].isdigit() for line in lines)
    assert hash_tree(company.folder) == before


def test_a_file_that_cannot_be_read_is_told_with_its_line(
    company: Company, invoke: Barometer
) -> None:
    path = company.extracts / f"orders_{DAYS[-1]}.csv"
    path.write_text('id,account,at,status,amount\n1,"', encoding="utf-8")
    result = invoke(company, "check", "--date", DAYS[-1])
    assert f"sources.orders.files: {path.name}, line 2: a quote is never closed" in result.stderr


def test_a_lookup_for_a_column_that_the_other_source_has_not(
    company: Company, invoke: Barometer
) -> None:
    lookup = "lookup: {source: accounts, match: number, take: id}"
    column = "account_id: account\n          ordered_at"
    company.configure((column, column.replace("account\n", f"{{from: account, {lookup}}}\n")))
    result = invoke(company, "check", "--date", DAYS[-1])
    key = "sources.orders.tables.erp_order.columns.account_id.lookup.match"
    message = "accounts_20250201.csv has no column 'number'; it has: id, kind, region"
    assert f"{key}: {message}" in result.stderr


def test_the_last_date_with_files_is_looked_at(company: Company, invoke: Barometer) -> None:
    (company.extracts / "orders_2025-02-05.csv").write_text("number\n1\n", encoding="utf-8")
    assert invoke(company, "check", "--date", "2025-02-04").exit_code == 0
    result = invoke(company, "check", "--date", "2025-02-06")
    assert "orders_2025-02-05.csv has no column 'id'" in result.stderr


def test_a_source_that_may_be_missing_is_no_problem(company: Company, invoke: Barometer) -> None:
    for day in DAYS:
        company.withdraw(f"answers_{day}.csv")
    result = invoke(company, "check", "--date", DAYS[-1])
    assert result.exit_code == 0
    assert f"answers: no file up to {DAYS[-1]}; sought answers_{{date}}.csv" in result.output
    company.withdraw(f"orders_{DAYS[0]}.csv")
    result = invoke(company, "check", "--date", DAYS[0])
    assert "sources.orders.files.path: no file matches" in result.stderr
    assert f"for any day from {DAYS[0]} to {DAYS[0]}; mend" in result.stderr


def test_no_configuration_at_all(company: Company, invoke: Barometer) -> None:
    company.config.unlink()
    result = invoke(company, "check")
    assert result.exit_code == 1
    assert f"{company.config}: there is no such file" in result.stderr


@pytest.mark.parametrize(
    ("dsn", "code", "told"),
    [
        ("postgresql://u@db.example.com/cx", 0, "warning: warehouse.dsn: nothing proves whom"),
        ("postgresql://u@db.example.com/cx?sslmode=verify-full", 0, ""),
        ("postgresql://u:p@ss@db.example.com/cx", 1, "connection string of the warehouse cannot"),
    ],
)
def test_the_way_to_the_warehouse_is_looked_at(
    company: Company, invoke: Barometer, dsn: str, *, code: int, told: str
) -> None:
    there = f"warehouse: {{kind: postgres, dsn: '{dsn}'}}"
    company.configure(("version: 1", f"version: 1\n{there}"))
    result = invoke(company, "check")
    assert result.exit_code == code, result.output
    assert told in result.stderr
    assert bool(told) == bool(result.stderr)
