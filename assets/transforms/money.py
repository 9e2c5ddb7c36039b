"""Money in the reporting currency: amounts converted by the rate of their day.

Amounts become fixed-point integers (`schemas.table.MONEY_SCALE`); a rate is looked up on the day of
the event, or the last one before it that is not too old. Where rates are read from is
`assets.kpi.rates`' work.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from schemas.table import MONEY_SCALE

RATE_DECIMALS: Final = 12
"""Decimals of a rate in fixed point.

The least rate that the contract allows is 10⁻¹², and a decimal rate below 9,000 that has no more
of them comes back from its binary form as it was written. A converted amount may be 10²² whole
units of the reporting currency before the product overflows.
"""

RATE_UNITS: Final = 10**RATE_DECIMALS

RATE: Final = "_rate_fixed"
"""Column of a row's rate in fixed point."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates of exchange.

    Attributes:
        reporting: Reporting currency, ISO 4217.
        frame: currency, rate_date, rate (reporting currency per unit); None without any.
        max_age_days: Days that a rate serves after its own.
    """

    reporting: str
    frame: pl.DataFrame | None = None
    max_age_days: int = 7

    def within(
        self, first: dt.date, last: dt.date, currencies: Collection[str] | None = None
    ) -> "Rates":
        """Those that may serve on the days of a range, both ends included.

        Args:
            first: First day.
            last: Last day.
            currencies: Only those of these currencies (`currency_code`); all by default.
        """
        if self.frame is None:
            return self
        oldest = first - dt.timedelta(days=self.max_age_days)
        kept = self.frame.filter(pl.col("rate_date").is_between(oldest, last))
        if currencies is not None:
            kept = kept.filter(currency_code("currency").is_in(list(currencies)))
        return replace(self, frame=kept)

    @property
    def content(self) -> tuple[object, ...]:
        """What conversions by them depend on, for a fingerprint."""
        rows = [] if self.frame is None else _clean(self.frame).rows()
        return (self.reporting.upper(), self.max_age_days, [(c, str(d), r) for c, d, r in rows])


def currency_code(column: str) -> pl.Expr:
    """Currency in capitals without blanks; null where there is none."""
    code = pl.col(column).cast(pl.String).str.strip_chars().str.to_uppercase()
    return pl.when(code != "").then(code)


def foreign_currencies(
    rows: pl.DataFrame | pl.LazyFrame, *, currency: str, reporting: str
) -> list[str]:
    """Codes of the currencies other than the reporting one, in order."""
    codes = rows.lazy().select(currency_code(currency).alias("code")).unique().collect()["code"]
    return sorted(code for code in codes.drop_nulls() if code != reporting.upper())


def with_reporting_money(
    rows: pl.LazyFrame, amounts: Mapping[str, str], *, currency: str, day: str, rates: Rates
) -> pl.LazyFrame:
    """Add each amount in the reporting currency, as Int128 in units of 10⁻⁴.

    An amount without a currency is in the reporting one. Halves round away from zero.

    Args:
        rows: Amounts (Decimal), currency and day.
        amounts: Amount column → column to add; null where there is no amount or no rate.
        currency: Column of the amounts' currency.
        day: Date column that decides the rate.
        rates: Rates of exchange.

    Returns:
        The rows with the columns and `has_rate`, false where the currency is another and no rate
        of it is recent enough.
    """
    rated = with_rate(rows, currency=currency, day=day, rates=rates)
    scale = pl.Decimal(38, MONEY_SCALE)
    return rated.with_columns(
        converted(pl.col(amount).cast(scale).to_physical()).alias(name)
        for amount, name in amounts.items()
    ).drop(RATE)


def with_rate(rows: pl.LazyFrame, *, currency: str, day: str, rates: Rates) -> pl.LazyFrame:
    """Add the rate of each row in fixed point (`RATE`, null without any) and `has_rate`.

    Args:
        rows: Currency and day.
        currency: Column of the currency; none is the reporting one.
        day: Date column that decides the rate.
        rates: Rates of exchange.
    """
    code = currency_code(currency)
    is_reporting = code.is_null() | (code == rates.reporting.upper())
    own = pl.when(is_reporting).then(pl.lit(RATE_UNITS, pl.Int128))
    if rates.frame is None or rates.frame.is_empty():
        rated = rows.with_columns(own.alias(RATE))
    else:
        joined = rows.with_columns(code.alias("_code")).join(
            _daily(rates.frame, rates.max_age_days).lazy(),
            left_on=["_code", day],
            right_on=["_rate_currency", "_rate_day"],
            how="left",
            maintain_order="left",
        )
        rated = joined.with_columns(own.otherwise(pl.col(RATE)).alias(RATE)).drop("_code")
    return rated.with_columns(pl.col(RATE).is_not_null().alias("has_rate"))


def converted(fixed: pl.Expr) -> pl.Expr:
    """Money in fixed point times the row's `RATE`, halves away from zero; integers throughout."""
    product = fixed * pl.col(RATE)
    half = pl.lit(RATE_UNITS // 2, pl.Int128)
    size = (product.abs() + half) // pl.lit(RATE_UNITS, pl.Int128)
    return pl.when(product < 0).then(size * -1).otherwise(size)


def _clean(frame: pl.DataFrame) -> pl.DataFrame:
    """Usable rates in order: codes in capitals, one a currency and day."""
    rate = pl.col("rate")
    return (
        frame.filter(rate.is_finite(), rate > 0)
        .sort("rate_date", "currency", "rate")  # of `USD` and `usd` on one day, the capitals
        .select(currency_code("currency").alias("currency"), "rate_date", "rate")
        .drop_nulls()
        .unique(["currency", "rate_date"], keep="first")
        .sort("currency", "rate_date")
    )


def _daily(frame: pl.DataFrame, max_age_days: int) -> pl.DataFrame:
    """The rate of each currency and day that has one: `_rate_currency`, `_rate_day`, `RATE`."""
    day = pl.col("rate_date")
    newest = day + pl.duration(days=max_age_days)
    next_on = day.shift(-1).over("currency", order_by="rate_date")
    days = pl.date_ranges(day, pl.min_horizontal(newest, next_on - pl.duration(days=1)))
    fixed = (pl.col("rate") * RATE_UNITS).round().cast(pl.Int128)
    return (
        _clean(frame)
        .with_columns(days.alias("_rate_day"), fixed.alias(RATE))
        .explode("_rate_day", empty_as_null=False)
        .select(pl.col("currency").alias("_rate_currency"), "_rate_day", RATE)
    )
