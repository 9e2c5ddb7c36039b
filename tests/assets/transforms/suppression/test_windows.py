"""Periods that only some segment sets have."""

import datetime as dt

import polars as pl

from assets.transforms.segments import TOTAL, SegmentSet
from assets.transforms.suppression.suppress import suppressed
from tests.assets.transforms.suppression.publications import Attacker, published

REGION, PLAN = SegmentSet("region", ("region",)), SegmentSet("plan", ("plan",))
BOTH = SegmentSet("region_plan", ("region", "plan"))


def test_windows_of_the_total_alone_give_nothing_away() -> None:
    # the windows tie the days of the total, and of no region: what may change there may not here
    first = (4, 7, 1, 3, 0, 2)
    counts_of = {
        dt.date(2026, 1, 31): first,
        dt.date(2026, 2, 27): (1, 3, 0, 2, 4, 7),
        dt.date(2026, 3, 1): first,
    }
    places = [(region, plan) for region in ("a", "b", "c") for plan in ("1", "2")]
    rows = pl.DataFrame(
        [
            {"day": day, "region": region, "plan": plan, "n": n}
            for day, numbers in counts_of.items()
            for (region, plan), n in zip(places, numbers, strict=True)
        ]
    )
    sets = [TOTAL, REGION, PLAN, BOTH]
    cells = published(rows, sets)
    last = cells.filter(period_grain="day", segment_set="total").sort("period_start")[-1]
    starts = {
        dt.date(2026, 1, 31): 34,
        dt.date(2026, 2, 1): 17,
        dt.date(2026, 2, 2): 34,
        dt.date(2026, 2, 9): 34,
    }
    windows = pl.concat(
        last.with_columns(
            pl.lit(start).alias("period_start"),
            pl.lit(start + dt.timedelta(days=27)).alias("period_end"),
            pl.lit("rolling_28d").alias("period_grain"),
            pl.lit(n, pl.Int64).alias("n"),
        )
        for start, n in starts.items()
    )
    found = suppressed(pl.concat([cells, windows]), sets, min_n=4)
    assert Attacker.of(found, sets).derived() == []
