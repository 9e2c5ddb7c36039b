"""The population `signings`: new customers of each period, and what they signed in it.

A customer is new in the period of the first signing on record.
"""

from collections.abc import Mapping
from typing import Final

import polars as pl

from assets.transforms.facts import FactSource
from assets.transforms.populations.counting import containing
from assets.transforms.populations.cuts import CUT, cuts_of
from assets.transforms.populations.population import (
    Asked,
    Population,
    PopulationStates,
    counted_measure,
    exclusion_rows,
)
from assets.transforms.populations.tally import Tally, first_reason
from schemas.table import MONEY_SCALE

CONTRACT_VALUE: Final = counted_measure("contract_value", "mean", decimals=MONEY_SCALE)
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
    first, last = asked.periods.starts[0], asked.periods.ends[-1]
    dated = signed.filter(pl.col("signed_on").is_between(first, last)).select(
        "account_id", "signed_on", "value_fixed", "has_rate", "reason"
    )
    in_period = containing(dated.collect(), asked.periods, "signed_on")
    firsts = asked.once("firsts", "contract", lambda: _first_signings(signed))
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
    tally, cuts = Tally(), cuts_of(asked)
    x, keys = pl.col("x"), ["period_start", CUT, "reason"]
    n = pl.len().cast(pl.Int64)
    sums = cuts.place(customers, "first_on").group_by(keys).agg(
        n.alias("n"), x.sum(), (x * x).sum().alias("xx")
    )  # fmt: skip
    others = cuts.place(left_out, "signed_on").group_by(keys).agg(n.alias("n"))
    counted = pl.col("reason").is_null()
    for one in asked.sets:
        by = ["period_start", "reason"]
        tally.add(cuts.summed(sums.filter(counted), one, by).drop("reason"), CONTRACT_VALUE, one)
        for rows in (sums.filter(~counted), others):
            counts = cuts.summed(rows, one, by).rename({"n": "count"})
            tally.exclusions.append(exclusion_rows(counts, CONTRACT_VALUE, one))
    return tally.result()


def _first_signings(signed: pl.LazyFrame) -> pl.DataFrame:
    """Day of the first signing of each account: account_id, first_on."""
    counts = signed.filter(pl.col("reason").is_null()).group_by("account_id")
    return counts.agg(pl.col("signed_on").min().alias("first_on")).collect()


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
