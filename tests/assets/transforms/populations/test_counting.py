"""Counting spans by ranges of periods equals counting every span in every period."""

import datetime as dt
import random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.populations.counting import containing, covering
from assets.transforms.populations.cuts import cuts_of, steps_of
from assets.transforms.segments import TOTAL
from tests.assets.transforms.populations.asked import BY_COUNTRY, D, asked, periods_of, versions

GRAINS = ("day", "week", "month", "rolling_28d", "rolling_12m")


def day(number: int) -> D:
    return D(2026, 1, 1) + dt.timedelta(days=number)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(GRAINS))
def test_counts_equal_meeting_every_span_in_every_period(seed: int, grain: str) -> None:
    draw = random.Random(seed)
    periods = periods_of(grain, day(-300), day(60), as_of=day(90))
    rows = []
    for _ in range(30):
        first = draw.choice([None, draw.randrange(-400, 100)])
        last = draw.choice([None, (first or 0) + draw.randrange(60)])
        rows.append((f"a{draw.randrange(6)}", first, last))
    spans = pl.DataFrame(
        [(owner, None if f is None else day(f), None if t is None else day(t))
         for owner, f, t in rows],
        schema={"account_id": pl.String, "first": pl.Date, "last": pl.Date},
        orient="row",
    )  # fmt: skip
    cuts = {f"a{i}": day(draw.randrange(-300, 90)) for i in range(5)}
    table = versions(
        *[(owner, None, cut, "FR") for owner, cut in cuts.items()],
        *[(owner, cut, None, draw.choice([None, "DE"])) for owner, cut in cuts.items()],
    )
    wanted = asked(periods, table)
    held = {(row[0], row[1], row[2]): row[3] for row in table.rows()}

    def country(owner: str, at: D) -> str:
        for (name, since, until), value in held.items():
            if name == owner and (since is None or since <= at) and (until is None or at < until):
                return value or "(unknown)"
        return "(unknown)"

    for one in (TOTAL, BY_COUNTRY):
        covered = covering(spans, periods.starts, "first", "last")
        steps = steps_of(cuts_of(wanted).narrow(covered, periods.ends), "n")
        found = cuts_of(wanted).running(steps, periods, one)
        right: dict[tuple[object, ...], int] = {}
        for start, end in periods.frame().rows():
            for owner, first, last in spans.rows():
                if (first is None or first <= start) and (last is None or start <= last):
                    key = (start, country(owner, end)) if one.columns else (start,)
                    right[key] = right.get(key, 0) + 1
        assert {row[:-1]: row[-1] for row in found.rows()} == right


def test_a_day_is_in_its_period_alone_but_in_every_window() -> None:
    rows = pl.DataFrame({"on": [D(2025, 12, 31), D(2026, 1, 31), D(2026, 2, 15), D(2026, 3, 1)]})
    months = periods_of("month", D(2026, 1, 1), D(2026, 2, 28), as_of=D(2026, 2, 20))
    found = containing(rows, months, "on").sort("on")
    assert found.rows() == [
        (D(2026, 1, 31), D(2026, 1, 1), D(2026, 1, 31)),
        (D(2026, 2, 15), D(2026, 2, 1), D(2026, 2, 20)),
    ]
    windows = periods_of("rolling_28d", D(2026, 1, 1), D(2026, 1, 31), as_of=D(2026, 2, 20))
    placed = containing(rows, windows, "on").sort("on", "period_start")
    assert placed.group_by("on", maintain_order=True).len()["len"].to_list() == [21, 6]
    assert placed.filter(pl.col("on") == D(2026, 1, 31))["period_start"].min() == D(2026, 1, 4)


def test_periods_with_a_gap_between_them_leave_its_days_out() -> None:
    months = periods_of("month", D(2026, 1, 1), D(2026, 3, 31), as_of=D(2026, 3, 31))
    apart = type(months)("month", months.starts.gather([0, 2]), months.ends.gather([0, 2]))
    rows = pl.DataFrame({"on": [D(2026, 1, 5), D(2026, 2, 5), D(2026, 3, 5)]})
    assert containing(rows, apart, "on")["on"].to_list() == [D(2026, 1, 5), D(2026, 3, 5)]
