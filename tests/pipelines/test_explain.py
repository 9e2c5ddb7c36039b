"""What changes in published values is kept with its reasons, and every value can be explained."""

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.pipelines.company import ACCOUNTS, DAYS, Company, new_company
from tests.pipelines.conftest import Barometer
from tests.pipelines.daily import run_days

LATE = "2025-02-02"
AGAIN = "2025-01-31"


def _at(day: int) -> dt.datetime:
    return dt.datetime(2025, 2, day, 6, tzinfo=dt.UTC)


def _answers(company: Company) -> None:
    """A day's answers, and one of the last of January among them."""
    rows = [f"{LATE}-1,001,{LATE} 12:00:00,10", f"{LATE}-2,002,2025-01-31 18:00:00,0"]
    text = "\n".join(["id,account,at,nps", *rows, ""])
    (company.extracts / f"answers_{LATE}.csv").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def restated(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Published three times: at first; with late and corrected rows; with a customer who moved."""
    company = new_company(Path(tmp_path_factory.mktemp("restated")) / "company")
    assert run_days(company, *DAYS, now=_at(2)).is_new
    company.deliver(LATE)
    _answers(company)
    company.deliver_orders(AGAIN, amount="99.00")
    assert run_days(company, AGAIN, LATE, now=_at(3)).is_new
    for day in (*DAYS, LATE):
        company.deliver_accounts(day, ACCOUNTS.replace("003,B2B,North", "003,B2B,South"))
    assert run_days(company, *DAYS, LATE, now=_at(4)).is_new
    return company


def _restatements(company: Company, code: str, grain: str = "month") -> list[dict[str, Any]]:
    rows = company.table("kpi_restatement").filter(
        pl.col("kpi_code") == code, pl.col("period_grain") == grain
    )
    return rows.sort("known_at", "segment_key").to_dicts()


def test_late_rows_restate_their_month_and_segments(restated: Company) -> None:
    rows = [row for row in _restatements(restated, "nps") if row["known_at"] == _at(3)]
    assert [(row["segment_key"], row["reasons"], row["is_conclusive"]) for row in rows] == [
        ("South", "late_rows", True),
        ("all", "late_rows", True),
    ]
    assert [row["period_start"] for row in rows] == [dt.date(2025, 1, 1)] * 2
    (total,) = (row for row in rows if row["segment_key"] == "all")
    assert (total["old_n"], total["new_n"], total["old_known_at"]) == (6, 7, _at(2))
    assert total["old_value"] == pytest.approx(100 * 2 / 6)
    assert total["new_value"] == pytest.approx(100 * 1 / 7)
    assert total["logical_dates"] == LATE
    days = [row["period_start"] for row in _restatements(restated, "nps", "day")]
    assert set(days) >= {dt.date(2025, 1, 31)}
    assert dt.date(2025, 2, 1) not in {
        row["period_start"]
        for row in _restatements(restated, "nps", "day")
        if row["segment_key"] == "all"
    }


def test_an_order_that_was_corrected_is_told_apart(restated: Company) -> None:
    rows = _restatements(restated, "average_transaction_value")
    found = {(row["segment_key"], row["known_at"]): row for row in rows}
    total = found["all", _at(3)]
    assert total["reasons"] == "corrected_rows"
    assert (total["old_value"], total["new_value"]) == (17.75, 40.0)
    assert total["logical_dates"] == f"{AGAIN}, {LATE}"


def test_a_customer_who_moved_restates_segments_alone(restated: Company) -> None:
    rows = [row for row in _restatements(restated, "nps") if row["known_at"] == _at(4)]
    assert [(row["segment_key"], row["reasons"], row["is_conclusive"]) for row in rows] == [
        ("North", "segment_change", True),
        ("South", "segment_change", True),
    ]
    assert [row["new_value"] for row in rows] == [100.0, -20.0]


def test_unchanged_values_keep_the_instant_they_became_known_at(restated: Company) -> None:
    values = restated.table("kpi_value").filter(
        pl.col("kpi_code") == "nps", pl.col("period_grain") == "day", segment_set="total"
    )
    known = dict(values.select("period_start", "known_at").rows())
    assert known[dt.date(2025, 1, 30)] == _at(2)
    assert known[dt.date(2025, 1, 31)] == _at(3)


def test_the_history_ends_in_what_is_published(restated: Company) -> None:
    history = restated.table("kpi_value_history")
    values = restated.table("kpi_value")
    key = ["kpi_code", "period_grain", "period_start", "segment_set", "segment_key"]
    last = history.sort("known_at").group_by(key).last().filter(~pl.col("is_withdrawn"))
    assert last.height == values.height
    joined = values.join(last, on=[*key, "known_at", "run_id"], how="inner")
    assert joined.height == values.height
    assert (joined["value"].eq_missing(joined["value_right"])).all()


JANUARY = ("--period", "2025-01")


def test_explained_as_it_was_and_as_it_is(restated: Company, invoke: Barometer) -> None:
    before = invoke(restated, "explain", "nps", *JANUARY, "--as-known-on", "2025-02-02").output
    assert "Value: 33.33333333 points" in before
    assert "6 rows count, 0 are left out: as published" in before
    assert f"answers_{LATE}.csv" not in before
    now = invoke(restated, "explain", "nps", *JANUARY, "--rows", "9").output
    assert "Value: 14.28571429 points" in now
    assert "7 rows count, 0 are left out: as published" in now
    assert f"survey_answer from answers: answers_{LATE}.csv, row 2; counts" in now
    assert "33.33333333 → 14.28571429, n 6 → 7; late_rows" in now


def test_a_corrected_row_is_missing_from_what_was_known_then(
    restated: Company, invoke: Barometer
) -> None:
    words = ("explain", "average_transaction_value", *JANUARY)
    told = invoke(restated, *words, "--as-known-on", "2025-02-02").output
    assert "Value: 17.75 currency" in told
    assert "17.75 → 40, n 4 → 4; corrected_rows" in told


def test_a_segment_is_explained_by_its_own_rows(restated: Company, invoke: Barometer) -> None:
    told = invoke(restated, "explain", "nps", *JANUARY, "--segment", "region=South").output
    assert "Value: -20 points" in told
    assert "5 rows count, 0 are left out: as published" in told
    assert "segment_change" in told


def test_the_checks_of_its_extracts_are_told(restated: Company, invoke: Barometer) -> None:
    told = invoke(restated, "explain", "nps", *JANUARY).output
    assert "Checks of these extracts:" in told


UNKNOWN = [
    pytest.param(
        ("churn_rate", "--period", "2025-02"),
        "no value was published; all was left out (look_back_incomplete: ",
        id="left out",
    ),
    pytest.param(("npss", *JANUARY), "did you mean 'nps'?", id="KPI"),
    pytest.param(("nps", "--period", "2025-13"), "--period: no such period", id="period"),
    pytest.param(
        ("nps", *JANUARY, "--segment", "region=Nort"), "did you mean 'region=North'?", id="segment"
    ),
    pytest.param(("nps", *JANUARY, "--segment", "regio"), "did you mean 'region'?", id="set"),
    pytest.param(
        ("nps", *JANUARY, "--as-known-on", "2025-01-01"), "no value was published by", id="day"
    ),
]


@pytest.mark.parametrize(("words", "expected"), UNKNOWN)
def test_what_is_not_there_is_told_with_what_is(
    words: tuple[str, ...], expected: str, restated: Company, invoke: Barometer
) -> None:
    result = invoke(restated, "explain", *words)
    assert result.exit_code == 1
    assert expected in result.output
    assert "allowed:" in result.output


def test_a_kpi_that_follows_customers_names_the_files_it_reads(
    restated: Company, invoke: Barometer
) -> None:
    words = ("explain", "repeat_purchase_rate", *JANUARY)
    told = invoke(restated, *words).output
    assert "it is counted anew each period" in told
    for day in DAYS[:2]:
        assert f"orders_{day}.csv" in told
    assert f"orders_{LATE}.csv" not in told
    assert (
        "  erp_order from orders: orders_2025-01-31.csv, row 1"
        in invoke(restated, *words, "--segment", "region=North", "--rows", "9").output
    )
