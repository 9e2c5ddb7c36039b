"""Money in the reporting currency: amounts converted by the rate of their day.

Amounts become fixed-point integers (`schemas.table.MONEY_SCALE`); a rate is looked up on the day of
the event, or the last one before it that is not too old.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl


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
    raise NotImplementedError
