"""Lifetime values equal their independent definition, for every grain and segment set."""

import datetime as dt
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.kpi.lifetime import scan_assumptions
from assets.kpi.populations import population_slots
from assets.kpi.states import build_states
from assets.kpi.tables import scan_exclusions, scan_published, scan_values
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from schemas.config.project import Project
from schemas.kpis.lifetime import CODES
from schemas.kpis.lifetime import GRAINS as PUBLISHED_GRAINS
from tests.assets.kpi.buyers import LAST, buyers, months, write, write_month_of
from tests.assets.kpi.histories import project, write_dimension
from tests.assets.kpi.lifetime_reference import (
    BY_CHURN,
    GRAINS,
    INACTIVITY_DAYS,
    VALUES,
    connect,
    expected,
    histories,
    predicted,
)

KEYS = ["period_start", "segment_set", "segment_key"]
SEED = 5
RATE = 0.08
TABLES = buyers(SEED)
Built = tuple[Lake, duckdb.DuckDBPyConnection]


def settings(**lifetime: Any) -> Project:
    return project(
        ["crm_account", "erp_order", "erp_order_line"],
        company={"fiscal": {"kind": "months", "first_month": 2}},
        segment_sets={"country": ["country"], "both": ["country", "custom.vip"]},
        kpis={
            "codes": CODES,
            "churn": {"inactivity_days": INACTIVITY_DAYS},
            "lifetime": {"horizon_months": 24, "annual_discount_rate": RATE, **lifetime},
        },
    )


def only(config: Project, **kpis: Any) -> Project:
    """A configuration with other settings under `kpis`."""
    document = config.model_dump(mode="json", exclude_unset=True)
    document["kpis"] |= kpis
    return Project.model_validate(document)


def refresh(lake: Lake, config: Project, as_of: dt.date = LAST) -> tuple[str, ...]:
    build_states(lake, config, as_of=as_of)
    return build_values(lake, config, as_of=as_of).refreshed


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Values of a company, and the database that holds its tables."""
    lake = Lake(Path(tmp_path_factory.mktemp("lake")))
    write(TABLES, lake)
    refresh(lake, settings())
    with connect(TABLES, LAST) as connection:
        yield lake, connection


def values(lake: Lake, code: str, grain: str) -> pl.DataFrame:
    is_own = (pl.col("kpi_code") == code) & (pl.col("period_grain") == grain)
    return scan_values(lake).filter(is_own).select(*KEYS, "n", "value").collect()


def test_every_entry_has_a_reference_for_every_grain() -> None:
    assert {*VALUES, "clv_predicted"} == set(CODES)
    assert tuple(GRAINS) == PUBLISHED_GRAINS


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("code", VALUES)
def test_value_equals_sql(built: Built, code: str, grain: str) -> None:
    lake, connection = built
    right = expected(connection, VALUES[code], grain)
    assert right["value"].drop_nulls().len() > 0
    assert_frame_equal(
        values(lake, code, grain), right, check_row_order=False, rel_tol=1e-9, abs_tol=1e-9
    )


def test_lifespan_by_churn_equals_sql(built: Built, tmp_path: Path) -> None:
    lake, connection = Lake(tmp_path), built[1]
    write(TABLES, lake)
    refresh(lake, only(settings(lifespan="churn"), codes=list(BY_CHURN)))
    # a whole year and the look-back before it are there from the last month on
    for code, kpi in BY_CHURN.items():
        found = values(lake, code, "fiscal_month")
        right = expected(connection, kpi, "fiscal_month").filter(
            pl.col("period_start") >= found["period_start"].min()
        )
        # nobody lost since, or no day of being a customer: no value
        assert right["value"].drop_nulls().len() > 0
        assert_frame_equal(found, right, check_row_order=False, rel_tol=1e-9, abs_tol=1e-9)


@cache
def _delta() -> float:
    return math.log1p(RATE) / 365


@pytest.mark.parametrize("grain", GRAINS)
def test_prediction_equals_the_closed_form_under_the_published_parameters(
    built: Built, grain: str
) -> None:
    lake, connection = built
    rows = histories(connection, grain)
    fits = scan_assumptions(lake).filter(pl.col("period_grain") == grain).collect()
    found = values(lake, "clv_predicted", grain)
    assert found["period_start"].n_unique() > 0
    for start in found["period_start"].unique():
        own = fits.filter(pl.col("period_start") == start)
        parameters = own.select(pl.col("r", "alpha", "a", "b", "p", "q", "v").max()).row(
            0, named=True
        )
        here = rows.filter(pl.col("period_start") == start)
        each = [
            predicted(parameters, one, horizon=730, delta=_delta())
            for one in here.select("x", "t_x", "age", "valued", "mean", "share").rows(named=True)
        ]
        valued = here.with_columns(pl.Series("each", each))
        right = pl.concat(
            [
                valued.group_by(pl.col(name).alias("segment_key"))
                .agg(pl.len().cast(pl.Int64).alias("n"), pl.col("each").mean().alias("value"))
                .select(
                    pl.lit(start).alias("period_start"), pl.lit(name).alias("segment_set"),
                    "segment_key", "n", "value",
                )
                for name in ("total", "country", "both")
            ]
        )  # fmt: skip
        assert_frame_equal(
            found.filter(pl.col("period_start") == start), right, check_row_order=False,
            rel_tol=1e-9, abs_tol=1e-9,
        )  # fmt: skip


def test_what_is_left_out_is_counted(built: Built) -> None:
    lake, connection = built
    right = connection.sql(f"""
        SELECT count(*) FILTER (account_id IS NULL) FROM sale WHERE day <= DATE '{LAST}'
    """).fetchall()  # noqa: S608 a date of this module
    where = (
        (pl.col("period_grain") == "year")
        & (pl.col("period_start") == dt.date(2025, 1, 1))
        & (pl.col("kpi_code") == "clv_historical")
        & (pl.col("segment_set") == "total")
    )
    counts = dict(scan_exclusions(lake).filter(where).select("reason", "count").collect().rows())
    assert counts.pop("no_account") == right[0][0] > 0
    unknown = connection.sql(
        "SELECT count(*) FROM customer_year WHERE start = DATE '2025-01-01' AND no_net > 0"
    ).fetchall()
    assert sum(counts.values()) == unknown[0][0]
    assert set(counts) == {"no_amount", "no_rate"}


def test_assumptions_are_published(built: Built) -> None:
    lake, _ = built
    table, rows = scan_published(lake, settings())["clv_assumption"]
    found = rows.collect()
    assert found.schema == table.polars_schema()
    assert found.select(table.key).is_unique().all()
    # a customer in too few months of the first year: no model, and the report says why
    reasons = found.filter(pl.col("check") == "bg_nbd_fitted")["reason"]
    assert {None, "too_few_customers"} <= set(reasons)


def test_one_month_more_gives_what_a_rebuild_gives(built: Built, tmp_path: Path) -> None:
    lake, config = Lake(tmp_path), only(settings(), periods={"calendar": ["month"], "fiscal": []})
    write_dimension(lake, "crm_account", TABLES["crm_account"])
    *before, last = months(TABLES)
    for month in before:
        write_month_of(TABLES, lake, month)
    refresh(lake, config, dt.date(2025, 1, 31))
    write_month_of(TABLES, lake, last)
    again = refresh(lake, config)
    # what ended before the new month is left alone
    assert "population/lifetime/month-2024-11" not in again
    assert "population/lifetime/month-2025-02" in again
    is_month, keys = pl.col("period_grain") == "month", ["kpi_code", *KEYS]
    whole = built[0]
    for found, order in ((scan_values, keys), (scan_assumptions, ["period_start", "check"])):
        assert_frame_equal(
            found(lake).collect().sort(order), found(whole).filter(is_month).collect().sort(order)
        )
    assert refresh(lake, config) == ()
    assert population_slots(lake)
