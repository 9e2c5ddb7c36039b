"""Conversion to the reporting currency: which rate serves, and exact rounding."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.transforms.money import Rates, foreign_currencies, with_reporting_money

FRIDAY, SATURDAY, SUNDAY, MONDAY = (dt.date(2026, 1, day) for day in (2, 3, 4, 5))
SCHEMA = {"amount": pl.Decimal(38, 4), "currency": pl.String, "day": pl.Date}


def rates(*rows: tuple[str, dt.date, float], max_age_days: int = 7) -> Rates:
    schema = {"currency": pl.String, "rate_date": pl.Date, "rate": pl.Float64}
    return Rates("EUR", pl.DataFrame(rows, schema=schema, orient="row"), max_age_days)


DOLLARS = rates(("USD", FRIDAY, 0.5), ("USD", MONDAY, 0.8), ("GBP", FRIDAY, 1.25))


def converted(rows: list[tuple[Any, ...]], by: Rates) -> list[tuple[int | None, bool]]:
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row").lazy()
    found = with_reporting_money(
        frame, {"amount": "money"}, currency="currency", day="day", rates=by
    )
    return found.select("money", "has_rate").collect(engine="streaming").rows()


def test_the_rate_of_the_day_or_the_last_before_it_serves() -> None:
    days = [FRIDAY, SATURDAY, SUNDAY, MONDAY]
    found = converted([(Decimal(2), "USD", day) for day in days], DOLLARS)
    assert [money for money, _ in found] == [10_000, 10_000, 10_000, 16_000]


def test_a_later_rate_never_serves() -> None:
    thursday = FRIDAY - dt.timedelta(days=1)
    assert converted([(Decimal(2), "USD", thursday)], DOLLARS) == [(None, False)]


def test_a_rate_serves_as_many_days_as_allowed_and_no_longer() -> None:
    by = rates(("USD", FRIDAY, 0.5), max_age_days=2)
    found = converted([(Decimal(2), "USD", SUNDAY), (Decimal(2), "USD", MONDAY)], by)
    assert found == [(10_000, True), (None, False)]


def test_with_no_age_allowed_only_the_day_itself_serves() -> None:
    by = rates(("USD", FRIDAY, 0.5), ("USD", MONDAY, 0.8), max_age_days=0)
    found = converted([(Decimal(2), "USD", day) for day in (FRIDAY, SATURDAY, MONDAY)], by)
    assert found == [(10_000, True), (None, False), (16_000, True)]


@pytest.mark.parametrize("by", [Rates("EUR"), rates(), DOLLARS])
def test_the_reporting_currency_needs_no_rate(by: Rates) -> None:
    rows = [(Decimal("1.2345"), code, FRIDAY) for code in ("EUR", "eur ", None, "")]
    assert converted(rows, by) == [(12_345, True)] * 4


@pytest.mark.parametrize("by", [Rates("EUR"), rates(), DOLLARS])
def test_a_currency_without_rates_has_none(by: Rates) -> None:
    assert converted([(Decimal(1), "JPY", FRIDAY)], by) == [(None, False)]


def test_a_rate_of_the_reporting_currency_is_not_used() -> None:
    by = rates(("EUR", FRIDAY, 3.0))
    assert converted([(Decimal(1), "EUR", FRIDAY)], by) == [(10_000, True)]


def test_codes_are_compared_in_capitals() -> None:
    by = rates(("usd", FRIDAY, 0.5))
    rows = [(Decimal(2), code, FRIDAY) for code in ("usd", " Usd", "USD")]
    assert converted(rows, by) == [(10_000, True)] * 3


def test_no_amount_has_no_money_and_a_rate_all_the_same() -> None:
    assert converted([(None, "USD", FRIDAY)], DOLLARS) == [(None, True)]


def test_a_foreign_amount_without_a_day_has_no_rate() -> None:
    found = converted([(Decimal(1), "USD", None), (Decimal(1), "EUR", None)], DOLLARS)
    assert found == [(None, False), (10_000, True)]


def test_halves_round_away_from_zero() -> None:
    amounts = ("0.0001", "-0.0001", "0.0003", "-0.0003", "0.0002")
    found = converted([(Decimal(a), "USD", FRIDAY) for a in amounts], DOLLARS)
    assert [money for money, _ in found] == [1, -1, 2, -2, 1]


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_rate_that_is_no_rate_is_as_if_it_were_not_there(rate: float) -> None:
    by = rates(("USD", FRIDAY, 0.5), ("USD", SATURDAY, rate))
    assert converted([(Decimal(2), "USD", SATURDAY)], by) == [(10_000, True)]


@settings(max_examples=60, deadline=None)
@given(
    st.decimals(-(10**9), 10**9, places=4),
    st.decimals("0.000001", "8999", places=6),
)
def test_conversion_is_decimal_arithmetic(amount: Decimal, rate: Decimal) -> None:
    exact = (amount * rate).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
    by = rates(("USD", FRIDAY, float(rate)))
    assert converted([(amount, "USD", FRIDAY)], by) == [(int(exact * 10_000), True)]


def test_rows_keep_their_order_and_columns() -> None:
    rows = [(Decimal(i), ("USD", "EUR", "GBP", None)[i % 4], SATURDAY) for i in range(50)]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    found = with_reporting_money(
        frame.lazy(), {"amount": "money"}, currency="currency", day="day", rates=DOLLARS
    ).collect()
    assert_frame_equal(found.select(list(SCHEMA)), frame)
    assert set(found.columns) == {*SCHEMA, "money", "has_rate"}


def test_rates_within_are_those_that_can_serve() -> None:
    by = rates(("USD", FRIDAY, 0.5), ("USD", SUNDAY, 0.6), ("GBP", MONDAY, 1.0), max_age_days=1)
    within = by.within(SUNDAY, SUNDAY)
    assert within.frame is not None
    assert within.frame.rows() == [("USD", SUNDAY, 0.6)]
    assert by.within(MONDAY, MONDAY, ["GBP"]).content == ("EUR", 1, [("GBP", "2026-01-05", 1.0)])
    assert Rates("EUR").within(MONDAY, MONDAY) == Rates("EUR")


def test_content_is_that_of_usable_rates_in_any_order() -> None:
    forth = rates(("USD", FRIDAY, 0.5), ("GBP", FRIDAY, 1.2), ("GBP", SATURDAY, 0.0))
    back = rates(("gbp", FRIDAY, 1.2), ("USD", FRIDAY, 0.5))
    assert forth.content == back.content


def test_foreign_currencies_are_the_others() -> None:
    codes = pl.DataFrame({"currency": ["usd", "EUR", None, "GBP", "USD ", ""]})
    assert foreign_currencies(codes, currency="currency", reporting="EUR") == ["GBP", "USD"]
