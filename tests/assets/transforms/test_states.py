"""Laws of the states: they add up, and the order of the rows does not matter."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.transforms.measures import COMPONENTS
from assets.transforms.segments import TOTAL, SegmentSet
from assets.transforms.states import States, compute_states
from tests.assets.transforms.survey_frames import (
    SCHEMA,
    answers,
    measures,
    ready,
    settled,
    value,
)

COUNTRY = SegmentSet("country", ("country",))
CODES = ("nps", "csat", "csat_mean", "ces_mean", "ces_net")

rows = st.lists(
    st.fixed_dictionaries(
        {
            "responded_on": st.dates(dt.date(2026, 1, 1), dt.date(2026, 3, 31)),
            "is_customer": st.just(value=True),
            "metric": st.sampled_from(["nps", "csat", "ces", None]),
            "score": st.one_of(
                st.none(), st.sampled_from([0.0, 3.0, 5.0, 9.0, 10.0, 4.5, float("nan"), -2.0])
            ),
            "weight": st.floats(0, 1000),
            "scale_min": st.sampled_from([0.0, 1.0]),
            "scale_max": st.sampled_from([5.0, 7.0, 10.0]),
            "is_higher_better": st.booleans(),
            "is_na_code": st.booleans(),
            "country": st.sampled_from(["FR", "DE", None, "(unknown)"]),
        }
    ),
    max_size=60,
)


def states_of(frame: pl.DataFrame, weights: str) -> States:
    found = list(measures(weights).values())
    return compute_states(frame.lazy(), found, [TOTAL, COUNTRY], dimensions=["country"])


@settings(max_examples=30, deadline=None)
@given(rows, st.randoms(use_true_random=False), st.sampled_from(["none", "response"]))
def test_order_of_rows_does_not_matter(
    drawn: list[dict[str, object]], random: object, weights: str
) -> None:
    frame = ready(pl.DataFrame(drawn, schema=SCHEMA))
    shuffled = frame.sample(fraction=1, shuffle=True, seed=random.randrange(1000))  # type: ignore[attr-defined]
    one, other = states_of(frame, weights), states_of(shuffled, weights)
    assert_frame_equal(one.state, other.state)
    assert_frame_equal(one.exclusion, other.exclusion)
    assert_frame_equal(one.segment, other.segment)


@settings(max_examples=30, deadline=None)
@given(rows, st.sampled_from(["none", "response"]))
def test_segments_sum_to_the_total(drawn: list[dict[str, object]], weights: str) -> None:
    states = states_of(ready(pl.DataFrame(drawn, schema=SCHEMA)), weights)
    keys = ["measure", "event_day", "stratum"]
    sums = [pl.col("n").sum(), *[pl.col(name).cast(pl.Int128).sum() for name in COMPONENTS]]
    total, parts = (
        states.state.filter(pl.col("segment_set") == name).group_by(keys).agg(sums)
        for name in ("total", "country")
    )
    assert_frame_equal(total, parts, check_row_order=False)
    keys = ["measure", "event_day", "reason"]
    total, parts = (
        states.exclusion.filter(pl.col("segment_set") == name)
        .group_by(keys)
        .agg(pl.col("count").sum())
        for name in ("total", "country")
    )
    assert_frame_equal(total, parts, check_row_order=False)


@settings(max_examples=30, deadline=None)
@given(rows)
def test_parts_of_the_rows_add_up_to_the_whole(drawn: list[dict[str, object]]) -> None:
    frame = ready(pl.DataFrame(drawn, schema=SCHEMA))
    keys = ["measure", "event_day", "segment_set", "segment_key", "stratum"]
    sums = [pl.col("n").sum(), *[pl.col(name).cast(pl.Int128).sum() for name in COMPONENTS]]
    half = frame.height // 2
    parts = [states_of(part, "response").state for part in (frame[:half], frame[half:])]
    whole = states_of(frame, "response").state.group_by(keys).agg(sums)
    assert_frame_equal(pl.concat(parts).group_by(keys).agg(sums), whole, check_row_order=False)


@settings(max_examples=25, deadline=None)
@given(rows)
def test_days_sum_to_months_and_months_to_the_year(drawn: list[dict[str, object]]) -> None:
    frame = ready(pl.DataFrame(drawn, schema=SCHEMA))
    year = settled(frame, *CODES).value.select("kpi_code", "n", "excluded")
    year_exclusions = settled(frame, *CODES).exclusion.group_by("kpi_code", "reason").agg(
        pl.col("count").sum()
    )  # fmt: skip
    for grain in ("day", "month", "quarter"):
        found = settled(frame, *CODES, grain=grain)
        counted = found.value.group_by("kpi_code").agg(pl.col("n").sum())
        assert_frame_equal(counted, year.select("kpi_code", "n"), check_row_order=False)
        excluded = found.exclusion.filter(pl.col("reason") != "mixed_scales")
        assert_frame_equal(
            excluded.group_by("kpi_code", "reason").agg(pl.col("count").sum()),
            year_exclusions.filter(pl.col("reason") != "mixed_scales"),
            check_row_order=False,
        )


@settings(max_examples=25, deadline=None)
@given(rows)
def test_every_row_counts_or_is_excluded(drawn: list[dict[str, object]]) -> None:
    frame = ready(pl.DataFrame(drawn, schema=SCHEMA))
    states = states_of(frame, "none")
    concerned = frame.filter(pl.col("metric").is_null() | (pl.col("metric") == "nps")).height
    is_nps = (pl.col("measure") == "nps") & (pl.col("segment_set") == "total")
    counted = states.state.filter(is_nps)["n"].to_list()
    excluded = states.exclusion.filter(is_nps)["count"].to_list()
    assert sum(counted) + sum(excluded) == concerned


def test_sums_beyond_64_bits_do_not_wrap_around() -> None:
    row = {"metric": "csat", "score": 1e9, "scale_min": 0.0, "scale_max": 1e9, "weight": 1e6,
           "responded_on": dt.date(2026, 1, 1), "is_customer": True, "is_higher_better": True,
           "is_na_code": False}  # fmt: skip
    frame = ready(pl.DataFrame([row] * 1000, schema=SCHEMA))
    measure = measures("response")["csat_mean:weighted"]
    states = compute_states(frame.lazy(), [measure], [TOTAL], dimensions=["country"])
    found = states.state.row(0, named=True)
    assert 10**5 * 10**6 * 10**12 > 2**63
    assert int(found["x"]) == 10**5 * 10**6 * 10**12
    assert float(found["xx"]) == pytest.approx(1e3 * 1e16 * 1e15)
    assert float(found["yy"]) == pytest.approx(1e3 * 1e12 * 1e15)


def test_tiny_weights_keep_their_precision() -> None:
    weights = [1.234567e-6, 7.654321e-6]
    frame = pl.concat(
        [answers("nps", [score], weight=w) for score, w in zip((10, 0), weights, strict=True)]
    )
    found = value(frame, "nps", "response")
    up, down = weights
    assert found["value"] == pytest.approx(100 * (up - down) / (up + down), rel=1e-6)
    effective = (up + down) ** 2 / (up**2 + down**2)
    assert found["n_effective"] == pytest.approx(effective, rel=1e-3)
