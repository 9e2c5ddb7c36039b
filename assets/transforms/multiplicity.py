"""Many tests at once: p-values adjusted so that a large table does not light up by chance."""

from collections.abc import Sequence

import polars as pl


def benjamini_hochberg(p_value: str, over: Sequence[str]) -> pl.Expr:
    """p-values adjusted for the false discovery rate within groups.

    A group's discoveries at an adjusted 0.05 or less are false in at most 5 % of cases, on average,
    where its tests are independent or positively dependent (Benjamini & Hochberg 1995; Benjamini &
    Yekutieli 2001), as those of segments are. Null and NaN take no part and stay null.

    Args:
        p_value: Column of p-values.
        over: Columns that tell groups apart; none for a single group.
    """
    p = pl.col(p_value).fill_nan(None)
    # equal p-values share the greatest rank, so their order does not matter
    scaled = (p * p.count() / p.rank("max")).clip(upper_bound=1.0)
    groups: list[str | pl.Expr] = [*over] or [pl.lit(1)]
    return scaled.cum_min().over(groups, order_by=p_value, descending=True, nulls_last=True)
