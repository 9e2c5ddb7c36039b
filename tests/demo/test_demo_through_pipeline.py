"""The pipeline is held to the demo manifest: exactly what was planted, no more, no less."""

import datetime as dt
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from assets.core.conservation import partition_counts
from assets.core.partitions import build_core
from assets.history.merge import merge_table, rebuild_table
from assets.history.read import scan_history
from assets.kpi.states import build_states
from assets.kpi.tables import scan_published, scan_values
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from assets.raw.pull import pull
from demo.settings import Settings
from demo.simulate import simulate
from pipelines.config import load_project
from schemas.config.project import Project
from schemas.registry import TABLES
from tests.demo.roll_ups import additive_metrics, roll_ups

ROOT = Path(__file__).parents[2]
DAYS = 40
END = dt.date(2026, 4, 10)  # the spring clock change and a month's end are within


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Lake, dict[str, Any]]:
    """The demo company, loaded day by day up to the KPI values."""
    folder = tmp_path_factory.mktemp("demo")
    simulate(folder / "extracts", Settings(customers=600, days=DAYS, end=END))
    manifest = json.loads((folder / "extracts" / "manifest.json").read_text(encoding="utf-8"))
    project = load_project(
        ROOT / "barometer.yaml", {"BAROMETER_DEMO_DIR": str(folder / "extracts")}
    )
    lake = Lake(folder / "lake")
    dates = [END - dt.timedelta(days=back) for back in reversed(range(DAYS))]
    for name, source in project.sources.items():
        for date in dates:
            pull(lake, name, source, date)
    for table in project.fed_tables():
        for source in project.feeds(table):
            build_core(lake, project, table=table, source=source, dates=dates)
        merge_table(lake, TABLES[table], time_zone=project.company.time_zone)
    build_states(lake, project, as_of=END)
    build_values(lake, project, as_of=END)
    return project, lake, manifest


def test_every_count_of_every_partition_is_the_planted_one(
    demo: tuple[Project, Lake, dict[str, Any]],
) -> None:
    project, lake, manifest = demo
    found: dict[str, dict[str, dict[str, int]]] = {}
    for table in project.fed_tables():
        for counts in partition_counts(lake, table):
            sums = found.setdefault(table, {}).setdefault(counts.source, {})
            for name in ("rows_raw", "filtered", "accepted", "quarantined", "superseded"):
                sums[name] = sums.get(name, 0) + counts.facts[name]
    planted = {
        table: {
            source: {name: counts[name] for name in next(iter(found[table].values()))}
            for source, counts in sources.items()
        }
        for table, sources in manifest["tables"].items()
    }
    assert found == planted


def test_exactly_the_planted_rows_are_in_quarantine(
    demo: tuple[Project, Lake, dict[str, Any]],
) -> None:
    project, lake, manifest = demo
    planted = Counter(
        (fault["table"], fault["source"], fault["logical_date"], fault["file"], fault["row"])
        for fault in manifest["faults"]
        if fault["outcome"] == "quarantined"
    )
    found = Counter(
        (table, row["_source"], row["_logical_date"].isoformat(),
         row["_source_file"].partition("!")[0], row["_row_number"])
        for table in project.fed_tables()
        for source in lake.core_sources(table)
        for date in lake.core_dates(table, source)
        if (path := lake.core(table, source, date).path("quarantined.parquet"))
        for row in pl.read_parquet(path).to_dicts()
    )  # fmt: skip
    assert sum(planted.values()) > 20
    assert set(found) == set(planted)


def test_every_refused_row_is_kept_whole_with_its_reason(
    demo: tuple[Project, Lake, dict[str, Any]],
) -> None:
    project, lake, _ = demo
    for table in project.fed_tables():
        for source in lake.core_sources(table):
            for date in lake.core_dates(table, source):
                path = lake.core(table, source, date).path("quarantined.parquet")
                if path is None:
                    continue
                raw = pl.read_parquet(str(lake.raw(source, date).path("data.parquet")))
                for row in pl.read_parquet(path).to_dicts():
                    assert row["reasons"]
                    whole = raw.filter(
                        pl.col("_source_file") == row["_source_file"],
                        pl.col("_row_number") == row["_row_number"],
                    ).drop("_source_file", "_row_number", "_logical_date")
                    expected = json.dumps(whole.to_dicts()[0], default=str)
                    assert json.loads(row["raw"]) == json.loads(expected)


def test_history_loaded_day_by_day_equals_a_rebuild(
    demo: tuple[Project, Lake, dict[str, Any]],
) -> None:
    project, lake, _ = demo
    for name in project.fed_tables():
        table = TABLES[name]
        before = {
            month: receipt.content
            for month in lake.history_months(name)
            if (receipt := lake.history(name, month).receipt()) is not None
        }
        assert before
        report = rebuild_table(lake, table, time_zone=project.company.time_zone)
        assert report.months_rewritten == ()


def test_orphans_are_accepted_and_the_only_unresolved_references(
    demo: tuple[Project, Lake, dict[str, Any]],
) -> None:
    _, lake, manifest = demo
    accounts = scan_history(lake, TABLES["crm_account"]).select("account_id").unique()
    orders = scan_history(lake, TABLES["erp_order"]).filter(pl.col("account_id").is_not_null())
    unresolved = orders.join(accounts, on="account_id", how="anti").collect()
    planted = {
        fault["key"]["order_id"]
        for fault in manifest["faults"]
        if fault["kind"] == "orphan" and fault["table"] == "erp_order"
    }
    assert set(unresolved["order_id"]) == planted


def _monthly(lake: Lake, code: str) -> dict[str, dict[str, Any]]:
    """Month → the total row of a KPI."""
    rows = scan_values(lake).filter(
        pl.col("kpi_code") == code,
        pl.col("period_grain") == "month",
        pl.col("segment_set") == "total",
    )
    return {row["period_start"].strftime("%Y-%m"): row for row in rows.collect().to_dicts()}


def test_nps_is_that_of_the_planted_answers(demo: tuple[Project, Lake, dict[str, Any]]) -> None:
    _, lake, manifest = demo
    months = manifest["truths"]["exact"]["score_counts"]["REL"]["nps"]
    published = _monthly(lake, "nps")
    assert months.keys() == published.keys()
    for month, counts in months.items():
        scores = {int(score): n for score, n in counts.items()}
        promoters = scores.get(9, 0) + scores.get(10, 0)
        detractors = sum(n for score, n in scores.items() if score <= 6)
        answers = sum(n for score, n in scores.items() if score <= 10)
        row = published[month]
        assert row["n"] == answers
        assert row["numerator"] == promoters - detractors
        assert row["value"] == pytest.approx(100 * (promoters - detractors) / answers, abs=1e-9)
        assert row["excluded"] >= scores.get(11, 0)  # 11 is the code of "no answer"


def test_lead_conversion_is_the_planted_one(demo: tuple[Project, Lake, dict[str, Any]]) -> None:
    _, lake, manifest = demo
    published = _monthly(lake, "conversion_rate")
    for month, outcomes in manifest["truths"]["exact"]["lead_outcomes_by_month"].items():
        row = published[month]
        assert (row["numerator"], row["denominator"]) == (outcomes["won"], sum(outcomes.values()))


def test_net_revenue_is_the_planted_one_to_the_cent(
    demo: tuple[Project, Lake, dict[str, Any]],
) -> None:
    _, lake, manifest = demo
    orders = (
        scan_history(lake, TABLES["erp_order"])
        .filter(pl.col("status") != "canceled")
        .group_by(
            month=pl.col("ordered_at").dt.convert_time_zone("Europe/Paris").dt.strftime("%Y-%m"),
            currency="currency",
        )
        .agg(pl.col("net_amount").sum())
        .collect()
    )
    found: dict[str, dict[str, Decimal]] = {}
    for row in orders.to_dicts():
        found.setdefault(row["month"], {})[row["currency"]] = row["net_amount"]
    planted = manifest["truths"]["exact"]["order_net_amount_by_month"]
    assert found == {
        month: {currency: Decimal(amount) for currency, amount in amounts.items()}
        for month, amounts in planted.items()
    }


def test_segments_of_a_set_sum_to_the_total(demo: tuple[Project, Lake, dict[str, Any]]) -> None:
    _, lake, _ = demo
    sums = (
        scan_values(lake)
        .filter(pl.col("kpi_code") == "nps")
        .group_by("period_grain", "period_start", "segment_set")
        .agg(pl.col("n").sum(), pl.col("numerator").sum())
        .collect()
    )
    total = sums.filter(pl.col("segment_set") == "total").drop("segment_set")
    for (_,), part in sums.group_by("segment_set"):
        joined = part.join(total, on=["period_grain", "period_start"], suffix="_total")
        assert joined.height == part.height
        assert joined["n"].to_list() == joined["n_total"].to_list()
        assert joined["numerator"].to_list() == joined["numerator_total"].to_list()


def test_every_metric_of_a_bi_tool_rolls_up_to_what_is_published(
    demo: tuple[Project, Lake, dict[str, Any]],
) -> None:
    """Days to longer periods, and segments to the total, of all KPIs that add up."""
    project, lake, _ = demo
    _, values = scan_published(lake, project)["kpi_value"]
    metrics = additive_metrics(project)
    assert len(metrics) > 30
    rolled = {"days": 0, "segments": 0, "left out": 0}
    with duckdb.connect() as connection:
        connection.register("kpi_value", values.collect().to_arrow())
        for code, expression in metrics.items():
            for how, query in roll_ups(code, expression).items():
                for found, published, segment_set in connection.execute(query).fetchall():
                    if how == "segments" and found is None and segment_set == "by_category":
                        rolled["left out"] += 1  # an order counts in each segment of its lines
                        continue
                    assert found == pytest.approx(published, rel=1e-9, abs=1e-9), (code, how)
                    rolled[how] += 1
    assert min(rolled.values()) > 20, rolled
