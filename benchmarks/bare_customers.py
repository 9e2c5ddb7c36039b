"""The part of the bare script that follows customers: who they are, and who was lost.

Plain Polars like `benchmarks.bare`, and no more of the pipeline's code.
"""

import datetime as dt
from collections.abc import Iterator

import polars as pl

INACTIVITY = pl.duration(days=30)
DAY = pl.duration(days=1)
GRAINS = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}


def as_of(rows: pl.LazyFrame, versions: pl.LazyFrame, on: str) -> pl.LazyFrame:
    """Rows with region and tier of their account on a day; null where it names none."""
    holds = (pl.col("since") <= pl.col(on)) & (pl.col(on) < pl.col("until"))
    joined = rows.join(versions, on="account_id", how="left")
    return joined.filter(holds | pl.col("since").is_null()).drop("since", "until")


def churn_counts(
    sold: pl.DataFrame, versions: pl.LazyFrame, last: dt.date
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Customers and lost ones by period, region and tier, for each grain.

    A customer is one who bought in the days of inactivity before.
    """
    spells = customer_spells(sold)
    earliest = sold.select(pl.col("day").filter(~pl.col("is_return")).min() + INACTIVITY).item()
    first = sold.select(pl.col("day").min()).item()
    days = pl.LazyFrame({"day": pl.date_range(first, last, eager=True)})
    cut = (
        spells.lazy()
        .join(versions, on="account_id", how="left")
        .with_columns(
            pl.max_horizontal("begins", "since").alias("begins"),
            pl.min_horizontal("ends", pl.col("until") - DAY).alias("ends"),
        )
        .filter(pl.col("begins") <= pl.col("ends"))
        .collect()
    )
    for grain, length in GRAINS.items():
        periods = (
            days.group_by(pl.col("day").dt.truncate(length).alias("period_start"))
            .agg((pl.col("day").max() + DAY).alias("test"))
            .sort("period_start")
            .collect()
        )
        counts = customer_counts(cut, spells, periods, versions)
        yield grain, counts.filter(pl.col("period_start") >= earliest)


def customer_spells(sold: pl.DataFrame) -> pl.DataFrame:
    """Unbroken runs of days at whose beginning an account is a customer."""
    gap = (pl.col("day") - pl.col("day").shift(1)) > INACTIVITY
    is_new = (pl.col("account_id") != pl.col("account_id").shift(1)) | gap
    return (
        sold.lazy()
        .filter(~pl.col("is_return"), pl.col("account_id").is_not_null())
        .select("account_id", "day")
        .unique()
        .sort("account_id", "day")
        .with_columns(is_new.fill_null(value=True).cum_sum().alias("spell"))
        .group_by("spell")
        .agg(
            pl.col("account_id").first(),
            (pl.col("day").min() + DAY).alias("begins"),
            (pl.col("day").max() + INACTIVITY).alias("ends"),
        )
        .collect()
    )


def customer_counts(
    cut: pl.DataFrame, spells: pl.DataFrame, periods: pl.DataFrame, versions: pl.LazyFrame
) -> pl.DataFrame:
    """Customers at the start of each period and how many of them are lost at its end."""
    starts = periods["period_start"]
    enters = starts.search_sorted(cut["begins"], side="left")
    leaves = starts.search_sorted(cut["ends"], side="right")
    steps = pl.concat(
        [
            cut.select("region", "tier", enters.alias("at"), pl.lit(1).alias("step")),
            cut.select("region", "tier", leaves.alias("at"), pl.lit(-1).alias("step")),
        ]
    )
    grid = periods.with_row_index("at").join(cut.select("region", "tier").unique(), how="cross")
    counted = (
        grid.join(
            steps.group_by("region", "tier", "at").agg(pl.col("step").sum()),
            on=["region", "tier", "at"],
            how="left",
        )
        .sort("at")
        .with_columns(pl.col("step").fill_null(0).cum_sum().over("region", "tier").alias("n"))
    )
    at = starts.search_sorted(spells["ends"], side="right").cast(pl.Int64) - 1
    numbered = periods.with_row_index("at").with_columns(pl.col("at").cast(pl.Int64))
    ending = spells.with_columns(at.alias("at")).join(numbered, on="at").filter(
        pl.col("begins") <= pl.col("period_start"), pl.col("ends") < pl.col("test")
    )  # fmt: skip
    back = ending.join(spells, on="account_id", suffix="_next").filter(
        pl.col("test").is_between("begins_next", "ends_next")
    )
    lost = ending.join(back, on=["account_id", "period_start"], how="anti").lazy()
    lost_counts = (
        as_of(lost, versions, "period_start")
        .group_by("period_start", "region", "tier")
        .agg(pl.len().cast(pl.Int64).alias("lost"))
        .collect()
    )
    keys = ["period_start", "region", "tier"]
    return counted.join(lost_counts, on=keys, how="left").with_columns(
        pl.col("n").cast(pl.Int64), pl.col("lost").fill_null(0)
    )
