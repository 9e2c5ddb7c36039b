"""Privacy: which values are withheld, for resting on too few or giving away one that does.

`min_n`: the value rests on fewer than the least number. `complementary`: it does not, but with the
other published values it would give away one that does. A cell without data is neither.

What is held against: any sum and difference of the n (or numerators, or any other sum) of published
cells, over the segments of a set, over sets with dimensions in common, over days, weeks, months,
quarters and years, all at once; segments missing from a table are taken as known to be empty. A
reader can so find neither a withheld cell nor (see `assets.transforms.suppression.attack` for how
far) a group of them that is smaller than the least number together. Bounds that follow from n ≥ 0
are not held against, nor are tables that a reader kept from earlier publishes.

What is given away is answered one by one, at the least cost, up to a limit of effort; beyond it
whole months of a segment set go, days first, until the attack finds nothing
(`assets.transforms.suppression.complement`). Rolling windows of a set many of whose days are small
are withheld from the start: two that follow each other differ by two days.

In seconds of one core, least n 5, days, weeks, months, quarters and years; what is published, in %
of the cells that are not small. A day later, what was withheld is known, and little is left.

    cells     small   segment sets                     seconds   published
      7,244    38 %   4, 90 days                           1.3          89
     30,546    63 %   6, 365 days                          4.2          84
     46,758    67 %   9, 300 days                          6.7          82
     76,148    40 %   9, 365 days                          6.1          88
     37,633    34 %   4, 300 days, windows of 28           3.5          28
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from assets.transforms.segments import SegmentSet
from assets.transforms.suppression.complement import complemented
from assets.transforms.suppression.relations import relations
from assets.transforms.suppression.system import System

_ROW = ("population", "measure", "period_grain", "period_start", "segment_set", "segment_key")
_PLACE = ("population", "period_grain", "period_start", "segment_set", "segment_key")
_NODE = ("population", "period_grain", "period_start", "node")


def suppressed(
    cells: pl.DataFrame,
    sets: Sequence[SegmentSet],
    *,
    min_n: int,
    hierarchies: Sequence[pl.DataFrame] = (),
    withheld: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Cells with the reason why they are withheld.

    Measures of one population rest on the same answers or customers: they are withheld together,
    lest one tell what another hides. Populations have nothing to do with each other. Periods that
    share days must come in one call.

    Args:
        cells: population, measure, period_grain, period_start, period_end (inclusive),
            segment_set, segment_key, n and a column a dimension; one row a measure, period and
            segment. Of grains other than the calendar's, the sums over days or months hold.
        sets: The segment sets.
        min_n: Least n that may be published; 1 or less withholds nothing.
        hierarchies: Frames of two dimension columns, child and parent, one row a child's value:
            what readers know of cities and regions even where no set shows both.
        withheld: population, period_grain, period_start, segment_set, segment_key of places to
            withhold in any case, such as those withheld before.

    Returns:
        The cells as they came, with `suppression`: `min_n`, `complementary` or null.
    """
    found = relations(cells, sets, hierarchies)
    system = System.of(found, min_n)
    given = withheld if withheld is not None else cells.clear().select(_PLACE)
    forced = (
        given.join(found.nodes, on=["segment_set", "segment_key"], how="inner")
        .select(_NODE)
        .unique()
        .with_columns(pl.lit(value=True).alias("forced"))
    )
    first = found.cells.join(forced, on=_NODE, how="left", maintain_order="left")
    is_forced = first["forced"].fill_null(value=False).to_numpy()
    start = (system.is_small | is_forced) & ~system.is_virtual
    is_withheld = complemented(system, start) if start.any() else np.zeros_like(start)
    places = found.cells.filter(pl.Series(is_withheld)).select(_NODE).unique()
    return _marked(cells, places.join(found.nodes, on="node", how="inner"), min_n)


def _marked(cells: pl.DataFrame, places: pl.DataFrame, min_n: int) -> pl.DataFrame:
    """Cells with the reason of those in some places."""
    named = places.select(_PLACE).with_columns(pl.lit(value=True).alias("_withheld"))
    is_small = pl.col("n") < min_n
    reason = (
        pl.when(pl.col("n") <= 0)
        .then(None)
        .when(is_small & pl.col("_withheld"))
        .then(pl.lit("min_n"))
        .when(pl.col("_withheld"))
        .then(pl.lit("complementary"))
    )
    joined = cells.join(named, on=_PLACE, how="left", maintain_order="left")
    return joined.with_columns(reason.alias("suppression")).drop("_withheld")
