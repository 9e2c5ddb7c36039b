"""What is withheld, and that nobody can work it out by adding and taking off."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.transforms.segments import TOTAL, SegmentSet
from assets.transforms.suppression.suppress import suppressed
from schemas.errors import ContractError
from tests.assets.transforms.suppression.publications import Attacker, published

REGION, PLAN = SegmentSet("region", ("region",)), SegmentSet("plan", ("plan",))
BOTH = SegmentSet("region_plan", ("region", "plan"))
CHANNEL = SegmentSet("plan_channel", ("plan", "channel"))
DAY = dt.date(2026, 3, 2)
KEY = ["measure", "period_grain", "period_start", "segment_set", "segment_key"]


def counts(found: dict[str, int], *, day: dt.date = DAY) -> pl.DataFrame:
    """Counts of regions on one day."""
    return pl.DataFrame(
        {"day": [day] * len(found), "region": list(found), "n": list(found.values())}
    )


def reasons(cells: pl.DataFrame, name: str = "region") -> dict[str, str | None]:
    """Reasons of a set's segments."""
    rows = cells.filter(pl.col("segment_set") == name)
    return dict(zip(rows["segment_key"], rows["suppression"], strict=True))


def withheld(cells: pl.DataFrame) -> int:
    return cells["suppression"].drop_nulls().len()


def test_a_small_segment_takes_the_least_other_with_it() -> None:
    rows = counts({"east": 3, "north": 20, "south": 9, "west": 40})
    cells = published(rows, [TOTAL, REGION], grains=["day"])
    found = suppressed(cells, [TOTAL, REGION], min_n=5)
    assert reasons(found) == {
        "east": "min_n", "north": None, "south": "complementary", "west": None,
    }  # fmt: skip
    assert reasons(found, "total") == {"all": None}


def test_small_segments_that_are_too_few_together_take_another_with_them() -> None:
    rows = counts({"east": 2, "north": 1, "south": 9, "west": 40})
    found = suppressed(published(rows, [TOTAL, REGION], grains=["day"]), [TOTAL, REGION], min_n=5)
    assert reasons(found)["south"] == "complementary"
    assert reasons(found)["west"] is None


def test_small_segments_that_are_enough_together_stand_alone() -> None:
    rows = counts({"east": 4, "north": 3, "south": 9})
    found = suppressed(published(rows, [TOTAL, REGION], grains=["day"]), [TOTAL, REGION], min_n=5)
    assert reasons(found) == {"east": "min_n", "north": "min_n", "south": None}


def test_an_only_segment_takes_the_total_with_it() -> None:
    cells = published(counts({"east": 3}), [TOTAL, REGION], grains=["day"])
    found = suppressed(cells, [TOTAL, REGION], min_n=5)
    assert reasons(found, "total") == {"all": "min_n"}


def test_without_a_total_nothing_more_is_withheld() -> None:
    cells = published(counts({"east": 3, "north": 20}), [REGION], grains=["day"])
    found = suppressed(cells, [REGION], min_n=5)
    assert reasons(found) == {"east": "min_n", "north": None}


def test_no_data_is_not_below_the_threshold() -> None:
    cells = published(counts({"east": 3, "north": 20, "west": 30}), [TOTAL, REGION], grains=["day"])
    nothing = cells.filter(pl.col("segment_key") == "east").with_columns(
        pl.lit(0, pl.Int64).alias("n"),
        pl.lit("south").alias(
            "segment_key",
        ),
        pl.lit("south").alias("region"),
    )
    found = suppressed(pl.concat([cells, nothing]), [TOTAL, REGION], min_n=5)
    assert reasons(found)["south"] is None
    assert reasons(found)["east"] == "min_n"


def test_a_day_takes_another_of_its_week_with_it_and_the_week_stays() -> None:
    days = [DAY + dt.timedelta(days=i) for i in range(7)]
    rows = pl.DataFrame({"day": days, "n": [20, 3, 30, 9, 25, 40, 15]})
    cells = published(rows, [TOTAL], grains=["day", "week"])
    found = suppressed(cells, [TOTAL], min_n=5).sort("period_grain", "period_start")
    assert found["suppression"].to_list() == [
        None, "min_n", None, "complementary", None, None, None, None,
    ]  # fmt: skip


def test_weeks_and_months_do_not_give_away_a_day_between_them() -> None:
    # Sunday, 1 March 2026 is the only day of its week in its month
    days = [dt.date(2026, 2, 1) + dt.timedelta(days=i) for i in range(59)]
    n = [3 if day == dt.date(2026, 3, 1) else 20 for day in days]
    cells = published(pl.DataFrame({"day": days, "n": n}), [TOTAL])
    found = suppressed(cells, [TOTAL], min_n=5)
    assert Attacker.of(found, [TOTAL]).derived() == []
    assert {"day", "week"} <= set(found.drop_nulls("suppression")["period_grain"])
    assert withheld(found) <= 6


def test_rolling_windows_do_not_give_away_a_day() -> None:
    days = [DAY + dt.timedelta(days=i) for i in range(12)]
    rows = pl.DataFrame({"day": days, "n": [20, 30, 3, *[20] * 9]})
    cells = published(rows, [TOTAL], grains=["day"])
    windows = pl.DataFrame({"period_start": days[:-2]}).with_columns(
        (pl.col("period_start") + pl.duration(days=2)).alias("period_end"),
        pl.lit("rolling_3d").alias("period_grain"),
        pl.lit("nps").alias("population"), pl.lit("nps").alias("measure"),
        pl.lit("total").alias("segment_set"), pl.lit("all").alias("segment_key"),
        rows["n"].rolling_sum(3)[2:].alias("n"),
    )  # fmt: skip
    found = suppressed(pl.concat([cells, windows.select(cells.columns)]), [TOTAL], min_n=5)
    attacker = Attacker.of(found, [TOTAL])
    assert attacker.derived() == []
    assert found.filter(pl.col("n") == 3)["suppression"].to_list() == ["min_n"]


def test_measures_of_a_population_are_withheld_together() -> None:
    rows = counts({"east": 3, "north": 20, "south": 9, "west": 40})
    more = rows.with_columns(pl.col("n") + 2)
    sets = [TOTAL, REGION]
    cells = pl.concat(
        [
            published(rows, sets, grains=["day"], measure="csat", population="csat"),
            published(more, sets, grains=["day"], measure="csat_mean", population="csat"),
        ]
    )
    found = suppressed(cells, sets, min_n=5)
    own = {m: reasons(found.filter(pl.col("measure") == m)) for m in ("csat", "csat_mean")}
    assert own["csat"]["east"] == "min_n"
    assert own["csat_mean"]["east"] == "complementary"
    assert own["csat_mean"]["south"] == own["csat"]["south"] == "complementary"


def test_populations_do_not_touch_each_other() -> None:
    sets = [TOTAL, REGION]
    small = published(counts({"east": 3, "north": 20}), sets, measure="a", population="a")
    great = published(counts({"east": 30, "north": 20}), sets, measure="b", population="b")
    found = suppressed(pl.concat([small, great]), sets, min_n=5)
    assert withheld(found.filter(pl.col("population") == "b")) == 0


def test_sums_that_do_not_hold_withhold_nothing_more() -> None:
    # an order counts in each of its product categories: segments do not sum to the total
    cells = published(counts({"east": 3, "north": 20, "south": 9}), [TOTAL, REGION], grains=["day"])
    overlapping = cells.with_columns(
        pl.when(pl.col("segment_set") == "total").then(25).otherwise(pl.col("n")).alias("n")
    )
    found = suppressed(overlapping, [TOTAL, REGION], min_n=5)
    assert reasons(found) == {"east": "min_n", "north": None, "south": None}


def test_cities_do_not_give_away_one_of_their_region() -> None:
    city = SegmentSet("city", ("city",))
    rows = pl.DataFrame(
        {
            "day": [DAY] * 5,
            "region": ["east", "east", "west", "west", "west"],
            "city": ["a", "b", "c", "d", "e"],
            "n": [3, 20, 8, 30, 40],
        }
    )
    sets = [TOTAL, REGION, city]
    cells = published(rows, sets, grains=["day"])
    unaware = suppressed(cells, sets, min_n=5)
    aware = suppressed(cells, sets, min_n=5, hierarchies=[rows.select("city", "region").unique()])
    assert reasons(unaware, "city")["c"] == "complementary"
    assert reasons(aware, "city") == {
        "a": "min_n", "b": "complementary", "c": None, "d": None, "e": None,
    }  # fmt: skip


def test_places_withheld_before_stay_so() -> None:
    sets = [TOTAL, REGION]
    cells = published(counts({"east": 30, "north": 20, "south": 9}), sets, grains=["day"])
    before = cells.filter(pl.col("segment_key") == "north")
    found = suppressed(cells, sets, min_n=5, withheld=before)
    assert reasons(found) == {"east": None, "north": "complementary", "south": "complementary"}


def test_nothing_small_nothing_withheld() -> None:
    cells = published(counts({"east": 30, "north": 20}), [TOTAL, REGION])
    assert withheld(suppressed(cells, [TOTAL, REGION], min_n=5)) == 0
    assert withheld(suppressed(cells, [TOTAL, REGION], min_n=1)) == 0


def test_no_cells() -> None:
    cells = published(counts({"east": 30}), [TOTAL, REGION]).clear()
    assert suppressed(cells, [TOTAL, REGION], min_n=5).columns == [*cells.columns, "suppression"]


def test_a_lone_small_cell() -> None:
    cells = published(counts({"east": 3}), [REGION], grains=["day"])
    assert reasons(suppressed(cells, [REGION], min_n=5)) == {"east": "min_n"}


def test_a_set_that_is_not_configured_is_refused() -> None:
    cells = published(counts({"east": 30}), [TOTAL, REGION])
    with pytest.raises(ContractError, match="not configured"):
        suppressed(cells, [TOTAL], min_n=5)


SHAPES = {
    "one set": (TOTAL, REGION),
    "margins": (TOTAL, REGION, PLAN, BOTH),
    "without margins": (TOTAL, BOTH),
    "sets that share a dimension": (TOTAL, BOTH, CHANNEL),
}


@st.composite
def tables(draw: st.DrawFn, sets: tuple[SegmentSet, ...]) -> pl.DataFrame:
    """Counts of some days about the end of a month, of two to three values a dimension."""
    dimensions = sorted({name for one in sets for name in one.columns})
    first = draw(st.sampled_from([dt.date(2026, 2, 26), dt.date(2026, 3, 30), DAY]))
    days = draw(st.integers(1, 4))
    frame = pl.DataFrame({"day": [first + dt.timedelta(days=i) for i in range(days)]})
    for name in dimensions:
        values = [
            f"{name} {i}" for i in range(draw(st.integers(2, 3 if len(dimensions) < 3 else 2)))
        ]
        frame = frame.join(pl.DataFrame({name: values}), how="cross")
    size = st.sampled_from([0, 1, 2, 3, 4, 5, 6, 9, 15, 40])
    n = draw(st.lists(size, min_size=frame.height, max_size=frame.height))
    return frame.with_columns(pl.Series("n", n, dtype=pl.Int64))


@pytest.mark.parametrize("shape", SHAPES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_no_sum_or_difference_gives_anything_away(shape: str, data: st.DataObject) -> None:
    sets = SHAPES[shape]
    cells = published(data.draw(tables(sets)), sets)
    found = suppressed(cells, sets, min_n=5)
    attacker = Attacker.of(found, sets)
    assert attacker.derived() == []
    assert attacker.undersized(5) == []
    assert found.filter(pl.col("n") < 5)["suppression"].to_list() == ["min_n"] * (
        cells.filter(pl.col("n") < 5).height
    )


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_does_not_matter_and_twice_is_once(data: st.DataObject) -> None:
    sets = SHAPES["margins"]
    cells = published(data.draw(tables(sets)), sets)
    found = suppressed(cells, sets, min_n=5)
    shuffled = cells.sample(fraction=1, shuffle=True, seed=data.draw(st.integers(0, 9)))
    assert_frame_equal(suppressed(shuffled, sets[::-1], min_n=5).sort(KEY), found.sort(KEY))
    kept = found.filter(pl.col("suppression").is_not_null())
    assert_frame_equal(suppressed(cells, sets, min_n=5, withheld=kept), found)


def test_one_small_cell_of_a_year_costs_few_others() -> None:
    days = [dt.date(2026, 1, 1) + dt.timedelta(days=i) for i in range(365)]
    frame = pl.DataFrame({"day": days})
    for name, size in (("region", 6), ("plan", 4)):
        frame = frame.join(pl.DataFrame({name: [f"{name} {i}" for i in range(size)]}), how="cross")
    is_small = (
        (pl.col("day") == dt.date(2026, 7, 8))
        & (pl.col("region") == "region 2")
        & (pl.col("plan") == "plan 1")
    )
    rows = frame.with_columns(pl.when(is_small).then(2).otherwise(12).alias("n"))
    sets = (TOTAL, REGION, PLAN, BOTH)
    found = suppressed(published(rows, sets), sets, min_n=5)
    # its like in another day of the week, another region and another plan: a cube
    assert withheld(found) == 8
    assert set(found.filter(pl.col("suppression").is_not_null())["period_grain"]) == {"day"}
