"""Evaluating a table's suite on one month of records, with Great Expectations.

Belongs here: running the suite and reading its results into outcomes. Does not belong here: what
is expected (`assets.quality.suites`). No outcome holds a value of the data.
"""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from numbers import Real
from typing import Any

import polars as pl

from assets.quality.outcomes import Month, Outcome, percent, share_text
from assets.transforms.quality.outcome import ERROR, PASSED, WARN
from schemas.errors import ConfigError

CHECK = "contract"


def judge_contract(
    rows: pl.LazyFrame, expectations: Sequence[Mapping[str, Any]], month: Month, *, height: int
) -> list[Outcome]:
    """One outcome per expectation of a suite.

    Args:
        rows: Records of the month, best as a scan.
        expectations: The suite, as `assets.quality.suites.suite` gives it.
        month: Month they are of.
        height: How many records there are.

    Raises:
        ConfigError: Great Expectations cannot evaluate the suite on such a table.
    """
    from assets.gx_polars.validation import SuiteError, validate

    try:
        results = validate(rows, expectations)
    except SuiteError as error:
        raise ConfigError(
            "an expectation cannot be evaluated",
            where=f"quality.tables.{month.table}.expectations",
            found=str(error),
            mend="change or remove it",
        ) from error
    return [
        _outcome(result, expectation, month, height=height)
        for result, expectation in zip(results, expectations, strict=True)
    ]


def _outcome(result: Any, expectation: Mapping[str, Any], month: Month, *, height: int) -> Outcome:
    meta = expectation["meta"]
    found = month.period | {"check_name": CHECK, "subject": meta["subject"]}
    failed = ERROR if expectation["severity"] == "critical" else WARN
    found["status"] = PASSED if result.success else failed
    figures = result.result or {}
    if "element_count" in figures:
        found |= _share(figures, expectation["kwargs"])
    else:
        found |= _value(figures, expectation["kwargs"], height=height, is_met=bool(result.success))
    if (result.exception_info or {}).get("raised_exception"):
        found["message"] = "it could not be evaluated"
    found["mend"] = "" if result.success else (meta["mend"] or _mend(month, meta["origin"]))
    return found


def _share(figures: Mapping[str, Any], kwargs: Mapping[str, Any]) -> Outcome:
    """Figures of an expectation on rows: the share that does not meet it."""
    rows = int(figures["element_count"]) - int(figures.get("missing_count") or 0)
    unexpected = int(figures["unexpected_count"])
    most = round(1 - float(kwargs.get("mostly", 1)), 9)
    allowed = f"; at most {percent(most)} may" if most else ""
    return {
        "observed": unexpected / rows if rows else None,
        "lower_limit": None,
        "upper_limit": most,
        "unit": "share",
        "rows_checked": rows,
        "rows_unexpected": unexpected,
        "message": f"{share_text(unexpected, rows)} records do not meet it{allowed}",
    }


def _value(
    figures: Mapping[str, Any], kwargs: Mapping[str, Any], *, height: int, is_met: bool
) -> Outcome:
    """Figures of an expectation on the month as a whole."""
    observed = _number(figures.get("observed_value"))
    low, high = (_number(kwargs.get(name)) for name in ("min_value", "max_value"))
    limits = " to ".join("…" if limit is None else f"{limit:,.6g}" for limit in (low, high))
    is_number = observed is not None and (low is not None or high is not None)
    shown = f": {observed:,.6g}; allowed is {limits}" if is_number else ""
    return {
        "observed": observed,
        "lower_limit": low,
        "upper_limit": high,
        "unit": "",
        "rows_checked": height,
        "rows_unexpected": None,
        "message": f"{height:,} records {'meet' if is_met else 'do not meet'} it{shown}",
    }


def _number(value: object) -> float | None:
    """A finite number; null for anything else."""
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        return None
    return float(value) if math.isfinite(value) else None


def _mend(month: Month, origin: str) -> str:
    if origin == "company":
        return (
            "mend the records at their source, or change the expectation under "
            f"`quality.tables.{month.table}.expectations`"
        )
    return "look at these records at their source and at the columns' mapping"
