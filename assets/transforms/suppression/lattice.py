"""Which segments are sums of which: sets of segments ordered by the dimensions they are cut by.

A set on (region, plan) sums to the set on region, that on plan, and the total. Where two sets have
dimensions in common that are no set of their own, their margin is not published but links them all
the same: it is added as a set of virtual segments. No knowledge of periods or values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from assets.transforms.segments import SegmentSet
from schemas.dimensions import UNKNOWN
from schemas.errors import ContractError

Mask = frozenset[str]


@dataclass(frozen=True, slots=True)
class Lattice:
    """Segments as numbered nodes.

    Attributes:
        nodes: segment_set, segment_key, node; sets on the same dimensions share their nodes.
        edges: child, parent, kind: the children of one kind sum to their parent.
        virtual: Edges to each virtual set of nodes, finest first.
    """

    nodes: pl.DataFrame
    edges: pl.DataFrame
    virtual: tuple[pl.DataFrame, ...]


def segment_lattice(
    segments: pl.DataFrame, sets: Sequence[SegmentSet], hierarchies: Sequence[pl.DataFrame] = ()
) -> Lattice:
    """Nodes and edges of the segments of some sets.

    Args:
        segments: segment_set, segment_key and the dimension columns.
        sets: The sets.
        hierarchies: Frames of two dimension columns, child and parent, one row a child's value
            (city and region): what a reader knows without being told.

    Raises:
        ContractError: A segment belongs to a set that is not among `sets`.
    """
    known = {one.name: one for one in sets}
    found = set(segments["segment_set"].unique())
    if not found <= known.keys():
        raise ContractError(
            "segments of a set that is not configured",
            where="suppression",
            found=sorted(found - known.keys()),
            allowed=sorted(known),
            mend="pass every segment set that was published",
        )
    distinct = segments.unique()
    parts = [
        (known[name], distinct.filter(pl.col("segment_set") == name)) for name in sorted(found)
    ]
    placed = [_widened(one, part, hierarchies) for one, part in parts]
    values = _closed(placed)
    numbered = _numbered(values)
    nodes = [
        part.join(numbered[mask], on=sorted(mask), how="inner", nulls_equal=True)
        if mask
        else part.join(numbered[mask], how="cross")
        for mask, part in placed
    ]
    schema = {"segment_set": pl.String, "segment_key": pl.String, "node": pl.Int64}
    columns = [pl.col(name).cast(kind) for name, kind in schema.items()]
    edges = _edges(numbered)
    real = {mask for mask, _ in placed}
    virtual = [edges[mask] for mask in _finest_first(edges) if mask not in real]
    return Lattice(
        pl.concat([pl.DataFrame(schema=schema), *[part.select(columns) for part in nodes]]),
        pl.concat([_NO_EDGES.to_frame(), *edges.values()]),
        tuple(virtual),
    )


_NO_EDGES = pl.Schema({"child": pl.Int64(), "parent": pl.Int64(), "kind": pl.Int32()})


def _finest_first(masks: Mapping[Mask, object]) -> list[Mask]:
    return sorted(masks, key=lambda mask: (-len(mask), sorted(mask)))


def _widened(
    one: SegmentSet, part: pl.DataFrame, hierarchies: Sequence[pl.DataFrame]
) -> tuple[Mask, pl.DataFrame]:
    """A set's segments with the dimensions that follow from their own."""
    columns = list(one.columns)
    wide = part.select("segment_set", "segment_key", *columns)
    for _ in hierarchies:  # a chain may be given in any order
        for pairs in hierarchies:
            child, parent = pairs.columns
            if child in columns and parent not in columns:
                above = pairs.unique(subset=child, keep="first", maintain_order=True)
                wide = wide.join(above, on=child, how="left", nulls_equal=True)
                wide = wide.with_columns(pl.col(parent).fill_null(UNKNOWN))
                columns.append(parent)
    return frozenset(columns), wide


def _closed(placed: Sequence[tuple[Mask, pl.DataFrame]]) -> dict[Mask, pl.DataFrame]:
    """Values of every set's dimensions, and of those that any two sets have in common."""
    values: dict[Mask, pl.DataFrame] = {}
    masks = {mask for mask, _ in placed}
    added = masks
    while added:
        added = {a & b for a in masks for b in masks} - masks
        masks |= added
    for mask in masks:
        same = [part for other, part in placed if other == mask]
        finer = same or [part for other, part in placed if other > mask]
        columns = sorted(mask)
        values[mask] = pl.concat([part.select(columns) for part in finer]).unique()
    return values


def _numbered(values: Mapping[Mask, pl.DataFrame]) -> dict[Mask, pl.DataFrame]:
    """Node numbers, in the order of dimensions and values."""
    found, offset = {}, 0
    for mask in _finest_first(values):
        columns = sorted(mask)
        ordered = values[mask].sort(columns) if columns else pl.DataFrame({"node": [0]})
        if columns:
            ordered = ordered.with_row_index("node")
        shifted = pl.col("node").cast(pl.Int64) + offset
        found[mask] = ordered.select(*columns, shifted.alias("node"))
        offset += ordered.height
    return found


def _edges(numbered: Mapping[Mask, pl.DataFrame]) -> dict[Mask, pl.DataFrame]:
    """Edges to the nodes of each set from those of the sets next finer than it."""
    found: dict[Mask, list[pl.DataFrame]] = {mask: [] for mask in numbered}
    kind = 0
    for parent in _finest_first(numbered):
        for child in _finest_first(numbered):
            between = [mask for mask in numbered if parent < mask < child]
            if not parent < child or between:
                continue
            above = numbered[parent].rename({"node": "parent"})
            below = numbered[child].rename({"node": "child"})
            both = below.join(above, on=sorted(parent), how="inner", nulls_equal=True) \
                if parent else below.join(above, how="cross")  # fmt: skip
            named = both.select("child", "parent", pl.lit(kind, pl.Int32).alias("kind"))
            found[parent].append(named)
            kind += 1
    return {mask: pl.concat([_NO_EDGES.to_frame(), *parts]) for mask, parts in found.items()}
