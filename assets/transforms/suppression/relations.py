"""Which published cells are sums of which, over segments and over time.

A cell is one measure in one period and segment. Relations hold of its n as of every other sum that
is published of it. What is to be withheld is decided elsewhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from assets.transforms.periods import period_end, period_start
from assets.transforms.segments import SegmentSet
from assets.transforms.suppression.lattice import Lattice, segment_lattice

BLOCK = "block"
"""Days of a week that crosses the end of a month, on one side of it: weeks and months meet there.

Never published, but a reader may come by its sum as the difference of weeks and months.
"""

_CALENDAR = ("day", "week", "month", "quarter", "year")

CELL = ("population", "measure", "period_grain", "period_start", "node")


@dataclass(frozen=True, slots=True)
class Relations:
    """Cells and the sums between them.

    Attributes:
        nodes: segment_set, segment_key, node.
        cells: cell (0, 1, … in key order), the columns of `CELL`, period_end, n > 0,
            is_virtual.
        members: equation, cell, is_parent: the others of an equation sum to its parent.
        equations: Number of equations.
        over_segments: How many of them, from the first, are over segments; the others over time.
        implied: equation, for those over segments that follow from others: a week's from those of
            its days.
    """

    nodes: pl.DataFrame
    cells: pl.DataFrame
    members: pl.DataFrame
    equations: int
    over_segments: int
    implied: pl.DataFrame


def relations(
    cells: pl.DataFrame, sets: Sequence[SegmentSet], hierarchies: Sequence[pl.DataFrame] = ()
) -> Relations:
    """Relations between cells that have data.

    Only sums that hold exactly are kept: what does not add up (customers over time, orders in
    each of their product categories) tells a reader nothing by addition.

    Args:
        cells: population, measure, period_grain, period_start, period_end (inclusive),
            segment_set, segment_key, n and the dimension columns.
        sets: The segment sets.
        hierarchies: See `segment_lattice`.
    """
    dimensions = [name for one in sets for name in one.columns]
    columns = ["segment_set", "segment_key", *dict.fromkeys(dimensions)]
    lattice = segment_lattice(cells.select(columns).unique(), sets, hierarchies)
    placed = (
        cells.filter(pl.col("n") > 0)
        .join(lattice.nodes, on=["segment_set", "segment_key"], how="inner")
        .group_by(CELL)
        .agg(pl.col("period_end").max(), pl.col("n").max(), pl.lit(value=False).alias("is_virtual"))
    )
    everything = _with_blocks(_with_margins(placed, lattice))
    ordered = (
        everything.sort(CELL).with_row_index("cell").with_columns(pl.col("cell").cast(pl.Int64))
    )
    segments = _over_segments(ordered, lattice.edges)
    time = pl.concat([_over_time(ordered), *_over_spans(ordered)])
    found = pl.concat([segments.drop("kind"), time]).with_row_index("equation")
    children = found.select("equation", pl.col("children").alias("cell")).explode("cell")
    parents = found.select("equation", pl.col("parent").alias("cell"))
    members = pl.concat(
        [
            children.with_columns(pl.lit(value=False).alias("is_parent")),
            parents.with_columns(pl.lit(value=True).alias("is_parent")),
        ]
    )
    return Relations(
        lattice.nodes, ordered, members, found.height, segments.height, _implied(segments, time)
    )


def _with_margins(placed: pl.DataFrame, lattice: Lattice) -> pl.DataFrame:
    """Cells and those of virtual segments."""
    everything = placed
    outer = [name for name in CELL if name != "node"]
    for edges in lattice.virtual:
        sums = (
            everything.join(edges, left_on="node", right_on="child", how="inner")
            .group_by(*outer, "parent", "kind")
            .agg(pl.col("period_end").max(), pl.col("n").sum())
            .group_by(*outer, pl.col("parent").alias("node"))
            .agg(pl.col("period_end", "n").max(), pl.lit(value=True).alias("is_virtual"))
        )
        everything = pl.concat([everything, sums.select(everything.columns)])
    return everything


def _crosses_month(start: pl.Expr) -> pl.Expr:
    """Whether the week that begins on a day ends in another month."""
    return start.dt.month() != period_end(start, "week").dt.month()


def _with_blocks(cells: pl.DataFrame) -> pl.DataFrame:
    """Cells and those of the blocks of days between weeks and months."""
    day = pl.col("period_start")
    week, month = period_start(day, "week"), period_start(day, "month")
    outer = [name for name in CELL if name not in {"period_grain", "period_start"}]
    blocks = (
        cells.filter((pl.col("period_grain") == "day") & _crosses_month(week))
        .with_columns(
            pl.max_horizontal(week, month).alias("period_start"),
            pl.lit(BLOCK).alias("period_grain"),
        )
        .group_by(*outer, "period_grain", "period_start")
        .agg(pl.col("period_end").max(), pl.col("n").sum(), pl.lit(value=True).alias("is_virtual"))
    )
    return pl.concat([cells, blocks.select(cells.columns)])


def _over_segments(cells: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """Sums over segments within a period."""
    outer = [name for name in CELL if name != "node"]
    sums = (
        cells.join(edges, left_on="node", right_on="child", how="inner")
        .group_by(*outer, pl.col("parent").alias("node"), "kind")
        .agg(pl.col("cell").alias("children"), pl.col("n").sum().alias("total"))
    )
    return _holding(sums, cells, "kind")


def _implied(segments: pl.DataFrame, time: pl.DataFrame) -> pl.DataFrame:
    """Sums over segments of periods whose members all are sums of parts, and whose parts add up."""
    of_parent = segments.with_row_index("equation").select("equation", "parent", "kind")
    members = pl.concat(
        [
            segments.with_row_index("equation").select("equation", "children").explode("children"),
            of_parent.select("equation", pl.col("parent").alias("children")),
        ]
    )
    undefined = members.join(time, left_on="children", right_on="parent", how="anti")
    parts = of_parent.join(time, on="parent", how="inner").explode("children")
    open_ = parts.join(
        segments.select("parent", "kind"), left_on=["children", "kind"],
        right_on=["parent", "kind"], how="anti",
    )  # fmt: skip
    return (
        of_parent.select("equation")
        .join(undefined, on="equation", how="anti")
        .join(open_, on="equation", how="anti")
        .sort("equation")
    )


def _over_time(cells: pl.DataFrame) -> pl.DataFrame:
    """Sums over periods within a segment."""
    start, grain = pl.col("period_start"), pl.col("period_grain")
    week, month = period_start(start, "week"), period_start(start, "month")
    steps = [  # each period once below the next greater one; weeks and months meet in blocks
        ((grain == "day") & ~_crosses_month(week), "week", week),
        ((grain == "day") & _crosses_month(week), BLOCK, pl.max_horizontal(week, month)),
        (grain == BLOCK, "week", week),
        (grain == BLOCK, "month", month),
        ((grain == "week") & ~_crosses_month(start), "month", month),
        (grain == "month", "quarter", period_start(start, "quarter")),
        (grain == "quarter", "year", period_start(start, "year")),
    ]
    above = [
        cells.filter(condition).select(
            "population", "measure", pl.lit(name).alias("period_grain"),
            to.alias("period_start"), "node", "cell", "n",
        )
        for condition, name, to in steps
    ]  # fmt: skip
    sums = (
        pl.concat(above)
        .group_by(CELL)
        .agg(pl.col("cell").alias("children"), pl.col("n").sum().alias("total"))
    )
    return _holding(sums, cells)


def _over_spans(cells: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Sums over the months, or else the days, of periods that are not of the calendar.

    That is all that ties them to the others: rolling windows differ by days, fiscal and calendar
    months by those at their edges.
    """
    start, end = pl.col("period_start"), pl.col("period_end")
    spans = cells.filter(~pl.col("period_grain").is_in([*_CALENDAR, BLOCK]))
    is_whole = (start == start.dt.month_start()) & (end == end.dt.month_end())
    for grain, condition, step in (("month", is_whole, "1mo"), ("day", ~is_whole, "1d")):
        parts = (
            spans.filter(condition)
            .select(*CELL, pl.date_ranges(start, end, interval=step).alias("part_start"))
            .explode("part_start")
        )
        children = cells.filter(pl.col("period_grain") == grain).select(
            "population", "measure", "node", "cell", "n", start.alias("part_start")
        )
        sums = (
            parts.join(children, on=["population", "measure", "node", "part_start"], how="inner")
            .group_by(CELL)
            .agg(pl.col("cell").alias("children"), pl.col("n").sum().alias("total"))
        )
        yield _holding(sums, cells)


def _holding(sums: pl.DataFrame, cells: pl.DataFrame, *more: str) -> pl.DataFrame:
    """Sums whose parent there is and equals them: parent, children and more columns."""
    parents = cells.select(*CELL, pl.col("cell").alias("parent"), pl.col("n").alias("whole"))
    return (
        sums.join(parents, on=CELL, how="inner")
        .filter(pl.col("total") == pl.col("whole"))
        .select("parent", pl.col("children").list.sort(), *more)
        .sort("parent", "children")
    )
