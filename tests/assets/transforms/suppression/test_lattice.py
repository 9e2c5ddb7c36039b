"""Which segments are sums of which."""

import polars as pl

from assets.transforms.segments import TOTAL, SegmentSet, segment_frame
from assets.transforms.suppression.lattice import Lattice, segment_lattice

ROWS = pl.DataFrame(
    {"region": ["e", "e", "w"], "plan": ["1", "2", "1"], "channel": ["a", "b", "b"]}
)
COLUMNS = ("region", "plan", "channel")


def lattice(*sets: SegmentSet, hierarchies: tuple[pl.DataFrame, ...] = ()) -> Lattice:
    segments = pl.concat([segment_frame(ROWS, one, COLUMNS) for one in sets])
    return segment_lattice(segments, sets, hierarchies)


def named(found: Lattice) -> set[tuple[str, str]]:
    """Edges between segments that are published, by their keys."""
    keys = dict(found.nodes.select("node", "segment_key").iter_rows())
    edges = found.edges.select("child", "parent").iter_rows()
    return {(keys[a], keys[b]) for a, b in edges if a in keys and b in keys}


def test_a_set_sums_to_the_sets_next_coarser_than_it() -> None:
    region, both = SegmentSet("region", ("region",)), SegmentSet("both", ("region", "plan"))
    assert named(lattice(TOTAL, region, both)) == {
        ("e|1", "e"), ("e|2", "e"), ("w|1", "w"), ("e", "all"), ("w", "all"),
    }  # fmt: skip


def test_sets_on_the_same_dimensions_are_one() -> None:
    found = lattice(SegmentSet("a", ("region", "plan")), SegmentSet("b", ("plan", "region")))
    assert found.nodes["node"].n_unique() == 3
    assert found.nodes.height == 6


def test_a_margin_that_is_no_set_is_virtual() -> None:
    found = lattice(SegmentSet("a", ("region", "plan")), SegmentSet("b", ("plan", "channel")))
    (edges,) = found.virtual
    assert edges["parent"].n_unique() == 2  # the two plans
    assert edges["kind"].n_unique() == 2  # from either set
    assert not set(edges["parent"]) & set(found.nodes["node"])


def test_what_readers_know_of_the_dimensions_counts() -> None:
    plan, region = SegmentSet("plan", ("plan",)), SegmentSet("region", ("region",))
    pairs = pl.DataFrame({"region": ["e", "w"], "plan": ["1", "1"]})
    assert named(lattice(plan, region)) == set()
    assert named(lattice(plan, region, hierarchies=(pairs,))) == {("e", "1"), ("w", "1")}
