"""The population `people`: employees of each period, who left in it, what was spent on training."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import polars as pl

from assets.transforms.facts import FactSource
from assets.transforms.populations.customers import add_since
from assets.transforms.populations.population import (
    Asked,
    Population,
    PopulationStates,
    counted_measure,
)
from assets.transforms.populations.tally import (
    REASON,
    Tally,
    first_reason,
    in_periods,
    portions,
)
from assets.transforms.segments import SegmentSet, known
from schemas.table import MONEY_SCALE

_DECIMALS: Final = 12
"""Decimals of an average headcount: of one person and one day of a year 3·10⁻¹⁰ is lost."""

_UNITS: Final = 10**_DECIMALS

EMPLOYEE_TURNOVER: Final = counted_measure(
    "employee_turnover", "ratio", decimals=_DECIMALS, counts_rows=True
)
"""Separations (x), average headcount (y), employees of the period (n)."""

TRAINING_COST: Final = counted_measure(
    "training_cost", "ratio", decimals=_DECIMALS, counts_rows=True
)
"""Cost of training (x), average headcount (y), employees of the period (n)."""


def people_states(extracts: Mapping[str, pl.LazyFrame], asked: Asked) -> PopulationStates:
    """Headcount, separations and cost of training, by period and segment.

    Segments are the employee's own, as last known.

    Args:
        extracts: `employee`, and `training` where it is fed.
        asked: What is wanted.
    """
    employees = extracts["employee"].collect()
    tally = Tally()
    for periods in portions(asked.periods, employees.height):
        _count(tally, employees.lazy(), extracts.get("training"), replace(asked, periods=periods))
    return tally.result()


def _count(
    tally: Tally, employees: pl.LazyFrame, training: pl.LazyFrame | None, asked: Asked
) -> None:
    """Count the employees of some periods."""
    never = pl.col("last_on") < pl.col("starts_on")
    begins_in = pl.col("starts_on").is_between("period_start", "period_end")
    is_in = [
        pl.col("starts_on") <= pl.col("period_end"),
        pl.col("last_on") >= pl.col("period_start"),
    ]
    employed = in_periods(employees.filter(~never), asked.periods, is_in)
    others = in_periods(employees.filter(never), asked.periods, [begins_in])
    unemployed = others.with_columns(pl.lit("never_employed").alias(REASON))
    sessions = None if training is None else _sessions(training, employees, asked)
    since = asked.project.kpis.known_from.erp_employee
    for one in asked.sets:
        headcount = _headcount(employed.with_columns(known(one.columns)), one)
        add_since(tally, _told(headcount, one, since), EMPLOYEE_TURNOVER, one, since=since)
        tally.leave_out(unemployed.with_columns(known(one.columns)), EMPLOYEE_TURNOVER, one)
        if sessions is not None:
            placed = sessions.with_columns(known(one.columns))
            trained = _told(_trained(headcount, placed, one), one, since)
            add_since(tally, trained, TRAINING_COST, one, since=since)
            tally.leave_out(placed, TRAINING_COST, one)


def _told(sums: pl.DataFrame, one: SegmentSet, since: dt.date | None) -> pl.DataFrame:
    """Sums without those of segments that are left out: their number would speak of persons."""
    if since is None or not one.columns:
        return sums
    return sums.filter(pl.col("period_start") >= since)


def _headcount(employed: pl.DataFrame, one: SegmentSet) -> pl.DataFrame:
    """n, x and y of `EMPLOYEE_TURNOVER` from each employee of each period."""
    first = pl.max_horizontal("starts_on", "period_start")
    last = pl.min_horizontal("last_on", "period_end")
    whole = pl.col("period_end") - pl.col("period_start")
    days = (last - first).dt.total_days() + 1
    has_left = pl.col("last_on") <= pl.col("period_end")
    length = pl.col("days").cast(pl.Int128)
    return (
        employed.group_by("period_start", *one.columns)
        .agg(
            pl.len().alias("n"),
            (has_left.cast(pl.Int128).sum() * _UNITS).alias("x"),
            days.cast(pl.Int128).sum().alias("person_days"),
            (whole.dt.total_days() + 1).first().alias("days"),
        )
        .with_columns(((2 * pl.col("person_days") * _UNITS + length) // (2 * length)).alias("y"))
        .drop("person_days", "days")
    )


def _sessions(training: pl.LazyFrame, employees: pl.LazyFrame, asked: Asked) -> pl.DataFrame:
    """Training sessions of each period with what is known of the employee, and `reason`."""
    columns = dict.fromkeys(name for one in asked.sets for name in one.columns)
    placed = training.join(employees.select("employee_id", *columns), on="employee_id", how="left")
    held_in = pl.col("starts_on").is_between("period_start", "period_end")
    lacks = pl.col("cost_fixed").is_null()
    reasons = {"no_rate": lacks & ~pl.col("has_rate"), "no_amount": lacks}
    return in_periods(placed, asked.periods, [held_in]).with_columns(first_reason(reasons))


def _trained(headcount: pl.DataFrame, sessions: pl.DataFrame, one: SegmentSet) -> pl.DataFrame:
    """n, x and y of `TRAINING_COST`: all segments of the periods with a session that counts.

    Of a period without any it is not known whether none was held or none recorded.
    """
    keys = ["period_start", *one.columns]
    counted = sessions.filter(pl.col(REASON).is_null())
    costs = counted.group_by(keys).agg(
        (pl.col("cost_fixed").cast(pl.Int128).sum() * 10 ** (_DECIMALS - MONEY_SCALE)).alias("x")
    )
    return (
        headcount.drop("x")
        .join(counted.select("period_start").unique(), on="period_start", how="semi")
        .join(costs, on=keys, how="full", coalesce=True)
        .with_columns(pl.col("n", "x", "y").fill_null(0))
    )


PEOPLE: Final = Population(
    name="people",
    version=1,
    measures=(EMPLOYEE_TURNOVER, TRAINING_COST),
    extracts=lambda project: (
        ("employee", "training") if "erp_training" in project.fed_tables() else ("employee",)
    ),
    source=FactSource(("erp_employee",), ()),
    look_back_days=lambda _: 0,
    states=people_states,
)
