"""The populations of buyers: how often they buy, for how much, from how many product families.

A buyer is an account with a sale; returns are no sales, but negative revenue. Buyers are cut by
what their account is on the last day of the period.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Final

import polars as pl

from assets.transforms.populations.counting import containing, counted, covering
from assets.transforms.populations.customers import (
    ACCOUNTS,
    leave_out_early,
    leave_out_nowhere,
)
from assets.transforms.populations.cuts import CUT, Cuts, cuts_of, steps_of
from assets.transforms.populations.families import families_held, with_families
from assets.transforms.populations.population import (
    Asked,
    Population,
    PopulationStates,
    counted_measure,
    exclusion_rows,
)
from assets.transforms.populations.tally import REASON, Tally
from assets.transforms.segments import TOTAL, SegmentSet
from assets.transforms.spells import NEVER
from schemas.table import MONEY_SCALE

REPEAT_PURCHASE: Final = counted_measure("repeat_purchase", "share")
"""Buyers of the period (n), and those with two orders or more in it (x)."""

REPEAT_PURCHASE_TO_DATE: Final = counted_measure("repeat_purchase_to_date", "share")
"""Buyers to date (n), and those with two orders or more to date (x)."""

CUSTOMER_REVENUE: Final = counted_measure("customer_revenue", "mean", decimals=MONEY_SCALE)
"""Net revenue of each buyer of the period (x)."""

CROSS_SELL: Final = counted_measure("cross_sell", "share")
"""Buyers of the window (n), and those who bought from two product families or more in it (x)."""

_ONE_DAY: Final = dt.timedelta(days=1)
_FOR_EVER: Final = "_for_ever"
_MANY: Final = 2
"""Orders that make a repeated purchase, families that make a cross-sale."""


def buyer_states(extracts: Mapping[str, pl.LazyFrame], asked: Asked) -> PopulationStates:
    """Buyers of each period: how many bought again, and what each brought in.

    Args:
        extracts: `sale`.
        asked: What is asked for.
    """
    tally = Tally()
    owners = _sales_of_periods(extracts["sale"], asked)
    nameless, named = (
        owners.filter(pl.col("account_id").is_null()),
        owners.filter(pl.col("account_id").is_not_null()),
    )
    cuts = cuts_of(asked)
    bought, revenue, unvalued = _sums_of_buyers(cuts.place(named, "period_end"))
    for one in asked.sets:
        tally.add(cuts.summed(bought, one, ["period_start"]), REPEAT_PURCHASE, one)
        leave_out_nowhere(tally, _nameless(nameless, "sales"), REPEAT_PURCHASE, one)
        leave_out_nowhere(tally, _nameless(nameless, "rows"), CUSTOMER_REVENUE, one)
        valued = cuts.summed(revenue, one, ["period_start", REASON])
        is_in = pl.col(REASON).is_null()
        tally.add(valued.filter(is_in).drop(REASON), CUSTOMER_REVENUE, one)
        counts = valued.filter(~is_in).rename({"n": "count"})
        tally.exclusions.append(exclusion_rows(counts, CUSTOMER_REVENUE, one))
        left_out = cuts.summed(unvalued, one, ["period_start"])
        for reason in ("no_amount", "no_rate"):
            counts = left_out.filter(pl.col(reason) > 0).with_columns(
                pl.lit(reason).alias(REASON), pl.col(reason).alias("count")
            )
            tally.exclusions.append(exclusion_rows(counts, CUSTOMER_REVENUE, one))
    return tally.result()


def _sums_of_buyers(
    owners: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Sums by period and cut: of buyers, of their revenue (by reason), of what has no value."""
    keys = ["period_start", CUT]
    n = pl.len().cast(pl.Int64).alias("n")
    again = (pl.col("sales") >= _MANY).cast(pl.Int64).sum().alias("x")
    bought = owners.filter(pl.col("sales") > 0).group_by(keys).agg(n, again)
    reason = pl.when(pl.col("valued_sales") == 0).then(pl.lit("no_sale")).alias(REASON)
    is_valued = pl.col("rows") > pl.col("no_amount") + pl.col("no_rate")
    net = pl.col("net").cast(pl.Int128)
    revenue = (
        owners.filter(is_valued)
        .group_by(*keys, reason)
        .agg(n, net.sum().alias("x"), (net * net).sum().alias("xx"))
    )
    unvalued = owners.group_by(keys).agg(pl.col("no_amount", "no_rate").sum())
    return bought, revenue, unvalued


def buyer_to_date_states(extracts: Mapping[str, pl.LazyFrame], asked: Asked) -> PopulationStates:
    """Buyers up to the end of each period, and those of them who had bought again.

    Args:
        extracts: `sale`, all there is.
        asked: What is asked for.
    """
    tally, periods = Tally(), asked.periods
    sales = extracts["sale"].filter("is_sale")
    bought = asked.once("bought", "sale", lambda: _first_days(sales))
    buyers = covering(bought, periods.ends, "first_on", _FOR_EVER)
    again = covering(bought.drop_nulls("again_on"), periods.ends, "again_on", _FOR_EVER)
    nameless = sales.filter(pl.col("account_id").is_null()).select("starts_on").collect()
    reached = nameless.with_columns(pl.lit(NEVER).alias(_FOR_EVER))
    left_out = _counted_nowhere(reached, asked, "no_account")
    cuts = cuts_of(asked)
    steps = _steps((buyers, again), cuts, periods.ends)
    for one in asked.sets:
        tally.add(_shares(steps, cuts, asked, one), REPEAT_PURCHASE_TO_DATE, one)
        leave_out_nowhere(tally, left_out, REPEAT_PURCHASE_TO_DATE, one)
    return tally.result()


def _first_days(sales: pl.LazyFrame) -> pl.DataFrame:
    """Days of the first two sales of each account."""
    return (
        sales.filter(pl.col("account_id").is_not_null())
        .group_by("account_id")
        .agg(pl.col("starts_on").sort().head(_MANY).alias("days"))
        .select(
            "account_id",
            pl.col("days").list.get(0).alias("first_on"),
            pl.col("days").list.get(1, null_on_oob=True).alias("again_on"),
            pl.lit(NEVER).alias(_FOR_EVER),
        )
        .collect(engine="streaming")
    )


def cross_buyer_states(extracts: Mapping[str, pl.LazyFrame], asked: Asked) -> PopulationStates:
    """Buyers of the window that ends with each period, and those of several product families.

    Args:
        extracts: `purchase`.
        asked: What is asked for.
    """
    tally, periods = Tally(), asked.periods
    reach = asked.project.kpis.cross_sell.window_days
    bought = with_families(extracts["purchase"], asked, reach)
    is_named = pl.col("account_id").is_not_null()
    families = id(asked.products), reach
    held = asked.once("held", "purchase", lambda: families_held(bought), *families)
    nobodys = asked.once(
        "nobodys", "purchase", lambda: bought.filter(~is_named).collect(), *families
    )
    unnamed = asked.once(
        "strange",
        "purchase",
        lambda: bought.filter(is_named, pl.col("family").is_null()).collect(),
        *families,
    )
    buyers, crossing = (
        covering(held.filter(pl.col("families") >= least), periods.ends, "starts_on", "ends_on")
        for least in (1, _MANY)
    )
    left_out = _counted_nowhere(nobodys, asked, "no_account")
    strange = covering(unnamed, periods.ends, "starts_on", "ends_on")
    since = asked.since + (reach - 1) * _ONE_DAY if asked.since else None
    cuts, early = cuts_of(asked), _is_early(asked, since)
    steps = _steps((buyers, crossing), cuts, periods.ends)
    unknown = steps_of(cuts.narrow(strange, periods.ends), "count")
    for one in asked.sets:
        sums = _shares(steps, cuts, asked, one)
        tally.add(sums.join(early, on="period_start", how="anti"), CROSS_SELL, one)
        partial = sums.join(early, on="period_start", how="semi")
        leave_out_early(tally, partial, CROSS_SELL, one)
        leave_out_nowhere(tally, left_out, CROSS_SELL, one)
        own = cuts.running(unknown, periods, one)
        counts = own.with_columns(pl.lit("no_family").alias(REASON))
        tally.exclusions.append(exclusion_rows(counts, CROSS_SELL, one))
    return tally.result()


def _sales_of_periods(sales: pl.LazyFrame, asked: Asked) -> pl.DataFrame:
    """What each account bought and returned in each period."""
    periods, keys = asked.periods, ["account_id", "period_start", "period_end"]
    first, last = periods.starts[0], periods.ends[-1]
    if (periods.starts.shift(-1) <= periods.ends).any():
        dated = sales.filter(pl.col("starts_on").is_between(first, last))
        by_day = _sums_of_sales(dated, ["account_id", "starts_on"])
        placed = containing(by_day, periods, "starts_on")
        return placed.group_by(keys).agg(
            pl.col("rows", "sales", "valued_sales", "net", "no_amount", "no_rate").sum()
        )
    every = pl.DataFrame({"starts_on": pl.date_range(first, last, eager=True)})
    days = containing(every, periods, "starts_on").lazy()
    return _sums_of_sales(sales.join(days, on="starts_on", how="inner"), keys)


def _sums_of_sales(sales: pl.LazyFrame, keys: list[str]) -> pl.DataFrame:
    has_amount = pl.col("net_fixed").is_not_null()
    lacks_rate = ~pl.col("has_rate") & ~has_amount
    return (
        sales.group_by(keys)
        .agg(
            pl.len().cast(pl.Int64).alias("rows"),
            pl.col("is_sale").sum().cast(pl.Int64).alias("sales"),
            (pl.col("is_sale") & has_amount).sum().cast(pl.Int64).alias("valued_sales"),
            pl.col("net_fixed").cast(pl.Int128).sum().alias("net"),
            (~has_amount & ~lacks_rate).sum().cast(pl.Int64).alias("no_amount"),
            lacks_rate.sum().cast(pl.Int64).alias("no_rate"),
        )
        .collect(engine="streaming")
    )


def _nameless(owners: pl.DataFrame, column: str) -> pl.DataFrame:
    """Rows without an account by period, as exclusions."""
    reason = pl.lit("no_account").alias(REASON)
    counts = owners.select("period_start", reason, pl.col(column).alias("count"))
    return counts.filter(pl.col("count") > 0)


def _counted_nowhere(spans: pl.DataFrame, asked: Asked, reason: str) -> pl.DataFrame:
    """Spans that cover the end of each period, as exclusions: period_start, reason, count."""
    last = _FOR_EVER if _FOR_EVER in spans.columns else "ends_on"
    covered = covering(spans, asked.periods.ends, "starts_on", last)
    counts = counted(covered, asked.periods, TOTAL, "count")
    return counts.with_columns(pl.lit(reason).alias(REASON))


def _steps(
    spans: tuple[pl.DataFrame, pl.DataFrame], cuts: Cuts, ends: pl.Series
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Steps of the counts of all (n) and of some of them (x)."""
    n, x = (
        steps_of(cuts.narrow(each, ends), name)
        for each, name in zip(spans, ("n", "x"), strict=True)
    )
    return n, x


def _shares(
    steps: tuple[pl.DataFrame, pl.DataFrame], cuts: Cuts, asked: Asked, one: SegmentSet
) -> pl.DataFrame:
    """Counts of all (n) and of some of them (x) at the end of each period."""
    n, x = (cuts.running(each, asked.periods, one) for each in steps)
    joined = n.join(x, on=["period_start", *one.columns], how="left")
    return joined.with_columns(pl.col("x").fill_null(0))


def _is_early(asked: Asked, since: dt.date | None) -> pl.DataFrame:
    """period_start of the periods that end before a day."""
    frame = asked.periods.frame()
    is_early = pl.lit(value=False) if since is None else pl.col("period_end") < since
    return frame.filter(is_early).select("period_start")


BUYER_POPULATION: Final = Population(
    name="buyer",
    version=1,
    measures=(REPEAT_PURCHASE, CUSTOMER_REVENUE),
    extracts=lambda _: ("sale",),
    source=ACCOUNTS,
    look_back_days=lambda _: 0,
    states=buyer_states,
)

BUYER_TO_DATE_POPULATION: Final = Population(
    name="buyer_to_date",
    version=1,
    measures=(REPEAT_PURCHASE_TO_DATE,),
    extracts=lambda _: ("sale",),
    source=ACCOUNTS,
    look_back_days=lambda _: None,
    states=buyer_to_date_states,
)

CROSS_BUYER_POPULATION: Final = Population(
    name="cross_buyer",
    version=1,
    measures=(CROSS_SELL,),
    extracts=lambda _: ("purchase",),
    source=ACCOUNTS,
    look_back_days=lambda project: project.kpis.cross_sell.window_days - 1,
    states=cross_buyer_states,
    reads_products=True,
)
