"""The fact `cost`: one row an entry of the cost ledger."""

from collections.abc import Mapping

import polars as pl

from assets.transforms.facts import Cut, FactFrame, Lookups, event_dimensions, lineage
from assets.transforms.money import with_reporting_money


def cost_fact(tables: Mapping[str, pl.LazyFrame], lookups: Lookups, cut: Cut) -> FactFrame:
    """One row an entry: incurred_on, kind (lower case), amount_fixed, has_rate, dimensions.

    Amounts are Int128 in units of 10⁻⁴ of the reporting currency, null where there is no rate.
    """
    del lookups  # all dimensions of an entry are its own
    entries = tables["erp_cost"].select(
        "incurred_on",
        cost_kind().alias("kind"),
        "amount",
        "currency",
        *lineage(cut),
        *event_dimensions(cut),
    )
    rows = with_reporting_money(
        entries, {"amount": "amount_fixed"}, currency="currency", day="incurred_on", rates=cut.rates
    )
    frame = rows.drop("amount", "currency").collect(engine="streaming")
    return FactFrame(frame, frame.lazy())


def cost_kind() -> pl.Expr:
    """Kind of an entry as kinds are compared: lower case without blanks around it."""
    return pl.col("kind").str.strip_chars().str.to_lowercase()
