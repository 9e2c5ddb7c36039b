"""Spells of being a customer: from sales or contracts to unbroken runs of days.

A customer is active at the instant that a day begins: on basis `orders` after a sale in the
inactivity days before, on basis `contracts` after a day in force. A *spell* is an unbroken run of
days at whose beginning an account is active. What is counted from them is in
`assets.transforms.populations.customers`.
"""

import datetime as dt
from collections.abc import Sequence

import polars as pl

NEVER = dt.date(9999, 12, 30)
"""End of what has no end."""

_ONE_DAY = pl.duration(days=1)
_DAYS = 1 << 23
"""More days than there are between any two."""


def spells_from_sales(sales: pl.LazyFrame, inactivity_days: int) -> pl.DataFrame:
    """Spells of accounts by their sales.

    Args:
        sales: account_id, starts_on (day of the sale).
        inactivity_days: Days without a sale after which a customer is lost.

    Returns:
        account_id, starts_on, ends_on (inclusive); disjoint within an account, in order.
    """
    reach = pl.duration(days=inactivity_days)
    intervals = sales.select(
        "account_id",
        (pl.col("starts_on") + _ONE_DAY).alias("starts_on"),
        (pl.col("starts_on") + reach).alias("ends_on"),
    )
    return merge_intervals(intervals)


def spells_from_contracts(contracts: pl.LazyFrame) -> pl.DataFrame:
    """Spells of accounts by their contracts.

    Args:
        contracts: account_id, starts_on, last_on (last day in force).

    Returns:
        As `spells_from_sales`.
    """
    return merge_intervals(
        contracts.select(
            "account_id",
            (pl.col("starts_on") + _ONE_DAY).alias("starts_on"),
            (pl.col("last_on") + _ONE_DAY).alias("ends_on"),
        )
    )


def merge_intervals(intervals: pl.LazyFrame, by: Sequence[str] = ("account_id",)) -> pl.DataFrame:
    """Merge overlapping and adjoining intervals of each account.

    Args:
        intervals: The columns of `by`, starts_on, ends_on (inclusive).
        by: Columns whose intervals are merged with each other, the account by default.
    """
    rows = intervals.select(*by, "starts_on", "ends_on").collect(engine="streaming")
    # one number to sort by and to reach along, where text would be compared row by row
    owner = pl.lit(0, pl.Int64)
    for name in by:
        names = rows[name].cast(pl.String).unique().drop_nulls().sort()
        place = pl.col(name).cast(pl.String).cast(pl.Enum(names)).to_physical().cast(pl.Int64)
        owner = owner * (names.len() + 1) + (place + 1).fill_null(0)
    first, last = (
        owner * _DAYS + pl.col(name).to_physical().cast(pl.Int64) + _DAYS // 2
        for name in ("starts_on", "ends_on")
    )
    numbers = rows.select(first.alias("first"), last.alias("last"))
    order = numbers["first"].arg_sort()
    ordered = numbers.select(pl.all().gather(order)).with_columns(
        pl.col("last").cum_max().shift(1).alias("before")
    )
    # what another owner reached is less than the owner's first day, by far
    begins = ordered.select(
        (pl.col("first") > pl.col("before") + 1).fill_null(value=True)
        | (pl.col("first") // _DAYS != pl.col("before") // _DAYS)
    ).to_series()
    reached = ordered["last"].cum_max()
    is_last = begins.shift(-1, fill_value=True)
    days = (reached.filter(is_last) % _DAYS - _DAYS // 2).cast(pl.Int32).cast(pl.Date)
    begun = rows[order.filter(begins)]
    return begun.with_columns(days.alias("ends_on"))
