"""What history tells of KPIs of which something may be withheld: no more than `kpi_value` does."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.kpi.evidence import Evidence
from assets.kpi.plan import Plan
from assets.lake.layout import Lake
from assets.publish.value_history import (
    Revision,
    commit_revision,
    prepare_revision,
    scan_restatements,
    scan_value_history,
)
from assets.transforms.withholding import LOST, PLACE
from schemas.config.project import Project
from tests.assets.kpi.test_withheld import LAST, Answer, asked, filled, many
from tests.assets.kpi.test_withheld import published as read

KEY = ["kpi_code", *PLACE]
FIRST: list[Answer] = [
    *many(LAST - dt.timedelta(days=1), "DE", "web", 9),
    *many(LAST - dt.timedelta(days=1), "FR", "web", 12),
]
SECOND = [*FIRST, *many(LAST, "DE", "web", 2), *many(LAST, "FR", "web", 20)]


def publish(lake: Lake, config: Project, answers: list[Answer], number: int) -> Revision:
    """Publish the values of some answers, as far as their history goes."""
    filled(lake, answers, config)
    plan = Plan(config)
    values, exclusions = read(lake, config)
    revision = prepare_revision(
        lake, plan, values, exclusions,
        evidence=Evidence(definitions={one.code: "same" for one in plan.published}),
        stamp=pl.DataFrame(
            {
                "run_id": [f"run-{number}"],
                "known_at": [dt.datetime(2026, 3, 9, number, tzinfo=dt.UTC)],
                "publish_id": [f"p{number}"],
            }
        ),
    )  # fmt: skip
    commit_revision(lake)
    return revision


def figures(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that tell something."""
    names = [name for name in LOST if name in rows.columns]
    return rows.filter(pl.any_horizontal(pl.col(names).is_not_null()))


def test_a_month_that_runs_does_not_give_away_its_days(tmp_path: Path) -> None:
    lake, config = Lake(tmp_path), asked()
    publish(lake, config, FIRST, 1)
    second = publish(lake, config, SECOND, 2)
    # Germany's two of the last day would be its month now, less its month as it was known before
    history = second.history.collect()
    places = history.filter(kpi_code="nps", period_grain="month", segment_key="DE")
    assert places.sort("known_at")["publish_id"].to_list() == ["p1", "p2"]
    assert places.sort("known_at")["n"].to_list()[0] is None
    told = figures(history)
    assert told.height > 0
    assert_frame_equal(
        told.select(*KEY, "n", "value", "excluded").sort(KEY),
        figures(second.values).select(*KEY, "n", "value", "excluded").sort(KEY),
    )
    assert_frame_equal(scan_value_history(lake, config).collect(), history)
    withdrawn = history.filter(~pl.col("is_withdrawn"), pl.col("n").is_null())
    assert withdrawn["suppression"].null_count() == 0
    assert set(history.filter(pl.col("n").is_null())["exclusions"]) == {"{}"}


def test_a_greater_least_number_reaches_back(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    publish(lake, asked(default=1), FIRST, 1)
    publish(lake, asked(default=1), SECOND, 2)
    before = scan_value_history(lake, asked(default=1)).collect()
    assert figures(before).height == before.height
    third = publish(lake, asked(default=4), SECOND, 3)
    history = third.history.collect()
    assert history.height > before.height
    shown = figures(history).join(figures(third.values), on=[*KEY, "n", "known_at"], how="anti")
    assert shown.is_empty()
    # the lake forgets nothing: who decides otherwise has it again
    assert figures(scan_value_history(lake, asked(default=1)).collect()).height >= before.height


@pytest.mark.parametrize(("least", "is_told"), [(1, True), (4, False)])
def test_restatements_are_told_without_their_figures(
    tmp_path: Path, least: int, *, is_told: bool
) -> None:
    lake, config = Lake(tmp_path), asked(default=least)
    publish(lake, config, SECOND, 1)
    late = [*SECOND, (LAST - dt.timedelta(days=1), "FR", "web", 2.0, 1.0)]
    publish(lake, config, late, 2)
    rows = scan_restatements(lake, config).collect()
    assert rows.height > 0
    assert rows["reasons"].null_count() == 0
    for name in ("old_value", "old_n", "new_n", "old_excluded", "new_excluded"):
        assert (rows[name].null_count() == 0) is is_told, name
        assert is_told or rows[name].null_count() == rows.height, name
