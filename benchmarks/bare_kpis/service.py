"""Times, shares and costs of service, by hand."""

from collections.abc import Iterator

import polars as pl

from benchmarks.bare import share
from benchmarks.bare_kpis.common import (
    ACCOUNT,
    DAY,
    FIRST_AND_LAST,
    LENGTHS,
    SETS,
    WINDOW_DAYS,
    ZONE,
    History,
    as_of,
    by_periods,
    by_sets,
    day,
)
from benchmarks.bare_kpis.estimates import minutes, plain, quantile, ratio, shaped
from benchmarks.bare_kpis.sales import cents, converted, with_rates

DIMENSIONS = (*ACCOUNT, "channel", "touchpoint")
CONTACT_SETS = [name for name in SETS if name != "by_category"]
OFFICE_SECONDS, OPENS = 32_400, 32_400
DAY_SECONDS = 86_400
WORKDAYS = 5


def office_seconds(instant: str) -> pl.Expr:
    """Seconds of office hours from the first Monday of 1970 to an instant."""
    local = pl.col(instant).dt.convert_time_zone(ZONE).dt.replace_time_zone(None)
    second = local.dt.epoch("s") - 4 * DAY_SECONDS
    number, of_day = second // DAY_SECONDS, second % DAY_SECONDS
    weekday = number % 7
    whole = (number // 7 * WORKDAYS + weekday.clip(0, WORKDAYS)) * OFFICE_SECONDS
    return whole + pl.when(weekday < WORKDAYS).then(
        (of_day - OPENS).clip(0, OFFICE_SECONDS)
    ).otherwise(0)


def contacts(history: History) -> pl.DataFrame:
    """Interactions with their durations in seconds and what their account was."""
    rows = history.table("crm_interaction").select(
        "account_id", day("opened_at").alias("opened_on"), day("resolved_at").alias("resolved_on"),
        *[
            (pl.col(end) - pl.col("opened_at")).dt.total_seconds().alias(name)
            for name, end in (("response", "first_response_at"), ("resolution", "resolved_at"))
        ],
        *[
            (office_seconds(end) - office_seconds("opened_at")).alias(f"office_{name}")
            for name, end in (("response", "first_response_at"), ("resolution", "resolved_at"))
        ],
        (pl.col("talk_seconds") + pl.col("wrap_seconds")).alias("handling"),
        cents("cost").alias("cost"),
        ((pl.col("contact_count") == 1) & (pl.col("reopen_count") == 0)).alias("is_first"),
        (pl.col("reopen_count") > 0).alias("is_reopened"),
        pl.col("channel", "touchpoint").cast(pl.Categorical),
    )  # fmt: skip
    return as_of(rows, history, "opened_on").collect(engine="streaming")


def service_values(history: History) -> Iterator[pl.DataFrame]:
    """Every KPI of interactions and of the cost ledger."""
    rows = contacts(history)
    opened = rows.with_columns(day=pl.col("opened_on"))
    resolved = rows.filter(pl.col("resolved_on").is_not_null()).with_columns(
        day=pl.col("resolved_on")
    )
    yield from time_values("first_response", opened, "response")
    yield from time_values("resolution", resolved, "resolution")
    handled = rolled(opened, "handling")
    yield minutes("average_handle_time", handled, "x", "xx")
    costs = rolled(resolved.filter(pl.col("cost").is_not_null()), "cost").with_columns(
        pl.col("x") / 100, pl.col("xx") / 10_000
    )
    yield ratio("support_cost_per_contact_direct", costs, ("x", "n", "xx", "x", "n"))
    shares = resolved.group_by("day", *DIMENSIONS).agg(
        pl.len().cast(pl.Int64).alias("n"), pl.col("is_first", "is_reopened").sum().cast(pl.Int64)
    )
    both = by_periods(by_sets(shares, CONTACT_SETS, ["day"]))
    yield shaped(share("first_contact_resolution", both, pl.col("is_first")))
    yield shaped(share("reopen_rate", both, pl.col("is_reopened")))
    yield from support_costs(history, opened)


def rolled(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """Number, sum and sum of squares of a column by period and segment."""
    value = pl.col(name)
    base = rows.group_by("day", *DIMENSIONS).agg(
        pl.len().cast(pl.Int64).alias("n"),
        value.sum().alias("x"),
        (value * value).sum().alias("xx"),
    )
    return by_periods(by_sets(base, CONTACT_SETS, ["day"]))


def time_values(code: str, rows: pl.DataFrame, name: str) -> Iterator[pl.DataFrame]:
    """Mean, median and ninth decile of a duration, in calendar and in office time."""
    for prefix, column in ((f"{code}_time", name), (f"{code}_business_time", f"office_{name}")):
        known = rows.filter(pl.col(column).is_not_null())
        yield minutes(f"{prefix}_mean", rolled(known, column), "x", "xx")
        ordered = known.sort(column).select("day", *DIMENSIONS, x=column)
        for lists in sorted_lists(ordered):
            yield quantile(f"{prefix}_median", lists, 0.5)
            yield quantile(f"{prefix}_p90", lists, 0.9)


def sorted_lists(ordered: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Values of each period and segment, from rows in their order."""
    for name in CONTACT_SETS:
        columns = SETS[name]
        values = [pl.col(one).cast(pl.String).fill_null("(unknown)") for one in columns]
        key = pl.concat_str(values, separator="|") if columns else pl.lit("all")
        named = (key.alias("segment_key"), pl.lit(name).alias("segment_set"))
        for grain, length in LENGTHS.items():
            start = pl.col("day").dt.truncate(length).alias("period_start")
            lists = ordered.group_by(start, *columns).agg("x")
            yield lists.with_columns(*named, period_grain=pl.lit(grain))
    first, last = FIRST_AND_LAST
    windows = (
        ordered.sort("day")
        .group_by_dynamic("day", every="1d", period=f"{WINDOW_DAYS}d")
        .agg(pl.col("x").sort())
        .filter(pl.col("day") >= first, pl.col("day") <= last - (WINDOW_DAYS - 1) * DAY)
    )
    total = {"segment_key": pl.lit("all"), "segment_set": pl.lit("total")}
    yield windows.rename({"day": "period_start"}).with_columns(
        period_grain=pl.lit("rolling_28d"), **total
    )


def ledger(history: History) -> pl.DataFrame:
    """Entries of support in the reporting currency: day, touchpoint, fixed (10⁻⁴)."""
    entries = history.table("erp_cost").filter(pl.col("kind") == "support").select(
        pl.col("incurred_on").alias("day"), "currency", cents("amount").alias("amount"),
        pl.col("touchpoint").cast(pl.Categorical),
    )  # fmt: skip
    rated = with_rates(entries, history, "day")
    return rated.select("day", "touchpoint", converted(pl.col("amount")).alias("fixed")).collect()


def support_costs(history: History, opened: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Cost of support, and that of a contact."""
    entries = ledger(history).select(
        "day", "touchpoint", "fixed", n=pl.lit(1, pl.Int64), contacts=pl.lit(0, pl.Int64)
    )
    own = opened.select(
        "day", "touchpoint", (pl.col("cost").fill_null(0) * 100).alias("fixed"),
        pl.col("cost").is_not_null().cast(pl.Int64).alias("n"),
        pl.lit(1, pl.Int64).alias("contacts"),
    )  # fmt: skip
    base = (
        pl.concat([entries, own])
        .group_by("day", "touchpoint")
        .agg(pl.col("fixed", "n", "contacts").sum())
    )
    rows = by_periods(by_sets(base, ["total", "by_touchpoint"], ["day"])).with_columns(
        x=pl.col("fixed") / 10_000
    )
    total = rows.filter(pl.col("n") > 0)
    yield plain("support_cost_total", total, pl.col("x"), pl.lit(None))
    y = pl.col("contacts")
    per_contact = rows.with_columns(n=y)
    yield plain("support_cost_per_contact", per_contact, pl.when(y > 0).then(pl.col("x") / y), y)
