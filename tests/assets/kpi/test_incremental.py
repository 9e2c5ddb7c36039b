"""An incremental refresh gives the very tables that a rebuild gives, and touches no more."""

import datetime as dt
import random
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.kpi.populations import population_slots
from assets.kpi.states import build_states
from assets.kpi.tables import scan_dimension, scan_exclusions, scan_values
from assets.kpi.values import build_values, value_slots
from assets.lake.layout import Lake
from schemas.config.project import Project
from tests.assets.kpi.company import EVENTS, Company, company
from tests.assets.kpi.histories import project, write_dimension

PROJECT = project(
    segment_sets={
        "country": ["country"],
        "who": ["age_band", "custom.vip"],
        "what": ["product_category", "channel"],
        "survey": ["survey", "attribute"],
    },
    kpis={
        "variants": {"nps_weighted": {"of": "nps", "weights": "response"}},
        "churn": {"inactivity_days": 12},
    },
)
AS_OF = dt.date(2026, 1, 25)


def build(lake: Lake, asked: Project = PROJECT, as_of: dt.date = AS_OF) -> None:
    build_states(lake, asked, as_of=as_of)
    build_values(lake, asked, as_of=as_of)


def tables(lake: Lake) -> dict[str, pl.DataFrame]:
    dimensions = ("dim_kpi", "dim_period", "dim_segment")
    return {
        "values": scan_values(lake).collect(),
        "exclusions": scan_exclusions(lake).collect(),
        **{name: scan_dimension(lake, name).collect() for name in dimensions},
    }


def assert_same(one: Lake, other: Lake) -> None:
    right = tables(other)
    for name, found in tables(one).items():
        assert found.height > 0, name
        assert_frame_equal(found, right[name], check_exact=True)


def contents(lake: Lake) -> dict[str, str]:
    """Content of every value slot."""
    found = {}
    for slot in value_slots(lake):
        receipt = slot.receipt()
        assert receipt is not None
        found[str(slot.folder.relative_to(lake.root))] = receipt.content
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_incremental_equals_rebuild(tmp_path: Path, seed: int) -> None:
    """Months arrive one by one in any order, some rows change, then everything is compared."""
    made, lake, draw = company(seed, size=60), Lake(tmp_path / "one"), random.Random(seed)
    for name in ("crm_account", "survey", "survey_question", "erp_product"):
        write_dimension(lake, name, made.tables[name])
    arrivals = [
        (name, month, rows)
        for name, column in EVENTS.items()
        for month, rows in made.events(name, column).items()
    ]
    draw.shuffle(arrivals)
    for number, (name, month, rows) in enumerate(arrivals):
        made.write_month(lake, name, month, rows[::2])  # half of it first
        if number % 4 == 0:
            build(lake, as_of=AS_OF - dt.timedelta(days=len(arrivals) - number))
    for name, month, rows in arrivals:
        made.write_month(lake, name, month, rows)
    build(lake)
    other = Lake(tmp_path / "other")
    made.write(other)
    build(other)
    assert_same(lake, other)


@pytest.fixture(scope="module")
def made() -> Company:
    return company(3, size=60)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, made: Company) -> Lake:
    """A lake that is built; read it, change nothing."""
    found = Lake(tmp_path_factory.mktemp("built") / "lake")
    made.write(found)
    build(found)
    return found


@pytest.fixture
def lake(tmp_path: Path, built: Lake) -> Lake:
    """One to go on with."""
    shutil.copytree(built.root, tmp_path / "lake")
    return Lake(tmp_path / "lake")


def test_a_second_build_writes_nothing(lake: Lake) -> None:
    before = contents(lake)
    states = build_states(lake, PROJECT, as_of=AS_OF)
    values = build_values(lake, PROJECT, as_of=AS_OF)
    assert (states.refreshed, states.removed, states.rows) == ((), (), 0)
    assert (values.refreshed, values.removed) == ((), ())
    assert values.current == len(before) > 0
    assert contents(lake) == before


def test_only_the_changed_month_and_its_periods_are_rebuilt(lake: Lake, made: Company) -> None:
    before = contents(lake)
    rows = [dict(row) for row in made.events("crm_lead", "created_at")["2025-12"]]
    rows[0]["outcome"] = "won" if rows[0]["outcome"] != "won" else "lost"
    rows[0]["closed_at"] = rows[0]["created_at"]
    made.write_month(lake, "crm_lead", "2025-12", rows)
    assert build_states(lake, PROJECT, as_of=AS_OF).refreshed == ("lead/2025-12",)
    build_values(lake, PROJECT, as_of=AS_OF)
    after = contents(lake)
    changed = {name for name in after if after[name] != before[name]}
    assert "kpi/value/month/2025" in changed
    assert not any("population" in name for name in changed)
    assert changed <= {name for name in after if name.endswith("2025") or "2026" in name}


def test_a_later_day_completes_periods_of_the_current_year_only(lake: Lake) -> None:
    before = contents(lake)
    build(lake, as_of=dt.date(2026, 1, 31))
    after = contents(lake)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed
    # a year's windows end in the year after, and are published when they do
    assert {name for name in changed if "2026" not in name} <= {"kpi/value/rolling_28d/2025"}
    january = scan_values(lake).filter(
        pl.col("period_grain") == "month", pl.col("period_start") == dt.date(2026, 1, 1)
    )
    assert january.select(pl.col("is_complete").all()).collect().item()


def test_a_month_gone_from_history_is_gone_from_the_values(lake: Lake, made: Company) -> None:
    lake.history("crm_lead", "2025-11").remove()
    assert build_states(lake, PROJECT, as_of=AS_OF).removed == ("lead/2025-11",)
    build_values(lake, PROJECT, as_of=AS_OF)
    november = scan_values(lake).filter(
        pl.col("kpi_code") == "conversion_rate",
        pl.col("period_grain") == "month",
        pl.col("period_start") == dt.date(2025, 11, 1),
    )
    assert november.collect().height == 0


@pytest.mark.parametrize(
    "settings",
    [
        {"segment_sets": {"plan": ["country"]}},
        {"kpis": {"codes": ["nps", "churn_rate"]}},
        {"kpis": {"confidence": 0.9, "targets": {"nps": 5.0}}},
        {"kpis": {"csat_top_boxes": {5: 1}}},
        {"company": {"time_zone": "America/Sao_Paulo"}},
        {"kpis": {"churn": {"inactivity_days": 30}}},
        {"kpis": {"first_contact_resolution": {"variant": "flag"}}},
    ],
)
def test_another_configuration_gives_what_a_rebuild_gives(
    lake: Lake, made: Company, tmp_path: Path, settings: dict[str, Any]
) -> None:
    asked = project(**settings)
    build(lake, asked)
    other = Lake(tmp_path / "other")
    made.write(other)
    build(other, asked)
    assert_same(lake, other)


Change = tuple[str, dt.date | None, dt.date | None, bool]


@pytest.mark.parametrize(
    ("key", "since", "months"),
    [
        ("a1", dt.date(2026, 1, 3), ("2026-01", "2026-02")),
        ("a1", None, ("2025-11", "2025-12", "2026-01", "2026-02")),
    ],
)
def test_a_changed_account_rebuilds_the_months_it_touches(
    lake: Lake, made: Company, key: str, since: dt.date | None, months: tuple[str, ...]
) -> None:
    accounts = [{**row, "country": "XX"} if row["account_id"] == key else row
                for row in made.tables["crm_account"]]  # fmt: skip
    change = (f'{{"account_id":"{key}"}}', since, None, False)
    write_dimension(lake, "crm_account", accounts, [change])
    refreshed = build_states(lake, PROJECT, as_of=AS_OF).refreshed
    existing = {m for m in months if f"{m}" in lake.history_months("crm_lead")}
    assert {name.partition("/")[2] for name in refreshed} == existing
    assert {name.partition("/")[0] for name in refreshed} == {
        "answer", "order", "lead", "interaction",
    }  # fmt: skip
    assert build_states(lake, PROJECT, as_of=AS_OF).refreshed == ()


def test_a_new_account_rebuilds_only_what_had_missed_it(lake: Lake, made: Company) -> None:
    accounts = [*made.tables["crm_account"], {"account_id": "unheard_of", "country": "FR"}]
    write_dimension(
        lake, "crm_account", accounts, [('{"account_id":"unheard_of"}', None, None, True)]
    )
    assert build_states(lake, PROJECT, as_of=AS_OF).refreshed == ()
    accounts.append({"account_id": "missing", "country": "ZZ"})
    change = ('{"account_id":"missing"}', None, None, True)
    write_dimension(lake, "crm_account", accounts, [change])
    assert len(build_states(lake, PROJECT, as_of=AS_OF).refreshed) > 0
    build_values(lake, PROJECT, as_of=AS_OF)
    found = scan_values(lake).filter(pl.col("country") == "ZZ").collect()
    assert {"nps", "average_transaction_value", "churn_rate"} <= set(found["kpi_code"])


def test_a_changed_question_is_seen(lake: Lake, made: Company) -> None:
    questions = [{**row, "na_codes": "9|10"} if row["question_id"] == "nps" else row
                 for row in made.tables["survey_question"]]  # fmt: skip
    change = ('{"survey_id":"s0","question_id":"nps"}', None, None, False)
    write_dimension(lake, "survey_question", questions, [change])
    refreshed = build_states(lake, PROJECT, as_of=AS_OF).refreshed
    assert {name.partition("/")[0] for name in refreshed} == {"answer"}
    build_values(lake, PROJECT, as_of=AS_OF)
    promoters = scan_values(lake).filter(pl.col("kpi_code") == "nps_promoter_share").collect()
    assert promoters["value"].max() == 0.0


def test_a_kpi_whose_tables_are_not_fed_is_not_computed(lake: Lake) -> None:
    asked = project(tables=["crm_lead"], segment_sets={"country": ["country"]})
    build(lake, asked)
    found = scan_values(lake).collect()
    assert set(found["kpi_code"]) == {"conversion_rate", "conversion_rate_closed"}
    # nothing feeds accounts either: the set cannot be carried
    assert set(found["segment_set"]) == {"total"}
    assert population_slots(lake) == []
