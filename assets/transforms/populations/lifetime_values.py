"""Historical, simple and basket lifetime value of customers: what is summed of each, and what not.

The arithmetic is in `assets.transforms.clv.simple`.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl

from assets.transforms.clv.simple import Lifespan, lifetime_terms
from assets.transforms.measures import Measure
from assets.transforms.populations.lifetime_sums import Valued
from assets.transforms.populations.population import counted_measure
from schemas.table import MONEY_SCALE

LOOK_BACK_INCOMPLETE: Final = "look_back_incomplete"
"""Sales do not reach back far enough to know who was a customer a year ago."""


def _mean(code: str) -> Measure:
    return counted_measure(code, "mean", decimals=MONEY_SCALE)


def _per_lost(code: str) -> Measure:
    return counted_measure(code, "ratio", counts_rows=True)


HISTORICAL: Final = _mean("clv_historical")
HISTORICAL_MARGIN: Final = _mean("clv_historical_margin")
SIMPLE: Final = _per_lost("clv_simple")
BASKET: Final = _per_lost("clv_basket")

_AMOUNTS: Final = {
    HISTORICAL.code: ("revenue_fixed", "unknown_amount"),
    HISTORICAL_MARGIN.code: ("margin_fixed", "unknown_cost"),
    SIMPLE.code: ("revenue_fixed", "unknown_amount"),
    BASKET.code: ("sales_fixed", "unknown_amount"),
}
"""Measure → amount to date, and why it is not known."""


def valued(
    customers: pl.DataFrame,
    nameless: int,
    *,
    lifespan: Lifespan,
    has_look_back: bool,
    wanted: Sequence[str],
) -> Iterator[Valued]:
    """Customers valued for each measure.

    Args:
        customers: From `lifetime_customers.buyers`, with the dimension columns.
        nameless: Orders and returns that name no account.
        lifespan: How long a customer stays.
        has_look_back: Whether sales reach back far enough to know the customers a year ago.
        wanted: Measures wanted.
    """
    for measure in (HISTORICAL, HISTORICAL_MARGIN, SIMPLE, BASKET):
        if measure.code not in wanted:
            continue
        amount, unknown = _AMOUNTS[measure.code]
        rows = customers.with_columns(pl.col(amount).alias("x"), pl.col(unknown).alias("reason"))
        if measure.shape == "mean":
            yield Valued(measure, rows, nameless)
            continue
        if lifespan == "churn" and not has_look_back:
            late = pl.col("reason").fill_null(LOOK_BACK_INCOMPLETE)
            rows = rows.with_columns(late.alias("reason"))

        def terms(frame: pl.DataFrame, by: Sequence[str], *, of: str = amount) -> pl.DataFrame:
            found = lifetime_terms(frame.lazy(), by, amount=of, lifespan=lifespan).collect()
            return found.with_columns(pl.col("x") / 10**MONEY_SCALE)

        yield Valued(measure, rows, nameless, terms=terms)
