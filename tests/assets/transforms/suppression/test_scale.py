"""Publications with more small cells than can be answered one by one, attacked modulo a prime."""

import datetime as dt

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from assets.transforms.segments import TOTAL, SegmentSet
from assets.transforms.suppression import complement
from assets.transforms.suppression.suppress import suppressed
from tests.assets.transforms.suppression.publications import published

REGION, PLAN = SegmentSet("region", ("region",)), SegmentSet("plan", ("plan",))
BOTH = SegmentSet("region_plan", ("region", "plan"))
SETS = (TOTAL, REGION, PLAN, BOTH)
FIRST, DAYS = dt.date(2026, 1, 20), 40
PRIME = 2**31 - 1


def answers(seed: int) -> pl.DataFrame:
    """Some twenty answers a day, unevenly spread over regions and plans."""
    rng = np.random.default_rng(seed)
    days = pl.DataFrame({"day": [FIRST + dt.timedelta(days=i) for i in range(DAYS)]})
    cells = days.join(
        pl.DataFrame({"region": ["a", "b", "c", "d"], "w": [8.0, 5.0, 2.0, 1.0]}), how="cross"
    ).join(pl.DataFrame({"plan": ["1", "2", "3"], "v": [0.7, 0.4, 0.1]}), how="cross")
    rate = (cells["w"] * cells["v"]).to_numpy()
    return cells.select("day", "region", "plan").with_columns(n=pl.Series(rng.poisson(rate)))


def with_windows(cells: pl.DataFrame, length: int) -> pl.DataFrame:
    """Cells and those of windows that move on by a day."""
    days = cells.filter(period_grain="day")
    ends = pl.DataFrame({"end": [FIRST + dt.timedelta(days=i) for i in range(length - 1, DAYS)]})
    start, end = pl.col("period_start"), pl.col("end")
    same = [name for name in cells.columns if name not in {"period_start", "period_end", "n"}]
    windows = (
        days.join(ends, how="cross")
        .filter(start <= end, start > end - pl.duration(days=length))
        .group_by("end", *same)
        .agg(pl.col("n").sum())
        .with_columns(
            period_start=end - pl.duration(days=length - 1),
            period_end=end,
            period_grain=pl.lit(f"rolling_{length}d"),
        )
    )
    return pl.concat([cells, windows.select(cells.columns)])


def derived(cells: pl.DataFrame) -> int:
    """Number of withheld cells in the span of the published ones, modulo a prime.

    It is no less than over the rationals but with a chance of about 1 in the prime.
    """
    atoms = cells.filter(period_grain="day", segment_set="region_plan")
    day = atoms["period_start"]
    inside = [
        (day.is_between(row["period_start"], row["period_end"])
         & _same(atoms, row, "region") & _same(atoms, row, "plan")).to_numpy()
        for row in cells.iter_rows(named=True)
    ]  # fmt: skip
    vectors = np.array(inside, dtype=np.int64)
    is_seen = cells["suppression"].is_null().to_numpy()
    left = _taken_off(vectors[is_seen], vectors[~is_seen])
    return int((left == 0).all(axis=1).sum())


def _same(atoms: pl.DataFrame, row: dict[str, object], name: str) -> pl.Series:
    value = row[name]
    return pl.repeat(True, atoms.height, eager=True) if value is None else atoms[name] == value


def _taken_off(seen: npt.NDArray[np.int64], hidden: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """What is left of the hidden rows when the span of those seen is taken off them."""
    rows, top = np.concatenate([seen, hidden]), 0
    for column in range(rows.shape[1]):
        pivots = np.flatnonzero(rows[top : len(seen), column])
        if not len(pivots):
            continue
        rows[[top, top + pivots[0]]] = rows[[top + pivots[0], top]]
        rows[top] = rows[top] * pow(int(rows[top, column]), -1, PRIME) % PRIME
        below = np.flatnonzero(rows[:, column])
        below = below[below > top]
        rows[below] = (rows[below] - rows[below, column, None] * rows[top]) % PRIME
        top += 1
    return rows[len(seen) :]


@pytest.mark.parametrize("windows", [False, True])
@pytest.mark.parametrize(("changes", "rounds"), [(0, 0), (60, 2), (3000, 10)])
def test_nothing_is_given_away_whatever_the_effort(
    monkeypatch: pytest.MonkeyPatch, changes: int, rounds: int, *, windows: bool
) -> None:
    monkeypatch.setattr(complement, "_MOST_CHANGES", changes)
    monkeypatch.setattr(complement, "_MOST_ROUNDS", rounds)
    cells = published(answers(rounds), SETS, grains=["day", "week", "month"])
    found = suppressed(with_windows(cells, 28) if windows else cells, SETS, min_n=5)
    assert found.filter(pl.col("n") < 5)["suppression"].unique().to_list() == ["min_n"]
    assert derived(found) == 0
    months = found.filter(period_grain="month", segment_set="total")
    assert months["suppression"].null_count() > 0


def test_the_attack_finds_what_follows() -> None:
    cells = published(answers(1), SETS, grains=["day", "week", "month"])
    found = suppressed(cells, SETS, min_n=5)
    small_alone = pl.when(pl.col("suppression") == "min_n").then("suppression")
    assert derived(found.with_columns(small_alone)) > 0
