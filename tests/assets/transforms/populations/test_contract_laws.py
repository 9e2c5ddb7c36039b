"""Laws of what is counted of contracts and employees: nothing is lost, no order matters."""

import datetime as dt
from collections.abc import Callable, Mapping
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.transforms.dimensions import account_versions
from assets.transforms.populations import tally
from assets.transforms.populations.extract_contracts import contract_rows
from assets.transforms.populations.extract_people import employee_rows, training_rows
from assets.transforms.populations.people import PEOPLE, people_states
from assets.transforms.populations.population import Asked, Population, PopulationStates
from assets.transforms.populations.recurring import RECURRING, recurring_states
from assets.transforms.populations.renewals import RENEWALS, renewal_states
from assets.transforms.populations.signings import SIGNINGS, signing_states
from assets.transforms.segments import TOTAL, SegmentSet
from tests.assets.kpi.histories import frame, project
from tests.assets.kpi.staffed import staffed
from tests.assets.transforms.populations.asking import asking
from tests.assets.transforms.populations.contract_frames import RATES

D = dt.date
MONTHS = [(D(2025, 1, 1), D(2025, 1, 31)), (D(2025, 2, 1), D(2025, 2, 28)),
          (D(2025, 3, 1), D(2025, 3, 31)), (D(2025, 4, 1), D(2025, 4, 12))]  # fmt: skip
ACCOUNT_SETS = (TOTAL, SegmentSet("country", ("country",)), SegmentSet("two", ("plan", "country")))
STAFF_SETS = (TOTAL, SegmentSet("region", ("region",)), SegmentSet("two", ("department", "region")))
KEYS = ["measure", "period_start"]

States = Callable[[Mapping[str, pl.LazyFrame], Asked], PopulationStates]
CASES = [
    pytest.param(one, states, id=one.name)
    for one, states in (
        (RECURRING, recurring_states), (RENEWALS, renewal_states), (SIGNINGS, signing_states),
        (PEOPLE, people_states),
    )
]  # fmt: skip


def extracts(seed: int) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Every extract of a small company, and its account versions."""
    tables = {name: frame(name, rows) for name, rows in staffed(seed, size=40).items()}
    lazy = {name: rows.lazy() for name, rows in tables.items()}
    found = {
        "contract": contract_rows(lazy, project(), RATES),
        "employee": employee_rows(lazy, project(), RATES),
        "training": training_rows(lazy, project(), RATES),
    }
    versions = account_versions(lazy["crm_account"], ("country", "plan"))
    text = [pl.col(name).cast(pl.String) for name in ("country", "plan")]
    return found, versions.with_columns(text)


def counted(
    population: Population, states: States, rows: dict[str, pl.DataFrame], versions: pl.DataFrame
) -> PopulationStates:
    sets = STAFF_SETS if population is PEOPLE else ACCOUNT_SETS
    asked = asking(MONTHS, sets=sets, versions=versions, as_of=D(2025, 4, 12))
    return states({name: found.lazy() for name, found in rows.items()}, asked)


@pytest.mark.parametrize(("population", "states"), CASES)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_segments_of_a_set_add_up_to_the_total(
    population: Population, states: States, seed: int
) -> None:
    rows, versions = extracts(seed)
    found = counted(population, states, rows, versions)
    for frame_of, sums in ((found.state, ["n", "x"]), (found.exclusion, ["count"])):
        keys = [*KEYS, "reason"] if "reason" in frame_of.columns else KEYS
        by_set = frame_of.group_by("segment_set", *keys).agg(pl.col(sums).sum())
        total = by_set.filter(pl.col("segment_set") == "total").drop("segment_set")
        for name in {*frame_of["segment_set"]} - {"total"}:
            part = by_set.filter(pl.col("segment_set") == name).drop("segment_set")
            assert_frame_equal(part, total, check_row_order=False)


@pytest.mark.parametrize(("population", "states"), CASES)
def test_no_order_and_no_portion_matters(
    population: Population, states: States, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, versions = extracts(3)
    found = counted(population, states, rows, versions)
    assert found.state.height > 0
    monkeypatch.setattr(tally, "_PAIRS", 50)
    shuffled = {name: one.sample(fraction=1.0, shuffle=True, seed=1) for name, one in rows.items()}
    again = counted(population, states, shuffled, versions.reverse())
    assert_frame_equal(again.state, found.state)
    assert_frame_equal(again.exclusion, found.exclusion)


def test_a_period_starts_with_what_was_in_force_the_day_before() -> None:
    rows, versions = extracts(3)
    whole = rows["contract"].with_columns(pl.col("monthly_fixed").fill_null(1))
    found = counted(RECURRING, recurring_states, {"contract": whole}, versions).state
    total = found.filter(pl.col("measure") == "nrr", pl.col("segment_set") == "total")
    for (_, end), (start, _) in pairwise(MONTHS):
        in_force = whole.filter(
            pl.col("starts_on") <= end, pl.col("last_on") >= end, pl.col("account_id").is_not_null()
        )
        row = total.filter(pl.col("period_start") == start)
        assert row["y"].to_list() == [in_force["monthly_fixed"].sum()]
