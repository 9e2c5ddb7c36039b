"""Every KPI equals its independent definition in SQL, for every grain and segment."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.kpi.states import build_states
from assets.kpi.tables import scan_values
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from schemas.kpis.catalogue import CATALOGUE
from schemas.warehouse import GRAINS
from tests.assets.kpi.company import company
from tests.assets.kpi.histories import project
from tests.assets.kpi.reference import KPIS, QUANTILES, connect, expected
from tests.assets.kpi.support_reference import CODES as SUPPORT_CODES

Built = tuple[pl.DataFrame, duckdb.DuckDBPyConnection]
ELSEWHERE = {"survey_response_rate", *SUPPORT_CODES}
"""KPIs with a reference of their own, in the test modules beside this one."""
KEYS = ["kpi_code", "period_start", "segment_set", "segment_key"]
AS_OF = dt.date(2026, 1, 25)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
OFFICE = ["09:00-12:30", "13:30-18:00"]
BUSINESS_TIME = {
    "default": "office",
    "by": "channel",
    "of": {"phone": "calls"},
    "calendars": {
        "office": {
            "hours": dict.fromkeys(WEEKDAYS, OFFICE),
            "holidays": ["12-24", "12-25", "01-01"],
            "special_days": {"2025-12-24": ["09:00-12:00"]},
        },
        "calls": {"hours": {day: ["07:00-22:00"] for day in (*WEEKDAYS, "sat", "sun")}},
    },
}
PROJECT = project(
    segment_sets={
        "country": ["country"],
        "who": ["age_band", "custom.vip"],
        "touch": ["touchpoint"],
        "via": ["channel"],
    },
    kpis={
        "business_time": BUSINESS_TIME,
        "variants": {
            "nps_weighted": {"of": "nps", "weights": "response"},
            "csat_mean_weighted": {"of": "csat_mean", "weights": "response"},
        },
    },
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Values of a company, and the database that holds its tables."""
    lake, seed = Lake(Path(tmp_path_factory.mktemp("lake"))), 7
    company(seed).write(lake)
    build_states(lake, PROJECT, as_of=AS_OF)
    build_values(lake, PROJECT, as_of=AS_OF)
    # the reference calls the set of the place an event happened at the same for every fact
    of_answers = "nps|csat|ces|cxi|moment|repurchase|sentiment|engagement"
    is_answer = pl.col("kpi_code").str.contains(of_answers)
    named = pl.when(pl.col("segment_set").is_in(["touch", "via"])).then(
        pl.when(is_answer & (pl.col("segment_set") == "touch")).then(pl.lit("place"))
        .when(~is_answer & (pl.col("segment_set") == "via")).then(pl.lit("place"))
        .otherwise(pl.lit(""))
    ).otherwise("segment_set")  # fmt: skip
    values = scan_values(lake).with_columns(named.alias("segment_set")).collect()
    is_service = pl.col("kpi_code").str.contains("_time_|first_contact")
    # interactions have a touchpoint too, always null here
    values = values.filter(~(is_service & (pl.col("segment_set") == "")))
    with connect(company(seed)) as connection:
        yield values.filter(pl.col("segment_set") != ""), connection


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("code", KPIS)
def test_value_equals_sql(built: Built, code: str, grain: str) -> None:
    values, connection = built
    found = values.filter(pl.col("kpi_code") == code, pl.col("period_grain") == grain)
    right = expected(connection, code, KPIS[code], grain)
    assert right.height > 0
    assert_frame_equal(
        found.select(*KEYS, pl.col("value").alias("expected")),
        right.select(*KEYS, "expected"),
        check_row_order=False,
        rel_tol=1e-9,
        abs_tol=1e-9,
    )


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("code", QUANTILES)
def test_quantile_is_within_one_percent(built: Built, code: str, grain: str) -> None:
    values, connection = built
    found = values.filter(pl.col("kpi_code") == code, pl.col("period_grain") == grain)
    right = expected(connection, code, QUANTILES[code], grain)
    joined = found.select(*KEYS, "value").join(right, on=KEYS, how="full", coalesce=True)
    assert joined.height == right.height > 0
    error = (joined["value"] - joined["expected"]).abs() - 0.01 * joined["expected"]
    assert error.null_count() == 0
    assert (error <= 1e-9).all()


def test_every_additive_kpi_of_the_catalogue_has_a_reference() -> None:
    covered = {*KPIS, *QUANTILES, *ELSEWHERE}
    assert {kpi.code for kpi in CATALOGUE.values() if kpi.additive} <= covered
