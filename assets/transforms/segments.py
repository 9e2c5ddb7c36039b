"""Segment sets: which dimensions cut a KPI together, and how a segment's key is written.

Where a dimension's values come from is `assets.transforms.dimensions`' work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from schemas.dimensions import UNKNOWN
from schemas.warehouse import TOTAL_KEY, TOTAL_SET, dimension_column

SEPARATOR = "|"
_LABEL_SEPARATOR = " · "


@dataclass(frozen=True, slots=True)
class SegmentSet:
    """Dimensions that KPIs are cut by together; none for the total.

    Attributes:
        name: Name in barometer.yaml, `total` for everything.
        dimensions: Dimension names in the order of the key.
    """

    name: str
    dimensions: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names of the dimensions."""
        return tuple(dimension_column(name) for name in self.dimensions)

    def key(self) -> pl.Expr:
        r"""Segment key: the values in order, joined by `|`; `|` and `\` within one are escaped."""
        if not self.dimensions:
            return pl.lit(TOTAL_KEY)
        if len(self.dimensions) == 1:
            return pl.col(self.columns[0])
        parts = [
            pl.col(name)
            .str.replace_all("\\", "\\\\", literal=True)
            .str.replace_all(SEPARATOR, "\\" + SEPARATOR, literal=True)
            for name in self.columns
        ]
        return pl.concat_str(parts, separator=SEPARATOR)

    def label(self) -> pl.Expr:
        """Label shown to readers."""
        if not self.dimensions:
            return pl.lit("Total")
        return pl.concat_str([pl.col(name) for name in self.columns], separator=_LABEL_SEPARATOR)


TOTAL = SegmentSet(TOTAL_SET, ())


def segment_sets(configured: Mapping[str, Sequence[str]]) -> tuple[SegmentSet, ...]:
    """The total, then the configured sets in their order."""
    return (TOTAL, *(SegmentSet(name, tuple(found)) for name, found in configured.items()))


def known(columns: Sequence[str]) -> list[pl.Expr]:
    """Dimension columns as text, with the unknown segment where there is no value."""
    return [pl.col(name).cast(pl.String).fill_null(UNKNOWN) for name in columns]


def segment_frame(frame: pl.DataFrame, sets: SegmentSet, columns: Sequence[str]) -> pl.DataFrame:
    """Distinct segments of one set with every configured dimension as a column.

    Args:
        frame: Rows with the set's dimension columns.
        sets: The set.
        columns: All dimension columns, in order; those not of the set come out null.
    """
    dimensions = [
        pl.col(name) if name in sets.columns else pl.lit(None, dtype=pl.String).alias(name)
        for name in columns
    ]
    distinct = frame.select(sets.columns).unique() if sets.columns else pl.DataFrame({"": [0]})
    return distinct.select(
        pl.lit(sets.name).alias("segment_set"), sets.key().alias("segment_key"), *dimensions
    )
