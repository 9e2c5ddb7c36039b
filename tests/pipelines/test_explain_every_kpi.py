"""The rows that an explanation tells add up to what was published, for every KPI and segment."""

import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest

from assets.kpi.evidence import gather as gather_evidence
from assets.kpi.plan import Plan
from assets.kpi.states import build_states
from assets.kpi.tables import scan_published
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from assets.publish.value_history import commit_revision, prepare_revision
from pipelines.explain import gather
from pipelines.explain_question import understood
from pipelines.explain_text import SETTLED_REASONS
from schemas.config.project import Project
from tests.assets.kpi.company import company
from tests.assets.kpi.histories import project

AS_OF = dt.date(2026, 1, 25)
MONTH = dt.date(2025, 12, 1)
NOW = dt.datetime(2026, 1, 26, 6, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Plan, pl.DataFrame]:
    """A company with every oddity, computed and recorded as published."""
    asked = project(
        segment_sets={"pair": ["custom.vip", "country"], "product": ["product_category"]},
        kpis={"churn": {"inactivity_days": 12}},
    )
    lake, plan = Lake(Path(tmp_path_factory.mktemp("lake"))), Plan(asked)
    company(5, size=60).write(lake)
    build_states(lake, asked, as_of=AS_OF)
    build_values(lake, asked, as_of=AS_OF)
    values = _record(lake, plan, asked)
    return lake, plan, values


def _record(lake: Lake, plan: Plan, asked: Project) -> pl.DataFrame:
    tables = {name: rows.collect() for name, (_, rows) in scan_published(lake, asked).items()}
    stamp = pl.DataFrame({"run_id": ["r"], "known_at": [NOW], "publish_id": ["p"]})
    evidence = gather_evidence(lake, plan)
    revision = prepare_revision(
        lake, plan, tables["kpi_value"], tables["kpi_exclusion"], evidence=evidence, stamp=stamp
    )
    commit_revision(lake)
    log = {"publish_id": "p", "published_at": NOW.isoformat(), "as_of": AS_OF.isoformat()}
    lake.warehouse.parent.mkdir(parents=True)
    record = {"inputs": "", "publish_id": "p", "rows": {}, "log": [log]}
    lake.warehouse.with_name("publish.json").write_text(json.dumps(record), encoding="utf-8")
    return revision.values.filter(
        pl.col("period_grain") == "month", pl.col("period_start") == MONTH
    )


def test_rows_add_up_to_what_was_published(
    published: tuple[Lake, Plan, pl.DataFrame],
) -> None:
    lake, plan, values = published
    explained = 0
    for row in values.sort("kpi_code", "segment_set", "segment_key").to_dicts():
        segment = f"{row['segment_set']}={row['segment_key']}"
        question = understood(lake, plan, kpi=row["kpi_code"], period="2025-12", segment=segment)
        found = gather(lake, plan, question, known_on=None)
        told = f"{row['kpi_code']} {segment}"
        assert found.row["value"] == row["value"], told
        if row["suppression"] is not None:
            assert found.is_withheld, told
            assert found.rows.is_empty(), told
            continue
        assert sum(found.exclusions.values()) == row["excluded"], told
        assert found.rows.height > 0, told
        if not found.is_event:
            continue
        explained += 1
        left_out = found.rows.filter(pl.col("reason").is_not_null())
        reasons = dict(left_out.group_by("reason").len().rows())
        # what is left out when values are made, not row by row, is told by its reason alone
        expected = {name: n for name, n in found.exclusions.items() if name not in SETTLED_REASONS}
        assert reasons == expected, told
        measures = [
            one
            for fact in question.value.kpi.kpi.facts
            for one in plan.fact_measures(fact)
            if one.code == question.value.kpi.state
        ]
        is_counted = all(one.shape != "ratio" or one.counts_rows for one in measures)
        if is_counted and question.value.kpi.kpi.estimator != "mean_of_nets":
            # rows on scales that must not be pooled are in n, too
            assert found.rows.height == row["n"] + sum(expected.values()), told
    assert explained > len(plan.published)
