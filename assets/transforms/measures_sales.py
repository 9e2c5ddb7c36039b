"""Measures on the facts `order` and `lead`: transaction value, conversion. Expressions only."""

from collections.abc import Iterator

import narwhals as nw

from assets.transforms.measures import Measure
from schemas.table import MONEY_SCALE


def sales_measures() -> Iterator[Measure]:
    """Every measure on orders and leads."""
    is_return, net = nw.col("is_return"), nw.col("net_fixed")
    yield Measure(
        code="transaction_value",
        fact="order",
        shape="ratio",
        day="ordered_on",
        concerns=None,
        reasons={
            "cancelled": nw.col("is_cancelled"),
            "foreign_currency": nw.col("is_foreign"),
            "no_amount": net.is_null(),
        },
        # a return is negative revenue whichever sign its source gives it
        x=nw.when(is_return & (net > 0)).then(net * -1).otherwise(net),
        y=nw.when(is_return).then(nw.lit(0)).otherwise(nw.lit(10**MONEY_SCALE)),
        is_fixed=True,
        decimals=MONEY_SCALE,
    )
    is_won = nw.col("outcome") == "won"
    yield Measure(
        code="lead_created",
        fact="lead",
        shape="share",
        day="created_on",
        concerns=None,
        reasons={},
        x=is_won,
    )
    yield Measure(
        code="lead_closed",
        fact="lead",
        shape="share",
        day="closed_or_created_on",
        concerns=nw.col("outcome").is_in(["won", "lost"]),
        reasons={"no_closing_day": nw.col("closed_on").is_null()},
        x=is_won,
    )
