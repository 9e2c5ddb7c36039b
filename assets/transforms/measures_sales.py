"""Measures on the facts `order` and `lead`: sales, margin, returns, delivery, conversion.

Expressions only.
"""

import dataclasses
from collections.abc import Iterator, Mapping

import narwhals as nw

from assets.transforms.measures import Measure
from schemas.table import MONEY_SCALE

_IS_RETURN = nw.col("is_return")
_NET = nw.col("net_fixed")
_COST = nw.col("cost_fixed")
_NOT_SOLD = {"cancelled": nw.col("is_cancelled")}
_NO_REVENUE = {
    **_NOT_SOLD,
    "no_rate": ~nw.col("has_rate"),
    "no_amount": _NET.is_null(),
}
_NO_MARGIN = {
    **_NO_REVENUE,
    "no_lines": ~nw.col("has_lines"),
    "no_cost": _COST.is_null(),
}


def _signed(amount: nw.Expr) -> nw.Expr:
    """An amount, negative on a return whichever sign its source gives it."""
    return nw.when(_IS_RETURN & (amount > 0)).then(amount * -1).otherwise(amount)


def _sales() -> nw.Expr:
    """1 for a sale and 0 for a return, in fixed point."""
    return nw.when(_IS_RETURN).then(nw.lit(0)).otherwise(nw.lit(10**MONEY_SCALE))


def sales_measures() -> Iterator[Measure]:
    """Every measure on orders and leads."""
    yield from _revenue()
    yield from _orders()
    yield from _leads()


def _revenue() -> Iterator[Measure]:
    margin = _signed(_NET) - _signed(_COST)
    yield _ratio("transaction_value", _signed(_NET), _sales(), reasons=_NO_REVENUE)
    yield _ratio("transaction_margin", margin, _sales(), reasons=_NO_MARGIN)
    of_revenue = _ratio("revenue_margin", margin, _signed(_NET), reasons=_NO_MARGIN)
    yield dataclasses.replace(of_revenue, counts_rows=True)


def _ratio(code: str, x: nw.Expr, y: nw.Expr, *, reasons: Mapping[str, nw.Expr]) -> Measure:
    """A ratio of exact amounts, by the day of the order."""
    return Measure(
        code=code,
        fact="order",
        shape="ratio",
        day="ordered_on",
        concerns=None,
        reasons=reasons,
        x=x,
        y=y,
        is_fixed=True,
        decimals=MONEY_SCALE,
        version=2,
    )


def _orders() -> Iterator[Measure]:
    yield Measure(
        code="returns",
        fact="order",
        shape="share",
        day="ordered_on",
        concerns=None,
        # no flag is not the same as no return: a source without it would have none at all
        reasons={**_NOT_SOLD, "no_return_flag": ~nw.col("is_return_known")},
        x=_IS_RETURN,
    )
    delivered_on, promised_on = nw.col("delivered_on"), nw.col("promised_on")
    yield Measure(
        code="on_time_delivery",
        fact="order",
        shape="share",
        day="delivered_on",
        concerns=~delivered_on.is_null() & ~_IS_RETURN,
        reasons={
            **_NOT_SOLD,
            "no_promise": promised_on.is_null(),
            "delivered_before_ordered": delivered_on < nw.col("ordered_on"),
        },
        x=delivered_on <= promised_on,
    )


def _leads() -> Iterator[Measure]:
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
