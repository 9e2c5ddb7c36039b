"""The population `signings`: new customers of each period, and what they signed in it.

A customer is new in the period of the first signing on record.
"""

from collections.abc import Mapping
from typing import Final

import narwhals as nw
import polars as pl

from assets.transforms.facts import FactSource
from assets.transforms.measures import Measure
from assets.transforms.populations.population import (
    Asked,
    Population,
    PopulationStates,
    account_as_of,
)
from assets.transforms.populations.tally import Tally, first_reason, in_periods
from schemas.table import MONEY_SCALE

CONTRACT_VALUE: Final = Measure(
    code="contract_value",
    fact="population",
    shape="mean",
    day="period_start",
    concerns=None,
    reasons={},
    x=nw.col("x"),
    is_fixed=True,
    decimals=MONEY_SCALE,
)
"""New customers and the total value of what each signed in the period (x)."""

_CUSTOMER = ("period_start", "account_id")


def signing_states(extracts: Mapping[str, pl.LazyFrame], asked: Asked) -> PopulationStates:
    """Value of the contracts signed by new customers, by period and segment.

    A customer's segment is that of the account on the day of its first signing.

    Args:
        extracts: `contract`.
        asked: What is wanted.
    """
    no_account = pl.col("account_id").is_null()
    never = pl.col("last_on") < pl.col("starts_on")
    signed = extracts["contract"].with_columns(
        first_reason({"no_account": no_account, "never_in_force": never})
    )
    is_signed_in = [pl.col("signed_on").is_between("period_start", "period_end")]
    in_period = in_periods(signed, asked.periods, is_signed_in)
    firsts = (
        signed.filter(pl.col("reason").is_null())
        .group_by("account_id")
        .agg(pl.col("signed_on").min().alias("first_on"))
        .collect()
    )
    lacks = pl.col("value_fixed").is_null()
    customers = (
        in_period.filter(pl.col("reason").is_null())
        .join(firsts, on="account_id", how="inner")
        .filter(pl.col("first_on") >= pl.col("period_start"))
        .group_by(*_CUSTOMER, "first_on")
        .agg(
            pl.col("value_fixed").cast(pl.Int128).sum().alias("x"),
            (lacks & pl.col("has_rate")).any().alias("lacks_amount"),
            (lacks & ~pl.col("has_rate")).any().alias("lacks_rate"),
        )
        .with_columns(
            first_reason(
                {"no_amount": pl.col("lacks_amount"), "no_rate": pl.col("lacks_rate")}
            )
        )
    )  # fmt: skip
    # without the contract's plan, which is not the account's
    left_out = in_period.filter(pl.col("reason").is_not_null()).select(
        *_CUSTOMER, "signed_on", "reason"
    )
    tally = Tally()
    for one in asked.sets:
        placed = account_as_of(customers, asked.versions, one, day="first_on")
        tally.count(placed, CONTRACT_VALUE, one)
        other = account_as_of(left_out, asked.versions, one, day="signed_on")
        tally.leave_out(other, CONTRACT_VALUE, one)
    return tally.result()


SIGNINGS: Final = Population(
    name="signings",
    version=1,
    measures=(CONTRACT_VALUE,),
    extracts=lambda _: ("contract",),
    source=FactSource(("crm_account",), ("account",)),
    # whose first contract it is shows only in all that were signed before
    look_back_days=lambda _: None,
    states=signing_states,
)
