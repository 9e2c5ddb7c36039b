"""Whatever comes in whatever order, merging gives what a rebuild gives, and what is expected."""

import datetime as dt
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.lake.layout import Lake
from tests.assets.history.builder import (
    Core,
    Extract,
    assert_same_history,
    contents,
    day,
    expected_latest,
    expected_months,
    expected_versions,
    history,
    killed_at,
    merge,
    months,
    put,
    rebuild,
    version,
)

LAWS = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)

EVENTS = [
    dt.datetime(2026, 1, 15, tzinfo=dt.UTC),
    dt.datetime(2026, 3, 31, 21, 59, tzinfo=dt.UTC),
    dt.datetime(2026, 3, 31, 22, 30, tzinfo=dt.UTC),  # April in Paris
    dt.datetime(2026, 10, 31, 22, 59, tzinfo=dt.UTC),
    dt.datetime(2026, 10, 31, 23, 0, tzinfo=dt.UTC),  # November in Paris, an hour later than that
]

KEYS = {
    "erp_order": ("order_id",),
    "erp_order_line": ("order_id", "line_number"),
    "survey_benchmark": ("kpi_code", "period_start", "industry", "country"),
    "crm_account": ("account_id",),
}
CONTENT = {
    "erp_order": ("ordered_at", "status", "account_id"),
    "erp_order_line": ("product_id",),
    "survey_benchmark": ("value",),
    "crm_account": ("tier",),
}
ids = st.sampled_from(["01", "1", "é", "4"])
values = st.sampled_from(["x", "y"])
ROWS = {
    "erp_order": st.fixed_dictionaries(
        {
            "order_id": ids,
            "ordered_at": st.sampled_from(EVENTS),
            "status": values,
            "account_id": st.just("a"),
        }
    ),
    "erp_order_line": st.fixed_dictionaries(
        {"order_id": ids, "line_number": st.integers(1, 2), "product_id": values}
    ),
    "survey_benchmark": st.fixed_dictionaries(
        {
            "kpi_code": st.sampled_from(["nps", "csat"]),
            "period_start": st.just(dt.date(2026, 1, 1)),
            "industry": st.sampled_from([None, "retail"]),
            "country": st.none(),
            "value": st.sampled_from([1.0, 2.0]),
        }
    ),
    "crm_account": st.fixed_dictionaries({"account_id": ids, "tier": values}),
}


@st.composite
def extracts(draw: st.DrawFn, table: str, mode: str) -> Extract:
    key = KEYS[table]
    rows = draw(
        st.lists(ROWS[table], max_size=5, unique_by=lambda row: tuple(row[name] for name in key))
    )
    refused: list[dict[str, Any]] = []
    if mode == "snapshot":
        found = draw(st.lists(ROWS[table], max_size=2))
        refused = [{name: row[name] for name in key} for row in found]
    return Extract(rows, mode, refused)


@st.composite
def steps(draw: st.DrawFn, tables: tuple[str, ...]) -> list[Any]:
    """Put, remove, merge, kill a merge; `snap` delivers snapshots, other sources what changed."""
    found: list[Any] = []
    sources = draw(st.sampled_from([["inc"], ["snap"], ["inc", "jnc"], ["inc", "snap"]]))
    for _ in range(draw(st.integers(1, 10))):
        table = draw(st.sampled_from(tables))
        source = draw(st.sampled_from(sources))
        date = day(draw(st.integers(0, 5)))
        mode = "snapshot" if source == "snap" else "incremental"
        match draw(st.sampled_from(["put", "put", "put", "put", "merge", "remove", "kill"])):
            case "put":
                found.append(("put", table, date, source, draw(extracts(table, mode))))
            case "remove":
                found.append(("remove", table, date, source, None))
            case "kill":
                found.append(("kill", table, date, source, draw(st.integers(0, 15))))
            case _:
                found.append(("merge", table, date, source, None))
    return found


def play(lake: Lake, done: list[Any], tables: tuple[str, ...]) -> dict[str, Core]:
    core: dict[str, dict[tuple[dt.date, str], Extract]] = {table: {} for table in tables}
    for kind, table, date, source, extract in done:
        match kind:
            case "put":
                put(lake, table, source, date, extract)
                core[table][date, source] = extract
            case "remove":
                lake.core(table, source, date).remove()
                core[table].pop((date, source), None)
            case "kill":
                with killed_at(extract):
                    for name in tables:
                        merge(lake, name)
            case _:
                for name in tables:
                    merge(lake, name)
    for name in tables:
        merge(lake, name)
    return core  # type: ignore[return-value]


def check(done: list[Any], *tables: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake")
        core = play(lake, done, tables)
        _check_expected(lake, core, tables)
        before = {name: contents(lake, name) for name in tables}
        for name in tables:
            assert merge(lake, name).months_rewritten == ()
            assert rebuild(lake, name).months_rewritten == ()
            assert contents(lake, name) == before[name]
        fresh = Lake(Path(folder) / "fresh")
        (lake.root / "core").mkdir(parents=True, exist_ok=True)
        shutil.copytree(lake.root / "core", fresh.root / "core")
        for name in tables:
            rebuild(fresh, name)
            assert_same_history(lake, fresh, name)


def _check_expected(lake: Lake, core: dict[str, Core], tables: tuple[str, ...]) -> None:
    for name in tables:
        names = [*KEYS[name], *CONTENT[name]]
        if name == "crm_account":
            found = history(lake, name).to_dicts()
            kept = [*names, "_logical_date", "_source", "_closed_on", "_valid_from", "_valid_to"]
            wanted = expected_versions(core[name], KEYS[name], CONTENT[name])
            assert [{k: row[k] for k in kept} for row in found] == [
                {k: row.get(k) for k in kept} for row in wanted
            ]
            continue
        wanted = expected_latest(core[name], KEYS[name], CONTENT[name])
        rows = sorted(history(lake, name).to_dicts(), key=version)
        kept = [*names, "_closed_on", "_logical_date", "_source", "_row_number"]
        assert [{k: row[k] for k in kept} for row in rows] == [
            {k: row.get(k) for k in kept} for row in wanted
        ]
        if name == "erp_order":
            parents = expected_months(wanted, "ordered_at")
            assert _places(lake, name) == parents
        if name == "erp_order_line":
            orders = expected_latest(core["erp_order"], KEYS["erp_order"], CONTENT["erp_order"])
            parents = expected_months(orders, "ordered_at")
            assert _places(lake, name) == {
                row["order_id"]: parents.get(row["order_id"], "unplaced") for row in wanted
            }


def _places(lake: Lake, table: str) -> dict[str, str]:
    return {
        row["order_id"]: month
        for month, rows in months(lake, table).items()
        for row in rows.to_dicts()
    }


@LAWS
@given(steps(("erp_order",)))
def test_events(done: list[Any]) -> None:
    check(done, "erp_order")


@LAWS
@given(steps(("survey_benchmark",)))
def test_dimension_with_nulls_in_its_key(done: list[Any]) -> None:
    check(done, "survey_benchmark")


@LAWS
@given(steps(("crm_account",)))
def test_versions(done: list[Any]) -> None:
    check(done, "crm_account")


@LAWS
@given(steps(("erp_order", "erp_order_line")))
def test_parents_and_children(done: list[Any]) -> None:
    check(done, "erp_order", "erp_order_line")
