"""The active customers of each period: who they are, what they last thought, how they made contact.

Active in a period is who is a customer when it begins, as the churn rate counts it, or becomes one
in it.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from assets.transforms.populations.counting import containing, covering
from assets.transforms.populations.customers import contracts_known_from, spells_of
from assets.transforms.populations.population import Asked, PopulationPeriods
from assets.transforms.spells import NEVER

_CUSTOMER: Final = ("period_start", "account_id")
_WITHOUT_OPINION: Final = "none"


@dataclass(frozen=True, slots=True)
class ActiveCustomers:
    """The active customers of the periods asked for.

    Attributes:
        spans: account_id and the periods that it is active in (`covering`).
        opinions: The same cut by the account's last opinion: with category.
        contacts: period_start, period_end, account_id, contacts, cost_fixed, uncosted, is_active,
            category.
        early: Periods whose customers are not known: they start before this day.
    """

    spans: pl.DataFrame
    opinions: pl.DataFrame
    contacts: pl.DataFrame
    early: pl.Expr


def active_customers(extracts: Mapping[str, pl.LazyFrame], asked: Asked) -> ActiveCustomers:
    """The active customers of the periods asked for.

    Args:
        extracts: `sale` or `contract`, and those of `contact` and `opinion` that are fed.
        asked: What is wanted.
    """
    spells, churn = spells_of(extracts, asked), asked.project.kpis.churn
    first_on = asked.firsts.get("sale") if churn.basis == "orders" else None
    since = contracts_known_from(asked.project)
    if first_on is not None:
        since = first_on + dt.timedelta(days=churn.inactivity_days)
    early = pl.col("period_start") < since if since else pl.lit(value=False)
    spans = _active(spells, asked.periods)
    opinions = asked.once("opinions", "opinion", lambda: _opinions(extracts))
    contacts = _contacts(extracts, asked.periods, spells, opinions)
    held = spans.join(opinions, on="account_id", how="inner")
    held = covering(held, asked.periods.ends, "held_from", "held_to")
    return ActiveCustomers(spans, held, contacts, early)


def _active(spells: pl.DataFrame, periods: PopulationPeriods) -> pl.DataFrame:
    """Accounts with the periods that a spell of theirs reaches into, each period once."""
    bounds = spells.with_columns(_ever=pl.lit(None, pl.Date))
    begun = covering(bounds, periods.tests, "starts_on", "_ever")
    spans = covering(begun, periods.starts, "_ever", "ends_on").sort("account_id", "starts_on")
    before = pl.col("_past").shift(1).over("account_id")
    fresh = spans.with_columns(pl.max_horizontal("_first", before).alias("_first"))
    return fresh.filter(pl.col("_first") < pl.col("_past")).select("account_id", "_first", "_past")


def _opinions(extracts: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """account_id, category and the days that the opinion is the account's last one."""
    if "opinion" not in extracts:
        days = {"held_from": pl.Date, "held_to": pl.Date}
        return pl.DataFrame(schema={"account_id": pl.String, "category": pl.String, **days})
    rows = extracts["opinion"].sort("account_id", "starts_on").collect()
    next_on = pl.col("starts_on").shift(-1).over("account_id")
    return rows.select(
        "account_id",
        "category",
        pl.col("starts_on").alias("held_from"),
        (next_on - pl.duration(days=1)).fill_null(NEVER).alias("held_to"),
    )


def _contacts(
    extracts: Mapping[str, pl.LazyFrame],
    periods: PopulationPeriods,
    spells: pl.DataFrame,
    opinions: pl.DataFrame,
) -> pl.DataFrame:
    """Contacts of each period and account, whether it is active and what it last thought."""
    if "contact" not in extracts:
        kinds = {"contacts": pl.Int64, "cost_fixed": pl.Int64, "uncosted": pl.Int64}
        schema = {"account_id": pl.String, "starts_on": pl.Date, **kinds}
        rows = pl.DataFrame(schema=schema)
    else:
        first, last = periods.starts[0], periods.ends[-1]
        rows = extracts["contact"].filter(pl.col("starts_on").is_between(first, last)).collect()
    sums = pl.col("contacts", "cost_fixed", "uncosted").sum()
    found = (
        containing(rows, periods, "starts_on")
        .group_by(*_CUSTOMER, "period_end")
        .agg(sums)
    )  # fmt: skip
    tested = pl.col("period_end") + pl.duration(days=1)
    active = (
        found.join(spells, on="account_id", how="inner")
        .filter(pl.col("starts_on") <= tested, pl.col("ends_on") >= pl.col("period_start"))
        .select(*_CUSTOMER, is_active=pl.lit(value=True))
        .unique()
    )
    held = (
        found.join(opinions, on="account_id", how="inner")
        .filter(pl.col("period_end").is_between("held_from", "held_to"))
        .select(*_CUSTOMER, "category")
    )
    return (
        found.join(active, on=_CUSTOMER, how="left")
        .join(held, on=_CUSTOMER, how="left")
        .with_columns(
            pl.col("is_active").fill_null(value=False),
            pl.col("category").fill_null(_WITHOUT_OPINION),
        )
    )
