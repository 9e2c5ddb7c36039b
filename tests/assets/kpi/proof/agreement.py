"""Whether published rows are those of the reference, and what adds up over segments."""

import polars as pl
from polars.testing import assert_frame_equal

from tests.assets.kpi.proof import event_kpis, sql_periods, sql_populations
from tests.assets.kpi.proof.event_kpis import QUANTILES, InSql
from tests.assets.kpi.proof.lakes import Proof
from tests.assets.kpi.proof.sql_populations import COUNTED

KEYS = ["period_grain", "period_start", "segment_set", "segment_key"]
FIGURES = ["value", "numerator", "denominator", "n"]
ROLLING = pl.col("period_grain").str.starts_with("rolling")


def published(proof: Proof, code: str) -> pl.DataFrame:
    """Rows of a KPI."""
    return proof.values.filter(pl.col("kpi_code") == code)


def check_event_kpi(proof: Proof, code: str) -> int:
    """Assert that a KPI on events is what SQL makes of the history; how many rows it has."""
    specs = event_kpis.event_kpis(proof.project.kpis.first_contact_resolution.variant)
    one, found = {**specs, **QUANTILES}[code], published(proof, code)
    right = sql_periods.expected(proof.connection, one, proof.sets())
    if code in QUANTILES:
        _check_quantile(found, right)
    else:
        _check_figures(found, right)
    _check_left_out(proof, code, one, right)
    return found.height


def check_population_kpi(proof: Proof, code: str, grains: tuple[str, ...]) -> int:
    """Assert that a KPI on a population is what SQL counts; how many rows it has."""
    kpi = next(one.kpi for one in proof.plan.published if one.code == code)
    found = published(proof, code).filter(pl.col("period_grain").is_in(grains))
    right = sql_populations.expected(proof.connection, COUNTED[code], proof.sets())
    wanted = right.filter(pl.col("period_grain").is_in(kpi.grains or grains))
    _check_figures(found, wanted)
    return found.height


def _check_figures(found: pl.DataFrame, right: pl.DataFrame) -> None:
    assert_frame_equal(
        found.select(*KEYS, *[pl.col(name).cast(pl.Float64) for name in FIGURES]),
        right.select(*KEYS, *[pl.col(name).cast(pl.Float64) for name in FIGURES]),
        check_row_order=False,
        rel_tol=1e-9,
        abs_tol=1e-9,
    )


def _check_quantile(found: pl.DataFrame, right: pl.DataFrame) -> None:
    """A quantile comes from a histogram whose classes are one per cent wide."""
    both = found.select(*KEYS, "value", "n").join(right, on=KEYS, how="full", suffix="_right")
    assert both.height == found.height == right.height
    off = both.filter(
        ((pl.col("value") - pl.col("value_right")).abs() > 0.01 * pl.col("value_right") + 1e-9)
        | (pl.col("n") != pl.col("n_right"))
    )
    assert off.is_empty()


def _check_left_out(proof: Proof, code: str, one: InSql, right: pl.DataFrame) -> None:
    """What does not count is counted under its reason, whether or not there is a value."""
    found = proof.exclusions.filter(pl.col("kpi_code") == code)
    also = right.filter(pl.col("also_excluded") > 0)
    parts = [
        sql_periods.left_out(proof.connection, one, proof.sets()),
        also.select(*KEYS, pl.col("also_excluded").alias("count")),
    ]
    assert_frame_equal(
        found.group_by(KEYS).agg(pl.col("count").sum()),
        pl.concat(parts).group_by(KEYS).agg(pl.col("count").sum()),
        check_row_order=False,
    )


def sums_that_are_off(
    frame: pl.DataFrame, columns: list[str], *, tolerance: float = 1e-9
) -> pl.DataFrame:
    """Sums over the segments of a set that are not the total's.

    Args:
        frame: Keys and the columns; the segment set `total` is what the others come to.
        columns: Columns that add up.
        tolerance: Relative difference that is none.
    """
    periods = ["period_grain", "period_start"]
    listed = frame.filter(pl.col("period_grain") != "rolling_28d")
    total = listed.filter(pl.col("segment_set") == "total")
    parts = listed.filter(pl.col("segment_set") != "total")
    grid = total.select(periods).join(parts.select("segment_set").unique(), how="cross")
    sums = parts.group_by(*periods, "segment_set").agg(
        pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name) for name in columns
    )
    both = grid.join(sums, on=[*periods, "segment_set"], how="full", coalesce=True).join(
        total.select(*periods, *columns), on=periods, how="left", suffix="_total"
    )
    differs = [
        (
            pl.col(name).cast(pl.Float64).fill_null(0)
            - pl.col(f"{name}_total").cast(pl.Float64).fill_null(0)
        ).abs()
        > tolerance * (1 + pl.col(f"{name}_total").cast(pl.Float64).fill_null(0).abs())
        for name in columns
    ]
    return both.filter(pl.any_horizontal(differs))
