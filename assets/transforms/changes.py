"""Published values beside those of the period before and of a year ago, with what chance explains.

Values are compared only where both were made by the same method: a mean of effort on another scale
is another figure. Of periods still running, and of quantiles, what needs the states has been found
with them (`assets.transforms.like_for_like`). Which periods are compared is
`assets.transforms.comparisons`' business, the tests are those of `assets.transforms.significance`.
"""

from collections.abc import Mapping

import polars as pl

from assets.transforms.comparisons import with_comparisons
from assets.transforms.multiplicity import benjamini_hochberg
from assets.transforms.significance import PREVIOUS, SUMMARY, change_p_value
from schemas.config.calendar import FiscalCalendar
from schemas.kpis.kpi import Estimator

CHANGES = ("previous_value", "change", "change_p_value", "is_significant", "year_ago_value")
"""Columns of `kpi_value` that are filled here."""

_SERIES = ["kpi_code", "period_grain", "segment_set", "segment_key", "method_id"]
_TOGETHER = ["kpi_code", "period_grain", "period_start", "segment_set"]
"""Tests that are one family: the segments of a set, for one KPI and period."""

LIKE_FOR_LIKE = ("previous_value", "year_ago_value", "change_p_value")
"""Columns that come with the values where only the states could tell."""

_ADJUSTED = "_adjusted"
_STORED = "_stored_"


def with_changes(
    values: pl.DataFrame,
    estimators: Mapping[str, Estimator],
    calendar: FiscalCalendar,
    *,
    confidence: float,
) -> pl.DataFrame:
    """Fill what compares a value with earlier ones.

    Args:
        values: Rows of `kpi_value` with the summary of each (`centre`, `variance`, `df`) and with
            what was found from the states: of running periods previous_value, year_ago_value and
            change_p_value, of ended ones the p-value of quantiles.
        estimators: KPI code → how it is estimated.
        calendar: How fiscal periods are cut.
        confidence: A change is significant where the p-value, adjusted over the segments of a set
            (Benjamini & Hochberg 1995), is at most 1 less this.

    Returns:
        The rows in their order, the columns `CHANGES` filled, without the summaries. The p-value
        is that of the one test, not adjusted; without one `is_significant` is null.
    """
    ended = values.filter(pl.col("is_complete")).select(*_SERIES, "period_start", "value", *SUMMARY)
    before = _starts(values, calendar)
    stored = {name: _STORED + name for name in LIKE_FOR_LIKE}
    compared = (
        values.rename(stored)
        .drop("change", "is_significant")
        .join(before, on=["period_grain", "period_start"], how="left", maintain_order="left")
        .join(
            _renamed(ended, "previous_start", {"value": "previous_value"}, summary=True),
            on=[*_SERIES, "previous_start"], how="left", maintain_order="left",
        )
        .join(
            _renamed(ended, "year_ago_start", {"value": "year_ago_value"}, summary=False),
            on=[*_SERIES, "year_ago_start"], how="left", maintain_order="left",
        )
        .with_columns(p_values(estimators).alias("change_p_value"))
        .with_columns(pl.coalesce(name, _STORED + name) for name in LIKE_FOR_LIKE)
    )  # fmt: skip
    change = pl.col("value") - pl.col("previous_value")
    # a test of what is not shown beside it would say nothing
    p_value = pl.when(change.is_not_null()).then("change_p_value")
    tested = compared.with_columns(
        change.alias("change"), p_value.alias("change_p_value")
    ).with_columns(benjamini_hochberg("change_p_value", _TOGETHER).alias(_ADJUSTED))
    is_significant = pl.col(_ADJUSTED) <= 1 - confidence
    return tested.with_columns(is_significant.alias("is_significant")).select(
        *[name for name in values.columns if name not in SUMMARY]
    )


def _starts(values: pl.DataFrame, calendar: FiscalCalendar) -> pl.DataFrame:
    """Starts of the periods that each period that has ended is compared with."""
    periods = values.filter(pl.col("is_complete"))
    periods = periods.select("period_grain", "period_start", "period_end").unique()
    last = periods["period_end"].max()
    if periods.is_empty():
        none = pl.lit(None, dtype=pl.Date)
        return periods.select("period_grain", "period_start").with_columns(
            none.alias("previous_start"), none.alias("year_ago_start")
        )
    found = with_comparisons(periods, calendar, as_of=last)  # type: ignore[arg-type]  # a date
    return found.select("period_grain", "period_start", "previous_start", "year_ago_start")


def _renamed(
    ended: pl.DataFrame, start: str, names: Mapping[str, str], *, summary: bool
) -> pl.DataFrame:
    """Values as the other side of a comparison."""
    kept = ended if summary else ended.drop(SUMMARY)
    prefixed = {name: PREVIOUS + name for name in SUMMARY if summary}
    return kept.rename({"period_start": start, **names, **prefixed})


def p_values(estimators: Mapping[str, Estimator]) -> pl.Expr:
    """The p-value by each KPI's own test; null where there is none for it."""
    found = pl.lit(None, dtype=pl.Float64)
    for estimator in dict.fromkeys(estimators.values()):
        codes = [code for code, one in estimators.items() if one == estimator]
        of_kind = pl.col("kpi_code").is_in(codes)
        found = pl.when(of_kind).then(change_p_value(estimator)).otherwise(found)
    return found
