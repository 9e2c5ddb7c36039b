"""Measures of support costs, on the facts `cost` and `interaction`. Expressions only.

A state on both facts has a measure on each with the same code: entries of the ledger bring money,
interactions bring their own cost, where it is included, and are the contacts that it is divided by.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import narwhals as nw

from assets.transforms.measures import Measure
from schemas.config.kpis import KpiConfig
from schemas.table import MONEY_SCALE

_CONTACT = 10**MONEY_SCALE
"""One contact in fixed point."""


def support_kinds(config: KpiConfig) -> list[str]:
    """Kinds of the ledger that are support, as kinds are compared."""
    return [kind.strip().lower() for kind in config.support_cost.kinds]


def cost_measures(config: KpiConfig) -> Iterator[Measure]:
    """Every measure of support costs."""
    includes_own = config.support_cost.include_interaction_cost
    cost = nw.col("cost_fixed")
    total = Measure(
        code="support_cost",
        fact="cost",
        shape="mean",
        day="incurred_on",
        concerns=nw.col("kind").is_in(support_kinds(config)),
        reasons={"no_rate": ~nw.col("has_rate")},
        x=nw.col("amount_fixed"),
        is_fixed=True,
        decimals=MONEY_SCALE,
    )
    yield total
    if includes_own:
        no_cost = {"no_cost": cost.is_null()}
        yield _of_interactions(total, cost, reasons=no_cost)
    code = "support_cost_per_contact"
    a_contact = replace(total, code=code, shape="ratio", y=nw.lit(0))
    yield a_contact
    # a contact is one whether or not its own cost is recorded
    own = nw.when(cost.is_null()).then(nw.lit(0)).otherwise(cost)
    found = _of_interactions(a_contact, own if includes_own else nw.lit(0), reasons={})
    yield replace(found, y=nw.lit(_CONTACT))


def _of_interactions(ledger: Measure, x: nw.Expr, *, reasons: Mapping[str, nw.Expr]) -> Measure:
    """The same state from interactions, by the day they were opened."""
    return replace(ledger, fact="interaction", day="opened_on", concerns=None, reasons=reasons, x=x)
