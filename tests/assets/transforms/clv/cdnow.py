"""The CDNOW sample as orders and as the summary that published figures are computed from."""

import datetime as dt
from functools import cache
from pathlib import Path

import polars as pl

from assets.transforms.clv.summary import summarise

FOLDER = Path(__file__).parents[3] / "data" / "cdnow"
CALIBRATION_END = dt.date(1997, 9, 30)
DAYS_PER_WEEK = 7


def orders() -> pl.LazyFrame:
    return pl.scan_parquet(FOLDER / "orders.parquet").select(
        pl.col("customer").alias("account_id"),
        "ordered_on",
        "amount",
        pl.lit(value=False).alias("is_return"),
    )


@cache
def customers() -> pl.DataFrame:
    """Recency, frequency and age in weeks, up to the end of the calibration period."""
    found = summarise(orders(), end_on=CALIBRATION_END, days_per_unit=DAYS_PER_WEEK)
    return found.customers.collect()
