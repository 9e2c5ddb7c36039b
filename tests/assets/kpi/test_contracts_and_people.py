"""KPIs of contracts and people equal their definition in SQL, for every grain and segment set."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.kpi.states import build_states
from assets.kpi.tables import scan_exclusions, scan_values
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from schemas.kpis import contracts, people
from tests.assets.kpi.staffed import LAST, staffed, staffed_project, write
from tests.assets.kpi.staffed_reference import GRAINS, KPIS, connect, excluded, expected, sets_of

Built = tuple[pl.DataFrame, pl.DataFrame, duckdb.DuckDBPyConnection]
KEYS = ["period_start", "segment_set", "segment_key"]
ENTRIES = {
    kpi.code: kpi
    for kpi in (*contracts.KPIS, *people.KPIS)
    if kpi.fact == "population"  # answers of employees have their reference with the others
}
CASES = [
    (code, grain) for code in KPIS for grain in GRAINS if grain in (ENTRIES[code].grains or GRAINS)
]
COMPANY = {"fiscal": {"kind": "months", "first_month": 2}}
SETS = {
    "region": ["region"],
    "plan": ["plan"],
    "mixed": ["plan", "country"],
    "family": ["product_family"],
    "department": ["department"],
    "staff": ["department", "region"],
}
SETTINGS = {
    "codes": [*KPIS],
    "contracts": {"renewal_grace_days": 20, "plan_order": ["basic", "plus", "pro"]},
}
PROJECT = staffed_project(company=COMPANY, segment_sets=SETS, kpis=SETTINGS)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Values and exclusions of a company, and the database that holds its tables."""
    lake, tables = Lake(Path(tmp_path_factory.mktemp("lake"))), staffed(11)
    write(tables, lake)
    build_states(lake, PROJECT, as_of=LAST)
    build_values(lake, PROJECT, as_of=LAST)
    with connect(tables, LAST.isoformat()) as connection:
        yield scan_values(lake).collect(), scan_exclusions(lake).collect(), connection


def test_every_entry_has_a_reference() -> None:
    assert set(ENTRIES) == set(KPIS)


@pytest.mark.parametrize(("code", "grain"), CASES)
def test_value_equals_sql(built: Built, code: str, grain: str) -> None:
    values, exclusions, connection = built
    is_asked = (pl.col("kpi_code") == code) & (pl.col("period_grain") == grain)
    found, right = values.filter(is_asked), expected(connection, code, grain)
    assert set(right["segment_set"]) == set(sets_of(code))
    whole = right.filter(pl.col("period_start") >= found["period_start"].min())
    # windows lie wholly in what is known
    assert whole.height == right.height or grain == "rolling_12m"
    assert_frame_equal(
        found.select(*KEYS, "value", "n"), whole.select(*KEYS, "value", "n"),
        check_row_order=False, rel_tol=1e-9, abs_tol=1e-9,
    )  # fmt: skip
    left_out = excluded(connection, code, grain)
    if grain != "rolling_12m":
        assert_frame_equal(
            exclusions.filter(is_asked).select(*KEYS, "reason", "count"),
            left_out.select(*KEYS, "reason", "count"),
            check_row_order=False,
        )


def test_other_grains_are_not_published(built: Built) -> None:
    values = built[0]
    for code, kpi in ENTRIES.items():
        found = set(values.filter(pl.col("kpi_code") == code)["period_grain"])
        assert found == set(kpi.grains or GRAINS)


def test_a_day_more_gives_what_a_rebuild_gives(tmp_path: Path) -> None:
    tables = staffed(5, size=60)
    kpis = {**SETTINGS, "periods": {"calendar": ["week", "month"], "rolling": []}}
    project = staffed_project(segment_sets={"plan": ["plan"]}, kpis=kpis)
    write(tables, grown := Lake(tmp_path / "grown"))
    for day in (LAST - dt.timedelta(days=40), LAST - dt.timedelta(days=1), LAST):
        build_values(grown, project, as_of=day)
    write(tables, anew := Lake(tmp_path / "anew"))
    build_values(anew, project, as_of=LAST)
    for scan in (scan_values, scan_exclusions):
        assert_frame_equal(scan(grown).collect(), scan(anew).collect(), check_row_order=False)
