"""A month of records against its suite, and what the outcomes say of it."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from assets.quality.contracts import judge_contract
from assets.quality.outcomes import Month, frame
from assets.quality.suites import suite
from schemas.errors import ConfigError
from schemas.registry import TABLES, canonical
from schemas.rules import PAIR_IN_ORDER
from tests.assets.history.builder import Row, instant
from tests.assets.quality.lakes import full_row, project, records

MARCH = "2026-03"
RULES = [
    (name, rule.kwargs["column_B"], rule.kwargs["column_A"], rule.kwargs["mostly"], rule.severity)
    for name, table in TABLES.items()
    for rule in table.checks
    if rule.type == PAIR_IN_ORDER
]


def judged(table: str, rows: list[Row], **quality: Any) -> pl.DataFrame:
    """Outcomes of a month's rows by subject."""
    expectations = suite(canonical(table), project(table, quality=quality))
    month = Month(table, MARCH)
    frame_of_rows = records(table, rows)
    return frame(
        judge_contract(frame_of_rows.lazy(), expectations, month, height=frame_of_rows.height)
    )


def of(outcomes: pl.DataFrame, subject: str) -> dict[str, Any]:
    return outcomes.row(by_predicate=pl.col("subject") == subject, named=True)


def expecting(*expectations: dict[str, Any]) -> dict[str, Any]:
    return {"tables": {"erp_order": {"expectations": list(expectations)}}}


def orders(*amounts: int | None) -> list[Row]:
    return [
        full_row("erp_order", number) | {"net_amount": amount}
        for number, amount in enumerate(amounts)
    ]


@pytest.mark.parametrize("name", TABLES)
def test_rows_that_meet_their_contract_pass(name: str) -> None:
    outcomes = judged(name, [full_row(name, number) for number in range(3)])

    assert set(outcomes["status"]) == {"passed"}
    assert set(outcomes["mend"]) == {""}


def test_only_times_whose_difference_is_a_kpi_block_publish() -> None:
    blocking = {(earlier, later) for _, earlier, later, _, severity in RULES if severity == "error"}

    assert blocking == {("opened_at", "first_response_at"), ("opened_at", "resolved_at")}


@pytest.mark.parametrize(("name", "earlier", "later", "mostly", "severity"), RULES)
def test_times_out_of_order_are_found(
    name: str, earlier: str, later: str, mostly: float, severity: str
) -> None:
    is_date = canonical(name).column(earlier).type == "date"
    times = (
        [dt.date(2026, 3, 2), dt.date(2026, 3, 1)]
        if is_date
        else [instant("2026-03-02T10:00:00"), instant("2026-03-02T09:59:59")]
    )
    rows = [full_row(name, number) | {earlier: times[0], later: times[0]} for number in range(100)]
    allowed = round((1 - mostly) * 100)

    for wrong, status in ((allowed, "passed"), (allowed + 1, severity)):
        bad = [row | {later: times[1]} for row in rows[:wrong]]
        outcomes = judged(name, [*bad, *rows[wrong:], full_row(name, 999)])

        pair = f"{PAIR_IN_ORDER} {later}, {earlier}"
        found = outcomes.filter(
            pl.col("subject").str.starts_with(pair),
            pl.col("upper_limit").round(6) == round(1 - mostly, 6),
        ).to_dicts()
        assert [(one["status"], one["rows_unexpected"]) for one in found] == [(status, wrong)]
        assert found[0]["rows_checked"] == 100 + (full_row(name, 0).keys() >= {earlier, later})
        assert ("mapping" in found[0]["mend"]) == (status != "passed")


def test_a_record_that_was_put_past_the_quarantine_is_found() -> None:
    rows = [full_row("crm_lead", number) for number in range(4)]
    rows[1] |= {"outcome": "perhaps"}
    rows[2] |= {"account_id": None, "outcome": None}

    outcomes = judged("crm_lead", rows)

    null = of(outcomes, "expect_column_values_to_not_be_null outcome")
    assert (null["status"], null["rows_unexpected"], null["rows_checked"]) == ("error", 1, 4)
    assert null["observed"] == 0.25
    assert null["message"] == "1 of 4 (25 %) records do not meet it"
    assert "barometer run --from" in null["mend"]
    strange = of(outcomes, "expect_column_values_to_be_in_set outcome")
    assert (strange["status"], strange["rows_unexpected"], strange["rows_checked"]) == (
        "error", 1, 3,
    )  # fmt: skip


def test_a_key_that_is_there_twice_is_found() -> None:
    rows = [{"kpi_code": "nps", "period_start": dt.date(2026, 1, 1), "value": 1.0}] * 2

    outcomes = judged("survey_benchmark", rows)

    key = of(
        outcomes,
        "expect_compound_columns_to_be_unique kpi_code, period_start, industry, country",
    )
    assert (key["status"], key["rows_unexpected"]) == ("error", 2)


def test_versions_of_an_account_differ_by_the_day_they_hold_from() -> None:
    rows = records("crm_account", [{"account_id": "a"}, {"account_id": "a"}])
    later = rows.with_columns(pl.Series("_valid_from", [None, dt.date(2026, 3, 2)]))
    expectations = suite(canonical("crm_account"), project("crm_account"))
    subject = "expect_compound_columns_to_be_unique account_id, _valid_from"

    same, apart = (
        frame(judge_contract(one.lazy(), expectations, Month("crm_account", "all"), height=2))
        for one in (rows, later)
    )

    assert of(same, subject)["status"] == "error"
    assert of(apart, subject)["status"] == "passed"
    assert of(apart, subject)["period_grain"] == "all"
    assert of(apart, subject)["period_start"] is None


def test_own_expectations_of_rows_tell_the_share() -> None:
    rule = {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "net_amount", "min_value": 0, "mostly": 0.8},
        "mend": "ask the shop",
    }

    outcomes = judged("erp_order", orders(-1, -2, 3, None), **expecting(rule))

    found = of(outcomes, "expect_column_values_to_be_between net_amount")
    assert found["status"] == "warn"
    assert found["observed"] == pytest.approx(2 / 3)
    assert (found["upper_limit"], found["unit"]) == (0.2, "share")
    assert found["message"] == "2 of 3 (66.7 %) records do not meet it; at most 20 % may"
    assert found["mend"] == "ask the shop"
    assert found["period_start"] == dt.date(2026, 3, 1)


def test_own_expectations_of_the_month_tell_the_figure() -> None:
    rules = [
        {
            "type": "expect_column_mean_to_be_between",
            "kwargs": {"column": "net_amount", "min_value": 5},
            "severity": "error",
        },
        {"type": "expect_table_row_count_to_be_between", "kwargs": {"max_value": 9}},
    ]

    outcomes = judged("erp_order", orders(1, 2, 3, None), **expecting(*rules))

    mean = of(outcomes, "expect_column_mean_to_be_between net_amount")
    assert (mean["status"], mean["observed"], mean["lower_limit"]) == ("error", 2.0, 5.0)
    assert mean["message"] == "4 records do not meet it: 2; allowed is 5 to …"
    assert "quality.tables.erp_order.expectations" in mean["mend"]
    assert mean["rows_unexpected"] is None
    rows = of(outcomes, "expect_table_row_count_to_be_between")
    assert (rows["status"], rows["observed"], rows["upper_limit"]) == ("passed", 4.0, 9.0)


def test_a_column_without_values_passes_without_a_figure() -> None:
    rule = {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "net_amount", "min_value": 0},
    }

    outcomes = judged("erp_order", orders(None, None), **expecting(rule))

    found = of(outcomes, "expect_column_values_to_be_between net_amount")
    assert (found["status"], found["observed"], found["rows_checked"]) == ("passed", None, 0)


def test_nothing_of_the_data_is_told() -> None:
    marked = {
        "name": "Marker", "email": "Marker", "phone": "Marker", "city": "Marker",
        "kind": "Marker", "account_id": "Marker",
    }  # fmt: skip
    rule = {"type": "expect_column_values_to_be_in_set", "severity": "error"}
    rules = [
        rule | {"kwargs": {"column": name, "value_set": ["other"]}} for name in ("name", "city")
    ]
    quality = {"tables": {"crm_account": {"expectations": rules}}}

    outcomes = judged("crm_account", [marked, marked], **quality)

    amiss = outcomes.filter(pl.col("status") != "passed")
    assert amiss.height == 4
    assert "Marker" not in outcomes.write_ndjson()


def test_an_expectation_that_cannot_be_evaluated_names_its_key() -> None:
    rule = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "colour"}}

    with pytest.raises(ConfigError, match=r"quality\.tables\.erp_order\.expectations"):
        judged("erp_order", orders(1), **expecting(rule))
