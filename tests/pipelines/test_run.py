"""`barometer run` from end to end: which dates it takes, what it makes, what it leaves alone."""

import datetime as dt

import dagster as dg
import pytest
from polars.testing import assert_frame_equal

from tests.pipelines.company import DAYS, Company, hash_tree
from tests.pipelines.conftest import Barometer


def _receipts(company: Company, table: str) -> dict[str, str]:
    """Month → content of a history table."""
    lake = company.lake
    return {
        month: receipt.content
        for month in lake.history_months(table)
        if (receipt := lake.history(table, month).receipt()) is not None
    }


def _nps(company: Company) -> dict[str, float]:
    rows = company.table("kpi_value").filter(
        kpi_code="nps", period_grain="month", segment_set="total"
    )
    return {str(row["period_start"]): row["value"] for row in rows.to_dicts()}


def test_the_first_run_loads_every_date_there_is(loaded_once: Company) -> None:
    for source in ("accounts", "orders", "answers"):
        assert [str(date) for date in loaded_once.lake.raw_dates(source)] == list(DAYS)


def test_it_publishes_what_the_extracts_say(loaded_once: Company) -> None:
    third = pytest.approx(100 / 3)  # of each day's three answers two are promoters, one detracts
    assert _nps(loaded_once) == {"2025-01-01": third, "2025-02-01": third}
    assert loaded_once.table("quarantine_summary")["rows"].sum() == len(DAYS)


def test_a_second_run_finds_nothing_new_and_touches_no_file(
    loaded: Company, invoke: Barometer
) -> None:
    before = hash_tree(loaded.lake.root)
    result = invoke(loaded, "run")
    assert result.exit_code == 0
    assert "nothing new" in result.output
    assert hash_tree(loaded.lake.root) == before


def test_a_date_asked_for_again_touches_no_file(loaded: Company, invoke: Barometer) -> None:
    before = hash_tree(loaded.lake.root)
    result = invoke(loaded, "run", "--date", DAYS[1])
    assert result.exit_code == 0, result.output
    assert hash_tree(loaded.lake.root) == before


def test_one_date_loads_that_date_alone(company: Company, invoke: Barometer) -> None:
    result = invoke(company, "run", "--date", DAYS[0])
    assert result.exit_code == 0, result.output
    assert [str(date) for date in company.lake.raw_dates("orders")] == [DAYS[0]]
    assert f"Tiny Company: {DAYS[0]} done" in result.output


def test_date_by_date_publishes_the_same_as_all_dates_at_once(
    company: Company, loaded_once: Company, invoke: Barometer
) -> None:
    assert invoke(company, "run", "--from", DAYS[1], "--to", DAYS[2]).exit_code == 0
    result = invoke(company, "run")  # the first date is still to be caught up with
    assert f"Tiny Company: {DAYS[0]} done" in result.output
    assert_frame_equal(company.values(), loaded_once.values())


def test_a_new_day_is_caught_up_with_alone(loaded: Company, invoke: Barometer) -> None:
    loaded.deliver("2025-02-02")
    result = invoke(loaded, "run")
    assert "Tiny Company: 2025-02-02 done" in result.output
    assert str(loaded.lake.raw_dates("orders")[-1]) == "2025-02-02"


def test_a_corrected_file_restates_its_month_and_no_other(
    loaded: Company, invoke: Barometer
) -> None:
    orders, answers = _receipts(loaded, "erp_order"), _receipts(loaded, "survey_response")
    amounts = _amounts(loaded)
    loaded.deliver_orders(DAYS[0], amount="99.00")
    result = invoke(loaded, "run")
    assert f"Tiny Company: {DAYS[0]} done" in result.output
    after = _receipts(loaded, "erp_order")
    assert after["2025-01"] != orders["2025-01"]
    assert after["2025-02"] == orders["2025-02"]
    assert _receipts(loaded, "survey_response") == answers
    assert _amounts(loaded)["2025-01-01"] == pytest.approx(amounts["2025-01-01"] + 89 / 4)
    assert _amounts(loaded)["2025-02-01"] == amounts["2025-02-01"]


def _amounts(company: Company) -> dict[str, float]:
    rows = company.table("kpi_value").filter(
        kpi_code="average_transaction_value", period_grain="month", segment_set="total"
    )
    return {str(row["period_start"]): row["value"] for row in rows.to_dicts()}


def test_a_changed_configuration_is_work_without_any_new_file(
    loaded: Company, invoke: Barometer
) -> None:
    loaded.configure(("segment_sets:\n", "kpis: {targets: {nps: 40}}\n\nsegment_sets:\n"))
    result = invoke(loaded, "run")
    assert f"{DAYS[0]} … {DAYS[2]} done" in result.output
    targets = loaded.table("kpi_value").filter(kpi_code="nps")["target"]
    assert targets.unique().to_list() == [40.0]
    assert "nothing new" in invoke(loaded, "run").output


def test_a_changed_mapping_maps_what_is_loaded_anew(loaded: Company, invoke: Barometer) -> None:
    loaded.configure(("B2C: consumer, B2B: business", "B2C: consumer"))
    assert invoke(loaded, "run").exit_code == 0
    reasons = loaded.table("quarantine_summary").filter(table_name="crm_account")
    assert reasons["column_name"].to_list() == ["kind"] * len(DAYS)


def test_with_every_event_refused_it_publishes_that_there_is_nothing(
    company: Company, invoke: Barometer
) -> None:
    company.configure(
        ("ordered_at: at", 'ordered_at: {from: at, format: "%d/%m/%Y"}'),
        ("responded_at: at}", 'responded_at: {from: at, format: "%d/%m/%Y"}}'),
    )
    result = invoke(company, "run")
    assert result.exit_code == 0, result.output
    assert company.table("kpi_value").is_empty()
    assert "region" in company.table("kpi_value").columns
    assert company.table("quarantine_summary")["rows"].sum() > 0


def test_a_lost_warehouse_is_written_again(
    loaded: Company, loaded_once: Company, invoke: Barometer
) -> None:
    loaded.lake.warehouse.unlink()
    assert invoke(loaded, "run").exit_code == 0
    assert_frame_equal(loaded.values(), loaded_once.values())


def test_no_file_at_all_is_told_with_what_was_looked_for(
    company: Company, invoke: Barometer
) -> None:
    company.configure(("path: ", "path: elsewhere/"))
    result = invoke(company, "run")
    assert result.exit_code == 1
    assert "no source has a file for any day" in result.output
    assert "elsewhere/orders_{date}.csv under" in result.output
    assert not company.lake.warehouse.exists()


def test_an_undated_file_goes_with_the_latest_date_of_the_others(
    company: Company, invoke: Barometer
) -> None:
    company.configure(("path: accounts_{date:%Y%m%d}.csv", "path: accounts_20250201.csv"))
    assert invoke(company, "run").exit_code == 0
    assert str(company.lake.raw_dates("accounts")[-1]) == DAYS[-1]
    assert "nothing new" in invoke(company, "run").output
    company.deliver_accounts(DAYS[-1], "id,kind,region\n001,B2C,West\n")
    assert f"Tiny Company: {DAYS[-1]} done" in invoke(company, "run").output


def test_every_run_of_dagster_ends(loaded_once: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", loaded_once.environment["DAGSTER_HOME"])
    with dg.DagsterInstance.get() as instance:
        assert {run.status for run in instance.get_runs()} == {dg.DagsterRunStatus.SUCCESS}


def test_a_truncated_file_is_told_by_name_and_line(loaded: Company, invoke: Barometer) -> None:
    values = loaded.table("kpi_value")
    loaded.deliver("2025-02-02")
    path = loaded.extracts / "orders_2025-02-02.csv"
    path.write_text('id,account,at,status,amount\n1,001,2025-02-02 08:00:00,"deliv', "utf-8")
    result = invoke(loaded, "run")
    assert result.exit_code == 1
    assert "orders_2025-02-02.csv, line 2: a quote is never closed" in result.output
    assert "failed" in result.output
    assert "What was published before is as it was" in result.output
    assert_frame_equal(loaded.table("kpi_value"), values)
    loaded.deliver_orders("2025-02-02")
    assert invoke(loaded, "run").exit_code == 0
    assert loaded.table("run_log")["as_of"].max() == dt.date(2025, 2, 2)


def test_paths_in_messages_are_not_broken_over_lines(loaded: Company, invoke: Barometer) -> None:
    assert str(loaded.lake.warehouse) in invoke(loaded, "run").output
    loaded.withdraw(f"accounts_{DAYS[0].replace('-', '')}.csv")
    loaded.lake.raw("accounts", dt.date(2025, 1, 30)).remove()
    result = invoke(loaded, "run", "--date", DAYS[0])
    assert f"under {loaded.extracts}\n" in result.output


def test_no_secret_reaches_a_file(
    company: Company, invoke: Barometer, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "s3cr3t-of-the-company"  # noqa: S105  looked for in files
    monkeypatch.setenv("TINY_KEY", secret)
    company.configure(
        ("surveys:\n", "privacy: {pii_key: '${TINY_KEY}'}\n\nsurveys:\n"),
        ("          region: region\n", "          region: region\n          name: kind\n"),
    )
    result = invoke(company, "run")
    assert result.exit_code == 0
    assert secret not in result.output
    files = [path for path in company.folder.rglob("*") if path.is_file()]
    assert not [path for path in files if secret.encode() in path.read_bytes()]
