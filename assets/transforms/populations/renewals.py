"""The population `renewals`: contracts that came up for renewal, by their planned end."""

from collections.abc import Mapping
from typing import Final

import polars as pl

from assets.transforms.dimensions import by_origin
from assets.transforms.facts import FactSource
from assets.transforms.populations.counting import containing
from assets.transforms.populations.customers import LOOK_BACK_INCOMPLETE
from assets.transforms.populations.population import (
    Asked,
    Population,
    PopulationStates,
    account_as_of,
    counted_measure,
)
from assets.transforms.populations.tally import Tally, first_reason
from assets.transforms.segments import SegmentSet, known
from schemas.dimensions import Origin, known_dimension
from schemas.warehouse import dimension_column

RENEWAL: Final = counted_measure("renewal", "share")
"""Contracts that came up for renewal, and whether they were renewed."""

_SOURCE: Final = FactSource(("crm_contract",), ("account", "product"))


def renewal_states(extracts: Mapping[str, pl.LazyFrame], asked: Asked) -> PopulationStates:
    """Contracts that came up and were renewed, by period and segment.

    A contract's plan is its own; the account is that of its planned end.

    Args:
        extracts: `contract`, with those that begin within the grace after the periods.
        asked: What is wanted.
    """
    first, last = asked.periods.starts[0], asked.periods.ends[-1]
    ending = extracts["contract"].filter(pl.col("ends_on").is_between(first, last)).collect()
    due = containing(ending, asked.periods, "ends_on")
    renewed = _renewed(due, extracts["contract"], _grace(asked))
    as_of = asked.as_of or asked.periods.ends.max()
    known_from = asked.project.kpis.known_from.crm_contract
    rows = due.with_columns(
        pl.col("contract_id").is_in(renewed.implode()).alias("x"),
        first_reason(
            {
                "no_account": pl.col("account_id").is_null(),
                "never_in_force": pl.col("last_on") < pl.col("starts_on"),
                "left_early": pl.col("last_on") < pl.col("ends_on"),
                # those renewed already too, lest only the others were missing
                "grace_open": pl.col("ends_on") + _grace(asked) > pl.lit(as_of, pl.Date),
                LOOK_BACK_INCOMPLETE: pl.col("period_start") < pl.lit(known_from, pl.Date),
            }
        ),
    )
    tally = Tally()
    for one in asked.sets:
        tally.count(_placed(rows, asked, one), RENEWAL, one)
    return tally.result()


def _grace(asked: Asked) -> pl.Expr:
    return pl.duration(days=asked.project.kpis.contracts.renewal_grace_days)


def _renewed(due: pl.DataFrame, contracts: pl.LazyFrame, grace: pl.Expr) -> pl.Series:
    """Ids of the contracts due that another one renews."""
    own = due.lazy().select("contract_id", "account_id", "product_id", "starts_on", "ends_on")
    others = contracts.filter(pl.col("last_on") >= pl.col("starts_on")).select(
        "account_id",
        "product_id",
        "renewed_from",
        pl.col("contract_id").alias("other_id"),
        pl.col("starts_on").alias("other_starts_on"),
        pl.col("last_on").alias("other_last_on"),
    )
    # what was over by then continues nothing
    follows = [
        pl.col("other_id") != pl.col("contract_id"),
        pl.col("other_starts_on") <= pl.col("ends_on") + grace,
        pl.col("other_last_on") > pl.col("ends_on"),
    ]
    named = own.join(others, left_on="contract_id", right_on="renewed_from").filter(follows)
    unnamed = own.join(
        others.filter(pl.col("renewed_from").is_null(), pl.col("account_id").is_not_null()),
        on=["account_id", "product_id"],
        nulls_equal=True,
    ).filter(
        *follows,
        pl.col("other_starts_on") > pl.col("starts_on"),
        pl.col("other_starts_on") >= pl.col("ends_on") - grace,
    )
    both = pl.concat([named.select("contract_id"), unnamed.select("contract_id")])
    return both.unique().collect()["contract_id"]


def _placed(rows: pl.DataFrame, asked: Asked, one: SegmentSet) -> pl.DataFrame:
    """Rows with the dimension columns of a set; unknown filled."""
    origins: dict[str, Origin] = {
        name: origin for name in one.dimensions if (origin := _SOURCE.carries(name)) is not None
    }
    found = rows.select(
        "period_start", "account_id", "product_id", "ends_on", "x", "reason",
        *[
            pl.col(known_dimension(name)[1]).alias(dimension_column(name))
            for name in by_origin(origins, "event")
        ],
    )  # fmt: skip
    if (products := by_origin(origins, "product")) and asked.products is not None:
        columns = [
            pl.col(known_dimension(name)[1]).alias(dimension_column(name)) for name in products
        ]
        named = asked.products.select("product_id", *columns)
        found = found.join(named, on="product_id", how="left")
    if accounts := by_origin(origins, "account"):
        own = SegmentSet(one.name, accounts)
        found = account_as_of(found, asked.versions, own, day="ends_on")
    return found.with_columns(known(one.columns))


RENEWALS: Final = Population(
    name="renewals",
    version=1,
    measures=(RENEWAL,),
    extracts=lambda _: ("contract",),
    source=_SOURCE,
    look_back_days=lambda _: 0,
    look_ahead_days=lambda project: project.kpis.contracts.renewal_grace_days,
    states=renewal_states,
    reads_products=True,
)
