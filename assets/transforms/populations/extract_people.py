"""The extracts `employee` and `training`: who was employed when, what was spent on whom."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

import polars as pl

from assets.transforms.money import Rates, with_reporting_money
from assets.transforms.populations.extract import Extract
from assets.transforms.spells import NEVER
from schemas.config.project import Project

STILL_EMPLOYED: Final = NEVER - dt.timedelta(days=1)
"""Last day of an employee who has not left."""


def employee_rows(
    tables: Mapping[str, pl.LazyFrame], project: Project, rates: Rates
) -> pl.DataFrame:
    """One row an employee, in order of the id.

    Args:
        tables: erp_employee with `_closed_on`.
        project: Not read.
        rates: Not read.

    Returns:
        employee_id, department, region, starts_on (first day), last_on (last day of employment, or
        the day before the source no longer had the employee).
    """
    del project, rates
    missed = pl.col("_closed_on") - pl.duration(days=1)
    last = pl.min_horizontal("left_on", missed).fill_null(STILL_EMPLOYED)
    return (
        tables["erp_employee"]
        .select(
            "employee_id",
            "department",
            "region",
            pl.col("hired_on").alias("starts_on"),
            last.alias("last_on"),
        )
        .collect()
        .sort("employee_id")
    )


def training_rows(
    tables: Mapping[str, pl.LazyFrame], project: Project, rates: Rates
) -> pl.DataFrame:
    """One row a training session, in order of its id.

    Args:
        tables: erp_training.
        project: Not read.
        rates: Rates of exchange.

    Returns:
        training_id, employee_id, starts_on, last_on (both the day held), cost_fixed, has_rate.
    """
    del project
    valued = with_reporting_money(
        tables["erp_training"],
        {"cost": "cost_fixed"},
        currency="currency",
        day="held_on",
        rates=rates,
    )
    return (
        valued.select(
            "training_id",
            "employee_id",
            pl.col("held_on").alias("starts_on"),
            pl.col("held_on").alias("last_on"),
            pl.col("cost_fixed").cast(pl.Int64),
            "has_rate",
        )
        .collect()
        .sort("training_id")
    )


EMPLOYEE: Final = Extract(
    name="employee",
    version=1,
    tables=("erp_employee",),
    settings=lambda _: None,
    rows=employee_rows,
)
TRAINING: Final = Extract(
    name="training",
    version=1,
    tables=("erp_training",),
    settings=lambda _: None,
    rows=training_rows,
    needs_rates=True,
    rated_by=("held_on",),
)
