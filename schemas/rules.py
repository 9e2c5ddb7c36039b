"""Kinds of expectations that several contracts have in common.

Belongs here: functions that write an `Expectation` in few words. Does not belong here: which table
has which (`schemas.crm`, `schemas.erp`, `schemas.survey`).
"""

from schemas.table import Expectation

PAIR_IN_ORDER = "expect_column_pair_values_a_to_be_greater_than_b"

DATES_MEND = (
    "compare `from` and `format` (day before month?) of both columns in the mapping with the "
    "extract; if the source records it so, tell its owner"
)
TIMES_MEND = (
    "compare `from`, `format` (day before month?) and `time_zone` of both columns in the mapping "
    "with the extract; if the source records it so, tell its owner"
)


def in_order(
    earlier: str,
    later: str,
    mend: str,
    *,
    warn_above: float = 0.01,
    error_above: float | None = None,
) -> tuple[Expectation, ...]:
    """What happens first has the earlier time, or the same; rows that lack either do not count.

    Args:
        earlier: Column of what happens first.
        later: Column of what happens next.
        mend: What to look at where it does not hold.
        warn_above: Share of a month's records that may be otherwise before it is shown.
        error_above: Share above which publish is blocked; for times whose difference is a KPI.
    """
    found = [_pair(earlier, later, mend, most=warn_above)]
    if error_above is not None:
        found.append(_pair(earlier, later, mend, most=error_above, is_error=True))
    return tuple(found)


def _pair(
    earlier: str, later: str, mend: str, *, most: float, is_error: bool = False
) -> Expectation:
    return Expectation(
        PAIR_IN_ORDER,
        {
            "column_A": later,
            "column_B": earlier,
            "or_equal": True,
            "ignore_row_if": "either_value_is_missing",
            "mostly": round(1 - most, 6),
        },
        severity="error" if is_error else "warn",
        mend=mend,
    )
