"""What the parts of the bare script of all KPIs share: reading, periods, segment sets, roll-ups."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

ZONE = "Europe/Paris"
INACTIVITY = dt.timedelta(days=30)
DAY = dt.timedelta(days=1)
NEVER = dt.date(9999, 1, 1)
LENGTHS = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}
WINDOW_DAYS = 28
ACCOUNT = ("region", "tier", "acquisition", "kind")

SETS: dict[str, tuple[str, ...]] = {
    "total": (),
    "by_region": ("region",),
    "by_tier": ("tier",),
    "by_acquisition": ("acquisition",),
    "by_kind": ("kind",),
    "by_region_tier": ("region", "tier"),
    "by_tier_channel": ("tier", "channel"),
    "by_category": ("category",),
    "by_touchpoint": ("touchpoint",),
}
OF_ACCOUNTS = ("total", "by_region", "by_tier", "by_acquisition", "by_kind", "by_region_tier")
KEY = ["period_start", "account_id"]
ROW = ["period_grain", "period_start", "segment_set", "segment_key"]


@dataclass(frozen=True)
class History:
    """The files.

    Attributes:
        lake: Folder of the lake.
        last: Last loaded day.
        versions: Accounts: account_id, the dimensions, since, until (exclusive).
    """

    lake: Path
    last: dt.date
    versions: pl.DataFrame

    @classmethod
    def of(cls, lake: Path, last: dt.date) -> "History":
        """The history in a lake."""
        rows = (
            scan(lake, "crm_account")
            .select(
                "account_id",
                pl.col("region", "tier"),
                pl.col("acquisition_channel").alias("acquisition"),
                "kind",
                pl.col("_valid_from").alias("since"),
            )
            .with_columns(pl.col(ACCOUNT).cast(pl.Categorical))
            .collect()
            .sort("account_id", "since")
        )
        is_first = pl.col("account_id").is_first_distinct()
        until = pl.col("since").shift(-1).over("account_id").fill_null(NEVER)
        since = pl.when(is_first).then(dt.date(1, 1, 1)).otherwise("since")
        return cls(lake, last, rows.with_columns(since.alias("since"), until.alias("until")))

    def table(self, name: str) -> pl.LazyFrame:
        """A table of the history."""
        return scan(self.lake, name)


def scan(lake: Path, table: str) -> pl.LazyFrame:
    """All months of a table."""
    return pl.scan_parquet(str(lake / "history" / table / "*" / "data-*.parquet"))


def day(instant: str) -> pl.Expr:
    """Day of an instant in the company's zone."""
    return pl.col(instant).dt.convert_time_zone(ZONE).dt.date()


def as_of(rows: pl.LazyFrame, history: History, on: str) -> pl.LazyFrame:
    """Rows with what their account was on a day; null where they name none."""
    holds = (pl.col("since") <= pl.col(on)) & (pl.col(on) < pl.col("until"))
    joined = rows.join(history.versions.lazy(), on="account_id", how="left")
    return joined.filter(holds | pl.col("since").is_null()).drop("since", "until")


def by_sets(base: pl.DataFrame, sets: Iterable[str], keys: Sequence[str]) -> pl.DataFrame:
    """Sums of every segment set: the keys, segment_set and segment_key instead of dimensions."""
    dimensions = {name for one in SETS.values() for name in one}
    sums = [name for name in base.columns if name not in {*keys, *dimensions}]
    found = []
    for name in sets:
        columns = SETS[name]
        values = [pl.col(one).cast(pl.String).fill_null("(unknown)") for one in columns]
        key = pl.concat_str(values, separator="|") if columns else pl.lit("all")
        found.append(
            base.group_by(*keys, *columns)
            .agg(pl.col(sums).sum())
            .select(
                *keys, pl.lit(name).alias("segment_set"), key.alias("segment_key"), *sums
            )
        )  # fmt: skip
    return pl.concat(found)


def by_periods(daily: pl.DataFrame, keys: Sequence[str] = ()) -> pl.DataFrame:
    """Sums by day as those by period of every grain, 28-day windows of the total included."""
    outer = ["segment_set", "segment_key", *keys]
    sums = [pl.col(name).sum() for name in daily.columns if name not in {"day", *outer}]
    found = []
    for grain, length in LENGTHS.items():
        start = pl.col("day").dt.truncate(length).alias("period_start")
        found.append(
            daily.group_by(start, *outer).agg(sums).with_columns(period_grain=grain_of(grain))
        )
    return pl.concat([*found, windows(daily, sums, outer)], how="diagonal")


def windows(daily: pl.DataFrame, sums: Sequence[pl.Expr], outer: Sequence[str]) -> pl.DataFrame:
    """Sums of the 28-day windows that lie within the days, of the total."""
    first, last = FIRST_AND_LAST
    begins = pl.date_ranges(pl.col("day") - (WINDOW_DAYS - 1) * DAY, "day").alias("period_start")
    ends = pl.col("period_start") + (WINDOW_DAYS - 1) * DAY
    return (
        daily.filter(pl.col("segment_set") == "total")
        .with_columns(begins)
        .explode("period_start")
        .filter(pl.col("period_start") >= first, ends <= last)
        .group_by("period_start", *outer)
        .agg(sums)
        .with_columns(period_grain=grain_of("rolling_28d"))
    )


def grain_of(name: str) -> pl.Expr:
    """A grain as a column."""
    return pl.lit(name)


FIRST_AND_LAST = (dt.date(2024, 2, 2), dt.date(2024, 11, 27))
"""Days of the events."""


def periods(first: dt.date, last: dt.date, grains: Iterable[str]) -> dict[str, pl.DataFrame]:
    """Periods of some grains: period_start and period_end, which is never after the last day."""
    days = pl.DataFrame({"day": pl.date_range(first, last, eager=True)})
    found = {}
    for grain in grains:
        if grain == "rolling_12m":
            found[grain] = year_windows(first, last)
            continue
        start = pl.col("day").dt.truncate(LENGTHS[grain]).alias("period_start")
        found[grain] = days.group_by(start).agg(pl.col("day").max().alias("period_end")).sort(
            "period_start"
        )  # fmt: skip
    return {grain: frame for grain, frame in found.items() if frame.height}


def year_windows(first: dt.date, last: dt.date) -> pl.DataFrame:
    """Windows of twelve months that lie within the days."""
    begins = pl.date_range(first.replace(day=1), last, "1mo", eager=True).alias("period_start")
    end = pl.col("period_start").dt.offset_by("12mo").dt.offset_by("-1d").alias("period_end")
    return begins.to_frame().with_columns(end).filter(
        pl.col("period_start") >= first, pl.col("period_end") <= last
    )  # fmt: skip


def numbered(spans: pl.DataFrame, when: pl.Series, first: str, last: str) -> pl.DataFrame:
    """Spans of days as ranges of the periods whose day they cover: `low` up to before `high`."""
    low = when.search_sorted(spans[first], side="left").cast(pl.Int64)
    high = when.search_sorted(spans[last], side="right").cast(pl.Int64)
    if "low" in spans.columns:
        low = spans.select(pl.max_horizontal("low", low)).to_series()
        high = spans.select(pl.min_horizontal("high", high)).to_series()
    found = spans.with_columns(low.alias("low"), high.alias("high"))
    return found.filter(pl.col("low") < pl.col("high"))


def counted(
    spans: pl.DataFrame, history: History, frame: pl.DataFrame, when: pl.Series, name: str
) -> pl.DataFrame:
    """How many spans cover each period by all dimensions of their account on a day of it."""
    cut = spans.select("account_id", "low", "high").join(history.versions, on="account_id")
    cut = numbered(cut.with_columns(to=pl.col("until") - DAY), when, "since", "to")
    steps = pl.concat(
        cut.group_by(*ACCOUNT, pl.col(at).alias("at")).agg(
            pl.len().cast(pl.Int64).alias("d") * sign
        )
        for at, sign in (("low", 1), ("high", -1))
    )
    summed = steps.group_by(*ACCOUNT, "at").agg(pl.col("d").sum())
    grid = (
        frame.select("period_start").with_row_index("at").with_columns(pl.col("at").cast(pl.Int64))
    )
    dense = summed.select(ACCOUNT).unique().join(grid, how="cross")
    return (
        dense.join(summed, on=[*ACCOUNT, "at"], how="left")
        .sort("at")
        .with_columns(pl.col("d").fill_null(0).cum_sum().over(ACCOUNT).alias(name))
        .select("period_start", *ACCOUNT, name)
    )


def set_sums(base: pl.DataFrame) -> pl.DataFrame:
    """Sums by account dimensions as those of the segment sets."""
    return by_sets(base, OF_ACCOUNTS, ["period_start"]).with_columns(period_grain=pl.lit(""))


def placed(rows: pl.DataFrame, frame: pl.DataFrame, grain: str) -> pl.DataFrame:
    """Rows beside the period of their day."""
    if grain == "rolling_12m":
        on = [pl.col("day") >= pl.col("period_start"), pl.col("day") <= pl.col("period_end")]
        return rows.lazy().join_where(frame.lazy(), *on).collect()
    return rows.sort("day").join_asof(
        frame, left_on="day", right_on="period_start", coalesce=False
    )  # fmt: skip
