"""What adds up over the segments of a set: numerator, denominator, n and what is left out."""

from collections.abc import Collection

import polars as pl

from tests.assets.kpi.proof.agreement import KEYS, sums_that_are_off

NOT_A_SUM = {"ces_mean", "cxi"}
"""`ces_mean` has no value where scales mix, as they do in a total sooner than in its segments;
`cxi` is the mean of three nets, which are means of different answers."""

OF_ORDERS = {
    "average_transaction_value", "margin_per_transaction", "margin_rate", "return_rate",
    "on_time_delivery_rate", "web_share",
}  # fmt: skip
"""An order counts once in each product segment that its lines have, so that counts exceed the
total's; revenue and margin are those of the lines, and add up all the same."""


def check_sums(
    values: pl.DataFrame, exclusions: pl.DataFrame, code: str, *, by_product: Collection[str] = ()
) -> None:
    """Assert that the segments of every set add up to the total, in every period.

    Args:
        values: `kpi_value`.
        exclusions: `kpi_exclusion`.
        code: KPI.
        by_product: Sets in which an order counts more than once.
    """
    skipped = list(by_product) if code in OF_ORDERS else []
    is_asked = (pl.col("kpi_code") == code) & ~pl.col("segment_set").is_in(skipped)
    rows = values.filter(is_asked)
    assert sums_that_are_off(rows, ["numerator", "denominator", "n"]).is_empty()
    left_out = exclusions.filter(is_asked)
    for (reason,), part in left_out.group_by("reason"):
        counts = part.group_by(KEYS).agg(pl.col("count").sum())
        assert sums_that_are_off(counts, ["count"]).is_empty(), reason
