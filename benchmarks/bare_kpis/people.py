"""KPIs of employees, by hand."""

from collections.abc import Iterator

import polars as pl

from benchmarks.bare_kpis.common import NEVER, History, by_sets, periods
from benchmarks.bare_kpis.estimates import plain, rate
from benchmarks.bare_kpis.sales import cents

GRAINS = ("month", "quarter", "year", "rolling_12m")
REGIONS = ("total", "by_region")


def people_values(history: History) -> Iterator[pl.DataFrame]:
    """Turnover, and cost of training."""
    staff = history.table("erp_employee").select(
        "employee_id", pl.col("region").cast(pl.Categorical), "hired_on",
        pl.col("left_on").fill_null(NEVER),
    ).collect()  # fmt: skip
    training = (
        history.table("erp_training").select("employee_id", "held_on", cents("cost")).collect()
    )
    held = training.join(staff.select("employee_id", "region"), on="employee_id", how="left")
    known = pl.concat([staff["hired_on"], held["held_on"]]).sort()
    for grain, frame in periods(known[0], history.last, GRAINS).items():
        start, end = pl.col("period_start"), pl.col("period_end")
        present = staff.lazy().join_where(
            frame.lazy(), pl.col("hired_on") <= end, pl.col("left_on") >= start
        )
        last, since = pl.min_horizontal("left_on", end), pl.max_horizontal("hired_on", start)
        counts = present.group_by(start, "region").agg(
            pl.len().cast(pl.Int64).alias("n"),
            (pl.col("left_on") <= end).sum().cast(pl.Int64).alias("gone"),
            ((last - since).dt.total_days() + 1).sum().alias("person_days"),
        )
        days = frame.select(start, days=(end - start).dt.total_days() + 1)
        spent = (
            held.lazy()
            .join_where(frame.lazy(), pl.col("held_on") >= start, pl.col("held_on") <= end)
            .group_by(start, "region")
            .agg(pl.col("cost").sum(), pl.len().alias("sessions"))
        )
        both = counts.join(spent, on=["period_start", "region"], how="full", coalesce=True)
        rows = by_sets(both.collect(), REGIONS, ["period_start"]).join(days, on="period_start")
        rows = rows.with_columns(
            y=pl.col("person_days") / pl.col("days"), period_grain=pl.lit(grain),
            x=pl.col("cost") / 100,
        )  # fmt: skip
        yield rate("employee_turnover", rows.filter(pl.col("n") > 0), "gone", "y")
        trained = rows.filter(pl.col("sessions").sum().over("period_start") > 0)
        value = pl.when(pl.col("y") > 0).then(pl.col("x") / pl.col("y"))
        yield plain("training_cost_per_employee", trained, value, pl.col("y"))
