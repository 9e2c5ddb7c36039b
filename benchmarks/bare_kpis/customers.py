"""KPIs of customers, counted anew for each period, by hand."""

import datetime as dt
from collections.abc import Iterator, Sequence

import polars as pl

from benchmarks.bare import mean, share
from benchmarks.bare_kpis.common import (
    ACCOUNT,
    DAY,
    INACTIVITY,
    KEY,
    NEVER,
    History,
    as_of,
    counted,
    numbered,
    periods,
    placed,
    set_sums,
)
from benchmarks.bare_kpis.estimates import OPEN, shaped
from benchmarks.bare_kpis.support import contacts_of, opinions_of, support

CROSS_SELL = dt.timedelta(days=90)
GRAINS = ("day", "week", "month", "quarter", "year", "rolling_12m")
TWO = 2


def customer_values(history: History, sold: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Every KPI of customers by their orders."""
    first = sold.select(pl.col("day").min()).item()
    sales = sold.filter(~pl.col("is_return")).select("order_id", "account_id", "day")
    spells = spells_of(sales.select("account_id", "day").unique(), INACTIVITY)
    held = families_held(history, sales)
    bought = firsts_of(sales)
    daily = sold.group_by("account_id", "day").agg(
        (~pl.col("is_return")).sum().cast(pl.Int64).alias("sales"), pl.col("net").sum()
    )
    opinions, made = opinions_of(history), contacts_of(history)
    for grain, frame in periods(first, history.last, GRAINS).items():
        found = [
            *churn(history, spells, frame, first),
            *reactivation(history, spells, frame),
            *buyers(history, daily, frame, grain),
            *shares("repeat_purchase_rate_to_date", history, bought, frame),
            *crossing(history, held, frame, first),
            *support(history, (spells, opinions, made), frame, grain, first),
        ]
        for one in found:
            yield one.with_columns(period_grain=pl.lit(grain))


def spells_of(days: pl.DataFrame, reach: dt.timedelta, by: Sequence[str] = ("account_id",)) -> (
    pl.DataFrame
):  # fmt: skip
    """Unbroken runs of days that follow a day within a reach: begins and ends, inclusive."""
    gap = (pl.col("day") - pl.col("day").shift(1)) > reach
    is_other = pl.any_horizontal(pl.col(one) != pl.col(one).shift(1) for one in by)
    return (
        days.sort(*by, "day")
        .with_columns((is_other | gap).fill_null(value=True).cum_sum().alias("spell"))
        .group_by("spell")
        .agg(
            pl.col(by).first(),
            (pl.col("day").min() + DAY).alias("begins"),
            (pl.col("day").max() + reach).alias("ends"),
        )
        .drop("spell")
    )


def churn(
    history: History, spells: pl.DataFrame, frame: pl.DataFrame, first: dt.date
) -> Iterator[pl.DataFrame]:
    """Customers at the start, and the lost."""
    starts = frame["period_start"]
    present = counted(numbered(spells, starts, "begins", "ends"), history, frame, starts, "n")
    tests = frame.with_columns(test=pl.col("period_end") + DAY).with_row_index("at")
    at = starts.search_sorted(spells["ends"], side="right").cast(pl.Int64) - 1
    ending = (
        spells.with_columns(at.alias("at"))
        .join(tests.with_columns(pl.col("at").cast(pl.Int64)), on="at")
        .filter(pl.col("begins") <= pl.col("period_start"), pl.col("ends") < pl.col("test"))
    )
    back = ending.join(spells, on="account_id", suffix="_next").filter(
        pl.col("test").is_between("begins_next", "ends_next")
    )
    lost = ending.join(back, on=KEY, how="anti").lazy()
    known = as_of(lost, history, "period_start").group_by("period_start", *ACCOUNT)
    counts = known.agg(pl.len().cast(pl.Int64).alias("lost")).collect()
    base = present.join(counts, on=["period_start", *ACCOUNT], how="left")
    rows = set_sums(base.filter(pl.col("period_start") >= first + INACTIVITY))
    rows = rows.filter(pl.col("n") > 0)
    yield shaped(share("churn_rate", rows, pl.col("lost")))
    yield shaped(share("retention_rate", rows, pl.col("n") - pl.col("lost")))


def reactivation(
    history: History, spells: pl.DataFrame, frame: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    """The lost at the start, and those who came back."""
    back_on = pl.col("begins").shift(-1).over("account_id")
    gaps = spells.sort("account_id", "begins").select(
        "account_id", lost_on=pl.col("ends") + DAY, back_on=back_on,
        last_on=(back_on - DAY).fill_null(NEVER), ever=pl.lit(NEVER),
    )  # fmt: skip
    lost = numbered(gaps, frame["period_start"], "lost_on", "last_on")
    tests = (frame["period_end"] + DAY).alias("test")
    back = numbered(lost.drop_nulls("back_on"), tests, "back_on", "ever")
    yield from shares("reactivation_rate", history, (lost, back), frame)


def shares(
    code: str, history: History, spans: tuple[pl.DataFrame, pl.DataFrame], frame: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    """Share of some accounts of others, by what they are on the last day of each period."""
    ends = frame["period_end"]
    ranges = [
        one if "low" in one.columns else numbered(one, ends, "begins", "ends") for one in spans
    ]
    n, k = (
        counted(one, history, frame, ends, name)
        for one, name in zip(ranges, ("n", "k"), strict=True)
    )
    both = n.join(k, on=["period_start", *ACCOUNT], how="left")
    rows = set_sums(both).filter(pl.col("n") > 0)
    yield shaped(share(code, rows, pl.col("k")))


def buyers(
    history: History, daily: pl.DataFrame, frame: pl.DataFrame, grain: str
) -> Iterator[pl.DataFrame]:
    """Buyers of each period, the orders of each and what they brought in."""
    owners = (
        placed(daily, frame, grain).group_by(*KEY, "period_end").agg(pl.col("sales", "net").sum())
    )
    bought = owners.lazy().filter(pl.col("sales") > 0)
    value = pl.col("net") / 10_000
    base = (
        as_of(bought, history, "period_end")
        .group_by("period_start", *ACCOUNT)
        .agg(
            pl.len().cast(pl.Int64).alias("n"),
            (pl.col("sales") >= TWO).sum().cast(pl.Int64).alias("k"),
            pl.col("net").sum(),
            (value * value).sum().alias("xx"),
        )
        .collect()
    )
    rows = set_sums(base).with_columns(x=value)
    yield shaped(share("repeat_purchase_rate", rows, pl.col("k")))
    yield shaped(mean("revenue_per_customer", rows, ("x", "xx"), OPEN))


def firsts_of(sales: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Accounts from their first sale on, and from their second."""
    days = sales.group_by("account_id").agg(pl.col("day").sort().head(2))
    found = [
        days.select(
            "account_id", begins=pl.col("day").list.get(at, null_on_oob=True), ends=pl.lit(NEVER)
        ).drop_nulls("begins")
        for at in (0, 1)
    ]
    return found[0], found[1]


def families_held(history: History, sales: pl.DataFrame) -> pl.DataFrame:
    """Runs of days in whose window an account has bought from so many families."""
    products = history.table("erp_product").select(
        "product_id", pl.col("family").cast(pl.Categorical)
    )
    bought = (
        history.table("erp_order_line")
        .select("order_id", "product_id")
        .join(products, on="product_id")
        .join(sales.lazy(), on="order_id")
        .select("account_id", "family", "day")
        .unique()
        .collect(engine="streaming")
    )
    runs = spells_of(bought, CROSS_SELL, ("account_id", "family"))
    # from the day of the purchase itself to the last day whose window has it
    steps = pl.concat(
        [
            runs.select("account_id", day=pl.col("begins") - DAY, step=pl.lit(1)),
            runs.select("account_id", day=pl.col("ends"), step=pl.lit(-1)),
        ]
    )
    changes = (
        steps.group_by("account_id", "day").agg(pl.col("step").sum()).sort("account_id", "day")
    )
    return changes.select(
        "account_id",
        begins=pl.col("day"),
        ends=pl.col("day").shift(-1).over("account_id") - DAY,
        families=pl.col("step").cum_sum().over("account_id"),
    ).filter(pl.col("families") > 0)


def crossing(
    history: History, held: pl.DataFrame, frame: pl.DataFrame, first: dt.date
) -> Iterator[pl.DataFrame]:
    """Buyers of the window, and those of two families or more."""
    spans = (held, held.filter(pl.col("families") >= TWO))
    since = first + CROSS_SELL - DAY
    later = frame.filter(pl.col("period_end") >= since)
    if later.height:
        yield from shares("cross_sell_rate", history, spans, later)
