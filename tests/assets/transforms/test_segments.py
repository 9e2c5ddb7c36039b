"""Segment keys: unambiguous whatever the values are."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.segments import TOTAL, SegmentSet, known, segment_frame, segment_sets

PAIR = SegmentSet("pair", ("country", "custom.vip"))
values = st.text(alphabet="a|\\", max_size=4)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(values, values), min_size=1, unique=True))
def test_distinct_values_have_distinct_keys(pairs: list[tuple[str, str]]) -> None:
    frame = pl.DataFrame(pairs, schema=["country", "custom_vip"], orient="row")
    assert frame.select(PAIR.key().alias("k"))["k"].n_unique() == len(pairs)


def test_a_set_of_one_dimension_has_its_value_for_key() -> None:
    frame = pl.DataFrame({"country": ["a|b"]})
    assert frame.select(SegmentSet("c", ("country",)).key()).item() == "a|b"


def test_no_value_is_a_segment_of_its_own() -> None:
    frame = pl.DataFrame({"country": ["FR", None]})
    assert frame.select(known(["country"]))["country"].to_list() == ["FR", "(unknown)"]


def test_segments_have_a_column_for_every_dimension() -> None:
    rows = pl.DataFrame({"country": ["FR", "FR"], "custom_vip": ["x", "x"]})
    columns = ["country", "city", "custom_vip"]
    assert segment_frame(rows, PAIR, columns).rows() == [("pair", "FR|x", "FR", None, "x")]
    assert segment_frame(rows, TOTAL, columns).rows() == [("total", "all", None, None, None)]


def test_the_total_comes_first() -> None:
    assert [one.name for one in segment_sets({"b": ["country"]})] == ["total", "b"]
