"""A day without a file: skipped and recorded, or refused, as the source is configured."""

from tests.pipelines.company import DAYS, Company, hash_tree
from tests.pipelines.conftest import Barometer

NEW, NEXT = "2025-02-02", "2025-02-03"


def _statuses(company: Company) -> dict[str, str]:
    inventory = company.table("kpi_inventory")
    return dict(inventory.select("kpi_code", "status").rows())


def test_a_source_that_may_be_missing_holds_nobody_up(loaded: Company, invoke: Barometer) -> None:
    loaded.deliver(NEW)
    loaded.withdraw(f"answers_{NEW}.csv")
    result = invoke(loaded, "run")
    assert result.exit_code == 0, result.output
    [row] = loaded.table("source_status").filter(source="answers").to_dicts()
    assert (row["dates_loaded"], row["dates_absent"], row["is_stale"]) == (len(DAYS), 1, True)
    assert str(row["last_loaded_on"]) == DAYS[-1]


def test_kpis_that_need_it_are_stale_and_no_others(loaded: Company, invoke: Barometer) -> None:
    assert _statuses(loaded)["nps"] == "available"
    loaded.deliver(NEW)
    loaded.withdraw(f"answers_{NEW}.csv")
    invoke(loaded, "run")
    statuses = _statuses(loaded)
    assert statuses["nps"] == "stale"
    assert statuses["average_transaction_value"] == "available"
    assert statuses["conversion_rate"] == "missing"
    told = invoke(loaded, "status").output
    assert "loaded up to 2025-02-02" in told
    assert "KPIs stale: nps, nps_promoter_share" in told
    assert "stale because of: answers" in told


def test_a_late_file_is_caught_up_with(loaded: Company, invoke: Barometer) -> None:
    loaded.deliver(NEW)
    loaded.withdraw(f"answers_{NEW}.csv")
    invoke(loaded, "run")
    assert "nothing new" in invoke(loaded, "run").output
    loaded.deliver_answers(NEW)
    assert f"{NEW} done" in invoke(loaded, "run").output
    assert _statuses(loaded)["nps"] == "available"


def _without_a_mandatory_file(company: Company, invoke: Barometer) -> str:
    """A run of two new days, the first of which lacks its orders; what it said."""
    company.deliver(NEW)
    company.deliver(NEXT)
    company.withdraw(f"orders_{NEW}.csv")
    result = invoke(company, "run")
    assert result.exit_code == 1
    return result.output


def test_a_missing_mandatory_file_is_named_with_its_source_and_pattern(
    loaded: Company, invoke: Barometer
) -> None:
    told = _without_a_mandatory_file(loaded, invoke)
    assert f"raw__orders: source orders: no file for {NEW}" in told
    assert f"nothing matches 'orders_{{date}}.csv' under {loaded.extracts}" in told


def test_without_it_the_others_go_on_and_the_old_publish_stays(
    loaded: Company, invoke: Barometer
) -> None:
    warehouse = hash_tree(loaded.lake.warehouse.parent)
    _without_a_mandatory_file(loaded, invoke)
    assert hash_tree(loaded.lake.warehouse.parent) == warehouse
    for table, source in (("crm_account", "accounts"), ("survey_answer", "answers")):
        assert [str(date) for date in loaded.lake.core_dates(table, source)][-2:] == [NEW, NEXT]
    assert str(loaded.lake.raw_dates("orders")[-1]) == NEXT


def test_once_it_is_there_a_plain_run_makes_everything_good(
    loaded: Company, invoke: Barometer
) -> None:
    _without_a_mandatory_file(loaded, invoke)
    loaded.deliver_orders(NEW)
    result = invoke(loaded, "run")
    assert result.exit_code == 0, result.output
    daily = loaded.table("kpi_value").filter(
        kpi_code="average_transaction_value", period_grain="day", segment_set="total"
    )
    assert [str(day) for day in daily["period_start"].sort()] == [*DAYS, NEW, NEXT]


def test_all_days_without_a_mandatory_file_are_told(loaded: Company, invoke: Barometer) -> None:
    result = invoke(loaded, "run", "--from", NEW, "--to", "2025-02-09")
    orders = result.output.partition("raw__orders: ")[2].partition("raw__")[0]
    assert orders.count("no file for 2025-02-0") == 5
    assert "and 3 further dates" in orders
