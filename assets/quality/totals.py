"""Whether the amount of an order is the sum of the amounts of its lines, month by month."""

import decimal

import polars as pl

from assets.quality.outcomes import Month, Outcome, is_amiss, limit_of, share_text, status_of
from schemas.config.project import Project
from schemas.config.quality import Totals
from schemas.table import MONEY_SCALE

CHECK = "totals"
ORDERS = "erp_order"
LINES = "erp_order_line"

_AMOUNT = "net_amount"
_MOST = 1e15


def has_totals(project: Project) -> bool:
    """Whether orders and lines are fed, both with amounts."""
    return all(
        any(_AMOUNT in mapping.columns for mapping in project.feeds(table).values())
        for table in (ORDERS, LINES)
    )


def judge_totals(
    orders: pl.LazyFrame, lines: pl.LazyFrame, month: Month, limits: Totals
) -> Outcome:
    """The outcome of one month; amounts are compared as exact decimals.

    Orders without lines, and those of which some amount is missing, are not compared. Of a return
    the signs may differ, for some sources give returns as positive amounts.

    Args:
        orders: Orders of the month.
        lines: Order lines of the same month.
        month: Month.
        limits: Limits of the orders.
    """
    sums = lines.group_by("order_id").agg(
        pl.col(_AMOUNT).sum().alias("_sum"),
        (pl.col(_AMOUNT).null_count() > 0).alias("_lacks_amount"),
    )
    both = orders.select("order_id", _AMOUNT, "is_return").join(sums, on="order_id", how="left")
    is_return = pl.col("is_return").fill_null(value=False)
    amount, total = (
        pl.when(is_return).then(pl.col(name).abs()).otherwise(pl.col(name))
        for name in (_AMOUNT, "_sum")
    )
    is_compared = pl.col(_AMOUNT).is_not_null() & ~pl.col("_lacks_amount").fill_null(value=True)
    differs = (amount - total).abs() > pl.lit(_tolerance(limits.tolerance_amount))
    counts = both.select(
        compared=is_compared.sum(),
        differing=(is_compared & differs.fill_null(value=False)).sum(),
        without_lines=pl.col("_lacks_amount").is_null().sum(),
    ).collect(engine="streaming")
    compared, differing, without = (int(value) for value in counts.row(0))
    return _outcome(month, limits, compared=compared, differing=differing, without_lines=without)


def _tolerance(amount: float) -> decimal.Decimal:
    """The tolerance on the scale of money; amounts differ by whole steps of it."""
    step = decimal.Decimal(1).scaleb(-MONEY_SCALE)
    return decimal.Decimal(str(min(amount, _MOST))).quantize(step, rounding=decimal.ROUND_FLOOR)


def _outcome(
    month: Month, limits: Totals, *, compared: int, differing: int, without_lines: int
) -> Outcome:
    observed = differing / compared if compared else None
    status = status_of(observed, limits)
    found = f"{share_text(differing, compared)} orders differ from the sum of their lines by more"
    if not compared:
        found = "no order with an amount and lines with amounts to compare"
    else:
        found += f" than {limits.tolerance_amount:g}"
    mend = (
        "compare these orders with their lines at the source: `net_amount` of both is to be net, "
        "in one currency, and shipping has a column of its own; what rounding explains is "
        "`quality.tables.erp_order.totals.tolerance_amount`"
    )
    return month.period | {
        "check_name": CHECK,
        "subject": "",
        "status": status,
        "observed": observed,
        "lower_limit": None,
        "upper_limit": limit_of(status, limits),
        "unit": "share",
        "rows_checked": compared,
        "rows_unexpected": differing,
        "message": f"{found}; {without_lines:,} have no lines",
        "mend": mend if is_amiss(status) else "",
    }
