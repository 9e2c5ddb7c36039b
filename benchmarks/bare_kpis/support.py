"""Contacts and costs of the active customers, by hand."""

import datetime as dt
from collections.abc import Iterator

import polars as pl

from benchmarks.bare_kpis.common import (
    ACCOUNT,
    DAY,
    INACTIVITY,
    KEY,
    NEVER,
    History,
    as_of,
    counted,
    day,
    numbered,
    placed,
    set_sums,
)
from benchmarks.bare_kpis.estimates import plain, ratio
from benchmarks.bare_kpis.sales import cents
from benchmarks.bare_kpis.service import ledger

PASSES, PROMOTES, GREATEST = 7, 9, 10


def opinions_of(history: History) -> pl.DataFrame:
    """Last NPS category of each account from a day to another."""
    given = history.table("survey_response").select(
        "response_id", "account_id", "responded_at", "survey_id"
    )
    rows = (
        history.table("survey_answer")
        .filter(pl.col("question_id") == "nps", pl.col("score") <= GREATEST)
        .select("response_id", "score")
        .join(given.filter(pl.col("survey_id") == "REL"), on="response_id")
        .filter(pl.col("account_id").is_not_null())
        .with_columns(day("responded_at").alias("day"))
        .collect(engine="streaming")
        .sort("account_id", "responded_at", "response_id")
        .group_by("account_id", "day", maintain_order=True)
        .agg(pl.col("score").last())
    )
    category = (
        pl.when(pl.col("score") >= PROMOTES).then(pl.lit("promoter"))
        .when(pl.col("score") >= PASSES).then(pl.lit("passive"))
        .otherwise(pl.lit("detractor"))
    )  # fmt: skip
    until = pl.col("day").shift(-1).over("account_id") - DAY
    return rows.select(
        "account_id", category.alias("category"), pl.col("day").alias("held_from"),
        until.fill_null(NEVER).alias("held_to"),
    )  # fmt: skip


def contacts_of(history: History) -> pl.DataFrame:
    """Contacts and their own cost (10⁻⁴) by account and day."""
    rows = history.table("crm_interaction").group_by("account_id", day("opened_at").alias("day"))
    return rows.agg(
        pl.len().cast(pl.Int64).alias("contacts"), (cents("cost").sum() * 100).alias("cost")
    ).collect(engine="streaming")


def support(
    history: History,
    known: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame],
    frame: pl.DataFrame,
    grain: str,
    first: dt.date,
) -> Iterator[pl.DataFrame]:
    """Contacts and costs of the active customers, and of those of each opinion."""
    spells, opinions, made = known
    frame = frame.filter(pl.col("period_start") >= first + INACTIVITY)
    if frame.is_empty():
        return
    ends, tests = frame["period_end"], (frame["period_end"] + DAY).alias("test")
    active = active_ranges(spells, frame, tests)
    own = placed(made, frame, grain).drop_nulls("period_start")
    sums = own.group_by(*KEY, "period_end").agg(pl.col("contacts", "cost").sum())
    is_active = sums.join(spells, on="account_id").filter(
        pl.col("begins") <= pl.col("period_end") + DAY, pl.col("ends") >= pl.col("period_start")
    )
    of_active = sums.join(is_active.select(KEY).unique(), on=KEY, how="semi")
    counts = counted(active, history, frame, ends, "n")
    rows = per_customer(history, counts, of_active, "contacts")
    yield ratio(
        "contact_rate", rows, ("x", "n", "xx", "x", "n"), factor=100, bounds=(0, None)
    )  # fmt: skip
    thought = numbered(active.join(opinions, on="account_id"), ends, "held_from", "held_to")
    told = of_active.join(opinions, on="account_id").filter(
        pl.col("period_end").is_between("held_from", "held_to")
    )
    for category in ("promoter", "passive", "detractor"):
        is_of = pl.col("category") == category
        n = counted(thought.filter(is_of), history, frame, ends, "n")
        rows = per_customer(history, n, told.filter(is_of), "cost").with_columns(
            pl.col("x") / 10_000, pl.col("xx") / 10_000**2
        )
        yield ratio(f"support_cost_per_{category}", rows, ("x", "n", "xx", "x", "n"))
    entries = placed(ledger(history), frame, grain).drop_nulls("period_start")
    costs = pl.concat(
        [entries.select("period_start", x="fixed"), own.select("period_start", x="cost")]
    )
    x = costs.group_by("period_start").agg(pl.col("x").sum() / 10_000)
    total = set_sums(counts).filter(pl.col("segment_set") == "total", pl.col("n") > 0)
    whole = total.join(x, on="period_start", how="left").with_columns(pl.col("x").fill_null(0))
    yield plain("support_cost_per_customer", whole, pl.col("x") / pl.col("n"), pl.col("n"))


def active_ranges(spells: pl.DataFrame, frame: pl.DataFrame, tests: pl.Series) -> pl.DataFrame:
    """Ranges of periods that a spell reaches into, each account and period once."""
    low = tests.search_sorted(spells["begins"], side="left").cast(pl.Int64)
    high = frame["period_start"].search_sorted(spells["ends"], side="right").cast(pl.Int64)
    spans = spells.with_columns(low.alias("low"), high.alias("high")).sort("account_id", "begins")
    before = pl.col("high").shift(1).over("account_id")
    fresh = spans.with_columns(pl.max_horizontal("low", before).alias("low"))
    return fresh.filter(pl.col("low") < pl.col("high")).select("account_id", "low", "high")


def per_customer(
    history: History, counts: pl.DataFrame, values: pl.DataFrame, name: str
) -> pl.DataFrame:
    """Sum and sum of squares of a value over customers, most of whom have none."""
    value = pl.col(name).cast(pl.Float64)
    sums = (
        as_of(values.lazy(), history, "period_end")
        .group_by("period_start", *ACCOUNT)
        .agg(value.sum().alias("x"), (value * value).sum().alias("xx"))
        .collect()
    )
    both = counts.join(sums, on=["period_start", *ACCOUNT], how="left")
    return set_sums(both).filter(pl.col("n") > 0)
