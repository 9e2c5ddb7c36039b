"""KPIs of contracts, by hand."""

import datetime as dt
from collections.abc import Iterator

import polars as pl

from benchmarks.bare import mean, share
from benchmarks.bare_kpis.common import (
    ACCOUNT,
    DAY,
    OF_ACCOUNTS,
    History,
    as_of,
    by_sets,
    day,
    periods,
)
from benchmarks.bare_kpis.estimates import OPEN, ratio, shaped
from benchmarks.bare_kpis.sales import cents

GRACE = dt.timedelta(days=30)
LONG_GRAINS = ("week", "month", "quarter", "year", "rolling_12m")
MONTHS = {"month": 1, "quarter": 3, "year": 12}


def contract_values(history: History) -> Iterator[pl.DataFrame]:
    """Every KPI of contracts."""
    contracts = contract_rows(history)
    first = contracts.select(pl.min_horizontal("signed_on", "starts_on").min()).item()
    for grain, frame in periods(first, history.last, ("day", *LONG_GRAINS)).items():
        found = [renewals(history, contracts, frame), signings(history, contracts, frame)]
        if grain in LONG_GRAINS:
            found += recurring(history, contracts, frame)
        for one in found:
            yield one.with_columns(period_grain=pl.lit(grain))


def contract_rows(history: History) -> pl.DataFrame:
    """Contracts with their last day in force and what they bring a month (10⁻⁴)."""
    months = pl.col("recurring_unit").replace_strict(MONTHS, return_dtype=pl.Int64)
    amount = cents("recurring_amount") * 100
    return (
        history.table("crm_contract")
        .select(
            "contract_id", "account_id", "product_id", "starts_on", "ends_on", "renewed_from",
            day("signed_at").alias("signed_on"),
            pl.min_horizontal("ends_on", pl.col("cancelled_on") - DAY).alias("last_on"),
            ((2 * amount + months) // (2 * months)).alias("monthly"),
            cents("value").alias("value"),
        )
        .collect()
    )  # fmt: skip


def with_sets(base: pl.DataFrame, sets: tuple[str, ...] = OF_ACCOUNTS) -> pl.DataFrame:
    """Sums of segment sets."""
    return by_sets(base, sets, ["period_start"]).with_columns(period_grain=pl.lit(""))


def in_force(contracts: pl.DataFrame, on: dt.date) -> pl.LazyFrame:
    """What each customer brings a month on a day."""
    held = contracts.lazy().filter(pl.col("starts_on") <= on, pl.col("last_on") >= on)
    return held.group_by("account_id").agg(pl.col("monthly").sum())


def recurring(
    history: History, contracts: pl.DataFrame, frame: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    """Revenue kept, and customers whose contracts grew."""
    plans = []
    for start, end in frame.iter_rows():
        both = in_force(contracts, start - DAY).join(
            in_force(contracts, end), on="account_id", how="left", suffix="_end"
        )
        plans.append(both.with_columns(period_start=pl.lit(start)))
    held = pl.concat(pl.collect_all(plans)).lazy()
    y, after = pl.col("monthly") / 10_000, pl.col("monthly_end").fill_null(0) / 10_000
    kept = pl.min_horizontal(y, after)
    base = (
        as_of(held, history, "period_start")
        .group_by("period_start", *ACCOUNT)
        .agg(
            pl.len().cast(pl.Int64).alias("n"), y.sum().alias("y"), (y * y).sum().alias("yy"),
            *[
                sums
                for name, x in (("n", after), ("g", kept))
                for sums in (
                    x.sum().alias(f"{name}x"), (x * x).sum().alias(f"{name}xx"),
                    (x * y).sum().alias(f"{name}xy"),
                )
            ],
            (pl.col("monthly_end") > pl.col("monthly")).sum().cast(pl.Int64).alias("grown"),
        )
        .collect()
    )  # fmt: skip
    rows = with_sets(base)
    for code, name, bounds in (("nrr", "n", (0, None)), ("grr", "g", (0, 100))):
        names = (f"{name}x", "y", f"{name}xx", f"{name}xy", "yy")
        yield ratio(code, rows, names, factor=100, bounds=bounds)
    yield shaped(share("upsell_rate", rows, pl.col("grown")))


def renewals(history: History, contracts: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Contracts that came up, and those renewed."""
    due = contracts.lazy().filter(
        pl.col("last_on") == pl.col("ends_on"), pl.col("ends_on") + GRACE <= history.last
    )
    others = (
        contracts.lazy()
        .filter(pl.col("last_on") >= pl.col("starts_on"))
        .with_columns(other_id=pl.col("contract_id"))
    )
    follows = [
        pl.col("other_id") != pl.col("contract_id"),
        pl.col("starts_on_other") <= pl.col("ends_on") + GRACE,
        pl.col("last_on_other") > pl.col("ends_on"),
    ]
    named = due.join(
        others, left_on="contract_id", right_on="renewed_from", suffix="_other"
    ).filter(follows)
    unnamed = due.join(
        others.filter(pl.col("renewed_from").is_null()), on=["account_id", "product_id"],
        suffix="_other",
    ).filter(
        *follows,
        pl.col("starts_on_other") > pl.col("starts_on"),
        pl.col("starts_on_other") >= pl.col("ends_on") - GRACE,
    )  # fmt: skip
    renewed = pl.concat([one.select("contract_id") for one in (named, unnamed)]).unique()
    categories = history.table("erp_product").select(
        "product_id", pl.col("category").cast(pl.Categorical)
    )
    rows = (
        as_of(due.join(renewed.with_columns(k=1), on="contract_id", how="left"), history, "ends_on")
        .join(categories, on="product_id", how="left")
        .join_where(
            frame.lazy(),
            pl.col("ends_on") >= pl.col("period_start"),
            pl.col("ends_on") <= pl.col("period_end"),
        )
        .group_by("period_start", *ACCOUNT, "category")
        .agg(pl.len().cast(pl.Int64).alias("n"), pl.col("k").sum())
        .collect()
    )
    return shaped(
        share("renewal_rate", with_sets(rows, (*OF_ACCOUNTS, "by_category")), pl.col("k"))
    )


def signings(history: History, contracts: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """New customers, and what they signed in their first period."""
    signed = contracts.lazy().filter(pl.col("last_on") >= pl.col("starts_on"))
    firsts = signed.group_by("account_id").agg(pl.col("signed_on").min().alias("first_on"))
    value = pl.col("value") / 100
    base = (
        as_of(
            signed.join(firsts, on="account_id")
            .join_where(
                frame.lazy(),
                pl.col("first_on") >= pl.col("period_start"),
                pl.col("signed_on") <= pl.col("period_end"),
            )
            .group_by("period_start", "account_id", "first_on")
            .agg(pl.col("value").sum()),
            history,
            "first_on",
        )
        .group_by("period_start", *ACCOUNT)
        .agg(
            pl.len().cast(pl.Int64).alias("n"), value.sum().alias("x"),
            (value * value).sum().alias("xx"),
        )
        .collect()
    )  # fmt: skip
    return shaped(mean("average_contract_value", with_sets(base), ("x", "xx"), OPEN))
