"""Contracts for the KPI benchmark: three years of them, renewals included."""

import datetime as dt

import numpy as np
import polars as pl

from benchmarks.extracts import Ints, numbers, words
from benchmarks.kpi_settings import KpiSettings

YEARS, DAY_MICROSECONDS, DAY_SECONDS = 3, 86_400_000_000, 86_400
UNNAMED_SHARE, UNCANCELLED_SHARE = 0.5, 0.9
RENEWED_SHARES = (0.7, 0.45, 0.0)
UNITS, UNIT_MONTHS = ("month", "quarter", "year"), (1, 3, 12)


def contract_rows(settings: KpiSettings, rng: np.random.Generator) -> pl.DataFrame:
    """Contracts of a year each, and what followed them.

    One in two names the contract that it renews; others follow it for the same product.

    Args:
        settings: How many, and the last day.
        rng: Random numbers.
    """
    heads = settings.contracts // 2
    first = settings.last_on - dt.timedelta(days=YEARS * 365)
    rows = pl.DataFrame(
        {
            "number": np.arange(heads),
            "start": rng.integers(0, 364, heads),
            "account": rng.integers(0, settings.accounts, heads),
            "product": rng.integers(0, 500, heads),
            "amount": rng.integers(1_000, 90_000, heads),
            "renewed_from": pl.repeat(None, heads, dtype=pl.String, eager=True),
        }
    )
    frames = []
    for turn, share in enumerate(RENEWED_SHARES):
        contracts = _contracts(rows, rng, first, prefix=f"A{turn}-")
        frames.append(contracts)
        m = rows.height
        is_named = pl.Series(rng.random(m) >= UNNAMED_SHARE)
        named = contracts["contract_id"].zip_with(is_named, pl.repeat(None, m, dtype=pl.String,
                                                                      eager=True))  # fmt: skip
        rows = rows.with_columns(
            pl.col("start") + 366 + pl.Series(rng.integers(0, 12, m)),
            pl.col("amount") * pl.Series(rng.integers(90, 125, m)) // 100,
            renewed_from=named,
        ).filter(pl.Series(rng.random(m) < share))
    return pl.concat(frames).filter(pl.col("starts_on") <= settings.last_on)


def _contracts(
    rows: pl.DataFrame, rng: np.random.Generator, first: dt.date, *, prefix: str
) -> pl.DataFrame:
    n = rows.height
    begin = first + _days(rows["start"].to_numpy())
    before = pl.Series(rng.integers(3_600, 20 * DAY_SECONDS, n) * 1_000_000).cast(pl.Duration("us"))
    stays = pl.Series(rng.random(n) < UNCANCELLED_SHARE)
    unit = rng.integers(0, 3, n)
    amount = rows["amount"].to_numpy()
    return pl.DataFrame(
        {
            "contract_id": numbers(prefix, rows["number"].to_numpy(), width=7),
            "account_id": numbers("C", rows["account"].to_numpy(), width=7),
            "product_id": numbers("P", rows["product"].to_numpy(), width=4),
            "plan": words(("basic", "plus"), rng.integers(0, 2, n)),
            "kind": pl.repeat("subscription", n, eager=True),
            "signed_at": begin.cast(pl.Datetime("us", "UTC")) - before,
            "starts_on": begin,
            "ends_on": begin.dt.offset_by("364d"),
            "cancelled_on": (begin + _days(rng.integers(30, 360, n))).set(stays, None),
            "renewed_from": rows["renewed_from"],
            "value": money(amount * 12),
            "recurring_amount": money(amount * np.array(UNIT_MONTHS)[unit]),
            "recurring_unit": words(UNITS, unit),
            "currency": pl.repeat("EUR", n, eager=True),
        }
    )


def _days(numbers_of: Ints) -> pl.Series:
    return pl.Series(numbers_of * DAY_MICROSECONDS).cast(pl.Duration("us"))


def money(cents: Ints) -> pl.Series:
    """Whole cents as an exact amount."""
    return pl.Series(cents).cast(pl.Decimal(38, 0)).cast(pl.Decimal(38, 4)) / 100
